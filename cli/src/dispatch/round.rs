//! One round: rows are claimed, sent to every destination that is not done with them, and settled.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use postgres::Client;
use serde_json::{Value, json};
use tallymark_database::explained;
use tallymark_delivery::Row;
use tallymark_event::Timestamp;
use tallymark_warehouse::postgres::outbox::{CLAIM, SETTLE};

use super::{delivery::Delivery, line::Line, stop::Stop, tally::Tally};

/// Most rows of a round: what is sent again if a dispatcher is killed.
const MAX_ROWS: i64 = 500;

/// How long claimed rows are a dispatcher's own: longer than a round begins requests, and one of them may take.
const LEASE: Duration = Duration::from_mins(3);

/// How long a round begins requests.
const MAX_SENDING: Duration = Duration::from_mins(2);

/// What has become of a claimed row.
pub(super) struct Claimed<'t> {
    pub(super) row: Row<'t>,
    /// With this one.
    pub(super) attempts: u32,
    /// Whether it was sent to anybody.
    pub(super) is_tried: bool,
    /// Destinations that are done with it: they have it, do not want it, or have it parked.
    pub(super) delivered_to: Vec<String>,
    /// Destinations that refuse it, and what they say.
    pub(super) parked: Vec<(String, String)>,
    /// When the first of the destinations that failed is to be tried again.
    next_at: Option<Timestamp>,
}

pub(super) struct Round<'c> {
    client: &'c mut Client,
    lines: &'c mut [Line],
    /// Rows that are due since then are left to another time: what fails in this run is not tried again in it.
    until: &'c str,
    stop: &'c Stop,
}

impl<'c> Round<'c> {
    pub(super) const fn new(
        client: &'c mut Client,
        lines: &'c mut [Line],
        until: &'c str,
        stop: &'c Stop,
    ) -> Self {
        Self { client, lines, until, stop }
    }

    /// Whether there was anything to claim.
    pub(super) fn run(&mut self, tally: &mut Tally) -> Result<bool> {
        let lease: String =
            self.client.query_one("select gen_random_uuid()::text", &[]).map_err(explained)?.get(0);
        #[allow(clippy::cast_precision_loss)] // minutes in ms
        let lease_ms = LEASE.as_millis() as f64;
        let found =
            self.client.query(CLAIM, &[&MAX_ROWS, &lease_ms, &lease, &self.until]).map_err(explained)?;
        if found.is_empty() {
            return Ok(false);
        }
        let texts: Vec<(String, i32, Vec<String>)> =
            found.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        let page =
            format!("[{}]", texts.iter().map(|(text, ..)| text.as_str()).collect::<Vec<_>>().join(","));
        let mut claimed: Vec<Claimed<'_>> = Row::parse_page(&page)?
            .into_iter()
            .zip(&texts)
            .map(|(row, (_, attempts, delivered_to))| Claimed {
                row,
                attempts: u32::try_from(*attempts).unwrap_or(u32::MAX),
                is_tried: false,
                delivered_to: delivered_to.clone(),
                parked: Vec::new(),
                next_at: None,
            })
            .collect();
        claimed.sort_by_key(|claimed| claimed.row.seq);
        let ends = Instant::now() + MAX_SENDING;
        let stop = self.stop;
        let deliveries: Vec<_> = self.lines.iter_mut().map(|line| Delivery::new(line, ends, stop)).collect();
        // At once: a slow one holds up no other.
        let sent: Vec<_> = thread::scope(|scope| {
            let begun: Vec<_> =
                deliveries.into_iter().map(|delivery| scope.spawn(|| delivery.run(&claimed))).collect();
            begun.into_iter().filter_map(|delivery| delivery.join().ok()).collect()
        });
        for delivery in sent {
            delivery.enter_all(&mut claimed, tally);
        }
        self.settle(&claimed, &lease, tally)?;
        Ok(true)
    }

    fn settle(&mut self, claimed: &[Claimed<'_>], lease: &str, tally: &mut Tally) -> Result<()> {
        let now = now();
        let settled: Vec<Value> = claimed
            .iter()
            .map(|claimed| {
                let Claimed { row, attempts, is_tried, delivered_to, parked, next_at } = claimed;
                let is_done = self.is_done(claimed);
                let parked: Vec<Value> = parked
                    .iter()
                    .map(|(destination, reason)| json!({ "destination": destination, "reason": reason, "attempts": attempts }))
                    .collect();
                let mut at = String::new();
                next_at.unwrap_or(now).write(&mut at);
                json!({
                    "organization_id": row.organization_id, "event_id": row.event_id, "is_done": is_done,
                    "is_tried": *is_tried || is_done, "next_at": at, "delivered_to": delivered_to, "parked": parked,
                })
            })
            .collect();
        self.client.execute(SETTLE, &[&Value::from(settled).to_string(), &lease]).map_err(explained)?;
        tally.processed += claimed.iter().filter(|claimed| self.is_done(claimed)).count() as u64;
        Ok(())
    }

    /// Whether every destination is done with it.
    fn is_done(&self, claimed: &Claimed<'_>) -> bool {
        self.lines.iter().all(|line| claimed.delivered_to.contains(&line.destination.name))
    }
}

impl Claimed<'_> {
    pub(super) fn try_at(&mut self, at: Timestamp) {
        self.next_at = Some(self.next_at.map_or(at, |other| other.min(at)));
    }
}

pub(super) fn now() -> Timestamp {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Timestamp::from_ms(i64::try_from(ms).unwrap_or(i64::MAX))
}
