//! Delivery's part of the boundary: commands and results as JSON. They are few beside the requests that they are about,
//! so that their texts cost next to nothing. Pages of rows come beside them, as do the texts of the configuration, which
//! are read once and not for each command.

use std::{
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use serde::{Deserialize, Serialize};
use tallymark_delivery::{
    Attempt, Destination, Lease, Pending, Problem, Request, Row, Sent, Settings, Settled, Standing, State,
};
use tallymark_event::Timestamp;

/// Most tenants whose destinations are kept as they were read: as many as are delivered for at a time, and more than the
/// logs that share an isolate.
const MAX_CONFIGURED: usize = 64;

/// What the shell asks. `state`: the destination's row; `page`, an input of its own, is a JSON array of rows.
#[derive(Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
enum Command {
    /// Which destinations there are, and when each is due. `head`: the log's last `seq`.
    Plan { known: Vec<Known>, head: u64 },
    /// The right to attempt. `head`: the log's last `seq`.
    Lease { state: State, id: String, head: u64 },
    /// The requests for a page of rows.
    Compose { state: State },
    /// The requests for rows that their destination takes as they stand. `page`: of each its `seq` and its bytes, roughly.
    Outline { state: State },
    /// The requests for a page of rows that were parked.
    Retry { state: State },
    /// What an attempt leaves behind. `random`: 64 bits, in decimal.
    Settle { state: State, id: String, through: u64, sent: Vec<Sent>, random: String },
    /// The same for rows that were parked.
    SettleRetry { state: State, id: String, sent: Vec<Sent>, random: String },
    /// Whether nothing of a request to the destination `name` got through.
    HasFailed { name: String, sent: Sent },
    /// The state as if nothing had failed.
    Resume { state: State },
    /// What has become of the one row of `page` at the destination of each of these states.
    Standings { states: Vec<State> },
}

#[derive(Deserialize)]
struct Known {
    state: State,
    pending: Option<Pending>,
}

#[derive(Serialize)]
struct Plan<'c> {
    destinations: Vec<Planned>,
    problems: &'c [Problem],
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

/// What commands go by.
#[derive(Debug)]
pub(crate) struct Deliverer {
    settings: Settings,
    /// By record of the registry, the last to be read last.
    configured: VecDeque<(Option<String>, Rc<Configured>)>,
}

/// A tenant's destinations, and what of them could not be read.
#[derive(Debug)]
struct Configured {
    destinations: Vec<Destination>,
    problems: Vec<Problem>,
}

impl Default for Deliverer {
    fn default() -> Self {
        Self { settings: Settings::from_env(|_| None), configured: VecDeque::new() }
    }
}

impl Deliverer {
    /// Goes by an environment: a JSON object of its variables, as texts.
    pub(crate) fn configure(&mut self, environment: &str) -> Result<(), serde_json::Error> {
        let environment: HashMap<String, String> = serde_json::from_str(environment)?;
        self.settings = Settings::from_env(|name| environment.get(name).map(String::as_str));
        self.configured.clear();
        Ok(())
    }

    /// Carries a command out, for the tenant whose `destinations:<organization_id>` of the registry is `record`. `null`:
    /// there is no such destination, it is not due, or its lease is another's.
    pub(crate) fn carry_out(
        &mut self,
        record: Option<&str>,
        command: &str,
        page: &str,
        now: Timestamp,
    ) -> Result<String, serde_json::Error> {
        let configured = self.configured(record);
        carry_out(&configured, serde_json::from_str(command)?, page, now)
    }

    fn configured(&mut self, record: Option<&str>) -> Rc<Configured> {
        if let Some((_, known)) = self.configured.iter().find(|(text, _)| text.as_deref() == record) {
            return Rc::clone(known);
        }
        let (destinations, problems) = self.settings.destinations_of(record);
        let problems = [self.settings.problems.as_slice(), &problems].concat();
        let configured = Rc::new(Configured { destinations, problems });
        if self.configured.len() >= MAX_CONFIGURED {
            self.configured.pop_front();
        }
        self.configured.push_back((record.map(str::to_owned), Rc::clone(&configured)));
        configured
    }
}

fn carry_out(
    Configured { destinations, problems }: &Configured,
    command: Command,
    page: &str,
    now: Timestamp,
) -> Result<String, serde_json::Error> {
    let named = |name: &str| destinations.iter().find(|one| one.name == name);
    let of = |state: &State| named(&state.name);
    match command {
        Command::Plan { known, head } => serde_json::to_string(&Plan {
            destinations: destinations.iter().map(|one| plan(one, &known, head)).collect(),
            problems,
        }),
        Command::Lease { mut state, id, head } => {
            let lease = of(&state).and_then(|one| state.lease(one, &id, head, now).ok());
            serde_json::to_string(&lease.map(|lease| Leased { state, lease }))
        }
        Command::Compose { state } => {
            let rows = Row::parse_page(page)?;
            let attempt = of(&state).map(|one| Attempt::compose(one, &state, &rows, now));
            serde_json::to_string(&attempt)
        }
        Command::Outline { state } => {
            let rows: Vec<(u64, usize)> = serde_json::from_str(page)?;
            let attempt = of(&state).and_then(|one| Attempt::outline(one, &state, &rows));
            serde_json::to_string(&attempt)
        }
        Command::Retry { state } => {
            let rows = Row::parse_page(page)?;
            let requests: Option<Vec<Request>> =
                of(&state).map(|one| Attempt::of_parked(one, &state, &rows, now));
            serde_json::to_string(&requests)
        }
        Command::Settle { mut state, id, through, sent, random } => {
            let random = random.parse().unwrap_or_default();
            let settled = of(&state).and_then(|one| state.settle(one, &id, through, &sent, now, random));
            serde_json::to_string(&settled.map(|settled| After { state, settled }))
        }
        Command::SettleRetry { mut state, id, sent, random } => {
            let random = random.parse().unwrap_or_default();
            let settled = of(&state).and_then(|one| state.settle_retry(one, &id, &sent, now, random));
            serde_json::to_string(&settled.map(|settled| After { state, settled }))
        }
        Command::HasFailed { name, sent } => {
            serde_json::to_string(&named(&name).is_some_and(|one| one.has_failed(&sent)))
        }
        Command::Resume { mut state } => {
            state.resume();
            serde_json::to_string(&state)
        }
        Command::Standings { states } => {
            let rows = Row::parse_page(page)?;
            let standing = |state| Some(Standing::of(rows.first()?, of(state)?, state));
            serde_json::to_string(&states.iter().map(standing).collect::<Vec<_>>())
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
        state,
    }
}
