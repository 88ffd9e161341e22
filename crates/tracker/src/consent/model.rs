//! Every state that consent can be in, under everything that can be said to it, in one tab and between two.

use super::*;
use std::{collections::HashSet, format, string::ToString, vec::Vec};

use Decision::{Denied, Granted, Pending};

const DECISIONS: [Decision; 3] = [Pending, Granted, Denied];
const SAID: [Option<Decision>; 4] = [None, Some(Pending), Some(Granted), Some(Denied)];
const MALFORMED: [&str; 8] = ["", "\"\"", "gg", "\"g\"", "\"GG\"", "\"ggg\"", "{\"a\":1}", "\"é\""];

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Input {
    Decide(Option<Decision>, Option<Decision>),
    Restore(String),
}

fn inputs() -> Vec<Input> {
    let decided = SAID.iter().flat_map(|a| SAID.iter().map(|b| Input::Decide(*a, *b)));
    let kept = DECISIONS.iter().flat_map(|a| DECISIONS.iter().map(|b| Input::Restore(letters(*a, *b))));
    let strange = ["\"gx\"", "\"?d\""].map(|text| Input::Restore(text.into()));
    decided
        .chain(kept)
        .chain(strange)
        .chain(MALFORMED.iter().map(|text| Input::Restore(text.to_string())))
        .collect()
}

fn letters(analytics: Decision, advertising: Decision) -> String {
    format!("\"{}{}\"", char::from(analytics as u8), char::from(advertising as u8))
}

fn written(consent: Consent) -> String {
    let mut out = String::new();
    consent.write(&mut out);
    out
}

fn defaults() -> Vec<Consent> {
    let mut all = Vec::new();
    for analytics in DECISIONS {
        for advertising in DECISIONS {
            all.extend([false, true].map(|gpc| Consent::new(analytics, advertising, gpc)));
        }
    }
    all
}

/// All that can be reached from `starts` by `step`, which says where each move leads.
fn reachable<S: Clone + Eq + core::hash::Hash>(starts: Vec<S>, step: impl Fn(&S) -> Vec<S>) -> HashSet<S> {
    let mut seen: HashSet<S> = starts.iter().cloned().collect();
    let mut frontier = starts;
    while let Some(state) = frontier.pop() {
        frontier.extend(step(&state).into_iter().filter(|next| seen.insert(next.clone())));
    }
    seen
}

/// One move: from where, by what, to where, and what the caller was told.
struct Move {
    from: Consent,
    input: Input,
    to: Consent,
    change: Change,
}

impl Move {
    fn new(from: Consent, input: Input) -> Self {
        let mut to = from;
        let change = match &input {
            Input::Decide(analytics, advertising) => to.decide(*analytics, *advertising),
            Input::Restore(kept) => to.restore(kept),
        };
        Self { from, input, to, change }
    }

    /// What the input says about analytics and advertising.
    fn said(&self) -> (Decision, Decision) {
        let letter = |text: &str, at| text.as_bytes().get(at).and_then(|l| Decision::from_letter(*l));
        match &self.input {
            Input::Decide(analytics, advertising) => {
                (analytics.unwrap_or(Pending), advertising.unwrap_or(Pending))
            }
            Input::Restore(text) if MALFORMED.contains(&text.as_str()) => (Pending, Pending),
            Input::Restore(text) => (letter(text, 1).unwrap_or(Pending), letter(text, 2).unwrap_or(Pending)),
        }
    }
}

