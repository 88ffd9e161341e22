// What the page says of a wish, before anybody knows what comes of it.
import { capture } from "./capture";
import type { BenchAction } from "./workbench.entry";

/** Captures that somebody asked for it. What came of it the back end says, under the same correlation id. */
export function captureWish(action: BenchAction, correlationId: string): void {
  switch (action.verb) {
    case "start_batch": {
      const { recipe_id, scale } = action;
      return capture("batch_form_submitted", { action: "start", recipe_id, scale }, { correlationId });
    }
    case "complete_batch": {
      const { batch_id, final_quantity } = action;
      return capture("batch_form_submitted", { action: "finish", final_quantity }, about("batch", batch_id, correlationId));
    }
    case "cancel_batch":
      return capture("batch_form_submitted", { action: "cancel" }, about("batch", action.batch_id, correlationId));
    case "start_timer": {
      const { batch_id, duration_seconds } = action;
      return capture("timer_form_submitted", { action: "start", duration_seconds }, about("batch", batch_id, correlationId));
    }
    case "stop_timer":
      return capture("timer_form_submitted", { action: "stop" }, about("timer", action.timer_id, correlationId));
  }
}

function about(type: string, id: number, correlationId: string): { entity: { type: string; id: string }; correlationId: string } {
  return { entity: { type, id: String(id) }, correlationId };
}
