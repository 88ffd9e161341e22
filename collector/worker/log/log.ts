import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { append } from "./append.ts";
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
  /** JSON array of stream reports, or empty. */
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
 * Architecture invariant: no method awaits. Each call is one turn of a single-threaded object and at most one
 * transaction, and the platform holds its result back until what it wrote is durable.
 */
export class TenantLog extends DurableObject<Env> {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    migrate(state.storage);
  }

  append(batch: Batch): Receipt {
    return append(this.ctx.storage, batch);
  }

  events(after: number, limit: number): string {
    return events(this.ctx.storage.sql, after, limit);
  }

  ledger(organizationId: string, from: string, to: string): string {
    return ledger(this.ctx.storage.sql, organizationId, from, to, Date.now());
  }
}
