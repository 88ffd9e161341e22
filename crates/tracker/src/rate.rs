//! How fast a page may capture: there against loops, not against visitors.

/// Most captures at once. A page that brings its backlog, or tells of a thousand rows in one task, is none of the loops
/// that this is for; a loop is through with it within a second, and all that it costs the owner is this many events.
pub(crate) const BURST: u64 = 5_000;
/// How long it takes until one more may be captured, in ms: 100 a second for good. 200 a second, as of a drag or a
/// game, fit for 50 seconds.
pub(crate) const REFILL_MS: u64 = 10;

/// A token bucket, kept as the moment when it will be full again: each capture puts that off by [`REFILL_MS`].
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Monotonic, in ms; past if it is full.
    full_ms: u64,
}

impl Bucket {
    /// A full bucket.
    pub(crate) const fn new() -> Self {
        Self { full_ms: 0 }
    }

    /// Takes a token at `monotonic_ms`; false if there is none. What is refused costs nothing further.
    pub(crate) fn take(&mut self, monotonic_ms: u64) -> bool {
        let full_ms = self.full_ms.max(monotonic_ms).saturating_add(REFILL_MS);
        let taken = full_ms - monotonic_ms <= BURST * REFILL_MS;
        if taken {
            self.full_ms = full_ms;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    /// How many of `count` captures at `monotonic_ms` pass.
    fn pass(bucket: &mut Bucket, count: usize, monotonic_ms: u64) -> usize {
        (0..count).filter(|_| bucket.take(monotonic_ms)).count()
    }

    #[test]
    fn a_backlog_and_half_a_minute_of_dragging_pass() {
        let mut bucket = Bucket::new();
        assert_eq!(pass(&mut bucket, 1_000, 0), 1_000);
        for tick in 0..30 * 20 {
            assert_eq!(pass(&mut bucket, 10, tick * 50), 10);
        }
    }

    #[test]
    fn a_loop_in_which_the_clock_stands_still_ends() {
        for now in [0, 1, 86_400_000] {
            let mut bucket = Bucket::new();
            assert_eq!(pass(&mut bucket, 100_000, now), 5_000);
            assert_eq!(pass(&mut bucket, 1, now + REFILL_MS - 1), 0);
            assert_eq!(pass(&mut bucket, 2, now + REFILL_MS), 1);
        }
    }

    #[test]
    fn a_loop_for_an_hour_passes_a_hundred_a_second() {
        let mut bucket = Bucket::new();
        let passed: usize = (0..3_600 * 10).map(|tenth| pass(&mut bucket, 100, tenth * 100)).sum();
        assert_eq!(passed, 5_000 + (3_600 * 10 - 1) * 10);
    }

    proptest! {
        #[test]
        fn no_stretch_of_time_holds_more_than_a_burst_and_the_refill(
            steps in vec((0u64..60_000, 0usize..3_000), 1..40), start in 0u64..1 << 50,
        ) {
            let mut bucket = Bucket::new();
            let (mut now, mut passed) = (start, 0u64);
            for (ms, count) in steps {
                now += ms;
                let tokens = BURST.min(BURST - spent(&bucket, now));
                let got = pass(&mut bucket, count, now) as u64;
                prop_assert_eq!(got, tokens.min(count as u64));
                passed += got;
                prop_assert!(passed <= BURST + (now - start) / REFILL_MS);
            }
        }

        #[test]
        fn any_clock_is_survived(times in vec(any::<u64>(), 1..50)) {
            let mut bucket = Bucket::new();
            for now in times {
                bucket.take(now);
            }
        }
    }

    /// Tokens taken and not yet replaced at `now`.
    fn spent(bucket: &Bucket, now: u64) -> u64 {
        bucket.full_ms.saturating_sub(now).div_ceil(REFILL_MS)
    }
}
