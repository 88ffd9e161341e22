import { amount } from "../format";
import { h } from "./dom";
import type { Workbench } from "./workbench.entry";

/** Multiples that the start form offers; the recipe page scales more finely. */
const SCALES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4];

/** `/workbench/start?recipe=&scale=`: choose, check the shelf, begin. */
export function startView(workbench: Workbench, query: URLSearchParams): { title: string; content: HTMLElement } {
  const { recipes } = workbench.bench;
  const asked = Number(query.get("scale")) || 1;
  const scales = SCALES.includes(asked) ? SCALES : [...SCALES, asked].sort((a, b) => a - b);

  const recipe = h("select", { id: "start-recipe", change: draw }, ...recipes.map((r) => h("option", { value: r.id }, r.name)));
  const scale = h("select", { id: "start-scale", change: draw }, ...scales.map((s) => h("option", { value: s }, `${s}×`)));
  if (recipes.some((r) => String(r.id) === query.get("recipe"))) recipe.value = query.get("recipe") ?? "";
  scale.value = String(asked);

  const body = h("tbody");
  const makes = h("p", { class: "lead" });
  const start = h("button", { class: "button" }, "Start the batch");
  draw();

  function draw(): void {
    const chosen = recipes.find((r) => String(r.id) === recipe.value);
    const times = Number(scale.value);
    if (!chosen) return;
    makes.textContent = `Makes ${amount(chosen.yield * times, chosen.yield_unit)}.`;
    const rows = chosen.lines.map((line) => {
      const need = line.amount * times;
      return h(
        "tr",
        { class: need > line.on_hand ? "is-short" : "" },
        h("th", { scope: "row" }, line.name),
        h("td", { class: "number" }, amount(need, line.unit)),
        h("td", { class: "number meta" }, amount(line.on_hand, line.unit)),
      );
    });
    body.replaceChildren(...rows);
  }

  const submit = (event: Event): void => {
    event.preventDefault();
    void workbench.act(
      { verb: "start_batch", recipe_id: Number(recipe.value), scale: Number(scale.value) },
      (batch_id) => `${workbench.base}/batch/${batch_id}`,
    );
  };
  const content = h(
    "div",
    {},
    h("header", { class: "page-head" }, h("div", {}, h("h1", {}, "Start a batch"), makes)),
    h(
      "form",
      { class: "sheet", submit },
      h(
        "div",
        { class: "fields" },
        h("label", { for: "start-recipe" }, "Recipe", recipe),
        h("label", { for: "start-scale" }, "Scale", scale),
      ),
      h(
        "table",
        { class: "ingredients" },
        h("thead", {}, h("tr", {}, ...["Item", "Amount", "On hand"].map((t, i) => h("th", { scope: "col", class: i > 0 ? "number" : "" }, t)))),
        body,
      ),
      h("div", { class: "actions" }, start),
    ),
  );
  return { title: "Start a batch", content };
}
