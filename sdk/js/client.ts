// The page's side: calls as messages, made at once or held until there is a module to make them.
import type { CaptureOptions, Properties, Settings, Tallymark } from "./index.js";
import { direct, emit, flushes, listen, run, warn } from "./carry.js";
import { defaults, gpc, holds, type Letter, letters, permit } from "./consent.js";
import { type Call, load, module, now, Op, polled, type Source } from "./core.js";
import { send, stream, uuid7, adoption } from "./fallback.js";
import { measureSoon, watch } from "./lifecycle.js";
import { allow, arrival, browser, cleanUrl, hasMoved, members, place, stringify } from "./place.js";
import { claim, disclaim, inherit, wipe } from "./spool.js";
import { leaveWindowId, PREFIX, read, save, Slot, SLOTS, takeWindowId } from "./store.js";
import { reserved, type Review, reviewBy } from "./transport.js";

/** What review.ts and ga4.ts both are. */
interface Reviews {
  reviewer(config: Config, warn?: (message: unknown) => void): Review;
}

/** What an entry knows how to find. */
export interface Assets extends Source {
  /** Imports what captures without code; only if that is wanted. */
  auto(): Promise<typeof import("./auto/index.js")>;
  /** Imports what sends what pages that are gone have left; only if there is some. */
  leftovers(): Promise<typeof import("./leftovers.js")>;
  /** Imports what sees to `beforeSend` and `sampling`; and to all that leaves, where that is in GA4's dialect. */
  review(): Promise<Reviews> | Reviews;
}

/** Options, with where everything is. */
export interface Config extends Assets, Omit<Settings, "wasmUrl"> {
  /** The write key, or GA4's measurement id. */
  key: string;
  dialect?: "posthog" | "ga4";
  url: string;
}

/** A call that the page made before this script was there: name, arguments, moment, and what settles it. */
export type EarlyCall = [keyof Tallymark, unknown[], wall: number, mono: number, settle?: (result: unknown) => void];

/** Most calls held while there is no module: as many as the module holds events. */
const MAX_HELD = 1_000;

/** How long, in ms, it takes at most until other tabs see what this one has stored. */
const SHARING_MS = 200;

let config: Config;
let held: Call[] = [];
let ready = false;
/** Whether the page wants to see events first, and what sees to that is not there yet: then nothing may leave. */
let unreviewed = false;
let failed = false;
/** The moment of the early call being made up for. */
let past: [wall: number, mono: number] | undefined;
let hidden = false;
/** Whether anybody has looked at the page yet; a tab opened in the background counts from when they do. */
let seen = false;
/** Whether the end of the task is awaited, when what was captured in it goes to disk. */
let ending = false;
/** Ends the wait until other tabs see what this one has stored. */
let endTurn: (() => void) | undefined;
/** Autocapture wants to know of every view. */
let viewed: (() => void) | undefined;

/** Makes the call, or holds it. */
function call(op: Op, message?: string, at?: number): void {
  const made = now(op, message, at);
  if (past) [made[2], made[3]] = past;
  if (ready) {
    run(made);
    if (!ending) {
      ending = true;
      queueMicrotask(end);
    }
  } else if (holds(1) == "d") {
    // Not even held.
  } else if (held.length < MAX_HELD) {
    held.push(made);
    if (failed) queueMicrotask(sendHeld);
  } else {
    stream.lost++;
    stream.seq++;
  }
}

/** The task is over. Nobody knows how long a hidden page will live: what it captured goes at once. */
function end(): void {
  ending = false;
  if (hidden) go(Op.Hide);
  else run(now(Op.Save));
}

/** Sends what is held without the module. Nobody will tell what became of it. */
function sendHeld(gone?: boolean): void {
  if (holds(1) == "p" || unreviewed) return;
  held = send(config.url, config.key, held, gone && config.capturePageleave != false);
  flushes.splice(0).forEach(([, resolve]) => resolve());
}

