//! The promise, for any order of calls and any outcome: captured = acknowledged + dropped + held.

use std::{collections::BTreeMap, format, vec, vec::Vec};

use proptest::prelude::*;
use serde_json::Value;
use tallymark_event::limits::{MAX_BATCH_BYTES, MAX_BATCH_EVENTS};

use super::*;
use crate::{
    Transport,
    flush::{MAX_IN_FLIGHT, PAGE_BUDGET_BYTES},
};

#[derive(Clone, Debug)]
enum Step {
    Capture { bytes: usize },
    BadName,
    BadProperties,
    Identify(u8),
    View,
    Pass(u64),
    Flush,
    Online,
    Hide,
    Show,
    Leave,
    Save,
    Lose { which: usize, evicted: bool },
    Answer { which: usize, status: u32 },
    Refuse { which: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop_oneof![4 => Just(200u32), 2 => Just(0u32), 1 => Just(503u32), 1 => Just(413u32), 1 => Just(400u32)];
    prop_oneof![
        12 => (0usize..4_000).prop_map(|bytes| Step::Capture { bytes }),
        1 => Just(Step::Capture { bytes: MAX_BATCH_BYTES }),
        1 => Just(Step::BadName),
        1 => Just(Step::BadProperties),
        1 => (0u8..3).prop_map(Step::Identify),
        1 => Just(Step::View),
        6 => (0u64..9_000).prop_map(Step::Pass),
        1 => Just(Step::Flush),
        1 => Just(Step::Online),
        1 => Just(Step::Hide),
        1 => Just(Step::Show),
        1 => Just(Step::Leave),
        6 => Just(Step::Save),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(which, evicted)| Step::Lose { which, evicted }),
        8 => (any::<usize>(), status).prop_map(|(which, status)| Step::Answer { which, status }),
        2 => any::<usize>().prop_map(|which| Step::Refuse { which }),
    ]
}

/// The shell, the network and the collector's books.
#[derive(Default)]
struct World {
    ms: u64,
    /// Attempts under way: transport, numbers of the events.
    flights: BTreeMap<u32, (Transport, Vec<u64>)>,
    acknowledged: Vec<u64>,
    sent: u64,
    dropped: u64,
    ids: BTreeMap<u64, String>,
    reported: (u64, u64),
    /// Numbers of the events in each chunk.
    disk: BTreeMap<String, Vec<u64>>,
    /// Numbers that somebody else has taken from the disk, and such as had to make room.
    taken: Vec<u64>,
    evicted: Vec<u64>,
    /// How many events another tab has sent.
    elsewhere: u64,
}

fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["properties"]["$seq"].as_u64().expect("a number")).collect()
}

impl World {
    fn carry_out(&mut self, tracker: &mut Tracker) -> Result<(), TestCaseError> {
        let mut text = String::new();
        let mut beacons = 0;
        while let Some(effect) = tracker.poll(&mut text) {
            match effect {
                Effect::Send { id, transport, .. } => {
                    let body: Value = serde_json::from_str(&text).expect("a body is JSON");
                    let batch = body["batch"].as_array().expect("a batch");
                    prop_assert!(text.len() <= MAX_BATCH_BYTES && batch.len() <= MAX_BATCH_EVENTS);
                    if transport == Transport::Fetch {
                        prop_assert!(tracker.outbox.fetches() <= MAX_IN_FLIGHT);
                    }
                    if transport == Transport::Beacon {
                        beacons += text.len();
                        prop_assert!(beacons <= PAGE_BUDGET_BYTES);
                    }
                    let numbers = numbers(batch);
                    for (event, seq) in batch.iter().zip(&numbers) {
                        let uuid: String = event["uuid"].as_str().expect("an id").into();
                        prop_assert_eq!(self.ids.entry(*seq).or_insert_with(|| uuid.clone()), &uuid);
                    }
                    prop_assert!(self.flights.insert(id, (transport, numbers)).is_none(), "an id came twice");
                    let drops = body["stream"]["dropped"].as_object().expect("drops");
                    let drops = drops.values().filter_map(Value::as_u64).sum();
                    let report = (body["stream"]["seq"].as_u64().unwrap_or(0), drops);
                    prop_assert!(report.0 >= self.reported.0 && report.1 >= self.reported.1, "a report fell");
                    self.reported = report;
                }
                Effect::Dropped { count, .. } => self.dropped += u64::from(count),
                Effect::Sent { count } => self.sent += u64::from(count),
                Effect::Keep { chunk_bytes, last } => {
                    self.forget(tracker.settled());
                    let (chunk, key) = text.split_at(chunk_bytes);
                    let chunk: Value = serde_json::from_str(chunk).expect("a chunk is JSON");
                    let events = chunk["batch"].as_array().expect("a batch");
                    let numbers = numbers(events);
                    if !key.ends_with("will") {
                        prop_assert_eq!(numbers.last().copied().unwrap_or(0), u64::from(last));
                    }
                    self.disk.insert(key.into(), numbers);
                }
                Effect::Forget => {
                    prop_assert!(self.disk.remove(&text).is_some(), "nothing under {}", text);
                }
                Effect::SetTimer { .. } | Effect::Persist { .. } => {}
            }
        }
        self.forget(tracker.settled());
        Ok(())
    }

    /// Removes the chunks in which all is settled, as the shell does.
    fn forget(&mut self, settled: u32) {
        let is_held = |numbers: &[u64]| numbers.last().is_none_or(|last| *last > u64::from(settled));
        self.disk.retain(|key, numbers| key.ends_with("will") || is_held(numbers));
    }

