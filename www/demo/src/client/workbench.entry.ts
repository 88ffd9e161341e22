// The single-page part of the shop: three views, routed with history.pushState.
import type { BenchAnswer, BenchCall, Said } from "../bench-api";
import type { Bench } from "../bench";
import { benchView } from "./bench-view";
import { batchView } from "./batch-view";
import { captureWish } from "./bench-events";
import { h, byId } from "./dom";
import { config } from "./page-config";
import { startView } from "./start-view";
import { tick } from "./timer-list";

/** A call without its id: the workbench gives each its own. */
export type BenchAction = BenchCall extends infer Call ? (Call extends BenchCall ? Omit<Call, "correlation_id"> : never) : never;

/** What a view may do. */
export interface Workbench {
  readonly bench: Bench;
  readonly base: string;
  /** Milliseconds of the server's clock, now. */
  now(): number;
  /** Captures the wish, asks the back end, and shows what came of it. `then` says where, by the batch that it is about. */
  act(action: BenchAction, then?: (batch_id: string) => string): Promise<void>;
}

const root = byId("bench");
const base = root.dataset.base ?? "";
if (!config.bench) throw new Error("the workbench page came without its bench");

let bench: Bench = config.bench;
let ahead = bench.now - Date.now();
const told = h("p", { class: "told", role: "status", hidden: true });
const view = h("div", { class: "view" });
root.append(navigation(), told, view);

const workbench: Workbench = {
  get bench() {
    return bench;
  },
  base,
  now: () => Date.now() + ahead,
  act,
};

let isActing = false;

async function act(action: BenchAction, then?: (batch_id: string) => string): Promise<void> {
  // A second click on the same button is the same wish.
  if (isActing) return;
  isActing = true;
  const correlation_id = crypto.randomUUID();
  captureWish(action, correlation_id);
  const answer = await ask({ ...action, correlation_id } as BenchCall);
  isActing = false;
  if (!answer.ok) {
    tell([answer.refusal], true);
    return;
  }
  bench = answer.bench;
  ahead = bench.now - Date.now();
  const batch_id = answer.sent.find((it) => it.entity_type === "batch")?.entity_id;
  if (then && batch_id) go(then(batch_id));
  else {
    draw();
    focusHeading();
  }
  const show = h("button", { type: "button", class: "linklike", "data-show-pair": answer.correlation_id }, "Show all that it caused");
  tell([...named(answer.sent).flatMap((it) => [it, " "]), "sent by the back end. ", show], false);
}

/** Each event's name once, with how many there were. */
function named(sent: Said[]): HTMLElement[] {
  const counts = new Map<string, number>();
  for (const { event_name } of sent) counts.set(event_name, (counts.get(event_name) ?? 0) + 1);
  return [...counts].map(([name, count]) => h("span", {}, h("code", {}, name), count > 1 && ` × ${count}`));
}

async function ask(call: BenchCall): Promise<BenchAnswer> {
  try {
    const response = await fetch(`${config.base}/api`, { method: "POST", body: JSON.stringify(call) });
    return (await response.json()) as BenchAnswer;
  } catch {
    return { ok: false, refusal: "The shop didn’t answer. Look again before you repeat it." };
  }
}

function tell(said: (Node | string)[], isRefusal: boolean): void {
  told.hidden = said.length === 0;
  told.replaceChildren(...said);
  told.classList.toggle("is-refusal", isRefusal);
}

function navigation(): HTMLElement {
  const link = (path: string, label: string): HTMLElement => h("a", { href: base + path, "data-view": path }, label);
  return h("nav", { class: "segmented", "aria-label": "Workbench" }, link("", "On the bench"), link("/start", "Start a batch"));
}

/** The view for the address, and the title that it deserves. */
function route(url: URL): { title: string; content: HTMLElement } {
  const path = url.pathname.slice(base.length);
  const batch = /^\/batch\/(\d+)$/.exec(path);
  if (batch) return batchView(workbench, Number(batch[1]));
  if (path === "/start") return startView(workbench, url.searchParams);
  return benchView(workbench);
}

function show({ title, content }: { title: string; content: HTMLElement }): void {
  document.title = document.title.replace(/^.* · /, `${title} · `);
  view.replaceChildren(content);
}

function draw(): void {
  show(route(new URL(location.href)));
  markCurrent();
}

function markCurrent(): void {
  for (const link of root.querySelectorAll<HTMLAnchorElement>("a[data-view]")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function go(href: string): void {
  // The title first: whoever listens to pushState sees the view that it belongs to.
  const url = new URL(href, location.href);
  show(route(url));
  history.pushState(null, "", url);
  markCurrent();
  tell([], false);
  window.scrollTo({ top: 0 });
  focusHeading();
}

/** As after a real navigation, reading goes on from the heading of what is new. */
function focusHeading(): void {
  const heading = view.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

root.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (!link || !plain || link.origin !== location.origin || !link.pathname.startsWith(base)) return;
  event.preventDefault();
  go(link.href);
});
window.addEventListener("popstate", draw);

setInterval(() => tick(view, workbench.now()), 1000);

draw();
