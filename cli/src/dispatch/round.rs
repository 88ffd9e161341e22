//! One round: rows are claimed, sent to every destination that is not done with them, and settled.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hasher, RandomState},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use postgres::Client;
use serde_json::{Value, json};
use tallymark_database::explained;
use tallymark_delivery::{Attempt, Destination, Outcome, Request, Row, Sent, State, Verdict, limits};
use tallymark_event::Timestamp;
use tallymark_warehouse::postgres::outbox::{CLAIM, SETTLE};
use ureq::Agent;

use super::http;

/// Most rows of a round: what is sent again if a dispatcher is killed.
const MAX_ROWS: i64 = 500;

/// How long claimed rows are a dispatcher's own: longer than a round begins requests, and one of them may take.
const LEASE: Duration = Duration::from_mins(3);

/// How long a round begins requests.
const MAX_SENDING: Duration = Duration::from_mins(2);

/// Requests without an answer after which a destination is sent no more in a round: it is down.
const MAX_FAULTS: u32 = 4;

/// What was done.
#[derive(Default)]
pub(crate) struct Tally {
    /// Events that each destination has taken.
    delivered: BTreeMap<String, u64>,
    /// Events that were parked.
    parked: BTreeMap<String, u64>,
    /// Events that all destinations are done with.
    processed: u64,
    /// What failing destinations say, the latest of each.
    pub(crate) failures: BTreeMap<String, String>,
}

impl Tally {
    pub(crate) fn is_empty(&self) -> bool {
        self.delivered.is_empty() && self.parked.is_empty() && self.processed == 0 && self.failures.is_empty()
    }

    pub(crate) fn to_json(&self) -> Value {
        let Self { delivered, parked, processed, failures } = self;
        json!({ "delivered": delivered, "parked": parked, "processed": processed, "failures": failures })
    }

    pub(crate) fn to_text(&self) -> String {
        let delivered = self.delivered.iter().map(|(name, n)| format!("delivered {n} to {name}\n"));
        let parked = self.parked.iter().map(|(name, n)| format!("parked {n} of {name}\n"));
        delivered.chain(parked).collect()
    }
}

/// What has become of a claimed row.
struct Claimed<'t> {
    row: Row<'t>,
    attempts: u32,
    /// Destinations that are done with it.
    delivered_to: Vec<String>,
    /// Destinations that refuse it, and what they say.
    parked: Vec<(String, String)>,
    /// When the first of the destinations that failed is to be tried again.
    next_at: Option<Timestamp>,
}

pub(crate) struct Round<'c> {
    client: &'c mut Client,
    destinations: &'c [Destination],
    /// Rows that are due since then are left to another time: what fails in this run is not tried again in it.
    until: &'c str,
}

impl<'c> Round<'c> {
    pub(crate) fn new(client: &'c mut Client, destinations: &'c [Destination], until: &'c str) -> Self {
        Self { client, destinations, until }
    }

    /// Whether there was anything to claim.
    pub(crate) fn run(&mut self, tally: &mut Tally) -> Result<bool> {
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
                delivered_to: delivered_to.clone(),
                parked: Vec::new(),
                next_at: None,
            })
            .collect();
        claimed.sort_by_key(|claimed| claimed.row.seq);
        let ends = Instant::now() + MAX_SENDING;
        let deliveries: Vec<_> = self.destinations.iter().map(|one| Delivery::new(one, ends)).collect();
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
                let Claimed { row, attempts, delivered_to, parked, next_at } = claimed;
                let parked: Vec<Value> = parked
                    .iter()
                    .map(|(destination, reason)| json!({ "destination": destination, "reason": reason, "attempts": attempts }))
                    .collect();
                let mut at = String::new();
                next_at.unwrap_or(now).write(&mut at);
                json!({
                    "organization_id": row.organization_id, "event_id": row.event_id, "is_done": self.is_done(claimed),
                    "next_at": at, "delivered_to": delivered_to, "parked": parked,
                })
            })
            .collect();
        self.client.execute(SETTLE, &[&Value::from(settled).to_string(), &lease]).map_err(explained)?;
        tally.processed += claimed.iter().filter(|claimed| self.is_done(claimed)).count() as u64;
        Ok(())
    }

    /// Whether every destination has it, does not want it, or has it parked.
    fn is_done(&self, claimed: &Claimed<'_>) -> bool {
        self.destinations.iter().all(|Destination { name, .. }| {
            claimed.delivered_to.contains(name) || claimed.parked.iter().any(|(parked, _)| parked == name)
        })
    }
}

/// A destination's part of a round.
struct Delivery<'d> {
    destination: &'d Destination,
    agent: Agent,
    ends: Instant,
    /// Set by what concerns more than the events of one request: nothing more is sent in this round.
    stopped: Option<Outcome>,
    has_delivered: bool,
    /// Requests that nobody has answered, or with a fault.
    faults: u32,
    /// Rows that it does not want.
    unwanted: Vec<u64>,
    /// Rows that it wants, and what came of them; `None` if there was no time to send them.
    outcomes: Vec<(Vec<u64>, Option<Outcome>)>,
}

