//! An attempt: the rows behind a cursor, as requests.

use serde::Serialize;
use tallymark_event::Timestamp;

use crate::{Destination, Request, Row, State, withhold::Withheld};

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
        let wanted = rows.iter().filter(|row| state.is_open(row.seq) && destination.wants(row));
        let (most_requests, most_events) = state.bounds();
        let (mut requests, mut left) = destination.sort_out(wanted, now);
        let unfit = requests.len();
        while !left.is_empty() && requests.len() < most_requests.saturating_add(unfit) {
            let chunk = destination.chunk(&mut left, most_events);
            requests.push(destination.request(&chunk, now, state.address));
        }
        let last = rows.last().map_or(state.cursor, |row| row.seq);
        let through = left.first().map_or(last, |(row, _)| row.seq.saturating_sub(1));
        Self { requests, through }
    }

    /// Outlines the requests for rows which their destination takes as they stand ([`crate::Lease::is_verbatim`]): each of
    /// rows that lie side by side. `None`: it does not. Of each row its `seq` and its bytes; otherwise as for
    /// [`Self::compose`].
    pub fn outline(destination: &Destination, state: &State, rows: &[(u64, usize)]) -> Option<Self> {
        let request = destination.verbatim()?;
        let (most_requests, most_events) = state.bounds();
        let room = destination.room(most_events);
        let (mut requests, mut bytes) = (Vec::<Request>::new(), 0_usize);
        let mut through = state.cursor;
        let mut is_apart = true;
        for (seq, size) in rows.iter().copied() {
            if !state.is_open(seq) {
                (through, is_apart) = (seq, true);
                continue;
            }
            bytes = bytes.saturating_add(size);
            let is_last = requests.len() >= most_requests;
            match requests.last_mut() {
                Some(last) if !is_apart && last.seqs.len() < room.events && bytes <= room.bytes => {
                    last.rows = last.rows.map(|(first, _)| (first, seq));
                    last.seqs.push(seq);
                }
                _ if is_last => break,
                _ => {
                    requests.push(Request { rows: Some((seq, seq)), seqs: vec![seq], ..request.clone() });
                    (bytes, is_apart) = (size, false);
                }
            }
            through = seq;
        }
        Some(Self { requests, through })
    }

    /// Makes a request for each of these rows, which were parked and are to be tried again.
    pub fn of_parked(
        destination: &Destination,
        state: &State,
        rows: &[Row<'_>],
        now: Timestamp,
    ) -> Vec<Request> {
        let withheld = destination.withhold(rows);
        let rows = allowed(rows, &withheld);
        let (mut requests, fit) = destination.sort_out(rows.iter(), now);
        requests.extend(fit.into_iter().map(|(row, _)| destination.request(&[row], now, state.address)));
        requests
    }
}

/// The rows as their destination may have them.
pub(crate) fn allowed<'s>(rows: &[Row<'s>], withheld: &'s [Option<Withheld>]) -> Vec<Row<'s>> {
    let pairs = rows.iter().zip(withheld);
    pairs.map(|(row, without)| without.as_ref().map_or_else(|| row.clone(), |it| it.row(row))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        limits,
        testing::{parse, with},
    };

    fn destination(more: &serde_json::Value) -> Destination {
        let record = json!({ "name": "backend", "kind": "postgres", "url": "postgres://u:p@db.example/app" });
        parse(&with(record, more)).unwrap()
    }

    #[test]
    fn whoever_wants_less_than_all_is_shown_the_rows() {
        for (more, is_verbatim) in [
            (json!({}), true),
            (json!({ "events": ["a", "*"] }), true),
            (json!({ "events": ["batch_*"] }), false),
            (json!({ "consent": ["analytics"] }), false),
            (json!({ "pii": "omit" }), false),
        ] {
            let destination = destination(&more);
            let outlined = Attempt::outline(&destination, &State::new(&destination, 0), &[(1, 1)]);
            assert_eq!(outlined.is_some(), is_verbatim, "{more}");
            let lease =
                State::new(&destination, 0).lease(&destination, "a", 9, Timestamp::from_ms(0)).unwrap();
            assert_eq!(lease.is_verbatim, is_verbatim, "{more}");
        }
    }

    proptest! {
        #[test]
        fn outlines_bring_what_is_open_in_order_and_nothing_else(
            batch_size in 1_usize..20,
            sizes in prop::collection::vec(prop_oneof![3 => 1_usize..1_000, 1 => 200_000_usize..1_000_000], 0..60),
            gaps in prop::collection::btree_set(1_u64..60, 0..10),
            ahead in prop::collection::btree_set(1_u64..60, 0..10),
            cursor in 0_u64..10,
            request_limit in prop_oneof![Just(0_u32), 1_u32..10],
            attempts in 0_u32..2,
        ) {
            let destination = destination(&json!({ "batch_size": batch_size }));
            let ahead = ahead.into_iter().filter(|seq| *seq > cursor).collect();
            let state = State { ahead, request_limit, attempts, ..State::new(&destination, cursor) };
            let rows: Vec<(u64, usize)> = (cursor + 1..).zip(sizes).filter(|(seq, _)| !gaps.contains(seq)).collect();
            let Attempt { requests, through } = Attempt::outline(&destination, &state, &rows).unwrap();

            let most = if request_limit == 0 { batch_size } else { batch_size.min(request_limit as usize) };
            for request in &requests {
                let (first, last) = request.rows.unwrap();
                let within: Vec<u64> = rows.iter().map(|row| row.0).filter(|seq| (first..=last).contains(seq)).collect();
                prop_assert_eq!(&request.seqs, &within, "whoever reads the range reads its rows");
                prop_assert!(request.seqs.len() <= most);
                let bytes: usize = rows.iter().filter(|row| within.contains(&row.0)).map(|row| row.1).sum();
                prop_assert!(bytes <= limits::MAX_REQUEST_BYTES || within.len() == 1);
            }
            let brought: Vec<u64> = requests.iter().flat_map(|request| request.seqs.clone()).collect();
            let open: Vec<u64> = rows.iter().map(|row| row.0).filter(|seq| state.is_open(*seq) && *seq <= through).collect();
            prop_assert_eq!(brought, open);
            let last = rows.last().map_or(cursor, |row| row.0);
            let is_full = state.is_probing() && requests.len() == limits::PROBE_REQUESTS;
            prop_assert!(through == last || is_full, "{} of {}", through, last);
        }
    }
}
