// Whatever is stored, what the GA4 relay makes of it is what Google takes, by rules that were not written with the relay's
// (tests/harness/measurement-rules.mjs). Another seed: SEED=7 ROWS=20000 node --test tests/postgres/dispatch-ga4.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";
import { uuidv7 } from "../harness/client.mjs";
import { complaintsOf } from "../harness/measurement-rules.mjs";
import { measurementSink } from "../harness/measurement-sink.mjs";
import { between, randomFrom } from "../harness/random.mjs";
import { drain, options, outbox, QUICK } from "./outbox.mjs";
import { row, store } from "./support.mjs";

const SEED = Number(process.env.SEED ?? 1);
const ROWS = Number(process.env.ROWS ?? 1_000);
const HOUR = 3_600_000;

const NAMES = [
  "$pageview", "$pageleave", "$screen", "$identify", "$autocapture", "Order Completed", "purchase", "page_view", "user_engagement", "session_start",
  "first_visit", "screen_view", "error", "firebase_x", "ga_x", "google_x", "gtag.x", "_x", "$ga_x", "2fa", "größe.neu", "🧁", " ", "x".repeat(90), "$$heatmap", "a-b c",
];
const PARAMETERS = [
  "session_id", "engagement_time_msec", "timestamp_micros", "debug_mode", "firebase_conversion", "page_location", "page_title", "page_referrer",
  "$current_url", "$referrer", "$prev_pageview_duration", "$ga_session_id", "$session_id", "$set", "user_id", "client_id", "ga_x", "google_x", "_x", "gtag.x",
  "event_id", "organization_id", "tallymark_cut", "param_2", "2", "", "ünï cödé", "p".repeat(60), "currency", "value", "utm_source", "__proto__", "constructor", "a b", "a_b", "a-b",
];

/** Chance's rows. */
function* rowsOf(random) {
  const pick = (list) => list[between(random, 0, list.length - 1)];
  const maybe = (make, chance = 0.5) => (random() < chance ? make() : null);
  const text = (most) => Array.from({ length: between(random, 0, most) }, () => pick(["a", "é", "🧁", "\"", "\\", "\u0001", "\u2028", " ", "<", "%"])).join("");
  const scalar = () => pick([() => text(160), () => between(random, -1e9, 1e9), () => random() * 1e20, () => true, () => null, () => ({ a: { b: [1] } }), () => [1, "a"], () => "x".repeat(1_200), () => "12", () => -3])();
  const object = (names, most) => Object.fromEntries(Array.from({ length: between(random, 0, most) }, () => [maybe(() => pick(names), 0.7) ?? text(50), scalar()]));
  const item = () => pick([() => object(["item_id", "item_name", "price", "quantity", "größe", "ga_x", "x".repeat(50)], 20), () => 7, () => ({ item_id: "a", ...object(["b"], 15) }), () => ({ item_id: "" })])();
  const visitors = Array.from({ length: 12 }, () => ({
    anonymous_id: pick([null, uuidv7(), "555.1732449190", "GA1.1.555.1732449190", text(180), "v".repeat(200)]),
    user_id: pick([null, "user-1", text(180), "ü".repeat(200)]),
    session_id: pick([null, uuidv7(), "555.1732449190", "9".repeat(30), "s-1", text(60)]),
    context: {
      user_agent: pick([undefined, "Mozilla/5.0", text(300), 7]), country: pick([undefined, "DE", "XX", "T1", "de", 7]), gpc: pick([undefined, true]),
      consent: pick([undefined, { advertising: true }, { advertising: false, analytics: true }, { analytics: false }]),
    },
  }));
  for (let n = 0; n < ROWS; n++) {
    const { context, ...visitor } = pick(visitors);
    const properties = object(PARAMETERS, 45);
    if (random() < 0.2) properties.items = pick([() => Array.from({ length: between(random, 0, 260) }, item), () => "none"])();
    const json = JSON.stringify(properties);
    yield row({
      ...visitor, event_id: uuidv7(), event_name: pick([() => pick(NAMES), () => text(60)])() || "x", source: pick(["browser", "server"]),
      occurred_at: new Date(Date.now() - random() * 71.9 * HOUR).toISOString(),
      properties: json === "{}" ? json : `{"n":${n},${json.slice(1)}`, context: JSON.stringify(context),
    });
  }
}

