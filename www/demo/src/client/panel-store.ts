import type { QuarantinedEvent, StoredEvent } from "../../../../collector/worker/api";
import type { StorePage } from "../collector";
import { shortId } from "../format";
import { byId, h } from "./dom";
import { jsonView } from "./json-view";
import type { Fate } from "./panel-tab";

/** Rows that stay in the list; the store has them all. */
const MAX_ROWS = 120;
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** The event's own properties before those that every web event has. */
function ownFirst(properties: Record<string, unknown>): Record<string, unknown> {
  const isWeb = ([name]: [string, unknown]): number => Number(name.startsWith("$"));
  return Object.fromEntries(Object.entries(properties).sort((a, b) => isWeb(a) - isWeb(b)));
}

/** The newest rows of `domain_event`, and among them what was quarantined: newest first. */
export class StoreView {
  private readonly list = byId("rows");
  private readonly empty = byId("rows-empty");
  private readonly pairFilter = byId<HTMLButtonElement>("pair-filter");
  private readonly domainOnly = byId<HTMLInputElement>("domain-only");
  private readonly fates = new Map<string, Fate>();
  private pair: string | null = null;

  constructor() {
    this.pairFilter.addEventListener("click", () => this.showPair(null));
    this.domainOnly.addEventListener("change", () => this.filter());
  }

  /** @param isFirst the rows were there before this page was: nothing to point at */
  add({ events, quarantined }: StorePage, isFirst: boolean): void {
    for (const { event_id } of quarantined) this.fates.set(event_id, "quarantined");
    for (const { event_id, seq } of events) this.fates.set(event_id, seq);
    const arrivals = [
      ...events.map((event) => ({ at: event.received_at, row: this.row(event) })),
      ...quarantined.map((event) => ({ at: event.received_at, row: this.refused(event) })),
    ].sort((a, b) => a.at.localeCompare(b.at));
    for (const { row } of arrivals) {
      row.classList.toggle("is-new", !isFirst);
      this.list.prepend(row);
    }
    while (this.list.childElementCount > MAX_ROWS) this.list.lastElementChild?.remove();
    if (arrivals.length > 0) this.filter();
  }

  /** What has become of an event, once that is known. */
  fateOf(event_id: string): Fate {
    return this.fates.get(event_id);
  }

  /** Shows only what one action caused; `null`: everything again. */
  showPair(correlation_id: string | null): void {
    this.pair = correlation_id;
    this.pairFilter.hidden = correlation_id === null;
    this.pairFilter.textContent = correlation_id === null ? "" : `Correlation …${shortId(correlation_id)} ✕`;
    this.pairFilter.ariaLabel = correlation_id === null ? "" : `Only correlation ${shortId(correlation_id)}. Show all again.`;
    this.filter();
  }

  private filter(): void {
    let shown = 0;
    for (const row of this.list.children as Iterable<Element> & HTMLCollectionOf<HTMLElement>) {
      const isWeb = row.dataset.name?.startsWith("$") === true;
      row.hidden = this.pair === null ? this.domainOnly.checked && isWeb : row.dataset.correlation !== this.pair;
      if (!row.hidden) shown += 1;
    }
    this.empty.hidden = shown > 0;
    this.empty.textContent = this.list.childElementCount === 0 ? "No rows yet. Do something in the shop." : "No row here matches. It may still be under way.";
  }

  private row(event: StoredEvent): HTMLLIElement {
    const { event_name, entity_type, entity_id, session_id, source, trust, seq, correlation_id } = event;
    const about = [entity_type && `${entity_type} ${entity_id ?? ""}`, session_id && `session …${shortId(session_id)}`];
    const details = h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: "row-name" }, event_name),
        h("time", { class: "row-time", datetime: event.occurred_at }, TIME.format(new Date(event.occurred_at))),
        h("span", { class: "row-about" }, h("span", { class: `source source-${trust === "server" ? "server" : "browser"}` }, trust === source ? source : `${source} · ${trust}`), about.filter(Boolean).join(" · ")),
        h("span", { class: "row-seq", title: "Its place in the log. What comes again takes a number too, and makes no row." }, `#${seq}`),
      ),
    );
    // Most rows are never opened: their JSON is laid out when they are.
    details.addEventListener("toggle", () => details.append(this.inside(event)), { once: true });
    return h("li", { class: "row", "data-name": event_name, "data-correlation": correlation_id ?? "" }, details);
  }

  /** What broke a rule stands where it came, with the reason in its line. */
  private refused(event: QuarantinedEvent): HTMLLIElement {
    const { event_name, received_at, rule, path, expected, got } = event;
    const details = h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: "row-name" }, event_name ?? "no name"),
        h("time", { class: "row-time", datetime: received_at }, TIME.format(new Date(received_at))),
        h("span", { class: "row-why" }, h("span", { class: "source source-quarantined" }, "quarantined"), h("code", {}, rule), ` at ${path}: expected ${expected}, got ${got}`),
      ),
    );
    details.addEventListener("toggle", () => details.append(h("div", { class: "row-inside" }, h("h4", {}, "in quarantine"), jsonView(event))), { once: true });
    return h("li", { class: "row row-quarantined", "data-name": event_name ?? "" }, details);
  }

  private inside(event: StoredEvent): HTMLElement {
    const { properties, context, correlation_id, ...columns } = event;
    const pairButton =
      correlation_id !== null &&
      h("button", { type: "button", class: "chip", click: () => this.showPair(correlation_id) }, `What else has correlation …${shortId(correlation_id)}?`);
    return h(
      "div",
      { class: "row-inside" },
      pairButton,
      h("h4", {}, "properties"),
      jsonView(ownFirst(properties)),
      h("h4", {}, "context"),
      jsonView(context),
      h("h4", {}, "envelope"),
      jsonView({ ...columns, correlation_id }),
    );
  }
}
