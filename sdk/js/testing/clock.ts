// Time in the page of a client for tests: the environment's, or what the test sets.

/** What time may be given as. */
export type Time = Date | string | number;

export class Clock {
  #set: number | undefined;
  #advanced = 0;
  #timers = new Map<number, { due: number; ring: () => void }>();
  #last = 0;

  /** Wall clock, in ms since the epoch. Until it is set it is the environment's, which a test may have faked. */
  readonly now = (): number => this.#set ?? Date.now();

  /** Monotonic clock, in ms: setting the other one does not change it. */
  readonly monotonic = (): number => performance.now() + this.#advanced;

  /** Sets the wall clock; from then on it stands still. */
  set(time: Time): void {
    this.#set = +new Date(time);
  }

  /** Lets `ms` pass, and rings what is due in them, in its order. */
  advance(ms: number): void {
    for (let left = ms; ; ) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a.due - b.due);
      const until = next ? Math.max(0, Math.ceil(next[1].due - this.monotonic())) : Infinity;
      const step = Math.min(left, until);
      left -= step;
      this.#advanced += step;
      this.#set = this.now() + step;
      if (!next || until > step) return;
      this.#timers.delete(next[0]);
      next[1].ring();
    }
  }

  /** As the page's `setTimeout`; rings in `advance` only. */
  readonly setTimeout = (ring: () => void, ms = 0): number => {
    this.#timers.set(++this.#last, { due: this.monotonic() + ms, ring });
    return this.#last;
  };

  readonly clearTimeout = (timer?: number): void => {
    this.#timers.delete(timer!);
  };
}
