//! What is kept of a destination between attempts, and who may attempt.

use serde::{Deserialize, Serialize};
use tallymark_event::Timestamp;

use crate::{Destination, Rule, Start, limits};

/// A destination's state: a row of the table `destination`, columns named as the fields. Times are Unix time in ms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The destination's.
    pub name: String,
    /// Of the configuration that the rest is about ([`Destination::fingerprint`]).
    pub fingerprint: String,
    /// Everything up to this `seq` is delivered, parked or none of this destination's business.
    pub cursor: u64,
    /// Nothing up to this `seq` has ever been its business.
    pub begun_after: u64,
    /// What is delivered or parked behind the cursor, while an earlier event is not.
    pub ahead: Vec<u64>,
    /// Most events of a request, while it is found out which of them is refused; 0: as configured.
    pub request_limit: u32,
    /// Failed attempts since the cursor has moved.
    pub attempts: u32,
    /// Which of its addresses is sent to, where it has several, counted past their end: the next one after each failure. Kept
    /// when the cursor moves, so that what is dead is not asked anew for each batch.
    pub address: u32,
    /// Since when nothing has been delivered and something has failed.
    pub failing_since_ms: Option<i64>,
    /// No attempt before then.
    pub next_at_ms: i64,
    /// The attempt under way.
    pub lease_id: Option<String>,
    /// Until when it is its own.
    pub lease_until_ms: i64,
    /// Events parked since one was last delivered.
    pub parked_in_a_row: u32,
    /// Why nothing is attempted any more, until somebody resumes it or changes its configuration.
    pub paused_reason: Option<String>,
    /// What came of the last attempt that failed, in words.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at_ms: Option<i64>,
    /// When something was last delivered.
    pub last_delivered_at_ms: Option<i64>,
    /// Events delivered so far.
    pub delivered: u64,
}

/// What lies behind a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Pending {
    /// How many rows, or more: gaps in the order of commit may be counted.
    pub rows: u64,
    /// When the first of them was received, in Unix ms.
    pub oldest_ms: i64,
}

/// The right to attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// The attempt's.
    pub id: String,
    /// Rows behind this `seq` are to be read,
    pub after: u64,
    /// as many as this.
    pub rows: u32,
    /// Most requests at a time.
    pub concurrency: u32,
    /// The destination takes whatever there is as it stands: [`crate::Attempt::outline`] needs not see the rows themselves.
    pub is_verbatim: bool,
}

/// Why there is no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDue {
    /// Somebody must resume it.
    Paused,
    /// Another attempt is under way.
    Leased,
    /// It is to wait.
    TooEarly,
}

impl State {
    /// Of a destination that is new. It begins behind `cursor`.
    pub fn new(destination: &Destination, cursor: u64) -> Self {
        Self {
            name: destination.name.clone(),
            fingerprint: destination.fingerprint.clone(),
            cursor,
            begun_after: cursor,
            ahead: Vec::new(),
            request_limit: 0,
            attempts: 0,
            address: 0,
            failing_since_ms: None,
            next_at_ms: 0,
            lease_id: None,
            lease_until_ms: 0,
            parked_in_a_row: 0,
            paused_reason: None,
            last_error: None,
            last_error_at_ms: None,
            last_delivered_at_ms: None,
            delivered: 0,
        }
    }

    /// Of a destination that is new to a log, whose last row was `head` before anybody knew of it: it begins where it wants
    /// to.
    pub fn begin(destination: &Destination, head: u64) -> Self {
        Self::new(destination, if destination.from == Start::Now { head } else { 0 })
    }

    /// Follows the configuration: whoever has changed it wants it tried, now. Says whether anything has changed.
    pub fn follow(&mut self, destination: &Destination) -> bool {
        if self.fingerprint == destination.fingerprint {
            return false;
        }
        self.fingerprint.clone_from(&destination.fingerprint);
        self.address = 0;
        self.resume();
        true
    }

