//! What an answer means, and how long to wait before asking again.

/// First delay after a failure, in ms; it doubles with every further one.
const FIRST_DELAY_MS: u64 = 1_000;
/// Longest delay of our own making, in ms: an outage is over at some time, and visits are short.
const MAX_DELAY_MS: u64 = 60_000;
/// Longest delay that a collector may ask for, in ms: more would be a shutdown by a typing error.
const MAX_RETRY_AFTER_MS: u64 = 10 * 60_000;
/// How often a page sends an event before it gives it up: with the delays above, for about a day. An outage is
/// shorter; what a collector fails on for longer, it fails on for good.
pub(crate) const MAX_ATTEMPTS: u32 = 1_500;
/// The status that stands for a request which the browser did not let through to a collector that is well.
const BLOCKED: u32 = 1;
/// How many requests in a row the browser keeps from the collector before they are taken to be blocked: with
/// the delays above at least seven seconds, longer than a collector takes to come up path by path.
const MAX_BLOCKED: u32 = 5;

/// What becomes of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The collector has it.
    Acknowledged,
    /// Not now; the same batch, later.
    Again,
    /// Too large: in halves.
    Halve,
    /// Never.
    Refused,
}

/// Reads an HTTP status; 0 stands for a request that got no answer, 1 for one that was [`BLOCKED`].
pub(crate) const fn verdict(status: u32) -> Verdict {
    match status {
        200..=299 => Verdict::Acknowledged,
        0 | BLOCKED | 408 | 429 | 500..=599 => Verdict::Again,
        413 => Verdict::Halve,
        _ => Verdict::Refused,
    }
}

/// The pace of a page towards a collector that fails: one for all batches, so that a failing collector is
/// asked once per delay and not once per batch.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    until_ms: u64,
    /// How many requests in a row were blocked.
    blocked: u32,
}

impl Backoff {
    /// All is well.
    pub(crate) const fn new() -> Self {
        Self { failures: 0, until_ms: 0, blocked: 0 }
    }

    /// From when on (monotonic) it is right to send.
    pub(crate) const fn until_ms(&self) -> u64 {
        self.until_ms
    }

    /// So many were blocked on earlier pages, which people leave before they have seen enough: at most, once more
    /// is enough.
    pub(crate) fn suspect(&mut self, blocked: u32) {
        self.blocked = blocked.min(MAX_BLOCKED - 1);
    }

    /// How many requests in a row were blocked, up to [`MAX_BLOCKED`].
    pub(crate) const fn blocked(&self) -> u32 {
        self.blocked
    }

    /// Whether requests are blocked: not to be tried before there is reason to think otherwise.
    pub(crate) const fn is_blocked(&self) -> bool {
        self.blocked >= MAX_BLOCKED
    }

    /// Whether nothing speaks against the collector's being there.
    pub(crate) const fn is_well(&self) -> bool {
        self.failures == 0 && self.blocked == 0
    }

    /// Counts the answer `status` towards being blocked. Several requests under way are blocked together: that
    /// is once.
    pub(crate) const fn note(&mut self, status: u32, now_ms: u64) {
        if status != BLOCKED {
            self.blocked = 0;
        } else if now_ms >= self.until_ms && self.blocked < MAX_BLOCKED {
            self.blocked += 1;
        }
    }

    /// A request failed; `random` spreads the clients of one outage over half the delay.
    pub(crate) fn fail(&mut self, now_ms: u64, retry_after_ms: u64, random: u64) {
        // Several requests under way fail together: that is one failure.
        if now_ms < self.until_ms {
            return;
        }
        let delay = MAX_DELAY_MS.min(FIRST_DELAY_MS << self.failures.min(16));
        self.failures += 1;
        let jittered = delay / 2 + random % (delay / 2 + 1);
        self.until_ms = now_ms + jittered.max(retry_after_ms.min(MAX_RETRY_AFTER_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn statuses() {
        for (status, expected) in [
            (200, Verdict::Acknowledged),
            (204, Verdict::Acknowledged),
            (0, Verdict::Again),
            (408, Verdict::Again),
            (429, Verdict::Again),
            (503, Verdict::Again),
            (413, Verdict::Halve),
            (304, Verdict::Refused),
            (400, Verdict::Refused),
            (401, Verdict::Refused),
            (404, Verdict::Refused),
        ] {
            assert_eq!(verdict(status), expected, "{status}");
        }
    }

    #[test]
    fn blocked_is_what_was_blocked_in_a_row() {
        let mut backoff = Backoff::new();
        for status in [BLOCKED, BLOCKED, BLOCKED, BLOCKED, 0, BLOCKED, BLOCKED, BLOCKED, BLOCKED] {
            backoff.note(status, 0);
            assert!(!backoff.is_blocked());
        }
        backoff.note(BLOCKED, 0);
        assert!(backoff.is_blocked());
        let mut again = Backoff::new();
        again.suspect(9);
        assert!(!again.is_blocked());
        again.note(BLOCKED, 0);
        assert!(again.is_blocked());
    }

    #[test]
    fn failures_that_come_together_count_once() {
        let mut backoff = Backoff::new();
        backoff.fail(0, 0, 0);
        let until = backoff.until_ms();
        backoff.fail(1, 0, 0);
        assert_eq!((backoff.until_ms(), backoff.failures), (until, 1));
    }

    proptest! {
        #[test]
        fn delays_are_bounded_and_honour_the_collector(
            failures in 0u32..100, random: u64, asked: u64, now in 0u64..1 << 40,
        ) {
            let mut backoff = Backoff { failures, until_ms: 0, blocked: 0 };
            backoff.fail(now, asked, random);
            let delay = backoff.until_ms() - now;
            let own = MAX_DELAY_MS.min(FIRST_DELAY_MS << failures.min(16));
            prop_assert!(delay >= own / 2 && delay >= asked.min(MAX_RETRY_AFTER_MS));
            prop_assert!(delay <= own.max(MAX_RETRY_AFTER_MS));
        }
    }
}