/** JSON of the properties; nothing if they have none, which the module counts. */
function json(properties?: object | null, options?: CaptureOptions): string {
  try {
    if (options) {
      const { entity, correlationId } = options;
      properties = {
        ...properties,
        ...(entity && { $entity_type: entity.type, $entity_id: entity.id }),
        ...(correlationId && { $correlation_id: correlationId }),
      };
    }
    return stringify(properties ?? {});
  } catch (error) {
    warn?.(error);
    return "";
  }
}

/** JSON of what must be a string; nothing, which the module counts or ignores, if it is none. */
const string = (value: unknown) => (typeof value == "string" ? stringify(value) : "");

/** JSON of an id, which may be a number, too. */
const id = (value: unknown) => string(value == null ? value : "" + value);

function page(properties?: Properties, how?: string): void {
  const own = members({ title: document.title, navigation_type: how, $route: config.route?.() });
  call(Op.Page, place() + "\n" + own + "\n" + json(properties));
}

/** What the page calls, once `createClient` has seen to it that it may. */
export const api: Tallymark = {
  capture(name, properties, options) {
    if (name == "$pageview") return page(properties);
    if (hasMoved()) call(Op.Locate, place());
    const at = options?.timestamp == null ? NaN : +new Date(options.timestamp);
    call(Op.Capture, string(name) + "\n" + json(properties, options), at);
  },
  page: (properties) => page(properties),
  identify: (userId, properties) => call(Op.Identify, id(userId) + "\n" + json(properties)),
  group: (type, key, properties) => call(Op.Group, string(type) + "\n" + id(key) + "\n" + json(properties)),
  register: (properties) => call(Op.Register, json(properties)),
  unregister: (name) => call(Op.Unregister, string(name)),
  reset: () => call(Op.Reset),
  flush: () =>
    new Promise((resolve) => {
      flushes.push([Infinity, resolve]);
      if (ready) flush();
      else if (failed) sendHeld();
    }),
  consent: (choice) => agree(...letters(choice)),
  on(event, listener) {
    if (event == "ready" && ready) queueMicrotask(() => emit("ready", {}));
    return listen(event, listener);
  },
};

function flush(): void {
  flushes.forEach((flush) => (flush[0] = Math.min(flush[0], polled![5]!)));
  run(now(Op.Flush));
}

/** Nothing becomes 0 on its way into the module. */
const code = (letter?: Letter) => letter?.charCodeAt(0);

/** The visitor has decided, here or in another tab. */
function agree(analytics?: Letter, advertising?: Letter): void {
  const before = read(Slot.Consent);
  const decided = (given: Letter | undefined, at: number) => (given && given != "p" ? given : before[at] || "p");
  const kept = `"${decided(analytics, 1)}${decided(advertising, 2)}"`;
  // That nothing is decided yet is not stored either.
  if (kept != '"pp"') save(Slot.Consent, kept);
  const refused = holds(1) == "d";
  if (refused) {
    // Whatever may be captured after this has changed again is not the same visit's.
    stream.id = uuid7(Date.now());
    stream.seq = stream.lost = 0;
    held = [];
    flushes.splice(0).forEach(([, resolve]) => resolve());
    disclaim();
  }
  if (ready) {
    run(now(Op.Decide, string(stream.id), 0, code(analytics), code(advertising)));
    call(Op.Locate, place());
    share();
  }
  // Last: it throws if there is no disk, which is caught where all calls are.
  if (refused) wipe();
}

/** Other tabs see to what this one leaves, and this one to what others have left. */
function share(): void {
  if (hidden || holds(1) != "g") return;
  claim();
  void inherit(config);
}

function view(how?: string): void {
  if (!seen) return;
  if (config.capturePageview != false) page(undefined, how);
  viewed?.();
  measureSoon();
}

/** The page is out of sight, hidden or left: everything goes, by way of what outlives it. */
function go(op: Op.Hide | Op.Leave): void {
  hidden = true;
  if (holds(1) == "g") leaveWindowId(stream.windowId);
  if (ready) run(now(op, "", 0, reserved));
  else sendHeld(op == Op.Leave);
  // A page that is left with a lock is thrown out of the back/forward cache as soon as the next one asks for it.
  endTurn?.();
  disclaim();
}

