//! Sessions: one visit, by `PostHog`'s and GA4's rule, as a pure function of the moments at which a visitor did
//! something.
//!
//! The SDK follows that rule event by event ([`Session::follow`]), and puts the session's id on each. Whoever has the
//! stored events can recompute it, also for those of other clients: here ([`sessions`]), and in SQL
//! (`docs/sessions.sql`). `tests/fixtures/sessions.json` holds all of them to the same answers.

use alloc::{string::String, vec, vec::Vec};

use tallymark_event::limits::{SESSION_IDLE_MS, SESSION_MAX_MS};

use crate::text;

/// Activity is written down at most this often, in ms: storage is slow, and against 30 minutes of idling a
/// few seconds are nothing.
pub(crate) const SESSION_WRITE_MS: i64 = 5_000;

/// When a visit began and when it was last seen. The visit is shared by the tabs of an origin; it is kept as
/// the JSON string `"<id>|<began_ms>|<active_ms>"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// When it began, wall clock in ms.
    pub began_ms: i64,
    /// When something last happened in it, wall clock in ms.
    pub active_ms: i64,
}

impl Session {
    /// No session: it is over at any moment that a visitor can live in.
    pub const NONE: Self = Self { began_ms: 0, active_ms: 0 };

    /// Whether a visitor who does something at `wall_ms` does it in another session. A clock that was set
    /// back by more than the idle time ends the session too: it would otherwise not end for as long.
    pub const fn is_over(&self, wall_ms: i64) -> bool {
        wall_ms.abs_diff(self.active_ms) >= SESSION_IDLE_MS.unsigned_abs()
            || wall_ms.abs_diff(self.began_ms) >= SESSION_MAX_MS.unsigned_abs()
    }

    /// The session that begins at `wall_ms`.
    pub const fn begin(wall_ms: i64) -> Self {
        Self { began_ms: wall_ms, active_ms: wall_ms }
    }

    /// The session in which a visitor does something at `wall_ms`: this one, or, if it is over by then, one that
    /// begins. Whoever gives sessions their ids asks [`Self::is_over`] first.
    #[must_use]
    pub fn follow(self, wall_ms: i64) -> Self {
        if self.is_over(wall_ms) {
            return Self::begin(wall_ms);
        }
        Self { active_ms: self.active_ms.max(wall_ms), ..self }
    }

    /// Reads what [`Self::write`] wrote, here or in another tab; [`Self::NONE`] if it is something else.
    pub fn parse(kept: &str) -> Self {
        let (began_ms, rest) = text::number(text::piece(kept, id(kept).len() + 2, kept.len()));
        let (active_ms, _) = text::number(text::piece(rest, 1, rest.len()));
        Self { began_ms: began_ms.cast_signed(), active_ms: active_ms.cast_signed() }
    }

    /// Appends the JSON string for the session named `id`.
    pub fn write(&self, id: &str, out: &mut String) {
        out.push('"');
        out.push_str(id);
        for ms in [self.began_ms, self.active_ms] {
            out.push('|');
            text::digits(out, ms.unsigned_abs());
        }
        out.push('"');
    }
}

/// The number of the session, from 1, that each of one visitor's events belongs to: `wall_ms` says when they were
/// captured, in any order.
///
/// Stored events come late and from several tabs, so they are put in the order of their time first. The SDK follows
/// the clock as it goes. The two differ in one case: a clock that is set back by [`SESSION_IDLE_MS`] or more, into the
/// visit itself, begins a session in the SDK and leaves no trace in the times.
pub fn sessions(wall_ms: &[i64]) -> Vec<u32> {
    let mut numbers = vec![0; wall_ms.len()];
    let mut events: Vec<(i64, &mut u32)> = wall_ms.iter().copied().zip(&mut numbers).collect();
    events.sort_by_key(|(ms, _)| *ms);
    let (mut session, mut number) = (None, 0);
    for (ms, of_event) in events {
        number += u32::from(session.is_none_or(|session: Session| session.is_over(ms)));
        session = Some(session.map_or(Session::begin(ms), |session| session.follow(ms)));
        *of_event = number;
    }
    numbers
}

