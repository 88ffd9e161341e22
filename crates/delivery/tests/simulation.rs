//! Whatever receivers answer, whenever a shell is killed and however attempts overlap: nothing is passed over, nothing
//! is attempted twice at a time, and what is not delivered in the end is parked or paused.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod log;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tallymark_delivery::{
    Attempt, Destination, NotDue, Outcome, Pending, Row, Rule, Sent, State, guard::Reach, limits,
};
use tallymark_event::Timestamp;

const START_MS: i64 = 1_790_000_000_000;

/// Webhooks of a format; or a database, which takes several batches an attempt.
fn destination(kind: &str, batch_size: u32) -> Destination {
    let of_its_own = match kind {
        "postgres" => r#""kind":"postgres","url":"postgres://u:p@a.example/app""#.to_owned(),
        format => format!(
            r#""kind":"webhook","url":"https://a.example/","format":"{format}",
               "secrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]"#
        ),
    };
    let record = format!(
        r#"[{{"name":"a",{of_its_own},"batch_size":{batch_size},"from":"start","flush_interval_ms":10}}]"#
    );
    let (mut all, problems) = Destination::parse_list(&record, Reach::Public, Rule::default());
    assert_eq!(problems, []);
    all.remove(0)
}

/// What a receiver does for a while.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Well,
    Down,
    Busy,
    Denies,
}

#[derive(Clone, Debug)]
enum Step {
    /// So many events are stored.
    Append(u64),
    /// So many ms pass.
    Pass(i64),
    Turn(Mood),
    /// The lease is taken, requests go out.
    Begin,
    /// What came of the attempt is settled; of its requests this many were sent.
    End(usize),
    /// The shell is killed: nobody hears of the attempt again, though the receiver may have had it.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let mood = prop_oneof![Just(Mood::Well), Just(Mood::Down), Just(Mood::Busy), Just(Mood::Denies)];
    prop_oneof![
        2 => (1_u64..30).prop_map(Step::Append),
        2 => (0_i64..2_000_000).prop_map(Step::Pass),
        2 => mood.prop_map(Step::Turn),
        6 => Just(Step::Begin),
        6 => (0_usize..60).prop_map(Step::End),
        1 => Just(Step::Kill),
    ]
}

/// A log, its destination and whoever receives.
struct World {
    destination: Destination,
    state: State,
    head: u64,
    now: i64,
    mood: Mood,
    /// Refused whatever the mood, alone or in company.
    refused: BTreeSet<u64>,
    /// Failed over.
    poison: BTreeSet<u64>,
    under_way: Option<(String, Attempt, i64)>,
    ids: u64,
    /// Who has been taken by the receiver, how often.
    taken: BTreeMap<u64, u32>,
    parked: BTreeSet<u64>,
}

impl World {
    fn new(destination: Destination, refused: BTreeSet<u64>, poison: BTreeSet<u64>) -> Self {
        Self {
            state: State::begin(&destination, 0),
            destination,
            head: 0,
            now: START_MS,
            mood: Mood::Well,
            refused,
            poison,
            under_way: None,
            ids: 0,
            taken: BTreeMap::new(),
            parked: BTreeSet::new(),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now)
    }

    fn pending(&self) -> Option<Pending> {
        let rows = self.head - self.state.cursor;
        (rows > 0).then_some(Pending { rows, oldest_ms: START_MS })
    }

    fn begin(&mut self) {
        self.ids += 1;
        let id = format!("attempt-{}", self.ids);
        match self.state.lease(&self.destination, &id, self.head, self.now()) {
            Err(NotDue::Leased) => assert!(self.under_way.is_some() || self.state.lease_until_ms > self.now),
            Err(_) => {}
            Ok(lease) => {
                if let Some((other, _, until)) = &self.under_way {
                    assert!(*until <= self.now, "{other} still has its lease");
                }
                let last = self.head.min(lease.after + u64::from(lease.rows));
                let page = log::page(lease.after + 1..=last);
                let rows = Row::parse_page(&page).unwrap();
                let attempt = Attempt::compose(&self.destination, &self.state, &rows, self.now());
                self.under_way = Some((id, attempt, self.state.lease_until_ms));
            }
        }
    }

