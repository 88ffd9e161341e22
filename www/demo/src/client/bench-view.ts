import { amount, day } from "../format";
import { h } from "./dom";
import { timerList } from "./timer-list";
import type { Workbench } from "./workbench.entry";

/** Ended batches that stay in sight; the others are on the shop's batches page. */
const RECENTLY_ENDED = 4;

/** `/workbench`: all that is under way. */
export function benchView(workbench: Workbench): { title: string; content: HTMLElement } {
  const { batches, timers } = workbench.bench;
  const underWay = batches.filter((b) => b.status === "in_progress");
  const ended = batches.filter((b) => b.status !== "in_progress").slice(0, RECENTLY_ENDED);
  const content = h(
    "div",
    {},
    h("header", { class: "page-head" }, h("div", {}, h("h1", {}, "On the bench"), h("p", { class: "lead" }, "A single-page part of the shop: each view below is a page view of its own, without a page load."))),
    h("section", { class: "block" }, h("h2", {}, "Timers"), timerList(workbench, timers)),
    h("section", { class: "block" }, h("h2", {}, "Under way"), cards(workbench, underWay, "Nothing under way. Start a batch.")),
    h("section", { class: "block" }, h("h2", {}, "Ended lately"), cards(workbench, ended, "Nothing yet.")),
  );
  return { title: "On the bench", content };
}

function outcome({ status, projected_yield, final_quantity, yield_unit }: Workbench["bench"]["batches"][number]): string {
  if (status === "completed") return `${amount(final_quantity ?? 0, yield_unit)} made`;
  return `${amount(projected_yield, yield_unit)} ${status === "cancelled" ? "given up" : "expected"}`;
}

const STATUS = { in_progress: "under way", completed: "completed", cancelled: "cancelled" };

function cards({ base, bench }: Workbench, batches: Workbench["bench"]["batches"], none: string): HTMLElement {
  if (batches.length === 0) return h("p", { class: "empty" }, none);
  return h(
    "ul",
    { class: "cards" },
    ...batches.map((b) =>
      h(
        "li",
        { class: "card" },
        h("a", { class: "cover", href: `${base}/batch/${b.id}` }, h("h3", {}, bench.recipes.find((r) => r.id === b.recipe_id)?.name ?? "")),
        h("p", { class: "meta" }, h("code", {}, b.label_code), ` since ${day(b.started_at)}`),
        h("p", {}, outcome(b)),
        h("span", { class: `pill pill-${b.status}` }, STATUS[b.status]),
      ),
    ),
  );
}
