/** Where one event is: in the log, and at each destination. */
import type { DeliveriesOfEvent } from "../api.ts";
import type { Plan, Standing } from "./deliver-brain.ts";
import { statusOf, textOf } from "./parked.ts";

/** What is said of an event; of one that is not stored, whether it is in quarantine. */
export type Whereabouts = { readonly is: "stored"; readonly text: string } | { readonly is: "quarantined" | "unknown" };

/** By the unique index of ids, and from there on by `seq`: as dear in a log of a million events as in one of ten. */
export const EVENT = `
  select e.seq, e.event_id, e.event_name, e.received_at, d.is_processed, d.processed_at, d.delivery_attempts
  from domain_event e join event_delivery d on d.seq = e.seq
  where e.organization_id = ?1 and e.event_id = ?2`;

export const QUARANTINED = `select 1 from quarantined_event where organization_id = ?1 and event_id = ?2 and purged_at is null`;

export const PARKED = `
  select destination, reason, status, detail, attempts, parked_at, is_due from parked_delivery where seq = ?1`;

export const DROPPED = `select destination, dropped_at from dropped_delivery where seq = ?1`;

type StoredEvent = {
  seq: number; event_id: string; event_name: string; received_at: string; is_processed: number; processed_at: string | null;
  delivery_attempts: number;
};

type Parked = {
  destination: string; reason: string; status: number | null; detail: string; attempts: number; parked_at: string; is_due: number;
};

type OfDestination = DeliveriesOfEvent["destinations"][number];

/** The event of an id, if it is stored. */
export function storedEvent(sql: SqlStorage, organizationId: string, eventId: string): StoredEvent | undefined {
  return sql.exec<StoredEvent>(EVENT, organizationId, eventId).toArray()[0];
}

export function isQuarantined(sql: SqlStorage, organizationId: string, eventId: string): boolean {
  return sql.exec(QUARANTINED, organizationId, eventId).toArray().length > 0;
}

/** The text of `GET /v1/deliveries/<event_id>`. `standings`: the brain's, one for each destination of the plan. */
export function deliveriesOf(
  sql: SqlStorage,
  { is_processed, ...event }: StoredEvent,
  { destinations, problems }: Plan,
  standings: readonly Standing[],
  nowMs: number,
): string {
  const parked = new Map(sql.exec<Parked>(PARKED, event.seq).toArray().map(({ destination, ...one }) => [destination, one]));
  const dropped = sql.exec<{ destination: string; dropped_at: string }>(DROPPED, event.seq).toArray();
  const droppedAt = new Map(dropped.map(({ destination, dropped_at }) => [destination, dropped_at]));
  const answer: DeliveriesOfEvent = {
    ...event,
    is_processed: is_processed === 1,
    destinations: destinations.map(({ kind, state }, at): OfDestination => {
      const { name } = state;
      const { is_due = 0, ...kept } = parked.get(name) ?? {};
      const status = parked.has(name) ? (is_due === 1 ? "retrying" : "parked") : statusAt(standings[at], droppedAt.has(name));
      const isWaiting = status === "retrying" || status === "pending";
      return {
        name,
        kind,
        status,
        unwanted_by: status === "unwanted" && standings[at]?.is === "unwanted" ? standings[at].by : null,
        parked: parked.has(name) ? (kept as OfDestination["parked"]) : null,
        dropped_at: status === "dropped" ? droppedAt.get(name)! : null,
        waiting: isWaiting
          ? {
              destination_status: statusOf(state),
              last_error: state.attempts > 0 ? state.last_error : null,
              next_attempt_at: state.next_at_ms > nowMs ? textOf(state.next_at_ms) : null,
              paused_reason: state.paused_reason,
            }
          : null,
      };
    }),
    problems: [...problems],
  };
  return JSON.stringify(answer);
}

/** Of what is not parked. */
function statusAt(standing: Standing | undefined, isDropped: boolean): "dropped" | "delivered" | "unwanted" | "pending" {
  if (isDropped) return "dropped";
  if (standing?.is === "unwanted") return "unwanted";
  return standing?.is === "settled" ? "delivered" : "pending";
}
