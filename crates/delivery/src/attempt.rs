//! An attempt: the rows behind a cursor, as requests.

use serde::Serialize;
use tallymark_event::Timestamp;

use crate::{Destination, Request, Row, State, limits};

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
        let wanted: Vec<&Row<'_>> = rows
            .iter()
            .filter(|row| row.seq > state.cursor && !state.ahead.contains(&row.seq) && destination.wants(row))
            .collect();
        let most_requests = match state.is_probing() {
            true if state.ahead.len() >= limits::MAX_AHEAD => 1,
            true => limits::PROBE_REQUESTS,
            false => usize::MAX,
        };
        let most_events = match state.request_limit {
            0 => usize::MAX,
            limit => usize::try_from(limit).unwrap_or(usize::MAX),
        };
        let mut requests = Vec::new();
        let mut left = wanted.as_slice();
        while !left.is_empty() && requests.len() < most_requests {
            let (chunk, behind) = destination.chunk(left, most_events);
            requests.push(destination.request(chunk, now));
            left = behind;
        }
        let last = rows.last().map_or(state.cursor, |row| row.seq);
        let through = left.first().map_or(last, |row| row.seq.saturating_sub(1));
        Self { requests, through }
    }

    /// Makes a request for each of these rows, which were parked and are to be tried again.
    pub fn of_parked(destination: &Destination, rows: &[Row<'_>], now: Timestamp) -> Vec<Request> {
        rows.iter().map(|row| destination.request(&[row], now)).collect()
    }
}