    /// Lets a paused or waiting destination go on at once, as if nothing had failed.
    pub fn resume(&mut self) {
        self.paused_reason = None;
        self.failing_since_ms = None;
        self.attempts = 0;
        self.request_limit = 0;
        self.parked_in_a_row = 0;
        self.next_at_ms = 0;
    }

    /// When an attempt is due: a time in the past is now. `None` if there is nothing to do, or nobody to do it for.
    pub fn due(&self, rule: Rule, pending: Option<Pending>) -> Option<Timestamp> {
        if self.paused_reason.is_some() {
            return None;
        }
        let pending = pending?;
        let is_full = pending.rows >= u64::from(rule.batch_size);
        let ready = if is_full { 0 } else { pending.oldest_ms + i64::from(rule.flush_interval_ms) };
        let free = if self.lease_id.is_some() { self.lease_until_ms } else { 0 };
        Some(Timestamp::from_ms(ready.max(self.next_at_ms).max(free)))
    }

    /// Takes the destination for an attempt, `id`, of which there must never be another. `head` is the log's last row.
    pub fn lease(
        &mut self,
        destination: &Destination,
        id: &str,
        head: u64,
        now: Timestamp,
    ) -> Result<Lease, NotDue> {
        if self.paused_reason.is_some() {
            return Err(NotDue::Paused);
        }
        if self.lease_id.is_some() && now.ms() < self.lease_until_ms {
            return Err(NotDue::Leased);
        }
        if now.ms() < self.next_at_ms {
            return Err(NotDue::TooEarly);
        }
        self.lease_id = Some(id.to_owned());
        self.lease_until_ms = now.ms().saturating_add(destination.lease_ms());
        let ahead = u32::try_from(self.ahead.len()).unwrap_or(u32::MAX);
        let rows = if self.is_probing() {
            // Where batches are of one event, its neighbours show whether a fault is its own.
            let least = u32::try_from(limits::PROBE_REQUESTS).unwrap_or(u32::MAX);
            destination.rule.batch_size.max(least)
        } else {
            destination.rows(head.saturating_sub(self.cursor).saturating_sub(u64::from(ahead)))
        };
        let rows = rows.saturating_add(ahead);
        let concurrency = destination.concurrency(self.is_probing());
        let is_verbatim = destination.verbatim().is_some();
        Ok(Lease { id: id.to_owned(), after: self.cursor, rows, concurrency, is_verbatim })
    }

    /// Whether the attempt `id` may still say what has become of it.
    pub fn is_leased_by(&self, id: &str) -> bool {
        self.lease_id.as_deref() == Some(id)
    }

    /// Whether its last attempt failed, or one of its events is being looked for.
    pub(crate) const fn is_probing(&self) -> bool {
        self.attempts > 0 || self.request_limit > 0
    }

    /// Whether a row is neither delivered nor parked.
    pub(crate) fn is_open(&self, seq: u64) -> bool {
        seq > self.cursor && self.ahead.binary_search(&seq).is_err()
    }

    /// Most requests of an attempt, and most events of each, while it is found out what is wrong.
    pub(crate) fn bounds(&self) -> (usize, usize) {
        let requests = match self.is_probing() {
            true if self.ahead.len() >= limits::MAX_AHEAD => 1,
            true => limits::PROBE_REQUESTS,
            false => usize::MAX,
        };
        let events = match self.request_limit {
            0 => usize::MAX,
            limit => usize::try_from(limit).unwrap_or(usize::MAX),
        };
        (requests, events)
    }

    pub(crate) fn fail(&mut self, error: String, now: Timestamp) {
        self.last_error = Some(error);
        self.last_error_at_ms = Some(now.ms());
        self.attempts = self.attempts.saturating_add(1);
        self.address = self.address.wrapping_add(1);
        let since = *self.failing_since_ms.get_or_insert(now.ms());
        if now.ms().saturating_sub(since) > limits::MAX_FAILING_MS {
            self.paused_reason = Some("has failed for three days".into());
        }
    }
}
