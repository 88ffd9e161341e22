//! What consent means for the whole tracker: everything that can happen in a page, in every order, to a depth.
//!
//! The model keeps books of its own on what the visitor has agreed to, and when. Every text that the tracker lets out
//! is read and held against them; [`World::promise`] names what must hold.

use std::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::ToString,
    vec::Vec,
};

use serde_json::Value;

use super::*;
use crate::Transport;
use Decision::{Denied, Granted, Pending};

/// Every action happens at a moment of its own, so that a timestamp says during which one an event was captured.
const STEP_MS: u64 = 40;
const WALL: i64 = 1_795_220_079_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Capture,
    View,
    /// Here or in another tab.
    Grant,
    Deny,
    Tick,
    Flush,
    Hide,
    Show,
    Leave,
    /// And the page says that a decision has yet to be made, which is none.
    Reset,
    Accepted,
    Failed,
}

use Action::{Accepted, Capture, Deny, Failed, Flush, Grant, Hide, Leave, Reset, Show, Tick, View};

const ACTIONS: [Action; 12] =
    [Capture, View, Grant, Deny, Tick, Flush, Hide, Show, Leave, Reset, Accepted, Failed];

/// A page with this default, on which an earlier one has left that decision, if any.
#[derive(Clone, Copy, Debug)]
struct Beginning {
    default: Decision,
    kept: &'static str,
}

/// A page, its shell, and what is known of it.
struct World {
    beginning: Beginning,
    path: Vec<Action>,
    tracker: Tracker,
    ms: u64,
    holds: Decision,
    is_decided: bool,
    /// The stream's number.
    stream: u32,
    is_hidden: bool,
    /// When the timer fires.
    timer: Option<u64>,
    /// Moments at which it was permitted to capture, since it was last refused.
    permitted: BTreeSet<String>,
    /// What the page has captured at these.
    captured: BTreeMap<String, String>,
    /// Fetches under way, and the names of their events.
    flights: BTreeMap<u32, Vec<String>>,
    arrived: BTreeSet<String>,
    kept: BTreeMap<u8, String>,
}

impl World {
    fn new(beginning: Beginning) -> Self {
        let mut world = Self {
            beginning,
            path: Vec::new(),
            tracker: Tracker::new(),
            ms: 0,
            holds: match beginning.kept {
                "\"gp\"" => Granted,
                "\"dp\"" => Denied,
                _ => beginning.default,
            },
            is_decided: !beginning.kept.is_empty(),
            stream: 1,
            is_hidden: false,
            timer: None,
            permitted: BTreeSet::new(),
            captured: BTreeMap::new(),
            flights: BTreeMap::new(),
            arrived: BTreeSet::new(),
            kept: BTreeMap::new(),
        };
        world.tracker.seed(7);
        world.tracker.permit(beginning.default, Pending, false);
        world.tracker.restore(Slot::Consent, beginning.kept);
        world.pass();
        let ids = Start { key: "\"wk_1\"", stream_id: "\"s1\"", window_id: "\"w\"", ..Start::default() };
        world.tracker.start(&Start { capture_leave: true, ..ids });
        world.carry_out();
        world
    }

    /// Ends the test unless `holds`.
    #[track_caller]
    fn promise(&self, what: &str, holds: bool) {
        assert!(holds, "broken: {what}, in {:?} by {:?}", self.beginning, self.path);
    }