impl<'d> Delivery<'d> {
    fn new(destination: &'d Destination, ends: Instant) -> Self {
        Self {
            destination,
            agent: http::agent(destination.timeout_ms),
            ends,
            stopped: None,
            has_delivered: false,
            faults: 0,
            unwanted: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    /// Sends what is not done.
    fn run(mut self, claimed: &[Claimed<'_>]) -> Self {
        let waiting = claimed.iter().filter(|one| !one.delivered_to.contains(&self.destination.name));
        let (wanted, unwanted): (Vec<_>, Vec<_>) = waiting.partition(|one| self.destination.wants(&one.row));
        self.unwanted = unwanted.iter().map(|one| one.row.seq).collect();
        let rows: Vec<Row<'_>> = wanted.iter().map(|one| one.row.clone()).collect();
        let attempts = wanted.iter().map(|one| (one.row.seq, one.attempts)).collect();
        self.outcomes = self.send(&rows, 0, &attempts);
        self
    }

    fn enter_all(self, claimed: &mut [Claimed<'_>], tally: &mut Tally) {
        let mut of_seq: HashMap<u64, Option<&Outcome>> = HashMap::new();
        for (seqs, outcome) in &self.outcomes {
            of_seq.extend(seqs.iter().map(|seq| (*seq, outcome.as_ref())));
        }
        for one in claimed {
            if let Some(outcome) = of_seq.get(&one.row.seq) {
                self.enter(one, *outcome, tally);
            } else if self.unwanted.contains(&one.row.seq) {
                one.delivered_to.push(self.destination.name.clone());
            }
        }
    }

    /// Sends these rows, in requests of `limit` at the most (0: as configured); what is refused in company is sent again
    /// in halves until it is alone. Gives what came of each row, in the end.
    fn send(
        &mut self,
        rows: &[Row<'_>],
        limit: u32,
        attempts: &HashMap<u64, u32>,
    ) -> Vec<(Vec<u64>, Option<Outcome>)> {
        let mut state = State::new(self.destination, 0);
        let mut outcomes = Vec::new();
        // In pieces of what a request holds: composing anew gives each its own time and signature.
        state.request_limit = limit;
        for request in Attempt::compose(self.destination, &state, rows, now()).requests {
            if self.stopped.is_some() || Instant::now() > self.ends {
                outcomes.push((request.seqs, self.stopped.clone()));
                continue;
            }
            let outcome = http::send(&self.agent, &request);
            let Request { seqs, event_ids, .. } = request;
            let verdict = self.destination.verdict(&outcome);
            let splits = match verdict {
                Verdict::Refused => true,
                Verdict::Faulted => {
                    let most = seqs.iter().filter_map(|seq| attempts.get(seq)).max();
                    most.is_some_and(|most| *most >= limits::ATTEMPTS_BEFORE_SPLIT)
                }
                _ => false,
            };
            if splits && seqs.len() > 1 {
                let half = u32::try_from(seqs.len() / 2).unwrap_or(u32::MAX);
                let these: Vec<Row<'_>> =
                    rows.iter().filter(|row| seqs.contains(&row.seq)).cloned().collect();
                outcomes.extend(self.send(&these, half, attempts));
                continue;
            }
            match verdict {
                Verdict::Done => self.has_delivered = true,
                Verdict::Busy | Verdict::Denied | Verdict::Gone => self.stopped = Some(outcome.clone()),
                Verdict::Faulted => {
                    self.faults += 1;
                    self.stopped = (self.faults >= MAX_FAULTS).then(|| outcome.clone());
                }
                Verdict::Refused | Verdict::Unfit => {}
            }
            let sent = Sent { seqs, event_ids, outcome: Some(outcome) };
            let each = self.destination.divide(&sent);
            outcomes.extend(each.into_iter().map(|Sent { seqs, outcome, .. }| (seqs, outcome)));
        }
        outcomes
    }

    /// Notes what came of one row.
    fn enter(&self, one: &mut Claimed<'_>, outcome: Option<&Outcome>, tally: &mut Tally) {
        let name = &self.destination.name;
        // Not sent: there was no time left.
        let Some(outcome) = outcome else { return one.try_at(now()) };
        let verdict = self.destination.verdict(outcome);
        let is_hopeless = matches!(verdict, Verdict::Refused | Verdict::Unfit)
            || verdict == Verdict::Faulted
                && self.has_delivered
                && one.attempts >= limits::MAX_EVENT_ATTEMPTS;
        if verdict == Verdict::Done {
            one.delivered_to.push(name.clone());
            *tally.delivered.entry(name.clone()).or_default() += 1;
        } else if is_hopeless {
            one.parked.push((name.clone(), outcome.describe()));
            *tally.parked.entry(name.clone()).or_default() += 1;
        } else {
            let backoff = match verdict {
                Verdict::Denied | Verdict::Gone => self.destination.backoff.patient(),
                _ => self.destination.backoff,
            };
            one.try_at(backoff.next_at(now(), one.attempts, outcome.retry_after(), random()));
            tally.failures.insert(name.clone(), outcome.describe());
        }
    }
}

impl Claimed<'_> {
    fn try_at(&mut self, at: Timestamp) {
        self.next_at = Some(self.next_at.map_or(at, |other| other.min(at)));
    }
}

fn now() -> Timestamp {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Timestamp::from_ms(i64::try_from(ms).unwrap_or(i64::MAX))
}

/// Random enough to keep those apart that failed together.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
