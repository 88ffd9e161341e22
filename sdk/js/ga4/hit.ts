// One event in GA4's words.
import type { CapturedEvent, Settings } from "../index.js";
import { CLICK, UTM } from "../place.js";
import { consentOf } from "./consent.js";
import { itemsOf } from "./items.js";
import { AUTOMATIC, EVENTS, PARAMETERS, RECOMMENDED, RECOMMENDED_PARAMETERS, WIRE_KEYS, WITH_ITEMS } from "./names.js";
import type { Visitor } from "./visitor.js";

/** Parameters by key, in the order in which they are written. */
export type Fields = Map<string, string>;

/** What GA4 is told of an event, by how much of it may be said once for several. */
export interface Hit {
  /** The same for all events of a request. */
  request: Fields;
  /** What events of a request may share. */
  shared: Fields;
  /** The event's own. */
  own: Fields;
  /** Whether it has a request of its own: it begins a session. */
  alone: boolean;
}

/** So much engagement that no event has told of, in ms, is worth an event of its own when a page is left. */
const WORTHWHILE_MS = 1_000;
/** GA4 takes no longer name, neither of an event nor of a parameter; and of a visitor's property. */
const NAME = 40;
const PROPERTY_NAME = 24;

/** Of what begins with a dollar sign, as what the SDK adds does, only this is the event's own. */
const TOLD = /^\$(entity_|correlation_id$|web_vitals_|exception_|screen_name$|sample_rate$|route$)/;
/** How a view comes about without a document's being loaded. */
const WITHIN_DOCUMENT = /State$|^hashchange$/;

const isObject = (value: unknown): value is Record<string, unknown> => !!value && typeof value == "object" && !Array.isArray(value);

/** A name that GA4 takes: a letter first, then letters, digits and underscores. */
const nameOf = (name: string, longest = NAME) =>
  name
    .replace(/^[^A-Za-z]+/, "")
    .replace(/\W/g, "_")
    .slice(0, longest);

/** Writes a value as GA4's tag does: numbers under one prefix, all else under another. */
function put(fields: Fields, prefix: "ep" | "up", name: string, value: unknown): void {
  if (!name || value === undefined) return;
  if (typeof value == "number") fields.set(`${prefix}n.${name}`, `${value}`);
  else fields.set(`${prefix}.${name}`, isObject(value) ? JSON.stringify(value) : `${value ?? ""}`);
}

/** The moment in a UUIDv7, in ms. */
const momentOf = (uuid: string) => parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);

/** The page's address as GA4's tag gives it: without port and fragment. */
function addressOf(href: string, withHash?: boolean): string {
  try {
    const { protocol, hostname, pathname, search, hash } = new URL(href);
    return `${protocol}//${hostname}${pathname}${search}${withHash ? hash : ""}`;
  } catch {
    return href;
  }
}

/** Makes hits of one page's events, in the order of their capture. */
export class Page {
  readonly #measurementId: string;
  readonly #settings: Settings;
  /** How much engagement there was up to a moment of the monotonic clock; of a page that is gone nobody knows. */
  readonly #engagedUntil: (mono: number) => number;
  /** How much of it events have told of, in ms. */
  #told = 0;
  /** The current view; its address and title, and where it was come to from. */
  #view: { id?: unknown; url: string; title?: unknown; from: string } = { url: "", from: "" };
  /** The visitor's properties, as GA4 knows them; and what it is to be told with the next event. */
  readonly #known = new Map<string, unknown>();
  #news: Fields = new Map();

  constructor(measurementId: string, settings: Settings, engagedUntil: (mono: number) => number) {
    this.#measurementId = measurementId;
    this.#settings = settings;
    this.#engagedUntil = engagedUntil;
  }