    /// It is the moment of the next action; how events tell it.
    fn pass(&mut self) -> String {
        self.ms += STEP_MS;
        let now = Now { wall_ms: WALL + self.ms.cast_signed(), monotonic_ms: self.ms };
        let moment = now.written();
        self.tracker.at(now, &moment);
        if self.holds != Denied {
            self.permitted.insert(moment.clone());
        }
        moment
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Grant => self.holds != Granted,
            Tick => self.timer.is_some(),
            Hide => !self.is_hidden,
            Show => self.is_hidden,
            Accepted | Failed => !self.flights.is_empty(),
            Capture | View | Deny | Flush | Leave | Reset => true,
        }
    }

    fn take(&mut self, action: Action) {
        self.path.push(action);
        match action {
            Tick => self.ms = self.ms.max(self.timer.take().unwrap()),
            Grant => self.holds = Granted,
            _ => {}
        }
        let now = self.pass();
        let consent = self.tracker.consent;
        match action {
            Capture => self.capture(now),
            View => {
                self.tracker.page(&format!("\"$pathname\":\"/{}\"", self.ms), "", "", "{}");
                self.tracker.save();
            }
            Grant => self.decide(Some(Granted), None),
            Deny => {
                self.holds = Denied;
                self.permitted.clear();
                self.captured.clear();
                self.decide(Some(Denied), None);
            }
            Tick => self.tracker.tick(),
            Flush => self.tracker.flush(),
            Hide => self.tracker.hide(0),
            Show => self.tracker.show(),
            Leave => self.tracker.leave(0),
            Reset => {
                self.tracker.reset();
                self.decide(None, Some(Pending));
                self.promise("a reset changes no consent", self.tracker.consent == consent);
            }
            Accepted | Failed => self.answer(action == Accepted),
        }
        match action {
            Hide | Leave => self.is_hidden = true,
            Show => self.is_hidden = false,
            _ => {}
        }
        self.carry_out();
        let forgotten = |(slot, text): (&u8, &String)| *slot == Slot::Consent as u8 || text.is_empty();
        self.promise("a refusal leaves nothing behind", action != Deny || self.kept.iter().all(forgotten));
    }

    fn capture(&mut self, now: String) {
        let name = format!("e{}", self.ms);
        self.tracker.capture(&format!("\"{name}\""), "{}");
        self.tracker.identify(&format!("\"u{}\"", self.ms), "{}");
        if self.holds != Denied {
            self.captured.insert(name, now);
        }
        // What the shell does at the task's end.
        if self.is_hidden { self.tracker.hide(0) } else { self.tracker.save() }
    }

    /// As the shell does it, which begins a stream whenever it hears something and analytics are refused.
    fn decide(&mut self, analytics: Option<Decision>, advertising: Option<Decision>) {
        self.is_decided |= analytics.is_some();
        self.stream += u32::from(self.holds == Denied);
        self.tracker.decide(analytics, advertising, &format!("\"s{}\"", self.stream));
    }

    fn answer(&mut self, is_accepted: bool) {
        let (id, names) = self.flights.pop_first().unwrap();
        self.tracker.answer(id, if is_accepted { 200 } else { 503 }, 0);
        if is_accepted {
            self.arrived.extend(names);
        }
    }

    /// Does what the tracker asks for, and looks at all of it.
    fn carry_out(&mut self) {
        let mut text = String::new();
        while let Some(effect) = self.tracker.poll(&mut text) {
            match effect {
                Effect::Send { id, transport, .. } => {
                    self.promise("nothing is sent before a grant", self.holds == Granted);
                    let names = self.read(&text);
                    if transport == Transport::Fetch {
                        self.flights.insert(id, names);
                    } else {
                        self.arrived.extend(names);
                    }
                }
                Effect::Keep { chunk_bytes, .. } => {
                    self.promise("nothing is put on disk before a grant", self.holds == Granted);
                    self.read(text.split_at(chunk_bytes).0);
                }
                Effect::Persist { slot } => {
                    let may_keep = match slot {
                        Slot::Consent => self.is_decided,
                        _ => text.is_empty() || self.holds == Granted,
                    };
                    self.promise("before a grant only a decision is kept", may_keep);
                    self.kept.insert(slot as u8, text.clone());
                }
                Effect::SetTimer { ms } => self.timer = Some(self.ms + u64::from(ms)),
                Effect::Forget | Effect::Dropped { .. } | Effect::Sent { .. } => {}
            }
        }
    }

    /// Reads a request or a chunk; the names of its events.
    fn read(&self, text: &str) -> Vec<String> {
        let body: Value = serde_json::from_str(text).unwrap();
        let stream = &body["stream"];
        self.promise(
            "what is sent is of the stream that the shell has begun",
            stream["id"] == format!("s{}", self.stream),
        );
        let events = body["batch"].as_array().unwrap();
        let name = |event: &Value| event["event"].as_str().unwrap().to_string();
        for event in events.iter().chain(stream.get("will")) {
            let at = event["timestamp"].as_str().unwrap();
            self.promise("what was refused, or is of before that, never leaves", self.permitted.contains(at));
            let own = self.captured.get(&name(event));
            self.promise("an event keeps its time", own.is_none_or(|captured| captured == at));
            // The page names the visitor whenever it captures.
            let named = event["distinct_id"].as_str().unwrap().strip_prefix('u');
            let is_known = named.is_none_or(|ms| self.captured.contains_key(&format!("e{ms}")));
            self.promise("nobody is known by a name of before a refusal", is_known);
        }
        events.iter().map(name).collect()
    }

    /// The page goes on and the network is well: what was captured arrives.
    fn see_through(mut self) {
        let is_missing = |world: &Self| world.captured.keys().any(|name| !world.arrived.contains(name));
        for _ in 0..3 {
            if !is_missing(&self) {
                return;
            }
            self.ms += 60_000;
            for action in [Show, Flush, Tick, Accepted, Accepted, Accepted] {
                if self.can(action) {
                    self.take(action);
                }
            }
        }
        self.promise("what was captured and never refused arrives after the grant", !is_missing(&self));
    }
}

/// Goes every way of `depth` actions on from `path`. A tracker can't be copied: each way begins at the beginning.
fn explore(beginning: Beginning, path: &[Action], depth: usize) {
    let world = || {
        let mut world = World::new(beginning);
        for action in path {
            world.take(*action);
        }
        world
    };
    let here = world();
    if depth == 0 {
        if here.holds == Granted {
            here.see_through();
        }
        return;
    }
    for action in ACTIONS.into_iter().filter(|action| here.can(*action)) {
        let path: Vec<Action> = path.iter().copied().chain([action]).collect();
        explore(beginning, &path, depth - 1);
    }
}

/// Five actions reach what a page does around a decision: captures, is hidden, is refused, is agreed to, is seen.
#[test]
fn nothing_leaves_that_was_not_agreed_to_and_all_that_was() {
    explore(Beginning { default: Pending, kept: "" }, &[], 5);
}

#[test]
fn so_with_every_default_and_every_decision_of_an_earlier_page() {
    for default in [Pending, Granted, Denied] {
        for kept in ["", "\"gp\"", "\"dp\"", "\"pg\""] {
            explore(Beginning { default, kept }, &[], 3);
        }
    }
}