test(`random rows by seed ${SEED}: Google would drop nothing of what is sent, and what is sent is told by its id`, options, async (t) => {
  const google = await measurementSink();
  t.after(() => google.stop());
  const ga4 = { name: "ga4", kind: "ga4", host: google.url, measurement_id: "G-ABC123", api_secret: "s3cret", consent: [], batch_size: 1_000, ...QUICK };
  const { client, dispatch } = await outbox(t, "ga4", [ga4]);
  const rows = [...rowsOf(randomFrom(SEED))];
  for (let at = 0; at < rows.length; at += 500) await store(client, rows.slice(at, at + 500));
  // A collector stores nothing like this, and an outbox does: half a character, and a number that is none.
  const odd = '{"half":"\\ud83d","far":1e999,';
  await client.query(`update domain_event set is_processed = false, next_attempt_at = now(),
    properties = case when seq % 10 = 0 and properties::text like '{"n":%' then ($1 || substr(properties::text, 2))::json else properties end`, [odd]);
  await drain(dispatch);
  assert.deepEqual(google.dropped.slice(0, 5), []);
  assert.equal((await client.query("select from parked_delivery")).rowCount, 0);
  const sent = new Set(google.events.map(({ event }) => event.params.event_id));
  assert.equal(sent.size, google.events.length, "each once");
  const wanted = rows.map((text) => JSON.parse(text)).filter(({ event_name, anonymous_id, user_id }) => (anonymous_id || user_id) && !event_name.startsWith("$$"));
  assert.ok(wanted.length > ROWS / 2);
  for (const { event_id } of wanted) assert.ok(sent.has(event_id));
  const few = google.events.filter(({ event }) => Object.keys(event.params).length < 20 && event.name !== "pageleave");
  const having = few.filter(({ event }) => "n" in event.params);
  assert.ok(having.length > few.length * 0.9, `what can't be told costs no more than itself: ${having.length} of ${few.length}`);
});

test("the rules themselves: each is broken by a request that breaks nothing else", () => {
  const now = Date.now();
  const event = (more = {}) => ({ name: "a", params: {}, timestamp_micros: now * 1_000, ...more });
  const codes = (body, query = "measurement_id=G-A&api_secret=s") =>
    complaintsOf(new URLSearchParams(query), typeof body === "string" ? body : JSON.stringify({ client_id: "1.1", events: [event()], ...body }), now).map((one) => one.validationCode);
  const params = (more) => ({ events: [event({ params: more })] });
  const many = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`p${i}`, i]));
  assert.deepEqual(codes({}), []);
  assert.deepEqual(codes(params({ ...many(24), page_title: "x".repeat(300) })), []);
  assert.deepEqual(codes(params({ items: [{ item_id: "a", ...many(10) }], session_id: "17", engagement_time_msec: 1 })), []);
  for (const [body, code, query] of [
    [{}, "VALUE_REQUIRED", "measurement_id=G-A"],
    ["[", "VALUE_INVALID"],
    [{ client_id: "" }, "VALUE_REQUIRED"],
    [{ events: [] }, "VALUE_REQUIRED"],
    [{ events: Array.from({ length: 26 }, () => event()) }, "EXCEEDED_MAX_ENTITIES"],
    [{ user_agent: "x".repeat(130_000) }, "VALUE_OUT_OF_BOUNDS"],
    [{ user_id: "x".repeat(257) }, "VALUE_OUT_OF_BOUNDS"],
    [{ consent: { ad_user_data: "granted" } }, "VALUE_INVALID"],
    [{ user_location: { country_id: "Germany" } }, "VALUE_INVALID"],
    [{ events: [event({ timestamp_micros: (now - 73 * HOUR) * 1_000 })] }, "VALUE_OUT_OF_BOUNDS"],
    ...["2fa", "a.b", "x".repeat(41)].map((name) => [{ events: [event({ name })] }, "NAME_INVALID"]),
    ...["session_start", "ga_x", "firebase_x"].map((name) => [{ events: [event({ name })] }, "NAME_RESERVED"]),
    [params(many(26)), "EXCEEDED_MAX_ENTITIES"],
    [params({ a: "x".repeat(101) }), "VALUE_OUT_OF_BOUNDS"],
    [params({ page_location: "x".repeat(1_001) }), "VALUE_OUT_OF_BOUNDS"],
    [params({ google_x: 1 }), "NAME_RESERVED"],
    [params({ a: { b: 1 } }), "VALUE_INVALID"],
    [params({ session_id: "s-1" }), "VALUE_INVALID"],
    [params({ timestamp_micros: 7 }), "VALUE_OUT_OF_BOUNDS"],
    [params({ items: Array.from({ length: 201 }, () => ({ item_id: "a" })) }), "EXCEEDED_MAX_ENTITIES"],
    [params({ items: [{ item_id: "a", ...many(11) }] }), "EXCEEDED_MAX_ENTITIES"],
    [params({ items: [{ price: 1 }] }), "VALUE_REQUIRED"],
  ]) assert.deepEqual(codes(body, query), [code], JSON.stringify(body).slice(0, 120));
});
