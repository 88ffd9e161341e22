/**
 * How long appends take, from the log's receipt of one until it is on disk. In memory: a log that starts anew counts from
 * 0, as Prometheus expects of a counter; what has to be exact is in the ledger.
 */

/** Upper bounds of the histogram's buckets, in ms. Cloudflare's storage answers in 5 to 20 ms; an SDK gives up after 10 s. */
const BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

export interface CommitFigures {
  /** `n` took no longer than `ms`. */
  readonly buckets: readonly { ms: number; n: number }[];
  readonly count: number;
  readonly sumMs: number;
  readonly failed: number;
}

export class CommitTimes {
  readonly #buckets = BOUNDS_MS.map(() => 0);
  #count = 0;
  #sumMs = 0;
  #failed = 0;

  /** What was received at these times is on disk. */
  committed(since: readonly number[]): void {
    const nowMs = Date.now();
    for (const sinceMs of since) {
      const tookMs = Math.max(0, nowMs - sinceMs);
      const bucket = BOUNDS_MS.findIndex((bound) => tookMs <= bound);
      if (bucket >= 0) this.#buckets[bucket]!++;
      this.#count++;
      this.#sumMs += tookMs;
    }
  }

  failed(): void {
    this.#failed++;
  }

  figures(): CommitFigures {
    let within = 0;
    const buckets = BOUNDS_MS.map((ms, i) => ({ ms, n: (within += this.#buckets[i]!) }));
    return { buckets, count: this.#count, sumMs: this.#sumMs, failed: this.#failed };
  }
}
