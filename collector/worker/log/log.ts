import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { append } from "./append.ts";
import { GroupCommit } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import { events, ledger } from "./read.ts";

/** What the brain made of one request: `tallymark_ingest::Append`. */
export interface Batch {
  /** UTC day of receipt, `2026-11-21`. */
  readonly day: string;
  /** JSON arrays of rows, each small enough for one bound value. */
  readonly rows: readonly string[];
  /** Rows in all of them. */
  readonly events: number;
  /** JSON array of quarantined rows, or empty. */
  readonly quarantined: string;
  readonly quarantinedCount: number;
  /** JSON array of what streams report (streams.ts), or empty. */
  readonly streams: string;
  /** Events of this request that belong to no stream. */
  readonly unsequenced: number;
}

/** What the log made of it: counts of what is new. */
export interface Receipt {
  readonly stored: number;
  readonly duplicates: number;
  readonly quarantined: number;
}

/**
 * The durable heart: one organization's events, quarantine and books, in a SQLite database of its own.
 *
 * Architecture invariant: what writes does so in one transaction, without awaiting in its midst, and the
 * platform holds every answer back until what was written before it is durable.
 */
export class TenantLog extends DurableObject<Env> {
  readonly #appends: GroupCommit<Batch, Receipt>;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    migrate(state.storage);
    this.#appends = new GroupCommit(state.storage, (batch) => append(state.storage.sql, batch));
  }

  append(batch: Batch): Promise<Receipt> {
    return this.#appends.add(batch);
  }

  events(after: number, limit: number): string {
    return events(this.ctx.storage.sql, after, limit);
  }

  ledger(organizationId: string, from: string, to: string): string {
    return ledger(this.ctx.storage.sql, organizationId, from, to, Date.now());
  }
}
