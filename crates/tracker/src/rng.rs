//! Randomness from one seed, and the `UUIDv7`s made of it.

/// Bits of the id's tail that count up within a millisecond.
const LOW_BITS: u32 = 62;
const LOW_MASK: u64 = (1 << LOW_BITS) - 1;
/// The tail's upper 12 bits start below half, which leaves room to carry into.
const HIGH_START_MASK: u64 = 0x7ff;
const HIGH_MASK: u64 = 0xfff;
/// Where a UUID says of which kind it is.
const VERSION: u64 = 7 << 12;
const VARIANT: u64 = 2 << LOW_BITS;

/// xoroshiro128++ over 16 bytes of the browser's randomness. Ids have to be unique, not unguessable: nothing
/// is authorised by knowing one.
#[derive(Debug)]
pub(crate) struct Rng {
    state: [u64; 2],
    last_ms: u64,
    high: u64,
    low: u64,
}

impl Rng {
    /// A generator to be seeded.
    pub(crate) const fn new() -> Self {
        // All zeros is the one state that the generator never leaves.
        Self { state: [1, 2], last_ms: 0, high: 0, low: 0 }
    }

    /// Takes 64 bits into the state, pushing the oldest out; they should come from the browser's cryptographic
    /// source, and fill the state when done twice.
    pub(crate) const fn seed(&mut self, bits: u64) {
        self.state = [bits | 1, self.state[0]];
    }

    /// 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        let [a, b] = self.state;
        let mixed = a ^ b;
        self.state = [a.rotate_left(49) ^ mixed ^ (mixed << 21), mixed.rotate_left(28)];
        a.wrapping_add(b).rotate_left(17).wrapping_add(a)
    }

    /// The two halves of a `UUIDv7` for `wall_ms`; within one millisecond each is greater than the one before.
    pub(crate) fn id(&mut self, wall_ms: i64) -> [u64; 2] {
        let ms = u64::try_from(wall_ms).unwrap_or(0);
        if ms == self.last_ms {
            self.low += 1 + (self.next() >> 32);
            self.high += self.low >> LOW_BITS;
            self.low &= LOW_MASK;
        } else {
            self.last_ms = ms;
            self.high = self.next() & HIGH_START_MASK;
            self.low = self.next() & LOW_MASK;
        }
        [ms << 16 | VERSION | self.high & HIGH_MASK, VARIANT | self.low]
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn ids_of_one_millisecond_ascend() {
        let mut rng = Rng::new();
        let ids: std::vec::Vec<_> = (0..10_000).map(|_| rng.id(1_795_220_079_697)).collect();
        assert!(ids.windows(2).all(|w| w[0] < w[1]));
        assert!(ids.iter().all(|id| id[0] >> 12 & 0xf == 7 && id[1] >> 62 == 2));
    }

    #[test]
    fn a_seed_of_zeros_still_gives_different_ids() {
        let mut rng = Rng::new();
        (0..4).for_each(|_| rng.seed(0));
        let ids: HashSet<_> = (0..1_000).map(|ms| rng.id(ms)).collect();
        assert_eq!(ids.len(), 1_000);
    }

    proptest! {
        #[test]
        fn ids_are_unique_whatever_the_clock_does(seed: [u64; 4], clock in proptest::collection::vec(0i64..4, 1..400)) {
            let mut rng = Rng::new();
            for bits in seed {
                rng.seed(bits);
            }
            let ids: HashSet<_> = clock.iter().map(|ms| rng.id(*ms)).collect();
            prop_assert_eq!(ids.len(), clock.len());
        }
    }
}
