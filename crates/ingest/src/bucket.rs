//! Token buckets: who sends steadily below a rate never waits, who has been silent may send a burst.
//!
//! A bucket is kept as the moment at which it will be full again (the generic cell rate algorithm), so it needs no
//! upkeep, and one that is full holds nothing that a new one would not.

use tallymark_event::Timestamp;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run, a second; from 1.
    pub per_second: u32,
    /// At once, after a pause; from 1.
    pub burst: u32,
}

/// For how long a bucket is empty, in whole seconds, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) u32);

/// Where an id may be: looked through for every request, so few.
const WAYS: usize = 4;

const US_PER_S: i64 = 1_000_000;

/// The buckets of whoever was heard of lately, by id, in a table that never grows. Of those that would have an id's place,
/// the one that is the nearest to full makes room: most are full, and lose nothing.
#[derive(Debug)]
pub(crate) struct Buckets {
    sets: Vec<[Bucket; WAYS]>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    id: u64,
    /// In µs of the same clock as [`Timestamp`].
    full_at_us: i64,
}

impl Buckets {
    /// For `capacity` ids, 16 bytes each.
    pub(crate) fn new(capacity: usize) -> Self {
        let empty = Bucket { id: 0, full_at_us: i64::MIN };
        Self { sets: vec![[empty; WAYS]; capacity.div_ceil(WAYS).max(1)] }
    }

    /// Takes one token out of the bucket of `id`.
    pub(crate) fn take(&mut self, id: u64, rate: Rate, now: Timestamp) -> Result<(), Wait> {
        let place = place(id, self.sets.len());
        let Some(set) = self.sets.get_mut(place) else { return Ok(()) };
        let known = set.iter().position(|bucket| bucket.id == id);
        let fullest = || (0..WAYS).min_by_key(|way| set.get(*way).map(|bucket| bucket.full_at_us));
        let Some(bucket) = known.or_else(fullest).and_then(|way| set.get_mut(way)) else { return Ok(()) };
        let level = Level::of(if bucket.id == id { bucket.full_at_us } else { i64::MIN }, rate, now);
        let (full_at_us, taken) = match level.after_one() {
            Ok(full_at_us) => (full_at_us, Ok(())),
            Err(wait) => (level.full_at, Err(wait)),
        };
        *bucket = Bucket { id, full_at_us };
        taken
    }

    /// Whether there is a token in the bucket of `id`; takes none.
    pub(crate) fn check(&self, id: u64, rate: Rate, now: Timestamp) -> Result<(), Wait> {
        let set = self.sets.get(place(id, self.sets.len()));
        match set.and_then(|set| set.iter().find(|bucket| bucket.id == id)) {
            Some(bucket) => Level::of(bucket.full_at_us, rate, now).after_one().map(|_| ()),
            None => Ok(()),
        }
    }
}

fn place(id: u64, sets: usize) -> usize {
    // Half of a hash is as good as all of it, and a `usize` in wasm.
    usize::try_from(id >> 32).unwrap_or_default() % sets.max(1)
}

/// How full a bucket is, in µs.
struct Level {
    full_at: i64,
    /// When it will be full if it is empty now.
    latest: i64,
    interval: i64,
}

impl Level {
    fn of(full_at: i64, rate: Rate, now: Timestamp) -> Self {
        let now_us = now.ms().saturating_mul(1_000);
        let interval = US_PER_S / i64::from(rate.per_second.max(1));
        let latest = now_us.saturating_add(interval.saturating_mul(i64::from(rate.burst.max(1))));
        // No emptier than empty, should the clock have been set back or the rate have been raised.
        Self { full_at: full_at.clamp(now_us, latest), latest, interval }
    }

    /// When it will be full after one more token is taken out, unless it has none.
    fn after_one(&self) -> Result<i64, Wait> {
        let full_at = self.full_at.saturating_add(self.interval);
        if full_at <= self.latest {
            return Ok(full_at);
        }
        let wait_s = (full_at - self.latest + US_PER_S - 1) / US_PER_S;
        Err(Wait(u32::try_from(wait_s).unwrap_or(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 5 };

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn taken(buckets: &mut Buckets, id: u64, ms: i64, tries: usize) -> usize {
        (0..tries).filter(|_| buckets.take(id, RATE, at(ms)).is_ok()).count()
    }

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut buckets = Buckets::new(16);
        assert_eq!(taken(&mut buckets, 1, 1_000_000, 50), 5);
        assert_eq!(buckets.take(1, RATE, at(1_000_000)), Err(Wait(1)));
        assert_eq!(taken(&mut buckets, 1, 1_000_099, 50), 0);
        assert_eq!(taken(&mut buckets, 1, 1_000_100, 50), 1);
        // A second more fills it, and no pause fills it any more than that.
        assert_eq!(taken(&mut buckets, 1, 1_001_100, 50), 5);
        assert_eq!(taken(&mut buckets, 1, 9_000_000, 50), 5);
        // Whoever keeps to the rate never waits.
        let steady = (0..1_000).filter(|n| buckets.take(2, RATE, at(n * 100)).is_ok()).count();
        assert_eq!(steady, 1_000);
    }

    #[test]
    fn looking_takes_nothing_and_slow_rates_say_how_long() {
        let mut buckets = Buckets::new(16);
        for _ in 0..50 {
            assert_eq!(buckets.check(1, RATE, at(0)), Ok(()));
        }
        assert_eq!(taken(&mut buckets, 1, 0, 50), 5);
        assert_eq!(buckets.check(1, RATE, at(0)), Err(Wait(1)));
        let slow = Rate { per_second: 1, burst: 1 };
        assert_eq!(buckets.take(2, slow, at(0)), Ok(()));
        assert_eq!(buckets.take(2, slow, at(1)), Err(Wait(1)));
        assert_eq!(buckets.take(2, slow, at(1_000)), Ok(()));
    }

    #[test]
    fn one_that_is_empty_is_nobody_elses_and_a_clock_set_back_does_not_keep_it_so() {
        let mut buckets = Buckets::new(16);
        assert_eq!(taken(&mut buckets, 1, 1_000_000, 50), 5);
        assert_eq!(taken(&mut buckets, 2, 1_000_000, 50), 5);
        assert_eq!(taken(&mut buckets, 1, 0, 50), 0, "as empty as it can be, and no emptier");
        assert_eq!(taken(&mut buckets, 1, 500, 50), 5);
    }

    #[test]
    fn the_table_never_grows_and_those_who_wait_are_forgotten_last() {
        let mut buckets = Buckets::new(64);
        let id = |n: u64| n << 32;
        assert_eq!(taken(&mut buckets, id(7), 0, 50), 5);
        for n in 1_000..50_000 {
            assert_eq!(taken(&mut buckets, id(n), 0, 1), 1, "who is new is served");
        }
        assert_eq!(taken(&mut buckets, id(7), 0, 50), 0);
        assert_eq!(buckets.sets.len(), 16);
    }
}
