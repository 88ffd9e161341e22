//! How long to wait after a failure.

use tallymark_event::Timestamp;

use crate::{limits, retry_after};

/// Waits that double from the first to the longest, of which a random part is waited: "full jitter", so that those who
/// failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait at the most, in ms.
    pub first_ms: u32,
    /// Any wait at the most, in ms.
    pub cap_ms: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first_ms: limits::DEFAULT_RETRY_FIRST_MS, cap_ms: limits::DEFAULT_RETRY_CAP_MS }
    }
}

impl Backoff {
    /// When to try again after the `attempts`th failure in a row. What the receiver asks for holds where it is longer,
    /// up to [`limits::MAX_RETRY_AFTER_MS`]. `random` is a number of all 64 bits.
    pub fn next_at(self, now: Timestamp, attempts: u32, asked: Option<&str>, random: u64) -> Timestamp {
        let doublings = attempts.saturating_sub(1).min(32);
        let ceiling = (u64::from(self.first_ms) << doublings).min(u64::from(self.cap_ms));
        // The upper bits, scaled: without the bias of a remainder.
        let wait = (u128::from(random) * (u128::from(ceiling) + 1)) >> 64;
        let wait = i64::try_from(wait).unwrap_or(i64::MAX);
        let asked = asked.and_then(|text| retry_after::wait_ms(text, now)).unwrap_or(0);
        Timestamp::from_ms(now.ms().saturating_add(wait.max(asked.min(limits::MAX_RETRY_AFTER_MS))))
    }

    /// The same, for who has been refused: see [`limits::DENIED_FACTOR`].
    #[must_use]
    pub const fn patient(self) -> Self {
        Self {
            first_ms: self.first_ms.saturating_mul(limits::DENIED_FACTOR),
            cap_ms: if self.cap_ms > limits::MAX_RETRY_CAP_MS / limits::DENIED_FACTOR {
                limits::MAX_RETRY_CAP_MS
            } else {
                self.cap_ms * limits::DENIED_FACTOR
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_790_000_000_000;

    proptest! {
        #[test]
        fn waits_stay_below_their_ceiling(attempts: u32, random: u64) {
            let wait = Backoff::default().next_at(Timestamp::from_ms(NOW), attempts, None, random).ms() - NOW;
            let ceiling = (1_000_i64 << attempts.saturating_sub(1).min(20)).min(600_000);
            prop_assert!((0..=ceiling).contains(&wait), "{wait} of {ceiling}");
        }

        #[test]
        fn what_a_receiver_asks_for_is_heeded_and_bounded(asked in 0_i64..1_000_000, random: u64) {
            let wait = Backoff::default()
                .next_at(Timestamp::from_ms(NOW), 1, Some(&asked.to_string()), random)
                .ms() - NOW;
            let asked = (asked * 1_000).min(limits::MAX_RETRY_AFTER_MS);
            prop_assert!((asked..=asked.max(1_000)).contains(&wait));
        }
    }

    #[test]
    fn the_whole_range_is_used() {
        let wait = |random| Backoff::default().next_at(Timestamp::from_ms(NOW), 3, None, random).ms() - NOW;
        assert_eq!((wait(0), wait(u64::MAX), wait(u64::MAX / 2)), (0, 4_000, 2_000));
    }
}
