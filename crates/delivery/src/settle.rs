//! What an attempt leaves behind.

use serde::{Deserialize, Serialize};
use tallymark_event::Timestamp;

use crate::{Destination, Outcome, State, Verdict, limits};

/// A request of an attempt, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Sent {
    /// The rows that it brought ([`crate::Request::seqs`]).
    pub seqs: Vec<u64>,
    /// `None` if it was not sent after all.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Its events, where an answer names them ([`crate::Request::event_ids`]).
    #[serde(default)]
    pub event_ids: Vec<String>,
}

/// An event that is given up for now: somebody is to retry or to drop it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// Which.
    pub seq: u64,
    /// `refused`, `faulted`, or `unfit`: not sent, since the receiver could not take it.
    pub reason: &'static str,
    /// The answer's status, if there was one.
    pub status: Option<u16>,
    /// The answer, in words.
    pub detail: String,
    /// Attempts that it had.
    pub attempts: u32,
}

/// What follows from an attempt, besides the new [`State`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// Rows that the receiver has now.
    pub done: Vec<u64>,
    /// Rows to be kept as parked, in the transaction of the state.
    pub parked: Vec<Parked>,
    /// The attempts that the rows which are done have had.
    pub attempts: u32,
}

impl State {
    /// Ends the attempt `id`: the lease is given back, and the cursor moves over what is done or parked. `None` if the
    /// attempt has lost its lease to another, which then says what holds. `random` is a number of all 64 bits.
    pub fn settle(
        &mut self,
        destination: &Destination,
        id: &str,
        through: u64,
        sent: &[Sent],
        now: Timestamp,
        random: u64,
    ) -> Option<Settled> {
        self.end(id)?;
        let sent: Vec<Sent> = sent.iter().flat_map(|one| destination.divide(one)).collect();
        let verdicts: Vec<_> = sent
            .iter()
            .filter_map(|one| {
                one.outcome.as_ref().map(|outcome| (one, outcome, destination.verdict(outcome)))
            })
            .collect();
        let mut settled = Settled { attempts: self.attempts.saturating_add(1), ..Settled::default() };
        for (one, ..) in verdicts.iter().filter(|(_, _, verdict)| *verdict == Verdict::Done) {
            settled.done.extend_from_slice(&one.seqs);
        }
        self.count_delivered(&settled, now);
        let failed = verdicts.iter().filter(|(_, _, verdict)| *verdict != Verdict::Done);
        let first_failed = failed.clone().next();
        for (one, outcome, verdict) in failed {
            settled.parked.extend(self.to_park(one, outcome, *verdict, &settled));
        }
        self.advance(through, &sent, &settled);
        if let Some((one, outcome, verdict)) = first_failed {
            self.wait(destination, one, outcome, *verdict, now, random);
        } else if self.request_limit > 0 {
            self.request_limit = self.request_limit.saturating_mul(2);
            if self.request_limit >= destination.rule.batch_size {
                self.request_limit = 0;
            }
        }
        if settled.done.is_empty() {
            // What was not even sent says nothing of the receiver.
            let refused = settled.parked.iter().filter(|one| one.reason != "unfit").count();
            let parked = u32::try_from(refused).unwrap_or(u32::MAX);
            self.parked_in_a_row = self.parked_in_a_row.saturating_add(parked);
            if self.parked_in_a_row >= limits::MAX_PARKED_IN_A_ROW {
                self.paused_reason = Some("refuses every event: the last ones are parked".into());
            }
        }
        Some(settled)
    }

    /// Ends the attempt `id` at rows that were parked. The cursor stays: they lie before it. What is neither done nor
    /// parked again remains to be tried.
    pub fn settle_retry(
        &mut self,
        destination: &Destination,
        id: &str,
        sent: &[Sent],
        now: Timestamp,
        random: u64,
    ) -> Option<Settled> {
        self.end(id)?;
        let mut settled = Settled { attempts: 1, ..Settled::default() };
        let sent: Vec<Sent> = sent.iter().flat_map(|one| destination.divide(one)).collect();
        for one in &sent {
            let Some(outcome) = &one.outcome else { continue };
            let reason = match destination.verdict(outcome) {
                Verdict::Done => {
                    settled.done.extend_from_slice(&one.seqs);
                    continue;
                }
                Verdict::Refused => "refused",
                Verdict::Unfit => "unfit",
                Verdict::Faulted => "faulted",
                verdict => {
                    self.wait(destination, one, outcome, verdict, now, random);
                    break;
                }
            };
            settled.parked.extend(one.seqs.iter().map(|seq| Parked {
                seq: *seq,
                reason,
                status: outcome.status(),
                detail: outcome.describe(),
                attempts: 1,
            }));
        }
        self.count_delivered(&settled, now);
        Some(settled)
    }

