/** What destinations would not take, and how far each is: for the eyes and orders of whoever mends it. */
import type { DestinationsAnswer, ParkedPage } from "../api.ts";
import type { Plan, State } from "./deliver-brain.ts";
import { dropParked, headOf } from "./destinations.ts";

/** What is wanted (crates/ingest/src/delivery.rs). An empty text is no filter. */
export interface DeliveryRequest {
  readonly verb: "list" | "resume" | "parked" | "show" | "retry" | "drop";
  readonly filter: { readonly destination: string; readonly eventId: string; readonly reason: string };
  readonly after: number;
  /** Events, not deliveries: one event may be parked for many destinations. */
  readonly limit: number;
  readonly dryRun: boolean;
}

/** What came of an order. */
export interface ParkedSwept {
  dry_run: boolean;
  /** Deliveries, by destination. */
  retried?: Record<string, number>;
  dropped?: Record<string, number>;
  next_after: number;
  is_complete: boolean;
}

const MATCHES = `(?1 = '' or destination = ?1) and (?2 = '' or e.event_id = ?2) and (?3 = '' or reason = ?3)`;

/** Parked deliveries of the next events. */
const PARKED = `
  select p.destination, p.seq, e.event_id, e.event_name, p.reason, p.status, p.detail, p.attempts, p.parked_at, p.is_due
  from parked_delivery p left join domain_event e using (seq)
  where ${MATCHES} and p.seq in (
    select distinct p.seq from parked_delivery p left join domain_event e using (seq)
    where ${MATCHES} and p.seq > ?4 order by p.seq limit ?5)
  order by p.seq, p.destination`;

type Parked = {
  destination: string; seq: number; event_id: string | null; event_name: string | null; reason: string;
  status: number | null; detail: string; attempts: number; parked_at: string; is_due: number;
};

function parked(sql: SqlStorage, { filter, after, limit }: DeliveryRequest): Parked[] {
  return sql.exec<Parked>(PARKED, filter.destination, filter.eventId, filter.reason, after, limit).toArray();
}

export function parkedList(sql: SqlStorage, request: DeliveryRequest): string {
  const rows = parked(sql, request);
  const page: ParkedPage = {
    deliveries: rows.map(({ is_due, ...row }) => ({ ...row, is_due: is_due === 1 })),
    next_after: rows.at(-1)?.seq ?? request.after,
  };
  return JSON.stringify(page);
}

/** Has parked deliveries tried again, or gives them up; or says which it would be. */
export function sweepParked(sql: SqlStorage, request: DeliveryRequest, nowText: string): ParkedSwept {
  const rows = parked(sql, request);
  const byDestination = new Map<string, number[]>();
  for (const { destination, seq } of rows) {
    const seqs = byDestination.get(destination);
    if (seqs === undefined) byDestination.set(destination, [seq]);
    else seqs.push(seq);
  }
  if (!request.dryRun) {
    for (const [destination, seqs] of byDestination) {
      if (request.verb === "drop") dropParked(sql, destination, seqs, nowText);
      else retry(sql, destination, seqs);
    }
  }
  const counts = Object.fromEntries([...byDestination].map(([destination, seqs]) => [destination, seqs.length]));
  return {
    dry_run: request.dryRun,
    ...(request.verb === "drop" ? { dropped: counts } : { retried: counts }),
    next_after: rows.at(-1)?.seq ?? request.after,
    is_complete: new Set(rows.map(({ seq }) => seq)).size < request.limit,
  };
}

function retry(sql: SqlStorage, destination: string, seqs: readonly number[]): void {
  sql.exec(
    "update parked_delivery set is_due = 1 where destination = ?1 and seq in (select value from json_each(?2))",
    destination,
    JSON.stringify(seqs),
  );
}

/** The text of `GET /v1/destinations`. */
export function destinationsAnswer(sql: SqlStorage, { destinations, problems }: Plan, nowMs: number): string {
  const head = headOf(sql);
  const answer: DestinationsAnswer = {
    destinations: destinations.map(({ kind, state }) => ({
      name: state.name,
      kind,
      status: statusOf(state),
      cursor: state.cursor,
      ...lagOf(sql, state, head, nowMs),
      parked: sql.exec<{ n: number }>("select count(*) as n from parked_delivery where destination = ?1", state.name).one().n,
      delivered: state.delivered,
      last_delivered_at: textOf(state.last_delivered_at_ms),
      attempts: state.attempts,
      next_attempt_at: state.next_at_ms > nowMs ? textOf(state.next_at_ms) : null,
      failing_since: textOf(state.failing_since_ms),
      last_error: state.last_error,
      last_error_at: textOf(state.last_error_at_ms),
      paused_reason: state.paused_reason,
    })),
    problems: [...problems],
  };
  return JSON.stringify(answer);
}

export function statusOf({ paused_reason, attempts }: State): "paused" | "failing" | "working" {
  if (paused_reason !== null) return "paused";
  return attempts > 0 ? "failing" : "working";
}

function lagOf(sql: SqlStorage, { cursor, ahead }: State, head: number, nowMs: number) {
  const oldest = sql
    .exec<{ received_at: string }>("select received_at from domain_event where seq > ?1 order by seq limit 1", cursor)
    .toArray()[0];
  if (oldest === undefined) return { lag_events: 0, lag_seconds: 0 };
  const ms = Math.max(0, nowMs - Date.parse(oldest.received_at));
  return { lag_events: head - cursor - ahead.length, lag_seconds: Math.floor(ms / 1_000) };
}

export function textOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
