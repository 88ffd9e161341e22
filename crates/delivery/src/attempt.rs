//! An attempt: the rows behind a cursor, as requests.

use serde::Serialize;
use tallymark_event::Timestamp;

use crate::{Destination, Request, Row, State, limits, withhold::Withheld};

/// What is to be sent now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// In the order of their rows. None if no row is wanted: the cursor may move all the same.
    pub requests: Vec<Request>,
    /// Where the cursor may move to when all of them are done.
    pub through: u64,
}

impl Attempt {
    /// Makes the requests for `rows`, which come in their order and lie behind the state's cursor.
    pub fn compose(destination: &Destination, state: &State, rows: &[Row<'_>], now: Timestamp) -> Self {
        let withheld = destination.withhold(rows);
        let rows = &allowed(rows, &withheld);
        let wanted = rows.iter().filter(|row| {
            row.seq > state.cursor && !state.ahead.contains(&row.seq) && destination.wants(row)
        });
        let most_requests = match state.is_probing() {
            true if state.ahead.len() >= limits::MAX_AHEAD => 1,
            true => limits::PROBE_REQUESTS,
            false => usize::MAX,
        };
        let most_events = match state.request_limit {
            0 => usize::MAX,
            limit => usize::try_from(limit).unwrap_or(usize::MAX),
        };
        let (mut requests, mut left) = destination.sort_out(wanted, now);
        let unfit = requests.len();
        while !left.is_empty() && requests.len() < most_requests.saturating_add(unfit) {
            let chunk = destination.chunk(&mut left, most_events);
            requests.push(destination.request(&chunk, now, state.attempts));
        }
        let last = rows.last().map_or(state.cursor, |row| row.seq);
        let through = left.first().map_or(last, |(row, _)| row.seq.saturating_sub(1));
        Self { requests, through }
    }

    /// Makes a request for each of these rows, which were parked and are to be tried again.
    pub fn of_parked(destination: &Destination, rows: &[Row<'_>], now: Timestamp) -> Vec<Request> {
        let withheld = destination.withhold(rows);
        let rows = allowed(rows, &withheld);
        let (mut requests, fit) = destination.sort_out(rows.iter(), now);
        requests.extend(fit.into_iter().map(|(row, _)| destination.request(&[row], now, 0)));
        requests
    }
}

/// The rows as their destination may have them.
fn allowed<'s>(rows: &[Row<'s>], withheld: &'s [Option<Withheld>]) -> Vec<Row<'s>> {
    let pairs = rows.iter().zip(withheld);
    pairs.map(|(row, without)| without.as_ref().map_or_else(|| row.clone(), |it| it.row(row))).collect()
}