    /// The numbers of the events on disk, the will apart.
    fn numbers_on_disk(&self) -> Vec<u64> {
        let chunks = self.disk.iter().filter(|(key, _)| !key.ends_with("will"));
        chunks.flat_map(|(_, numbers)| numbers).copied().collect()
    }

    fn pick(&self, which: usize, beacon: bool) -> Option<u32> {
        let ids: Vec<_> = self
            .flights
            .iter()
            .filter(|(_, (transport, _))| (*transport == Transport::Beacon) == beacon)
            .map(|(id, _)| *id)
            .collect();
        ids.get(which.checked_rem(ids.len())?).copied()
    }
}

fn take(tracker: &mut Tracker, world: &mut World, step: &Step) -> Result<(), TestCaseError> {
    if let Step::Pass(ms) = step {
        world.ms += ms;
    }
    let now = Now { wall_ms: 1_795_220_079_697 + world.ms.cast_signed(), monotonic_ms: world.ms };
    let tracker = tracker.at(now, &now.written());
    match step {
        Step::Capture { bytes } => {
            tracker.capture("\"e\"", &format!("{{\"x\":\"{}\"}}", "y".repeat(*bytes)));
        }
        Step::BadName => tracker.capture("", "{}"),
        Step::BadProperties => tracker.capture("\"e\"", ""),
        Step::Identify(user) => tracker.identify(&format!("\"u{user}\""), "{\"a\":1}"),
        Step::View => tracker.page("\"$pathname\":\"/\"", "", "", "{}"),
        Step::Pass(_) => tracker.tick(),
        Step::Flush => tracker.flush(),
        Step::Online => tracker.online(),
        Step::Hide => tracker.hide(0),
        Step::Show => tracker.show(),
        Step::Leave => tracker.leave(0),
        Step::Save => tracker.save(),
        Step::Lose { which, evicted } => {
            let keys: Vec<_> = world.disk.keys().filter(|key| !key.ends_with("will")).cloned().collect();
            if let Some(key) = which.checked_rem(keys.len()).and_then(|at| keys.get(at)) {
                let Some(numbers) = world.disk.remove(key) else { return Ok(()) };
                let number = |at: Option<&u64>| at.map_or(0, |seq| u32::try_from(*seq).unwrap_or(0));
                tracker.lose(number(numbers.first()), number(numbers.last()), *evicted);
                if *evicted { &mut world.evicted } else { &mut world.taken }.extend(numbers);
                let before = world.sent;
                world.carry_out(tracker)?;
                world.elsewhere += world.sent - before;
            }
        }
        Step::Answer { which, status } => {
            if let Some(id) = world.pick(*which, false) {
                let before = world.sent;
                let (_, numbers) = world.flights.remove(&id).expect("picked");
                tracker.answer(id, *status, 0);
                world.carry_out(tracker)?;
                // An answer to an attempt that was since repeated changes nothing.
                if world.sent > before {
                    // What was evicted while it was under way counts as dropped, though it arrived.
                    let evicted = &world.evicted;
                    world.acknowledged.extend(numbers.iter().filter(|seq| !evicted.contains(seq)));
                }
            }
        }
        Step::Refuse { which } => {
            if let Some(id) = world.pick(*which, true) {
                world.flights.remove(&id);
                tracker.beacon_refused(id);
            }
        }
    }
    world.carry_out(tracker)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn captured_is_acknowledged_and_dropped_and_held(steps in proptest::collection::vec(step(), 1..250)) {
        let mut tracker = Tracker::new();
        let mut world = World::default();
        tracker.seed(7);
        tracker.start(&Start { key: "\"wk_1\"", stream_id: "\"s\"", window_id: "\"w\"", capture_leave: true, ..Start::default() });
        for step in &steps {
            take(&mut tracker, &mut world, step)?;
            let held = tracker.outbox.held() as u64;
            prop_assert_eq!(u64::from(tracker.seq()), world.sent + world.dropped + held);
            if matches!(step, Step::Save | Step::Hide | Step::Leave) {
                let disk = world.numbers_on_disk();
                // What was taken from the disk while it was under way is not written again.
                let is_safe = |seq: &u32| disk.contains(&u64::from(*seq)) || world.taken.contains(&u64::from(*seq));
                prop_assert!(tracker.outbox.waiting().iter().all(is_safe), "held and not on disk");
            }
        }
        // The network comes back: everything held is acknowledged in the end, and nothing twice.
        for _ in 0..2_000 {
            if tracker.settled() == tracker.seq() {
                break;
            }
            take(&mut tracker, &mut world, &Step::Pass(10_000))?;
            take(&mut tracker, &mut world, &Step::Answer { which: 0, status: 200 })?;
        }
        prop_assert_eq!(tracker.settled(), tracker.seq());
        take(&mut tracker, &mut world, &Step::Show)?;
        prop_assert_eq!(world.numbers_on_disk(), Vec::<u64>::new());
        prop_assert_eq!(u64::from(tracker.seq()), world.sent + world.dropped);
        let acknowledged = world.acknowledged.len();
        world.acknowledged.sort_unstable();
        world.acknowledged.dedup();
        prop_assert_eq!((world.acknowledged.len() as u64, world.sent - world.elsewhere), (acknowledged as u64, acknowledged as u64));
        // With nothing lost on the way, the last report has told of every drop.
        take(&mut tracker, &mut world, &Step::Pass(3_000))?;
        prop_assert_eq!(world.reported.1, world.dropped);
    }
}
