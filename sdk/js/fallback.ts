// What the loader sends by itself while there is no module: plainer events, in the same stream, so that
// nothing captured is lost when the page leaves first, or the module can't be had at all.
import { type Call, Op } from "./core.js";
import { keep as keepChunk } from "./spool.js";
import { beacon, post } from "./transport.js";
import { read, save, Slot } from "./store.js";

/** The stream's books until the module takes them over; what is lost has its number, too. */
export const stream = { id: "", seq: 0, lost: 0, windowId: "" };

/** The call that has the module go on with the view whose `$pageview` was sent from here. */
export let adoption: Call | undefined;
let viewId: string | undefined;

/** As many events as the module puts into a request. */
const BATCH_EVENTS = 50;

let place = {};

/** A UUIDv7: the moment, and a random digit for each x. */
export const uuid7 = (ms: number): string =>
  (ms.toString(16).padStart(12, "0") + "-7xxx-8xxx-xxxxxxxxxxxx")
    .replace(/.{8}/, "$&-")
    .replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0]! % 16).toString(16));

const parse = (json: string | undefined) => (json ? JSON.parse(json) : undefined);
const object = (members: string | undefined) => parse(`{${members}}`);
const kept = (slot: Slot) => parse(read(slot));
const keep = (slot: Slot, value: unknown) => save(slot, JSON.stringify(value));

function ensureIds(): void {
  if (!kept(Slot.Device)) keep(Slot.Device, uuid7(Date.now()));
  if (!kept(Slot.Anonymous)) keep(Slot.Anonymous, kept(Slot.Device));
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
    const user = kept(Slot.User);
    batch.push({
      event,
      uuid,
      distinct_id: user ?? kept(Slot.Anonymous),
      timestamp: new Date(at || wall).toISOString(),
      properties: {
        ...place,
        $lib: "tallymark",
        $device_id: kept(Slot.Device),
        $user_id: user,
        $session_id: kept(Slot.Session)?.split("|")[0],
        $window_id: stream.windowId,
        $pageview_id: event == "$pageview" ? uuid : viewId,
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
      viewId = capture("$pageview", { ...object(c), ...parse(d) }, wall, mono);
      adoption = [Op.Adopt, a + "\n" + b + "\n" + viewId, wall, mono];
    } else if (op == Op.Locate) {
      place = object(a);
    } else if (op == Op.Capture && parse(a) && b![0] == "{") {
      capture(parse(a), parse(b), wall, mono, at);
    } else if (op == Op.Identify && parse(a)) {
      ensureIds();
      const before = kept(Slot.User);
      const anonymous = before ? undefined : kept(Slot.Anonymous);
      save(Slot.User, a!);
      if (parse(a) != before) capture("$identify", { $anon_distinct_id: anonymous, $set: parse(b) }, wall, mono);
    } else if (op == Op.Reset) {
      for (const slot of [Slot.User, Slot.Session, Slot.Groups, Slot.Supers]) save(slot, "");
      keep(Slot.Anonymous, uuid7(wall));
    } else {
      left.push(call);
    }
  }
  if (leaving && adoption) {
    const properties = {
      $prev_pageview_id: viewId,
      $prev_pageview_duration: (performance.now() - adoption[3]) / 1000,
    };
    capture("$pageleave", properties, Date.now(), performance.now());
    viewId = adoption = undefined;
  }
  while (batch.length) {
    const part = batch.splice(0, BATCH_EVENTS);
    const report = { id: stream.id, seq: stream.seq, dropped: { queue_full: stream.lost } };
    const body = JSON.stringify({ api_key: key, batch: part, sent_at: new Date(), stream: report });
    // A beacon has no answer: the next page sends it again. All that makes a chunk is in the request, too.
    keepChunk(`1${stream.id}_${uuid7(0)}`, body);
    beacon(url, body) || post(url, body);
  }
  return left;
}
