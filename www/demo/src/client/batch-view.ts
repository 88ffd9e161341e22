import { amount, clock, day } from "../format";
import { h } from "./dom";
import { timerList } from "./timer-list";
import type { Workbench } from "./workbench.entry";

type BenchBatch = Workbench["bench"]["batches"][number];

/** `/workbench/batch/<id>`: its timers, its method, and how it ends. */
export function batchView(workbench: Workbench, id: number): { title: string; content: HTMLElement } {
  const batch = workbench.bench.batches.find((b) => b.id === id);
  const recipe = workbench.bench.recipes.find((r) => r.id === batch?.recipe_id);
  if (!batch || !recipe) {
    const lead = h("p", { class: "lead" }, "No batch of this shop has that number.");
    return { title: "Not on the bench", content: h("div", {}, h("header", { class: "page-head" }, h("div", {}, h("h1", {}, "Not on the bench"), lead))) };
  }
  const lead = h("p", { class: "lead" }, h("code", {}, batch.label_code), ` · ${batch.scale}× · started ${day(batch.started_at)}, ${clock(batch.started_at)} UTC`);
  const content = h(
    "div",
    {},
    h("header", { class: "page-head" }, h("div", {}, h("h1", {}, recipe.name), lead)),
    ...(batch.status === "in_progress" ? underWay(workbench, batch) : [ended(batch)]),
    h("section", { class: "block" }, h("h2", {}, "Method"), h("ol", { class: "steps" }, ...recipe.steps.map((s) => h("li", {}, s)))),
  );
  return { title: `${recipe.name} ${batch.label_code}`, content };
}

function underWay(workbench: Workbench, batch: BenchBatch): HTMLElement[] {
  const timers = workbench.bench.timers.filter((t) => t.batch_id === batch.id);
  return [
    h("section", { class: "block" }, h("h2", {}, "Timers"), timerList(workbench, timers), timerForm(workbench, batch)),
    h("section", { class: "block" }, h("h2", {}, "Finish it"), finishForm(workbench, batch)),
  ];
}

function timerForm(workbench: Workbench, batch: BenchBatch): HTMLElement {
  const what = h("input", { maxlength: 120, required: true, value: "Cool to pouring temperature", autocomplete: "off" });
  const minutes = h("input", { type: "number", min: 1, max: 1440, step: 1, value: 20, required: true, inputmode: "numeric" });
  const submit = (event: Event): void => {
    event.preventDefault();
    const duration_seconds = Number(minutes.value) * 60;
    void workbench.act({ verb: "start_timer", batch_id: batch.id, duration_seconds, description: what.value });
  };
  return h(
    "form",
    { class: "fields sheet", submit },
    h("label", {}, "What for", what),
    h("label", {}, "Minutes", minutes),
    h("div", { class: "actions" }, h("button", { class: "button button-quiet" }, "Start a timer")),
  );
}

function finishForm(workbench: Workbench, batch: BenchBatch): HTMLElement {
  const made = h("input", { type: "number", min: 0, step: "any", value: batch.projected_yield, required: true, inputmode: "decimal" });
  const submit = (event: Event): void => {
    event.preventDefault();
    void workbench.act({ verb: "complete_batch", batch_id: batch.id, final_quantity: Number(made.value) });
  };
  const cancel = (): void => void workbench.act({ verb: "cancel_batch", batch_id: batch.id });
  return h(
    "form",
    { class: "fields sheet", submit },
    h("label", {}, `What came of it, in ${batch.yield_unit}`, made),
    h(
      "div",
      { class: "actions" },
      h("button", { class: "button" }, "Finish the batch"),
      h("button", { type: "button", class: "button button-danger", click: cancel }, "Cancel it, put everything back"),
    ),
  );
}

function ended(batch: BenchBatch): HTMLElement {
  const when = batch.ended_at === null ? "" : ` on ${day(batch.ended_at)}, ${clock(batch.ended_at)} UTC`;
  const result = batch.status === "completed" ? `Completed${when}: ${amount(batch.final_quantity ?? 0, batch.yield_unit)} on the shelf.` : `Cancelled${when}: everything went back on the shelf.`;
  return h("p", { class: "told" }, result);
}