  /** The hit for an event; none for what GA4 knows no event for. `next` is the event after it. */
  hit(event: CapturedEvent, next: CapturedEvent | undefined, visitor: Visitor): Hit | undefined {
    const { properties } = event;
    const text = (name: string) => (typeof properties[name] == "string" ? (properties[name] as string) : "");
    const isView = event.event == "$pageview";
    const url = addressOf(text("$current_url"), this.#settings.captureHash);
    if (isView) this.#look(properties, url, text("$referrer"));
    this.#learn(properties.$set);
    if (event.event == "$set") return;

    const name = event.event == "$groupidentify" ? "join_group" : (EVENTS.get(plain(event.event)) ?? EVENTS.get(event.event));
    const en = name ?? nameOf(event.event);
    if (!en) return;
    const engaged = this.#engagedUntil(+(properties.$monotonic_ms as number));
    const engagement = Math.round(engaged - this.#told);
    // What the next view of the same document tells of, or nobody would miss.
    if (event.event == "$pageleave" && (next?.event == "$pageview" || engagement < WORTHWHILE_MS)) return;

    const began = momentOf(text("$session_id") || text("$stream_id"));
    const { count, engaged: isEngaged, starts, first } = visitor.stand(Math.floor(began / 1000), engaged, isView);
    this.#told = engaged;
    const request: Fields = new Map([
      ["v", "2"],
      ["tid", this.#measurementId],
      ["_p", `${momentOf(text("$stream_id"))}`],
      ...consentOf(event, this.#settings),
      ["cid", visitor.id],
      ["ul", text("$browser_language").toLowerCase()],
      ["sr", `${properties.$screen_width}x${properties.$screen_height}`],
    ]);
    const view = this.#view.id == properties.$pageview_id ? this.#view : { from: text("$referrer"), title: undefined };
    const from = addressOf(view.from);
    const shared: Fields = new Map([
      ["sid", `${Math.floor(began / 1000)}`],
      ["sct", `${count}`],
      ["seg", `${+isEngaged}`],
      ["dl", url],
      ...(from && from != "$direct" ? ([["dr", from]] as const) : []),
      ...(view.title ? ([["dt", `${view.title}`]] as const) : []),
      ...(properties.$user_id ? ([["uid", text("$user_id")]] as const) : []),
    ]);
    const own: Fields = new Map([["en", en]]);
    if (first) own.set("_fv", "1");
    if (visitor.takeNew()) own.set("_nsi", "1");
    if (starts) own.set("_ss", "1");
    const isAutomatic = AUTOMATIC.has(en) || /^(user_engagement|view_search_results)$/.test(en);
    if (!isAutomatic && !(isView && WITHIN_DOCUMENT.test(text("navigation_type")))) own.set("_ee", "1");
    this.#describe(properties, en, own, shared);
    if (event.event == "$groupidentify") own.set("ep.group_id", text("$group_key")).set("ep.group_type", text("$group_type"));
    if (engagement > 0 && !starts) own.set("_et", `${engagement}`);
    this.#news.forEach((value, key) => own.set(key, value));
    this.#news = new Map();
    return { request, shared, own, alone: starts };
  }

  #look(properties: CapturedEvent["properties"], url: string, referrer: string): void {
    const { $pageview_id: id, title, navigation_type } = properties;
    const within = WITHIN_DOCUMENT.test(`${navigation_type}`) && this.#view.url;
    this.#view = { id, url, title, from: within || referrer };
  }

  /** What is said of the visitor goes along with the next event, if GA4 does not know it yet. */
  #learn(set: unknown): void {
    if (!isObject(set)) return;
    for (const [name, value] of Object.entries(set)) {
      if (this.#known.get(name) === value) continue;
      this.#known.set(name, value);
      put(this.#news, "up", nameOf(name, PROPERTY_NAME), value);
    }
  }

  /** What the page has said of the event. */
  #describe(properties: CapturedEvent["properties"], en: string, own: Fields, shared: Fields): void {
    for (const [given, value] of Object.entries(properties)) {
      const isContext = given[0] == "$" ? !TOLD.test(given) : UTM.test(given) || CLICK.test(given);
      if (isContext || given == "navigation_type") continue;
      const other = PARAMETERS.get(`${en} ${given}`) ?? (RECOMMENDED.has(en) ? RECOMMENDED_PARAMETERS.get(given) : undefined);
      const name = other && !(other in properties) ? other : given;
      const key = WIRE_KEYS.get(name);
      if (key) shared.set(key, `${value ?? ""}`);
      else if (name != "items" || !WITH_ITEMS.has(en)) put(own, "ep", nameOf(name), value);
      else for (const [nth, item] of itemsOf(value)) own.set(nth, item);
    }
  }
}

/** Words in any case, with blanks or underscores between them, mean the same. */
const plain = (name: string) => name.replace(/ /g, "_").toLowerCase();
