import type { DomainEvent } from "./domain-event";
import { Refused, type Action } from "./inventory";
import { batchOf, keep, nextId, type Shop, type Timer } from "./shop";

/** Nothing on a maker's bench is timed for longer than a day. */
const MAX_SECONDS = 86_400;

export function startTimer(
  shop: Shop,
  request: { batch_id: number; duration_seconds: number; description: string },
  { now }: Action,
): DomainEvent {
  const { batch_id, duration_seconds, description } = request;
  if (batchOf(shop, batch_id)?.status !== "in_progress") throw new Refused("A timer needs a batch that is under way.");
  if (!Number.isInteger(duration_seconds) || duration_seconds < 1 || duration_seconds > MAX_SECONDS) {
    throw new Refused("A timer runs for at least a second and at most a day.");
  }
  const timer: Timer = { id: nextId(shop), batch_id, description, duration_seconds, started_at: now, stopped_at: null };
  keep(shop.timers, timer);
  return {
    event_name: "timer_started",
    entity_type: "timer",
    entity_id: String(timer.id),
    properties: { batch_id, duration_seconds, description },
  };
}

export function stopTimer(shop: Shop, id: number, { now }: Action): DomainEvent {
  const timer = shop.timers.find((t) => t.id === id);
  if (!timer || timer.stopped_at !== null) throw new Refused("That timer isn’t running.");
  return stopped(timer, now);
}

/** A batch that ends takes its timers with it. */
export function stopTimersOf(shop: Shop, batch_id: number, now: number): DomainEvent[] {
  return shop.timers.filter((t) => t.batch_id === batch_id && t.stopped_at === null).map((t) => stopped(t, now));
}

function stopped(timer: Timer, now: number): DomainEvent {
  timer.stopped_at = now;
  return {
    event_name: "timer_stopped",
    entity_type: "timer",
    entity_id: String(timer.id),
    // How long it ran, which is not always what it was set to.
    properties: { batch_id: timer.batch_id, duration_seconds: Math.round((now - timer.started_at) / 1000) },
  };
}
