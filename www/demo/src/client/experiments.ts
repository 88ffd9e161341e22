import { h } from "./dom";
import { jsonView } from "./json-view";
import { config } from "./page-config";
import type { Fate } from "./panel-tab";

/** What an experiment needs of the panel: to look again, and to find its events. */
export interface Observer {
  look(): Promise<void>;
  fateOf(event_id: string): Fate;
}

interface WireEvent {
  event: string;
  uuid: string;
  distinct_id: string;
  timestamp: string;
  properties: Record<string, unknown>;
}

function wireEvent(properties: Record<string, unknown> = {}): WireEvent {
  return {
    event: "recipe_scaled",
    uuid: crypto.randomUUID(),
    distinct_id: "panel-experiment",
    timestamp: new Date().toISOString(),
    properties: { recipe_id: 11, scale: 2, $entity_type: "recipe", $entity_id: "11", ...properties },
  };
}

/** As any client of the collector would: nothing here goes through the SDK. */
async function post(batch: WireEvent[]): Promise<{ status: number; body: unknown }> {
  const body = JSON.stringify({ api_key: config.browser_key, batch, sent_at: new Date().toISOString() });
  const response = await fetch("/batch/", { method: "POST", headers: { "content-type": "text/plain" }, body });
  return { status: response.status, body: await response.json().catch(() => null) };
}

/** To the list, where what is quarantined stands beside what is stored. */
const inList = (): HTMLElement => h("button", { type: "button", class: "linklike", "data-show-list": true }, "Show it in the list");

const REPEATS = 5;

const EXPERIMENTS: Record<string, (observer: Observer) => Promise<(Node | string)[]>> = {
  async bad({ look, fateOf }) {
    const batch = [wireEvent(), wireEvent({ scale: "double" }), wireEvent()];
    const { status, body } = await post(batch);
    await look();
    const stored = batch.filter((e) => typeof fateOf(e.uuid) === "number").length;
    return [`Answer ${status}. ${stored} of 3 are rows of the store; the collector says of the other:`, jsonView(body), inList()];
  },

  async forge({ look }) {
    // Past the types of the plan, as whoever forges would go.
    const forged = { change_type: "restock", quantity_delta: 1_000_000, unit: "g" };
    window.tallymark.capture("inventory_adjusted", forged, { entity: { type: "inventory_item", id: "3" } });
    await window.tallymark.flush();
    await look();
    return ["Captured and sent, and quarantined: origin_not_allowed. No row of the store says so.", inList()];
  },

  async repeat({ look, fateOf }) {
    const batch = [wireEvent(), wireEvent(), wireEvent()];
    const statuses: number[] = [];
    for (let i = 0; i < REPEATS; i += 1) statuses.push((await post(batch)).status);
    await look();
    const rows = batch.map((e) => fateOf(e.uuid)).filter((row) => typeof row === "number");
    const numbers = rows.map((row) => `#${row}`).join(", ");
    return [`Answers ${statuses.join(", ")}. ${REPEATS * batch.length} events sent, ${rows.length} rows in the store: ${numbers}.`];
  },

  async drop({ look }) {
    const endless: Record<string, unknown> = { recipe_id: 11 };
    endless.itself = endless;
    window.tallymark.capture("recipe_scaled", endless);
    await window.tallymark.flush();
    await look();
    return ["Captured, numbered, dropped as invalid_properties, and reported. The page saw no error."];
  },
};

export function offerExperiments(observer: Observer): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-experiment]")) {
    const name = button.dataset.experiment ?? "";
    const outcome = document.querySelector<HTMLElement>(`[data-outcome="${name}"]`);
    const run = EXPERIMENTS[name];
    if (!outcome || !run) continue;
    button.addEventListener("click", () => {
      button.disabled = true;
      run(observer)
        .catch((error: unknown) => [`It could not be carried out: ${String(error)}`])
        .then((said) => {
          outcome.hidden = false;
          outcome.replaceChildren(...said.map((part) => (typeof part === "string" ? h("p", {}, part) : part)));
        })
        .finally(() => {
          button.disabled = false;
          button.focus();
        });
    });
  }
}
