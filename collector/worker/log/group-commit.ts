import type { CommitTimes } from "./commit-times.ts";

/** Most requests in one commit: it bounds how long the object's single thread is away, not how many may wait. */
const MAX_GROUP = 64;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly sinceMs: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Commits what has arrived by the time the thread is free, together.
 *
 * A commit costs the log about 300 µs of CPU whatever is in it (eight pages of WAL, sealed and synced), a row about
 * 12. Measured with 16 connections that send one event each: 597 µs an event one by one, 307 in groups. A request
 * that comes alone waits for one turn of the event loop.
 */
export class GroupCommit<Item, Result> {
  readonly #storage: DurableObjectStorage;
  readonly #apply: (item: Item) => Result;
  readonly #times: CommitTimes;
  #waiting: Waiting<Item, Result>[] = [];
  #scheduled = false;

  constructor(storage: DurableObjectStorage, apply: (item: Item) => Result, times: CommitTimes) {
    this.#storage = storage;
    this.#apply = apply;
    this.#times = times;
  }

  /** Resolves once `item` is applied in a transaction; rejects if that was rolled back. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, sinceMs: Date.now(), resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    void scheduler.wait(0).then(() => {
      this.#scheduled = false;
      this.#commit(this.#waiting.splice(0, MAX_GROUP));
      this.#schedule();
    });
  }

  #commit(group: Waiting<Item, Result>[]): void {
    let results: Result[];
    try {
      results = this.#storage.transactionSync(() => group.map(({ item }) => this.#apply(item)));
    } catch (error) {
      // One of them can't be applied: each for itself, so that it fails alone.
      if (group.length > 1) for (const one of group) this.#commit([one]);
      else {
        this.#times.failed();
        group[0]?.reject(error);
      }
      return;
    }
    group.forEach(({ resolve }, i) => resolve(results[i]!));
    // Nobody waits for this: the platform holds the answers back by itself. Before it, the clock stands still.
    void this.#storage.sync().then(
      () => this.#times.committed(group.map(({ sinceMs }) => sinceMs)),
      () => undefined,
    );
  }
}
