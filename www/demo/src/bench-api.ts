import { cancelBatch, completeBatch, startBatch } from "./batches";
import { benchOf, type Bench } from "./bench";
import type { Collector } from "./collector";
import type { DomainEvent } from "./domain-event";
import { actionOf } from "./forms";
import { Refused, type Action } from "./inventory";
import { json } from "./respond";
import type { Shop } from "./shop";
import { startTimer, stopTimer } from "./timers";

/** What the workbench asks for: `POST /<slug>/api`. */
export type BenchCall = { correlation_id: string } & (
  | { verb: "start_batch"; recipe_id: number; scale: number }
  | { verb: "complete_batch"; batch_id: number; final_quantity: number }
  | { verb: "cancel_batch"; batch_id: number }
  | { verb: "start_timer"; batch_id: number; duration_seconds: number; description: string }
  | { verb: "stop_timer"; timer_id: number }
);

/** What the back end has said of it. */
export type Said = Pick<DomainEvent, "event_name" | "entity_type" | "entity_id">;

/** The answer: the bench as it is now, and the events that the back end has sent. */
export type BenchAnswer =
  | { ok: true; bench: Bench; sent: Said[]; correlation_id: string }
  | { ok: false; refusal: string };

function carryOut(shop: Shop, call: BenchCall, action: Action): DomainEvent[] {
  switch (call.verb) {
    case "start_batch":
      return startBatch(shop, Number(call.recipe_id), Number(call.scale), action);
    case "complete_batch":
      return completeBatch(shop, Number(call.batch_id), Number(call.final_quantity), action);
    case "cancel_batch":
      return cancelBatch(shop, Number(call.batch_id), action);
    case "start_timer": {
      const description = String(call.description).slice(0, 120);
      const timer = { batch_id: Number(call.batch_id), duration_seconds: Number(call.duration_seconds), description };
      return [startTimer(shop, timer, action)];
    }
    case "stop_timer":
      return [stopTimer(shop, Number(call.timer_id), action)];
    default:
      throw new Refused("The workbench can’t do that.");
  }
}

export async function callBench(shop: Shop, collector: Collector, body: unknown, now: number): Promise<Response> {
  const call = (typeof body === "object" && body !== null ? body : {}) as BenchCall;
  const action = actionOf(call.correlation_id, now);
  try {
    const events = carryOut(shop, call, action);
    await collector.emit(events, action, shop.user.id);
    const sent = events.map(({ event_name, entity_type, entity_id }) => ({ event_name, entity_type, entity_id }) as Said);
    const { correlation_id } = action;
    return json({ ok: true, bench: benchOf(shop, now), sent, correlation_id } satisfies BenchAnswer);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return json({ ok: false, refusal: error.message } satisfies BenchAnswer, 422);
  }
}