    /// The receiver's answer to a request; what it takes is its own from then on.
    fn receive(&mut self, seqs: &[u64]) -> Outcome {
        let status = match self.mood {
            Mood::Down => return serde_json::from_str(r#"{"error":"unreachable"}"#).unwrap(),
            Mood::Busy => 503,
            Mood::Denies => 401,
            Mood::Well if seqs.iter().any(|seq| self.refused.contains(seq)) => 400,
            Mood::Well if seqs.iter().any(|seq| self.poison.contains(seq)) => 500,
            Mood::Well => 200,
        };
        if status == 200 {
            for seq in seqs {
                *self.taken.entry(*seq).or_default() += 1;
            }
        }
        Outcome::Answered { status, retry_after: None, body: String::new(), is_cut: false }
    }

    fn end(&mut self, most: usize, is_heard: bool) {
        let Some((id, attempt, _)) = self.under_way.take() else { return };
        let mut sent = Vec::new();
        for (at, request) in attempt.requests.iter().enumerate() {
            let outcome = (at < most).then(|| self.receive(&request.seqs));
            sent.push(Sent { seqs: request.seqs.clone(), outcome, event_ids: Vec::new() });
        }
        if !is_heard {
            return;
        }
        let before = self.state.clone();
        let random = self.ids.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (now, destination) = (self.now(), self.destination.clone());
        let Some(settled) = self.state.settle(&destination, &id, attempt.through, &sent, now, random) else {
            assert_eq!(self.state, before, "who has lost the lease changes nothing");
            return;
        };
        self.parked.extend(settled.parked.iter().map(|parked| parked.seq));
        assert!(self.state.cursor >= before.cursor, "the cursor never goes back");
        assert!(self.state.lease_id.is_none());
    }

    fn check(&self) {
        let settled = |seq: &u64| self.taken.contains_key(seq) || self.parked.contains(seq);
        let passed = (1..=self.state.cursor).chain(self.state.ahead.iter().copied());
        for seq in passed {
            assert!(settled(&seq), "{seq} was passed over: {:?}", self.state);
        }
        assert!(self.state.cursor <= self.head);
        assert!(self.state.ahead.len() <= limits::MAX_AHEAD + limits::MAX_ROWS_UNDER_WAY as usize);
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Append(events) => self.head += events,
            Step::Pass(ms) => self.now += ms,
            Step::Turn(mood) => self.mood = *mood,
            Step::Begin if self.under_way.is_none() => self.begin(),
            Step::Begin => {}
            Step::End(most) => self.end(*most, true),
            Step::Kill => self.end(usize::MAX, false),
        }
        self.check();
    }

    /// The receiver is well from now on: how many attempts it takes until there is nothing left.
    fn drain(&mut self) {
        self.mood = Mood::Well;
        self.end(usize::MAX, true);
        for _ in 0..5_000 {
            let Some(due) = self.state.due(self.destination.rule, self.pending()) else {
                if self.state.paused_reason.is_none() {
                    return;
                }
                self.state.resume();
                continue;
            };
            self.now = self.now.max(due.ms());
            self.begin();
            assert!(self.under_way.is_some(), "what is due has its lease: {:?}", self.state);
            self.end(usize::MAX, true);
            self.check();
            let left: Vec<u64> = (1..=self.head)
                .filter(|seq| !self.taken.contains_key(seq) && !self.parked.contains(seq))
                .collect();
            // Nothing comes after it that could show that it is not the receiver's fault.
            if !left.is_empty()
                && left.iter().all(|seq| self.poison.contains(seq))
                && self.state.cursor + 1 == left[0]
                && self.state.ahead.is_empty()
            {
                return;
            }
        }
        panic!("does not come to an end: {:?}", self.state);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_passed_over(
        steps in prop::collection::vec(step(), 0..120),
        refused in prop::collection::btree_set(1_u64..200, 0..4),
        poison in prop::collection::btree_set(1_u64..200, 0..3),
        kind in prop::sample::select(vec!["single", "batch", "postgres"]),
        batch_size in 1_u32..40,
    ) {
        let mut world = World::new(destination(kind, batch_size), refused, poison);
        for step in &steps {
            world.take(step);
        }
        world.drain();
        let wrong: BTreeSet<u64> = world.refused.union(&world.poison).copied().collect();
        for seq in 1..=world.head {
            let (is_taken, is_parked) = (world.taken.contains_key(&seq), world.parked.contains(&seq));
            prop_assert!(is_taken || is_parked || world.poison.contains(&seq), "{seq} is lost");
            prop_assert!(!is_parked || wrong.contains(&seq), "{seq} was parked, and nothing is wrong with it");
        }
    }
}
