//! A destination's part of a round.

use std::{collections::HashMap, time::Instant};

use tallymark_delivery::{Attempt, Failure, Outcome, Request, Row, Sent, State, Verdict, limits};
use tallymark_event::Timestamp;

use super::{
    line::Line,
    round::{Claimed, now},
    stop::Stop,
    tally::Tally,
};

/// Requests that fail after which a destination is sent no more in a round: it is down.
const MAX_FAULTS: u32 = 4;

/// Requests to one destination, and what came of them.
pub(super) struct Delivery<'d> {
    line: &'d mut Line,
    ends: Instant,
    stop: &'d Stop,
    /// Set by what concerns more than the events of one request: nothing more is sent in this round.
    stopped: Option<Outcome>,
    has_delivered: bool,
    /// Requests that nobody has answered, or with a fault.
    faults: u32,
    /// The latest that nobody has answered.
    silence: Option<Outcome>,
    /// Addresses in a row that have failed.
    failed_addresses: u32,
    /// Rows that it does not want.
    unwanted: Vec<u64>,
    /// Rows that it wants, and what came of them; `None` if they were not sent.
    outcomes: Vec<(Vec<u64>, Option<Outcome>)>,
}

impl<'d> Delivery<'d> {
    /// Begins requests until `ends`, or `stop` is set.
    pub(super) fn new(line: &'d mut Line, ends: Instant, stop: &'d Stop) -> Self {
        Self {
            line,
            ends,
            stop,
            stopped: None,
            has_delivered: false,
            faults: 0,
            silence: None,
            failed_addresses: 0,
            unwanted: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    /// Sends what is not done.
    pub(super) fn run(mut self, claimed: &[Claimed<'_>]) -> Self {
        let destination = &self.line.destination;
        let waiting = claimed.iter().filter(|one| !one.delivered_to.contains(&destination.name));
        let (mut wanted, unwanted): (Vec<_>, Vec<_>) = waiting.partition(|one| destination.wants(&one.row));
        self.unwanted = unwanted.iter().map(|one| one.row.seq).collect();
        // What has failed before comes last: it may be why the others do not get through.
        wanted.sort_by_key(|one| one.attempts);
        let rows: Vec<Row<'_>> = wanted.iter().map(|one| one.row.clone()).collect();
        if self.line.resumes_at(now()).is_some() {
            self.outcomes = vec![(rows.iter().map(|row| row.seq).collect(), None)];
            return self;
        }
        let attempts = wanted.iter().map(|one| (one.row.seq, one.attempts)).collect();
        self.outcomes = self.send(&rows, 0, &attempts);
        if self.has_delivered {
            self.line.has_worked();
        } else if self.stopped.is_none() {
            self.stopped = self.silence.take();
        }
        if let Some(outcome) = &self.stopped {
            self.line.leave_alone(outcome, now());
        }
        self
    }

    /// Sends these rows, in requests of `limit` at the most (0: as configured); what is refused in company is sent again
    /// in halves until it is alone. Gives what came of each row, in the end.
    fn send(
        &mut self,
        rows: &[Row<'_>],
        limit: u32,
        attempts: &HashMap<u64, u32>,
    ) -> Vec<(Vec<u64>, Option<Outcome>)> {
        let mut outcomes = Vec::new();
        let mut left = rows.to_vec();
        // In pieces of what a request holds: composing anew gives each its own time, signature and address.
        while !left.is_empty() {
            let mut state = State::new(&self.line.destination, 0);
            state.request_limit = limit;
            state.attempts = self.line.failed_requests();
            state.address = state.attempts;
            let requests = Attempt::compose(&self.line.destination, &state, &left, now()).requests;
            for request in requests {
                if self.is_over() {
                    outcomes.push((request.seqs, None));
                    continue;
                }
                let outcome = self.line.send(&request);
                let Request { seqs, event_ids, .. } = request;
                let sent = Sent { seqs, event_ids, outcome: Some(outcome) };
                let each = self.line.destination.divide(&sent);
                let Some((outcome, verdict)) = self.gist(&each) else { continue };
                if self.goes_to_next_address(verdict) {
                    break;
                }
                if each.len() == 1 && sent.seqs.len() > 1 && splits(verdict, &sent.seqs, attempts) {
                    let half = u32::try_from(sent.seqs.len() / 2).unwrap_or(u32::MAX);
                    let these = left.iter().filter(|row| sent.seqs.contains(&row.seq)).cloned();
                    outcomes.extend(self.send(&these.collect::<Vec<_>>(), half, attempts));
                    continue;
                }
                self.note(outcome, verdict);
                outcomes.extend(each.into_iter().map(|Sent { seqs, outcome, .. }| (seqs, outcome)));
            }
            left.retain(|row| !outcomes.iter().any(|(seqs, _)| seqs.contains(&row.seq)));
        }
        outcomes
    }

    fn is_over(&self) -> bool {
        self.stopped.is_some() || self.stop.is_set() || Instant::now() > self.ends
    }

    /// What the answer says of the receiver: what was taken, if anything was.
    fn gist(&self, each: &[Sent]) -> Option<(Outcome, Verdict)> {
        let outcomes = each.iter().filter_map(|one| one.outcome.as_ref());
        let mut told = outcomes.map(|outcome| (outcome.clone(), self.line.destination.verdict(outcome)));
        let first = told.next()?;
        if first.1 == Verdict::Done {
            return Some(first);
        }
        Some(told.find(|(_, verdict)| *verdict == Verdict::Done).unwrap_or(first))
    }

    /// Whether the request failed for reasons of the address's own, and there is another that has not failed yet.
    fn goes_to_next_address(&mut self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Done => self.failed_addresses = 0,
            Verdict::Faulted | Verdict::Busy | Verdict::Denied => {
                self.line.next_address();
                self.failed_addresses += 1;
                if self.failed_addresses < self.line.destination.addresses() {
                    return true;
                }
                self.failed_addresses = 0;
            }
            Verdict::Refused | Verdict::Gone | Verdict::Unfit => {}
        }
        false
    }

    /// Notes what a request says of those behind it.
    fn note(&mut self, outcome: Outcome, verdict: Verdict) {
        match verdict {
            Verdict::Done => self.has_delivered = true,
            Verdict::Busy | Verdict::Denied | Verdict::Gone => self.stopped = Some(outcome),
            Verdict::Faulted => {
                self.faults += 1;
                if self.faults >= MAX_FAULTS {
                    self.stopped = Some(outcome);
                } else if matches!(
                    outcome,
                    Outcome::Failed { error: Failure::TimedOut | Failure::Unreachable, .. }
                ) {
                    self.silence = Some(outcome);
                }
            }
            Verdict::Refused | Verdict::Unfit => {}
        }
    }

    /// Enters into the rows what came of them.
    pub(super) fn enter_all(self, claimed: &mut [Claimed<'_>], tally: &mut Tally) {
        let mut of_seq: HashMap<u64, Option<&Outcome>> = HashMap::new();
        for (seqs, outcome) in &self.outcomes {
            of_seq.extend(seqs.iter().map(|seq| (*seq, outcome.as_ref())));
        }
        let now = now();
        for one in claimed {
            if let Some(outcome) = of_seq.get(&one.row.seq) {
                self.enter(one, *outcome, now, tally);
            } else if self.unwanted.contains(&one.row.seq) {
                one.delivered_to.push(self.line.destination.name.clone());
            }
        }
        if let Some(outcome) = &self.stopped {
            tally.failures.insert(self.line.destination.name.clone(), outcome.describe());
        }
    }

    /// Notes what came of one row.
    fn enter(&self, one: &mut Claimed<'_>, outcome: Option<&Outcome>, now: Timestamp, tally: &mut Tally) {
        let resumes_at = self.line.resumes_at(now).unwrap_or(now);
        let Some(outcome) = outcome else { return one.try_at(resumes_at) };
        one.is_tried = true;
        let name = &self.line.destination.name;
        let verdict = self.line.destination.verdict(outcome);
        let is_hopeless = matches!(verdict, Verdict::Refused | Verdict::Unfit)
            || verdict == Verdict::Faulted
                && self.has_delivered
                && one.attempts >= limits::MAX_EVENT_ATTEMPTS;
        if verdict == Verdict::Done {
            one.delivered_to.push(name.clone());
            *tally.delivered.entry(name.clone()).or_default() += 1;
        } else if is_hopeless {
            one.delivered_to.push(name.clone());
            // PostgreSQL takes no NUL, and an answer may be anything.
            one.parked.push((name.clone(), outcome.describe().replace('\0', "\u{fffd}")));
            *tally.parked.entry(name.clone()).or_default() += 1;
        } else {
            one.try_at(self.line.next_at(outcome, one.attempts, now).max(resumes_at));
            tally.failures.insert(name.clone(), outcome.describe());
        }
    }
}

/// Whether some of them may be why the others were not taken.
fn splits(verdict: Verdict, seqs: &[u64], attempts: &HashMap<u64, u32>) -> bool {
    match verdict {
        Verdict::Refused => true,
        Verdict::Faulted => {
            let most = seqs.iter().filter_map(|seq| attempts.get(seq)).max();
            most.is_some_and(|most| *most >= limits::ATTEMPTS_BEFORE_SPLIT)
        }
        _ => false,
    }
}
