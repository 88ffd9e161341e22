// What must compile with the types of a plan, and what must not: tsc fails where an expected error is none.
import type { Capture as OfAssistant, ServerEvents as Assistant } from "../golden/assistant";
import type { BrowserEvents, Capture, InventoryAdjusted, ServerEvents } from "../golden/batchtrack";
import type { Tallymark } from "../../../../sdk/js/index";

declare const tallymark: Tallymark;
const page: Capture<BrowserEvents> = tallymark.capture;
const server: Capture<ServerEvents> = tallymark.capture;
const assistant: OfAssistant<Assistant> = tallymark.capture;

page("$pageview");
page("$pageleave", { $anything: 1 });
const adjusted: InventoryAdjusted = { change_type: "spoil", quantity_delta: -1, cost_override: null, $lib: "x" };
server("inventory_adjusted", adjusted);
server("timer_stopped");
server("batch_cancelled", { restoration_summary: ["2 kg of wax"] });
server("batch_failed", { any: "property, since the plan names none" });
assistant("message_sent", { conversationId: "c", role: "user", confidence: null });

// @ts-expect-error a page may not send what the back end vouches for
page("batch_started");
// @ts-expect-error no such event
assistant("message_seen", {});
// @ts-expect-error no such value
server("inventory_adjusted", { change_type: "lost", quantity_delta: 1 });
// @ts-expect-error a required property is missing
server("inventory_adjusted", { change_type: "sale" });
// @ts-expect-error required properties are missing altogether
server("inventory_adjusted");
// @ts-expect-error a slip of the pen
server("inventory_adjusted", { change_type: "sale", quantity_delta: 1, quantty: 1 });
// @ts-expect-error null where the plan has none
assistant("message_sent", { conversationId: null, role: "user" });
// @ts-expect-error a text for a number
server("timer_stopped", { batch_id: "1" });