/// The id in a kept session.
pub(crate) fn id(kept: &str) -> &str {
    let end = kept.bytes().position(|b| b == b'|').unwrap_or(0);
    text::piece(kept, 1, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use serde_json::Value;

    const T: i64 = 1_795_220_000_000;

    #[test]
    fn idleness_and_age_end_it() {
        let fresh = Session { began_ms: T, active_ms: T };
        assert!(!fresh.is_over(T + SESSION_IDLE_MS - 1));
        assert!(fresh.is_over(T + SESSION_IDLE_MS));
        assert!(fresh.is_over(T - SESSION_IDLE_MS));
        let old = Session { began_ms: T, active_ms: T + SESSION_MAX_MS - 10 };
        assert!(!old.is_over(T + SESSION_MAX_MS - 1));
        assert!(old.is_over(T + SESSION_MAX_MS));
        assert!(Session::NONE.is_over(T));
    }

    #[test]
    fn what_is_no_session_is_over() {
        for bad in ["", "\"\"", "\"a", "\"a|x|y\"", "\"a|1795220000000\"", "{}"] {
            assert!(Session::parse(bad).is_over(T), "{bad}");
        }
    }

    /// One visitor's events.
    struct Case {
        name: String,
        at_ms: Vec<i64>,
        by_time: Vec<u32>,
        followed: Vec<u32>,
    }

    fn cases() -> Vec<Case> {
        let text = include_str!("../../../tests/fixtures/sessions.json");
        let fixture: Value = serde_json::from_str(text).unwrap();
        let read = |case: &Value| {
            let at_ms = case["at_ms"].as_array().unwrap().iter().map(|ms| T + ms.as_i64().unwrap());
            let numbers = |key: &str| {
                let numbers = case[key].as_array()?.iter().map(|n| n.as_u64().unwrap());
                Some(numbers.map(|n| u32::try_from(n).unwrap()).collect::<Vec<_>>())
            };
            let by_time = numbers("sessions").unwrap();
            let followed = numbers("followed").unwrap_or_else(|| by_time.clone());
            Case { name: case["name"].as_str().unwrap().into(), at_ms: at_ms.collect(), by_time, followed }
        };
        fixture["cases"].as_array().unwrap().iter().map(read).collect()
    }

    #[test]
    fn the_fixture_is_what_rust_computes_in_any_order() {
        for Case { name, mut at_ms, mut by_time, .. } in cases() {
            assert_eq!(sessions(&at_ms), by_time, "{name}");
            at_ms.reverse();
            by_time.reverse();
            assert_eq!(sessions(&at_ms), by_time, "{name}, backwards");
        }
    }

    #[test]
    fn the_fixture_is_what_the_sdk_follows() {
        for Case { name, at_ms, followed, .. } in cases() {
            let mut session = Session::NONE;
            let mut begins = Vec::new();
            for ms in at_ms {
                begins.push(session.is_over(ms));
                session = session.follow(ms);
            }
            // The SDK gives ids, not numbers: what is compared is where one session ends and another begins.
            let expected = followed.iter().enumerate().map(|(at, n)| at == 0 || followed[at - 1] != *n);
            assert_eq!(begins, expected.collect::<Vec<_>>(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_session_has_no_pause_and_no_end_but_by_the_rule(
            steps in vec(prop_oneof![0..SESSION_IDLE_MS, 0..2 * SESSION_IDLE_MS], 1..200),
            start in -T..T,
        ) {
            let at_ms: Vec<i64> = steps.iter().scan(start, |now, step| { *now += step; Some(*now) }).collect();
            let numbers = sessions(&at_ms);
            let mut began = at_ms[0];
            prop_assert_eq!(numbers[0], 1);
            for (pair, ms) in numbers.windows(2).zip(at_ms.windows(2)) {
                let over = ms[1] - ms[0] >= SESSION_IDLE_MS || ms[1] - began >= SESSION_MAX_MS;
                prop_assert_eq!(pair[1] - pair[0], u32::from(over));
                if over {
                    began = ms[1];
                }
            }
        }

        #[test]
        fn the_order_of_arrival_does_not_matter(at_ms in vec(0..3 * SESSION_MAX_MS, 0..60), seed: u64) {
            let by_time = sessions(&at_ms);
            let mut arrived: Vec<(i64, u32)> = at_ms.into_iter().zip(by_time).collect();
            arrived.sort_by_key(|(ms, _)| ms.unsigned_abs().wrapping_mul(seed | 1));
            let (late, expected): (Vec<_>, Vec<_>) = arrived.into_iter().unzip();
            prop_assert_eq!(sessions(&late), expected);
        }

        #[test]
        fn it_lasts_exactly_as_long_as_the_rule_says(age in 0..2 * SESSION_MAX_MS, idle in 0..2 * SESSION_IDLE_MS) {
            let idle = idle.min(age);
            let over = idle >= SESSION_IDLE_MS || age >= SESSION_MAX_MS;
            prop_assert_eq!(Session { began_ms: T - age, active_ms: T - idle }.is_over(T), over);
        }

        #[test]
        fn text_round_trips(began_ms in 0..4 * T, active_ms in 0..4 * T) {
            let session = Session { began_ms, active_ms };
            let mut text = String::new();
            session.write("an-id", &mut text);
            prop_assert_eq!(Session::parse(&text), session);
            prop_assert_eq!(id(&text), "an-id");
            prop_assert!(serde_json::from_str::<String>(&text).is_ok());
        }

        #[test]
        fn any_text_is_read(text: String) {
            let _ = Session::parse(&text);
        }
    }
}
