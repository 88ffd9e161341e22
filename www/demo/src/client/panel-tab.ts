import { byId, h } from "./dom";

interface Captured {
  event: string;
  uuid: string;
  seq: number;
  at: number;
  row?: number;
  isQuarantined?: boolean;
}

/** What has become of an event: its row's number, or that it has none. */
export type Fate = number | "quarantined" | undefined;

interface TabRecord {
  captured: number;
  sent: number;
  /** Found among the rows of the store. */
  stored: number;
  dropped: Record<string, number>;
  newest: Captured[];
}

/** What the list shows; the counts know of all. */
const MAX_CAPTURED = 40;
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** What the SDK told this tab, over all the pages that it showed. */
export class TabView {
  private readonly record: TabRecord;
  private readonly list = byId("tab-rows");

  /** @param storageKey one per shop: a tab may visit several */
  constructor(
    private readonly storageKey: string,
    private readonly fateOf: (uuid: string) => Fate,
  ) {
    const kept = sessionStorage.getItem(storageKey);
    this.record = kept ? (JSON.parse(kept) as TabRecord) : { captured: 0, sent: 0, stored: 0, dropped: {}, newest: [] };
    this.draw();
  }

  captured({ event, uuid, seq }: { event: string; uuid: string; seq: number }): void {
    this.record.captured += 1;
    this.record.newest.unshift({ event, uuid, seq, at: Date.now() });
    this.record.newest.length = Math.min(this.record.newest.length, MAX_CAPTURED);
    this.changed();
  }

  sent(count: number): void {
    this.record.sent += count;
    this.changed();
  }

  dropped(reason: string, count: number): void {
    this.record.dropped[reason] = (this.record.dropped[reason] ?? 0) + count;
    this.changed();
  }

  /** New rows are known: which of ours are among them? */
  matchRows(): void {
    let found = false;
    for (const entry of this.record.newest) {
      if (entry.row !== undefined || entry.isQuarantined) continue;
      const fate = this.fateOf(entry.uuid);
      if (fate === undefined) continue;
      found = true;
      if (fate === "quarantined") {
        entry.isQuarantined = true;
        continue;
      }
      entry.row = fate;
      this.record.stored += 1;
    }
    if (found) this.changed();
  }

  private changed(): void {
    sessionStorage.setItem(this.storageKey, JSON.stringify(this.record));
    this.draw();
  }

  private draw(): void {
    const { captured, sent, stored, dropped, newest } = this.record;
    const given_up = Object.values(dropped).reduce((a, b) => a + b, 0);
    byId("tab-captured").textContent = String(captured);
    byId("tab-sent").textContent = String(sent);
    byId("tab-stored").textContent = String(stored);
    byId("tab-dropped").textContent = String(given_up);
    const unanswered = sent + given_up < captured;
    const reasons = Object.entries(dropped).map(([reason, n]) => `${n} × ${reason}`);
    const notes = [
      reasons.length > 0 && `Dropped: ${reasons.join(", ")}.`,
      unanswered && "What leaves a page by beacon gets no answer; its row is found in the store all the same.",
    ];
    byId("tab-note").textContent = notes.filter(Boolean).join(" ");
    byId("tab-empty").hidden = newest.length > 0;
    this.list.replaceChildren(
      ...newest.map(({ event, seq, at, row, isQuarantined }) =>
        h(
          "li",
          { class: "row row-plain" },
          h("span", { class: "row-name" }, event),
          h("time", { class: "row-time", datetime: new Date(at).toISOString() }, TIME.format(at)),
          h("span", { class: "row-about" }, `number ${seq} of its page`),
          way(row, isQuarantined),
        ),
      ),
    );
  }
}

function way(row: number | undefined, isQuarantined = false): HTMLElement {
  if (isQuarantined) return h("span", { class: "way is-quarantined" }, "quarantined");
  return h("span", { class: row === undefined ? "way" : "way is-stored" }, row === undefined ? "captured" : `row #${row}`);
}
