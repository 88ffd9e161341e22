//! What the kinds of destinations differ in.

use tallymark_event::Timestamp;

use crate::{Outcome, Request, Row, Sent, Verdict};

/// How a kind of destination is spoken to, and what its answers mean.
pub(crate) trait Receiver {
    /// How much one request may hold.
    fn room(&self) -> Room;

    /// Most requests at a time, of so many events each.
    fn concurrency(&self, _batch_size: u32) -> u32 {
        1
    }

    /// How many addresses it has, of which each failure leads to the next.
    fn addresses(&self) -> u32 {
        1
    }

    /// Whether requests wait for each other, once one has failed.
    fn is_pipelined(&self) -> bool {
        false
    }

    /// Most full batches of one attempt, which takes its lease and is settled once for all of them.
    fn batches(&self) -> u32 {
        1
    }

    /// Whether a row is of any use to it.
    fn wants(&self, _row: &Row<'_>) -> bool {
        true
    }

    /// Why it could not take a row that it wants. Such rows are parked, and never sent.
    fn unfit(&self, _row: &Row<'_>, _now: Timestamp) -> Option<&'static str> {
        None
    }

    /// What the rows of one request must have in common, if anything.
    fn group(&self, _row: &Row<'_>, _now: Timestamp) -> Option<String> {
        None
    }

    /// The request that brings these rows, which are of one group and at least one. `address`: which of its addresses it goes
    /// to, counted past their end ([`crate::State::address`]).
    fn request(&self, rows: &[&Row<'_>], now: Timestamp, address: u32) -> Request;

    /// A request for rows as they stand, which the shell reads itself; `None`: its bodies are made of them.
    fn verbatim(&self) -> Option<Request> {
        None
    }

    /// What the outcome of one of its requests means for all its rows.
    fn verdict(&self, outcome: &Outcome) -> Verdict {
        outcome.by_status()
    }

    /// What the outcome is for each of the rows, in their order, where the answer tells them apart.
    fn each(&self, _sent: &Sent, _outcome: &Outcome) -> Option<Vec<Outcome>> {
        None
    }
}

/// How much of a kind's requests may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) events: usize,
    /// Of the rows' JSON, from which the body is made.
    pub(crate) bytes: usize,
}