/// Holds for every move.
type Invariant = (&'static str, fn(&Move) -> bool);

const INVARIANTS: [Invariant; 10] = [
    ("nothing is sent or kept but under a grant", |m| {
        let granted = m.to.analytics.holds == Granted;
        m.to.may_send() == granted && m.to.may_keep() == granted
    }),
    ("what may be sent may be captured", |m| !m.to.may_send() || m.to.may_capture()),
    ("a refusal is only left by a grant", |m| {
        let left = |from: Purpose, to: Purpose| from.holds == Denied && to.holds != Denied;
        (!left(m.from.analytics, m.to.analytics) || m.said().0 == Granted)
            && (!left(m.from.advertising, m.to.advertising) || m.said().1 == Granted)
    }),
    ("a decision holds at once", |m| {
        let (analytics, advertising) = m.said();
        (analytics == Pending || m.to.analytics.holds == analytics)
            && (advertising == Pending || m.to.advertising.holds == advertising)
    }),
    ("nothing becomes pending", |m| {
        (m.to.analytics.holds != Pending || m.from.analytics.holds == Pending)
            && (m.to.advertising.holds != Pending || m.from.advertising.holds == Pending)
    }),
    ("what nothing was said of stays", |m| {
        (m.said().0 != Pending || m.to.analytics == m.from.analytics)
            && (m.said().1 != Pending || m.to.advertising == m.from.advertising)
    }),
    ("GPC is never lifted, and no advertising passes it", |m| {
        m.to.gpc == m.from.gpc && !(m.to.gpc && m.to.advertising())
    }),
    ("what memory holds is released when sending begins, and only then", |m| {
        (m.change == Change::Opened) == (!m.from.may_send() && m.to.may_send())
    }),
    ("what memory holds is discarded when capturing ends, and only then", |m| {
        (m.change == Change::Closed) == (m.from.may_capture() && !m.to.may_capture())
    }),
    ("saying it twice changes nothing more", |m| {
        let again = Move::new(m.to, m.input.clone());
        again.to == m.to && again.change == Change::None
    }),
];

/// All states of all pages.
fn states() -> HashSet<Consent> {
    reachable(defaults(), |state| inputs().into_iter().map(|input| Move::new(*state, input).to).collect())
}

#[test]
fn every_move_from_every_state_keeps_the_invariants() {
    let states = states();
    // For each purpose three defaults, and two decisions; with and without GPC.
    assert_eq!(states.len(), 5 * 5 * 2);
    for state in states {
        for input in inputs() {
            let step = Move::new(state, input);
            for (name, holds) in INVARIANTS {
                assert!(holds(&step), "{name}: {:?} by {:?} to {:?}", step.from, step.input, step.to);
            }
        }
    }
}

#[test]
fn the_next_page_holds_what_was_kept() {
    for state in states() {
        let kept = written(state);
        assert!(serde_json::from_str::<String>(&kept).is_ok_and(|text| text.len() == 2), "{kept}");
        let mut same = state;
        same.restore(&kept);
        assert_eq!(same, state);
        for default in defaults() {
            let mut page = default;
            page.restore(&kept);
            let expected =
                |purpose: Purpose, default| if purpose.decided == Pending { default } else { purpose };
            assert_eq!(page.analytics, expected(state.analytics, default.analytics));
            assert_eq!(page.advertising, expected(state.advertising, default.advertising));
        }
    }
}

#[test]
fn a_stricter_default_is_not_outdone_by_the_lenient_one_before() {
    let lenient = Consent::new(Granted, Granted, false);
    let mut strict = Consent::new(Pending, Denied, false);
    assert_eq!(strict.restore(&written(lenient)), Change::None);
    assert!(!strict.may_send() && !strict.advertising());
}

#[test]
fn an_event_says_what_was_agreed_to_unless_nobody_was_asked() {
    for state in states() {
        let mut out = String::from("{");
        state.describe(&mut out);
        out.push('}');
        let said: serde_json::Value = serde_json::from_str(&out).unwrap();
        if state == Consent::new(Granted, Granted, false) {
            assert_eq!(out, "{}");
        } else if state.may_capture() {
            assert_eq!(said[wire::CONSENT]["analytics"], true);
            assert_eq!(said[wire::CONSENT]["advertising"], state.advertising());
        }
    }
    let mut out = String::from("{\"a\":1");
    Consent::new(Granted, Granted, true).describe(&mut out);
    assert_eq!(out, r#"{"a":1,"$consent":{"analytics":true,"advertising":false}"#);
}

/// Two tabs and what they share. A tab that is told of a change reads what is kept then, not what it was when the
/// telling began: that is what the browser's `storage` event and `localStorage` give.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Origin {
    tabs: [Consent; 2],
    kept: String,
    told: [bool; 2],
}

impl Origin {
    fn decide(&self, tab: usize, analytics: Option<Decision>, advertising: Option<Decision>) -> Self {
        let mut next = self.clone();
        next.tabs[tab].decide(analytics, advertising);
        next.keep(tab);
        next
    }

    fn read(&self, tab: usize) -> Self {
        let mut next = self.clone();
        next.told[tab] = false;
        next.tabs[tab].restore(&self.kept);
        if written(next.tabs[tab]) != self.kept {
            next.keep(tab);
        }
        next
    }

    fn keep(&mut self, tab: usize) {
        let text = written(self.tabs[tab]);
        self.told[1 - tab] |= text != self.kept;
        self.kept = text;
    }

    fn next(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for tab in 0..2 {
            for said in SAID.iter().flat_map(|a| SAID.iter().map(|b| (*a, *b))) {
                all.push(self.decide(tab, said.0, said.1));
            }
            if self.told[tab] {
                all.push(self.read(tab));
            }
        }
        all
    }

    /// Whether all ways of hearing each other out end within `reads`, and in agreement.
    fn agrees_within(&self, reads: usize) -> bool {
        if self.told == [false; 2] {
            return self.tabs.iter().all(|tab| written(*tab) == self.kept);
        }
        reads > 0 && (0..2).filter(|tab| self.told[*tab]).all(|tab| self.read(tab).agrees_within(reads - 1))
    }
}

#[test]
fn two_tabs_agree_once_they_have_heard_each_other() {
    let nothing = written(Consent::new(Pending, Pending, false));
    let pairs = defaults().into_iter().flat_map(|a| defaults().into_iter().map(move |b| [a, b]));
    // GPC is the browser's, hence the same in both.
    let starts = pairs.filter(|[a, b]| a.gpc == b.gpc && !a.gpc).map(|tabs| Origin {
        tabs,
        kept: nothing.clone(),
        told: [false; 2],
    });
    let states = reachable(starts.collect(), Origin::next);
    assert!(states.len() > 2_000, "{}", states.len());
    for state in states {
        assert!(state.agrees_within(4), "{state:?}");
    }
}
