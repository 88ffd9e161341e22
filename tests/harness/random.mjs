/** Chance that can be repeated: the same seed, the same choices on every machine. */

/** Mulberry32: numbers from 0 up to 1. */
export function randomFrom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `least` to `most`. */
export function between(random, least, most) {
  return least + Math.floor(random() * (most - least + 1));
}

/** A new list of the same, in another order. */
export function shuffled(random, list) {
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    const j = between(random, 0, i);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}
