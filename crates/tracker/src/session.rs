//! Sessions: one visit, by `PostHog`'s and GA4's rule, as a pure function of three moments.

use alloc::string::String;

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

    /// Reads what [`Self::write`] wrote, here or in another tab; [`Self::NONE`] if it is something else.
    pub fn parse(kept: &str) -> Self {
        let mut moments = [0i64; 2];
        let mut part = 0usize;
        for byte in kept.bytes() {
            if byte == b'|' {
                part += 1;
            } else if let (Some(ms), b'0'..=b'9') = (moments.get_mut(part.wrapping_sub(1)), byte) {
                *ms = ms.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            }
        }
        let [began_ms, active_ms] = moments;
        Self { began_ms, active_ms }
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

/// The id in a kept session.
pub(crate) fn id(kept: &str) -> &str {
    let end = kept.bytes().position(|b| b == b'|').unwrap_or(0);
    kept.get(1..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
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
