//! Delivery's part of the boundary: commands and results as JSON. They are few beside the requests that they are about,
//! so that their texts cost next to nothing. Pages of rows come beside them, and are copied as they stand.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tallymark_delivery::{
    Attempt, Destination, Lease, Pending, Problem, Request, Row, Sent, Settings, Settled, State,
};
use tallymark_event::Timestamp;

/// What the shell asks, and what decides about it.
#[derive(Deserialize)]
struct Command {
    /// The variables of the environment that are texts.
    env: HashMap<String, String>,
    /// `destinations:<organization_id>` of the registry.
    record: Option<String>,
    ask: Ask,
}

/// Of `state`, the destination's row; `page`, the second input, is a JSON array of rows.
#[derive(Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
enum Ask {
    /// Which destinations there are, and when each is due. `head`: the log's last `seq`.
    Plan { known: Vec<Known>, head: u64 },
    /// The right to attempt. `head`: the log's last `seq`.
    Lease { state: State, id: String, head: u64 },
    /// The requests for a page of rows.
    Compose { state: State },
    /// The requests for a page of rows that were parked.
    Retry { state: State },
    /// What an attempt leaves behind. `random`: 64 bits, in decimal.
    Settle { state: State, id: String, through: u64, sent: Vec<Sent>, random: String },
    /// The same for rows that were parked.
    SettleRetry { state: State, id: String, sent: Vec<Sent>, random: String },
    /// Whether nothing of a request got through.
    HasFailed { state: State, sent: Sent },
    /// The state as if nothing had failed.
    Resume { state: State },
}

#[derive(Deserialize)]
struct Known {
    state: State,
    pending: Option<Pending>,
}

#[derive(Serialize)]
struct Plan {
    destinations: Vec<Planned>,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Planned {
    kind: &'static str,
    /// To be written if it has changed.
    state: State,
    has_changed: bool,
    due_ms: Option<i64>,
    batch_size: u32,
    flush_interval_ms: u32,
    timeout_ms: u32,
    concurrency: u32,
}

#[derive(Serialize)]
struct Leased {
    state: State,
    lease: Lease,
}

#[derive(Serialize)]
struct After {
    state: State,
    settled: Settled,
}

/// Carries a command out. `null`: there is no such destination, it is not due, or its lease is another's.
pub(crate) fn deliver(command: &str, page: &str, now: Timestamp) -> Result<String, serde_json::Error> {
    let Command { env, record, ask } = serde_json::from_str(command)?;
    let settings = Settings::from_env(|name| env.get(name).map(String::as_str));
    let (destinations, problems) = settings.destinations_of(record.as_deref());
    let of = |state: &State| destinations.iter().find(|one| one.name == state.name);
    match ask {
        Ask::Plan { known, head } => serde_json::to_string(&Plan {
            destinations: destinations.iter().map(|one| plan(one, &known, head)).collect(),
            problems: [settings.problems.as_slice(), &problems].concat(),
        }),
        Ask::Lease { mut state, id, head } => {
            let lease = of(&state).and_then(|one| state.lease(one, &id, head, now).ok());
            serde_json::to_string(&lease.map(|lease| Leased { state, lease }))
        }
        Ask::Compose { state } => {
            let rows = Row::parse_page(page)?;
            let attempt = of(&state).map(|one| Attempt::compose(one, &state, &rows, now));
            serde_json::to_string(&attempt)
        }
        Ask::Retry { state } => {
            let rows = Row::parse_page(page)?;
            let requests: Option<Vec<Request>> = of(&state).map(|one| Attempt::of_parked(one, &rows, now));
            serde_json::to_string(&requests)
        }
        Ask::Settle { mut state, id, through, sent, random } => {
            let random = random.parse().unwrap_or_default();
            let settled = of(&state).and_then(|one| state.settle(one, &id, through, &sent, now, random));
            serde_json::to_string(&settled.map(|settled| After { state, settled }))
        }
        Ask::SettleRetry { mut state, id, sent, random } => {
            let random = random.parse().unwrap_or_default();
            let settled = of(&state).and_then(|one| state.settle_retry(one, &id, &sent, now, random));
            serde_json::to_string(&settled.map(|settled| After { state, settled }))
        }
        Ask::HasFailed { state, sent } => {
            serde_json::to_string(&of(&state).is_some_and(|one| one.has_failed(&sent)))
        }
        Ask::Resume { mut state } => {
            state.resume();
            serde_json::to_string(&state)
        }
    }
}

fn plan(destination: &Destination, known: &[Known], head: u64) -> Planned {
    let known = known.iter().find(|known| known.state.name == destination.name);
    let mut state = known.map_or_else(|| State::begin(destination, head), |known| known.state.clone());
    let has_changed = state.follow(destination) || known.is_none();
    let due = state.due(destination.rule, known.and_then(|known| known.pending));
    Planned {
        kind: destination.kind.name(),
        has_changed,
        due_ms: due.map(Timestamp::ms),
        batch_size: destination.rule.batch_size,
        flush_interval_ms: destination.rule.flush_interval_ms,
        timeout_ms: destination.timeout_ms,
        concurrency: destination.concurrency(),
        state,
    }
}
