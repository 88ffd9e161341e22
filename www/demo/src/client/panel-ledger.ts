import type { Ledger, LedgerFigures } from "../../../../collector/worker/api";
import { words } from "../format";
import { byId, h } from "./dom";

const SVG = "http://www.w3.org/2000/svg";
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);

const PARTS = ["stored", "quarantined", "dropped", "under_way"] as const;

/** The figures as single numbers: what was broken down by rule or reason is added up. */
function totals(f: LedgerFigures): Record<(typeof PARTS)[number] | "captured", number> {
  const { captured, stored, under_way } = f;
  return { captured, stored, quarantined: sum(f.quarantined), dropped: sum(f.dropped), under_way };
}

function isBalanced(f: LedgerFigures): boolean {
  const { captured, stored, quarantined, dropped, under_way } = totals(f);
  return captured === stored + quarantined + dropped + under_way;
}

/** The equation above the tabs, and the days in theirs. */
export class LedgerView {
  private readonly balance = byId("balance");
  private readonly brief = byId("panel-brief");
  private readonly days = byId("days");
  private readonly shares = byId("shares");
  private shown = "";

  show(ledger: Ledger): void {
    const text = JSON.stringify(ledger);
    // Unchanged figures keep their elements, and with them what was opened or selected.
    if (text === this.shown) return;
    this.shown = text;
    const figures = totals(ledger.total);
    for (const element of document.querySelectorAll<HTMLElement>("[data-figure]")) {
      const value = figures[element.dataset.figure as keyof typeof figures];
      element.textContent = value.toLocaleString();
      element.closest(".figure")?.classList.toggle("is-zero", value === 0);
    }
    this.balance.hidden = false;
    this.balance.textContent = ledger.balanced ? "✓ balanced" : "✕ not balanced";
    this.balance.classList.toggle("is-off", !ledger.balanced);
    this.brief.textContent = `${figures.captured.toLocaleString()} captured, ${ledger.balanced ? "balanced" : "not balanced"}`;
    this.drawShares(figures);
    byId("days-empty").hidden = ledger.days.length > 0;
    this.days.replaceChildren(
      ...[...ledger.days].sort((a, b) => b.day.localeCompare(a.day)).map((d) => day(d.day, d)),
      ...(ledger.streams_with_gaps.length > 0 ? [gaps(ledger)] : []),
      ...(ledger.memory_only_streams > 0 ? [memoryOnly(ledger)] : []),
    );
  }

  private drawShares(figures: ReturnType<typeof totals>): void {
    let x = 0;
    const rects = PARTS.map((part) => {
      // Below zero: dropped before these days, and arrived in them.
      const width = figures.captured > 0 ? (Math.max(0, figures[part]) / figures.captured) * 100 : 0;
      const rect = document.createElementNS(SVG, "rect");
      rect.setAttribute("class", `share share-${part}`);
      rect.setAttribute("x", String(x));
      rect.setAttribute("width", String(width));
      rect.setAttribute("height", "1");
      x += width;
      return rect;
    });
    this.shares.replaceChildren(...rects);
  }
}

function day(name: string, f: LedgerFigures): HTMLElement {
  const figures = totals(f);
  const line = (label: string, value: number, sign: string, parts: Record<string, number> = {}): HTMLElement[] => [
    h("tr", {}, h("th", { scope: "row" }, h("span", { class: "operator" }, sign), label), h("td", { class: "number" }, value.toLocaleString())),
    ...Object.entries(parts).map(([reason, n]) =>
      h("tr", { class: "part" }, h("th", { scope: "row" }, h("code", {}, reason)), h("td", { class: "number" }, n.toLocaleString())),
    ),
  ];
  const balanced = isBalanced(f);
  return h(
    "table",
    { class: "day" },
    h("caption", {}, h("span", {}, DAY.format(new Date(`${name}T00:00:00Z`))), h("span", { class: balanced ? "balance" : "balance is-off" }, balanced ? "✓ balanced" : "✕ not balanced")),
    h(
      "tbody",
      {},
      ...line("captured", figures.captured, ""),
      ...line("stored", figures.stored, "="),
      ...line("quarantined", figures.quarantined, "+", f.quarantined),
      ...line("dropped", figures.dropped, "+", f.dropped),
      ...line(words("under_way"), figures.under_way, "+"),
      h("tr", { class: "aside-figure" }, h("th", { scope: "row" }, "duplicates: came again, changed nothing"), h("td", { class: "number" }, f.duplicate.toLocaleString())),
    ),
  );
}

function gaps(ledger: Ledger): HTMLElement {
  return h(
    "section",
    { class: "gaps" },
    h("h3", {}, "Streams with gaps"),
    h("p", { class: "note" }, "A page life whose numbers have holes: events that were captured and have not arrived."),
    h("ul", {}, ...ledger.streams_with_gaps.map((s) => h("li", {}, h("code", {}, `…${s.stream_id.slice(-6)}`), ` ${s.missing} of ${s.seq_high} missing`))),
  );
}

function memoryOnly({ memory_only_streams: n }: Ledger): HTMLElement {
  const lives = n === 1 ? "One page life" : `${n.toLocaleString()} page lives`;
  return h("p", { class: "note" }, `${lives} could keep no copy on disk: what was unsent at the end is lost.`);
}