function show(): void {
  hidden = false;
  takeWindowId("");
  if (!seen) {
    seen = true;
    view(arrival());
  }
  if (ready) {
    run(now(Op.Show));
    share();
  }
}

const sessionOf = () => read(Slot.Session).slice(0, 37);

/** The module is up: it takes over the books, and makes the calls that were held. */
function takeOver(): void {
  run(now(Op.Permit, "", 0, code(defaults[0]), code(defaults[1]), +gpc));
  SLOTS.forEach((_, slot) => run(now(Op.Restore, read(slot), 0, slot)));
  const ids = [config.key, stream.id, stream.windowId].map(string);
  const start = [...ids, members(browser())].join("\n");
  run(now(Op.Start, start, 0, stream.seq, stream.lost, +(config.capturePageleave != false)));
  if (adoption) run(adoption);
  ready = true;
  held.forEach(run);
  held = [];
  if (flushes.length) flush();
  end();
  emit("ready", {});
  share();
}

function begin(early: EarlyCall[]): void {
  stream.id = uuid7(Date.now());
  stream.windowId = takeWindowId(uuid7(Date.now()));
  hidden = document.visibilityState == "hidden";
  seen = !hidden;
  watch(view, go, show, agree);
  // The view is older than what was called in it.
  if (early[0]) past = [early[0][2], early[0][3]];
  view(arrival());
  for (const entry of early) {
    const [method, given, wall, mono, settle] = entry;
    past = [wall, mono];
    const result = (api[method] as ((...given: unknown[]) => unknown) | undefined)?.(...given);
    if (method == "on") entry[4] = result as () => void;
    else settle?.(result);
  }
  past = undefined;
  const { autocapture = {} } = config;
  if (autocapture === true || Object.values(autocapture).some(Boolean)) {
    const onView = (listener: () => void) => {
      viewed = listener;
      if (seen) listener();
    };
    config
      .auto()
      .then(({ start }) => start(api, autocapture, onView, cleanUrl, warn))
      .catch((error) => warn?.(error));
  }
  const up = async () => {
    if (unreviewed) {
      const script = config.review();
      const { reviewer } = "then" in script ? await script : script;
      reviewBy(reviewer(config, warn));
      unreviewed = false;
    }
    // Tabs opened at once agree on who the visitor is: one after the other.
    await new Promise<void>((resolve, reject) => {
      const inTurn = () => {
        const before = sessionOf();
        takeOver();
        resolve();
        // Another process sees what this one has stored only after a while.
        if (sessionOf() != before) return new Promise<void>((done) => setTimeout((endTurn = done), SHARING_MS));
      };
      if (navigator.locks) navigator.locks.request(PREFIX + "start", inTurn).catch(reject);
      else inTurn();
    });
  };
  load(config, up, warn)
    .catch((error) => ready || (module && !unreviewed ? takeOver() : Promise.reject(error)))
    .catch((error) => {
      warn?.(error);
      failed = true;
      sendHeld();
    });
}

/** Starts the SDK, and makes up for the calls made before it was there. */
export function createClient(given: Config, early: EarlyCall[]): Tallymark {
  config = given;
  unreviewed = !!(config.beforeSend || config.sampling) || config.dialect == "ga4";
  direct(config.url, config.debug);
  permit(config.consent, config.gpc != false);
  allow(config.urlParameters, config.captureHash);
  for (const name in api) {
    const method = api[name as "page"] as (...given: unknown[]) => void;
    api[name as "page"] = (...given) => {
      try {
        return method(...given);
      } catch (error) {
        warn?.(error);
      }
    };
  }
  // A page that is only prerendered may never be seen: it counts from when it is.
  if ((document as { prerendering?: boolean }).prerendering) {
    document.addEventListener("prerenderingchange", () => begin(early), { once: true });
  } else begin(early);
  return api;
}
