/** How much of its day a tenant has had. */
import type { Batch, Receipt } from "./log.ts";

/** That the log took nothing of a request, since the tenant's day is full. */
export const OVER_QUOTA = "over_quota";

const TAKEN = `
  select coalesce(sum(count), 0) as n from ledger where day = ?1 and outcome in ('stored', 'quarantined')`;

/**
 * The count of the day that is being written, kept beside the books so that a request costs no query. A request that
 * finds the day full is refused whole; one that fills it is taken whole, whatever it brings, so that no batch is too large
 * for what is left.
 */
export class Quota {
  readonly #sql: SqlStorage;
  #day: string | undefined;
  #taken = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Whether nothing of this may be taken. A report alone may: it brings nothing. */
  isFull({ day, events, quarantinedCount, eventsPerDay }: Batch): boolean {
    if (day !== this.#day) {
      this.#taken = this.#sql.exec<{ n: number }>(TAKEN, day).one().n;
      this.#day = day;
    }
    return this.#taken >= eventsPerDay && events + quarantinedCount > 0;
  }

  /** In the transaction that has taken it. */
  enter({ stored, quarantined }: Receipt): void {
    this.#taken += stored + quarantined;
  }

  /** The books have changed otherwise, or a transaction was rolled back: they are asked again. */
  forget(): void {
    this.#day = undefined;
  }
}
