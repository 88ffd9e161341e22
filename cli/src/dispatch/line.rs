//! A destination from round to round: its connections, which of its addresses is asked, and whether it is left alone.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use tallymark_delivery::{Destination, Outcome, Request, Verdict};
use tallymark_event::Timestamp;
use ureq::Agent;

use super::http;
use crate::agent::agent;

/// A destination, and what earlier requests have shown of it.
pub(super) struct Line {
    pub(super) destination: Destination,
    /// It keeps connections.
    agent: Agent,
    /// Requests that an address has failed: the next one is of the next address, and of that for as long as it works.
    failed_requests: u32,
    /// Rounds in a row after which it was left alone.
    failed_rounds: u32,
    /// Nothing is sent to it before then.
    resumes_at: Option<Timestamp>,
}

impl Line {
    pub(super) fn new(destination: Destination) -> Self {
        let agent = agent(Duration::from_millis(u64::from(destination.timeout_ms)));
        Self { destination, agent, failed_requests: 0, failed_rounds: 0, resumes_at: None }
    }

    /// Until when it is to be left alone.
    pub(super) fn resumes_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.resumes_at.filter(|at| *at > now)
    }

    /// Which address a request is composed for ([`tallymark_delivery::State::address`]).
    pub(super) const fn failed_requests(&self) -> u32 {
        self.failed_requests
    }

    pub(super) fn send(&self, request: &Request) -> Outcome {
        http::send(&self.agent, request)
    }

    pub(super) const fn next_address(&mut self) {
        self.failed_requests = self.failed_requests.wrapping_add(1);
    }

    /// It works: whatever it failed before is over.
    pub(super) const fn has_worked(&mut self) {
        self.failed_rounds = 0;
    }

    /// Leaves it alone after what it has said: as long as it asks for, or longer each time.
    pub(super) fn leave_alone(&mut self, outcome: &Outcome, now: Timestamp) {
        self.failed_rounds = self.failed_rounds.saturating_add(1);
        self.resumes_at = Some(self.next_at(outcome, self.failed_rounds, now));
    }

    /// When to try again what it has failed so many times in a row.
    pub(super) fn next_at(&self, outcome: &Outcome, failures: u32, now: Timestamp) -> Timestamp {
        let backoff = match self.destination.verdict(outcome) {
            Verdict::Denied | Verdict::Gone => self.destination.backoff.patient(),
            _ => self.destination.backoff,
        };
        backoff.next_at(now, failures, outcome.retry_after(), random())
    }
}

/// Random enough to keep those apart that failed together.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