    /// Gives the lease back, if it is this attempt's.
    fn end(&mut self, id: &str) -> Option<()> {
        self.is_leased_by(id).then(|| {
            self.lease_id = None;
            self.lease_until_ms = 0;
            self.next_at_ms = 0;
        })
    }

    fn count_delivered(&mut self, settled: &Settled, now: Timestamp) {
        if !settled.done.is_empty() {
            self.delivered = self.delivered.saturating_add(settled.done.len() as u64);
            self.last_delivered_at_ms = Some(now.ms());
            self.failing_since_ms = None;
            self.parked_in_a_row = 0;
        }
    }

    /// The event of a failed request, if it is to be given up: refused alone; or failed often while others, which come
    /// after it, got through, so that it can't be the receiver's state. Where nobody answers, only those that get through
    /// now count: the receiver may have gone down since.
    fn to_park(&self, one: &Sent, outcome: &Outcome, verdict: Verdict, settled: &Settled) -> Option<Parked> {
        let [seq] = one.seqs.as_slice() else { return None };
        let is_at_cursor = self.ahead.iter().chain(&settled.done).all(|other| other > seq);
        let others_get_through =
            !settled.done.is_empty() || (outcome.status().is_some() && !self.ahead.is_empty());
        let reason = match verdict {
            Verdict::Refused => "refused",
            Verdict::Unfit => "unfit",
            Verdict::Faulted
                if is_at_cursor && others_get_through && settled.attempts >= limits::MAX_EVENT_ATTEMPTS =>
            {
                "faulted"
            }
            _ => return None,
        };
        let (status, detail) = (outcome.status(), outcome.describe());
        Some(Parked { seq: *seq, reason, status, detail, attempts: settled.attempts })
    }

    /// Moves the cursor over what is settled without a gap, and remembers what is settled beyond one.
    fn advance(&mut self, through: u64, sent: &[Sent], settled: &Settled) {
        let before = self.cursor;
        let parked = settled.parked.iter().map(|parked| parked.seq);
        self.ahead.extend(settled.done.iter().copied().chain(parked));
        self.ahead.sort_unstable();
        self.ahead.dedup();
        let is_open = |seq: &u64| self.ahead.binary_search(seq).is_err();
        let first_open = sent.iter().flat_map(|one| &one.seqs).copied().filter(is_open).min();
        let reached = first_open.map_or(through, |seq| seq.saturating_sub(1).min(through));
        self.cursor = before.max(reached);
        let cursor = self.cursor;
        self.ahead.retain(|seq| *seq > cursor);
        if cursor > before {
            self.attempts = 0;
        }
    }

    /// After a failure: when to try again, and with how much.
    fn wait(
        &mut self,
        destination: &Destination,
        one: &Sent,
        outcome: &Outcome,
        verdict: Verdict,
        now: Timestamp,
        random: u64,
    ) {
        let events = u32::try_from(one.seqs.len()).unwrap_or(u32::MAX);
        let half = (events / 2).max(1);
        if matches!(verdict, Verdict::Refused | Verdict::Unfit) {
            self.last_error = Some(outcome.describe());
            self.last_error_at_ms = Some(now.ms());
            // Whatever of it is refused is found at once, in halves; alone it is parked.
            if events > 1 {
                self.request_limit = half;
            }
            return;
        }
        self.fail(outcome.describe(), now);
        if verdict == Verdict::Gone {
            self.paused_reason = Some("wants no more events (410)".into());
        }
        if verdict == Verdict::Faulted && events > 1 && self.attempts >= limits::ATTEMPTS_BEFORE_SPLIT {
            self.request_limit = half;
        }
        let backoff = match verdict {
            Verdict::Denied => destination.backoff.patient(),
            _ => destination.backoff,
        };
        self.next_at_ms = backoff.next_at(now, self.attempts, outcome.retry_after(), random).ms();
    }
}
