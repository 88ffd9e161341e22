// The live view beside the shop: what the store holds, what the ledger says, what this tab captured.
import type { Ledger } from "../../../../collector/worker/api";
import type { StoreCursor, StorePage } from "../collector";
import { byId } from "./dom";
import { offerExperiments } from "./experiments";
import { config } from "./page-config";
import { LedgerView } from "./panel-ledger";
import { StoreView } from "./panel-store";
import { TabView } from "./panel-tab";
import { panelTabs } from "./panel-tabs";

/** How often the store is asked while someone looks. */
const POLL_MS = 1500;
/** A screen reader is told of new rows at most this often. */
const ANNOUNCE_MS = 4000;

const store = new StoreView();
const ledger = new LedgerView();
const tab = new TabView(`demo_tab${config.base}`, (uuid) => store.fateOf(uuid));
const { select, open } = panelTabs();

let cursor: StoreCursor = { after: 0, quarantined_after: 0 };
let isFirst = true;
let announcedAt = 0;

async function ask<T>(path: string): Promise<T> {
  const response = await fetch(`${config.base}/${path}`);
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(body.error ?? `status ${response.status}`);
  return body;
}

async function look(): Promise<void> {
  let page: StorePage;
  do {
    page = await ask<StorePage>(`_store?after=${cursor.after}&quarantined_after=${cursor.quarantined_after}`);
    cursor = page.next;
    store.add(page, isFirst);
    announce(page);
  } while (page.more);
  isFirst = false;
  tab.matchRows();
  ledger.show(await ask<Ledger>("_ledger"));
}

/** One look at a time, so that no row is taken twice: whoever asks meanwhile waits for the next. */
let looking: Promise<void> = Promise.resolve();
function lookNext(): Promise<void> {
  looking = looking.then(look).then(
    () => showPulse("live", true),
    (error: unknown) => showPulse(error instanceof Error ? error.message : String(error), false),
  );
  return looking;
}

function showPulse(text: string, isLive: boolean): void {
  byId("pulse").classList.toggle("is-live", isLive);
  byId("pulse-text").textContent = text;
}

function announce({ events, quarantined }: StorePage): void {
  if (isFirst || events.length + quarantined.length === 0 || Date.now() - announcedAt < ANNOUNCE_MS) return;
  announcedAt = Date.now();
  const told = (rows: { event_name: string | null }[], what: string): string | false =>
    rows.length > 0 && `${rows.length} ${what}: ${[...new Set(rows.map((row) => row.event_name ?? "no name"))].join(", ")}`;
  byId("announcer").textContent = [told(quarantined, "quarantined"), told(events, "stored")].filter(Boolean).join(". ");
}

async function poll(): Promise<void> {
  if (document.visibilityState === "visible") await lookNext();
  setTimeout(() => void poll(), POLL_MS);
}

window.tallymark.on("captured", (detail) => tab.captured(detail));
window.tallymark.on("dropped", ({ reason, count }) => tab.dropped(reason, count));
window.tallymark.on("sent", ({ count }) => {
  tab.sent(count);
  void lookNext();
});

offerExperiments({ look: lookNext, fateOf: (id) => store.fateOf(id) });

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-show-pair], [data-show-list]") : null;
  if (!button) return;
  store.showPair(button.dataset.showPair ?? null);
  select("store");
  open();
});

void poll();
