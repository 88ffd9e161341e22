// What the loader sends by itself while there is no module: plainer events, in the same stream, so that
// nothing captured is lost when the page leaves first, or the module can't be had at all.
import { type Call, Op } from "./core.js";
import { keep as keepChunk } from "./spool.js";
import { beacon, post } from "./transport.js";
import * as store from "./store.js";

/** The stream's books until the module takes them over; what is lost has its number, too. */
export const stream = { id: "", seq: 0, lost: 0, windowId: "" };

/** The view whose `$pageview` was sent from here, to be adopted by the module. */
export let view: { id: string; place: string; wall: number; mono: number } | undefined;

/** As many events as the module puts into a request. */
const BATCH_EVENTS = 50;

let place: { $pathname?: string } = {};

/** A UUIDv7. */
export function uuid7(ms: number): string {
  const random = [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => (byte + 256).toString(16).slice(1)).join("");
  // Variant and version take the place of random bits.
  const digits = ms.toString(16).padStart(12, "0") + "7" + random.slice(1, 4) + "8" + random.slice(5);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const parse = (json: string | undefined) => JSON.parse(json || "null");
const object = (members: string | undefined) => parse(`{${members}}`);
const kept = (slot: number) => parse(store.read(slot));
const keep = (slot: number, value: unknown) => store.save(slot, JSON.stringify(value));

function ensureIds(): void {
  if (!kept(store.DEVICE)) keep(store.DEVICE, uuid7(Date.now()));
  if (!kept(store.ANONYMOUS)) keep(store.ANONYMOUS, kept(store.DEVICE));
}

/**
 * Sends the calls as events; when `leaving`, the end of the view too. Returns what it leaves to the module, should
 * there be one yet: groups and super-properties, and the counting of bad calls.
 */
export function send(url: string, key: string, calls: Call[], leaving?: boolean): Call[] {
  const batch: object[] = [];
  const left: Call[] = [];
  const capture = (event: string, properties: object, wall: number, mono: number, at?: number) => {
    ensureIds();
    const uuid = uuid7(wall);
    const user = kept(store.USER);
    batch.push({
      event,
      uuid,
      distinct_id: user ?? kept(store.ANONYMOUS),
      timestamp: new Date(at || wall).toISOString(),
      properties: {
        ...place,
        $lib: "tallymark",
        $device_id: kept(store.DEVICE),
        $user_id: user ?? undefined,
        $session_id: kept(store.SESSION)?.split("|")[0],
        $window_id: stream.windowId,
        $pageview_id: event == "$pageview" ? uuid : view?.id,
        ...properties,
        $stream_id: stream.id,
        $seq: ++stream.seq,
        $monotonic_ms: Math.trunc(mono),
      },
    });
    return uuid;
  };
  for (const call of calls) {
    const [op, message, wall, mono, at] = call;
    const [a, b, c, d] = message.split("\n");
    if (op == Op.Page) {
      place = object(a);
      view = { id: capture("$pageview", { ...object(c), ...parse(d) }, wall, mono), place: a + "\n" + b, wall, mono };
    } else if (op == Op.Locate) {
      place = object(a);
    } else if (op == Op.Capture && parse(a) && b![0] == "{") {
      capture(parse(a), parse(b), wall, mono, at);
    } else if (op == Op.Identify && parse(a)) {
      ensureIds();
      const before = kept(store.USER);
      const anonymous = before ? undefined : kept(store.ANONYMOUS);
      store.save(store.USER, a!);
      if (parse(a) != before) capture("$identify", { $anon_distinct_id: anonymous, $set: parse(b) }, wall, mono);
    } else if (op == Op.Reset) {
      for (const slot of [store.USER, store.SESSION, store.GROUPS, store.SUPERS]) store.save(slot, "");
      keep(store.ANONYMOUS, uuid7(wall));
    } else {
      left.push(call);
    }
  }
  if (leaving && view) {
    const properties = {
      $prev_pageview_id: view.id,
      $prev_pageview_pathname: place.$pathname,
      $prev_pageview_duration: (performance.now() - view.mono) / 1000,
    };
    capture("$pageleave", properties, Date.now(), performance.now());
    view = undefined;
  }
  while (batch.length) {
    const part = batch.splice(0, BATCH_EVENTS);
    const report = { id: stream.id, seq: stream.seq, dropped: { queue_full: stream.lost } };
    // A beacon has no answer: the next page's module sends it again.
    keepChunk(`1${stream.id}_${uuid7(0)}`, JSON.stringify({ stream: report, context: {}, batch: part }));
    const body = JSON.stringify({ api_key: key, batch: part, sent_at: new Date(), stream: report });
    beacon(url, body) || post(url, body);
  }
  return left;
}
