import type { Timer } from "../shop";
import { h } from "./dom";
import type { Workbench } from "./workbench.entry";

/** The running timers, each with a button that stops it. */
export function timerList(workbench: Workbench, timers: Timer[]): HTMLElement {
  if (timers.length === 0) return h("p", { class: "empty" }, "No timer running.");
  const list = h(
    "ul",
    { class: "timers" },
    ...timers.map((timer) => {
      const batch = workbench.bench.batches.find((b) => b.id === timer.batch_id);
      return h(
        "li",
        { class: "timer" },
        h("span", { class: "timer-left", role: "timer", "data-ends": timer.started_at + timer.duration_seconds * 1000 }),
        h("span", { class: "timer-what" }, timer.description, h("span", { class: "meta" }, batch?.label_code ?? "")),
        h(
          "button",
          { type: "button", class: "button button-quiet", click: () => void workbench.act({ verb: "stop_timer", timer_id: timer.id }) },
          "Stop",
        ),
      );
    }),
  );
  tick(list, workbench.now());
  return list;
}

/** Shows in every timer below `root` what is left of it (`12:04`), or how far over it is (`+0:12`). */
export function tick(root: HTMLElement, now: number): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-ends]")) {
    const left = Math.round((Number(element.dataset.ends) - now) / 1000);
    const seconds = Math.abs(left);
    element.textContent = `${left < 0 ? "+" : ""}${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    element.classList.toggle("is-over", left < 0);
  }
}
