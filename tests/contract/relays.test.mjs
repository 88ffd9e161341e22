// PostHog, GA4, Kafka and Pub/Sub are told in their own terms, through the real Worker and its alarm: what they would
// refuse, drop or store twice shows here.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { enrolled, event, isStoredEvent, uuidv7 } from "../harness/client.mjs";
import { kafkaProxy } from "../harness/kafka-proxy.mjs";
import { measurementSink } from "../harness/measurement-sink.mjs";
import { posthogSink } from "../harness/posthog-sink.mjs";
import { pubsub } from "../harness/pubsub.mjs";
import { until } from "../harness/until.mjs";
import { startWorld } from "../harness/world.mjs";

/** Quick, so that no test waits. */
const QUICK = { flush_interval_ms: 0, retry_first_ms: 20, retry_cap_ms: 100, timeout_ms: 2_000, from: "start" };

let world;
before(async () => {
  world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world.stop());

/** A tenant whose events go to this one destination. */
async function tenantWith(slug, destination) {
  const client = await enrolled(world, slug);
  const record = { name: slug, ...QUICK, ...destination };
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([record]));
  return client;
}

/** A receiver that ends with the test. */
async function started(t, receiver) {
  const one = await receiver;
  t.after(() => one.stop());
  return one;
}

async function send(client, events, options) {
  const response = await client.batch(events, options);
  assert.equal(response.status, 200, await response.text());
  return events.map(({ uuid }) => uuid);
}

async function stateOf(client) {
  const { destinations, problems } = await client.read("/v1/destinations");
  assert.deepEqual(problems, []);
  return destinations[0];
}

const untilCaughtUp = (client) =>
  until("everything to be delivered or parked", async () => {
    const state = await stateOf(client);
    return state.lag_events === 0 && state;
  });

const parkedOf = async (client) => (await client.read("/v1/deliveries/parked")).deliveries;

const device = uuidv7();
const session = uuidv7(Date.now() - 60_000);

/** What a page of ours sends. */
const ofPage = (name, properties = {}, fields = {}) =>
  event(name, { distinct_id: device, properties: { $device_id: device, $session_id: session, ...properties }, ...fields });

test("PostHog has each event once, of whom it is and when it happened", async (t) => {
  const sink = await started(t, posthogSink({ from: "server" }));
  const client = await tenantWith("posthog", { kind: "posthog", host: sink.url, project_api_key: "phc_x" });
  const minute = (n) => new Date(Date.now() - n * 60_000).toISOString();
  const ids = await send(client, [
    ofPage("$pageview", { $current_url: "https://shop.example/", big: 12345678901234567890n.toString() }, { timestamp: minute(3) }),
    ofPage("$identify", { $anon_distinct_id: device, $is_identified: true, $set: { plan: "pro" } }, { distinct_id: "user-1", timestamp: minute(2) }),
    ofPage("order_paid", { $is_identified: true, $user_id: "user-1", $entity_type: "order", $entity_id: "7", $groups: { team: "a" } }, { distinct_id: "user-1", timestamp: minute(1) }),
    event("$pageview", { distinct_id: "$posthog_cookieless", properties: { $cookieless_mode: true } }),
  ]);
  const old = { event_id: uuidv7(), event_name: "order_shipped", occurred_at: new Date(Date.now() - 5 * 86_400_000).toISOString(), user_id: "user-1" };
  assert.equal((await client.domain([old])).status, 200);
  await untilCaughtUp(client);
  assert.deepEqual(sink.refused, []);
  const got = new Map(sink.events().map((one) => [one.uuid, one]));
  assert.deepEqual([...got.keys()].toSorted(), [...ids, old.event_id].toSorted());
  for (const row of await client.events()) assert.equal(got.get(row.event_id).at, Date.parse(row.occurred_at), "to the millisecond");
  const [view, identify, paid, nobody] = ids.map((id) => got.get(id));
  assert.deepEqual([view, identify, paid].map((one) => one.distinct_id), [device, "user-1", "user-1"]);
  assert.equal(identify.properties.$anon_distinct_id, device, "by which PostHog joins them");
  assert.deepEqual(identify.properties.$set, { plan: "pro" });
  assert.deepEqual(paid.properties.$groups, { team: "a", organization: client.tenant.organization_id });
  assert.deepEqual([paid.properties.$entity_type, paid.properties.$entity_id], ["order", "7"]);
  assert.deepEqual([nobody.distinct_id, nobody.properties.$process_person_profile], [nobody.uuid, false]);
  assert.deepEqual(sink.events().filter((one) => one.migration).map((one) => one.uuid), [old.event_id]);
});

test("a PostHog that is beyond its quota has lost nothing when it is no more", async (t) => {
  const sink = await started(t, posthogSink({ from: "server" }));
  sink.answer = { status: 200, body: '{"status":"Ok","quota_limited":["events"]}' };
  const client = await tenantWith("quota", { kind: "posthog", host: sink.url, project_api_key: "phc_x" });
  const ids = await send(client, [ofPage("a"), ofPage("b")]);
  const { last_error } = await until("the refusal to be seen", async () => {
    const state = await stateOf(client);
    return state.last_error && state;
  });
  assert.match(last_error, /quota_limited/);
  sink.answer = { status: 200, body: '{"status":"Ok"}' };
  const { delivered, parked } = await untilCaughtUp(client);
  assert.deepEqual([delivered, parked], [2, 0]);
  assert.deepEqual(sink.events().map((one) => one.uuid).toSorted(), ids.toSorted());
});

const ga4 = (sink, more = {}) => ({ kind: "ga4", host: sink.url, measurement_id: "G-ABC123", api_secret: "s3cret", ...more });

test("GA4 has what it can take, within all of its limits, and the rest is accounted for", async (t) => {
  const sink = await started(t, measurementSink());
  const client = await tenantWith("ga4", ga4(sink));
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`parameter ${n}`, "x".repeat(120)]));
  const items = [{ item_id: "a", price: 1.5, colour: "red" }, { price: 2 }];
  const browser = { headers: { "user-agent": "Mozilla/5.0 (X11)", "sec-gpc": "1" } };
  await send(client, [ofPage("$pageview", { $current_url: "https://shop.example/a", title: "A", $referrer: "$direct" })], browser);
  await send(client, [
    ofPage("purchase", { currency: "EUR", value: 3, items, ...many }),
    ofPage("$pageleave", { $prev_pageview_duration: 1.5 }),
    ...["$screen", "session_start", "ga_own", "2fa", "größe.neu", "$autocapture", "$exception"].map((name) => ofPage(name)),
    ...["$set", "$groupidentify"].map((name) => ofPage(name, { $group_type: "team", $group_key: "a" })),
    event("$pageview", { distinct_id: "$posthog_cookieless", properties: { $cookieless_mode: true } }),
    ofPage("refused", { $consent: { analytics: false } }),
  ]);
  const old = { event_id: uuidv7(), event_name: "shipped", occurred_at: new Date(Date.now() - 73 * 3_600_000).toISOString(), user_id: "user-1" };
  const recent = { event_id: uuidv7(), event_name: "paid", occurred_at: new Date(Date.now() - 71 * 3_600_000).toISOString(), user_id: "user-1" };
  assert.equal((await client.domain([old, recent])).status, 200);
  await untilCaughtUp(client);
  assert.deepEqual(sink.dropped, [], "Google would have dropped these in silence");
  const named = Object.fromEntries(sink.events.map((one) => [one.event.name, one]));
  assert.deepEqual(Object.keys(named).toSorted(), [
    "autocapture", "event_2fa", "event_ga_own", "event_session_start", "exception", "gr__e_neu", "page_view", "pageleave", "paid", "purchase", "screen",
  ]);
  const { page_view, purchase, pageleave, paid } = named;
  const denied = { ad_user_data: "DENIED", ad_personalization: "DENIED" };
  assert.deepEqual([page_view.client_id, page_view.user_agent, page_view.consent], [device, "Mozilla/5.0 (X11)", denied]);
  assert.equal(page_view.event.params.page_location, "https://shop.example/a");
  assert.equal(page_view.event.params.session_id, String(Math.floor(parseInt(session.replaceAll("-", "").slice(0, 12), 16) / 1_000)));
  assert.deepEqual([purchase.event.params.currency, purchase.event.params.items.length], ["EUR", 1]);
  assert.match(purchase.event.params.tallymark_cut, /parameters, .* values, 1 item/);
  assert.equal(pageleave.event.params.engagement_time_msec, 1_500);
  assert.deepEqual([paid.user_id, paid.event.timestamp_micros], ["user-1", Date.parse(recent.occurred_at) * 1_000]);
  const parked = await parkedOf(client);
  assert.deepEqual(parked.map(({ event_id, reason }) => [event_id, reason]), [[old.event_id, "unfit"]]);
  assert.match(parked[0].detail, /72 hours/);
});

test("what was too old for GA4 is not sent when it is retried, either", async (t) => {
  const sink = await started(t, measurementSink());
  const client = await tenantWith("ga4-late", ga4(sink));
  const old = (n) => ({ event_id: uuidv7(), event_name: "shipped", occurred_at: new Date(Date.now() - (73 + n) * 3_600_000).toISOString(), user_id: "u" });
  assert.equal((await client.domain(Array.from({ length: 30 }, (_, n) => old(n)))).status, 200);
  const { parked, status } = await untilCaughtUp(client);
  assert.deepEqual([parked, status], [30, "working"], "it says nothing of GA4");
  const headers = { authorization: `Bearer ${client.tenant.server_key}`, "content-type": "application/json" };
  const response = await fetch(`${client.url}/v1/deliveries/retry`, { method: "POST", body: "{}", headers });
  assert.equal(response.status, 200);
  await until("each to be parked once more", async () => {
    const parked = await parkedOf(client);
    return parked.length === 30 && parked.every(({ attempts }) => attempts === 2);
  });
  assert.deepEqual([sink.events, sink.dropped], [[], []]);
});

test("with validate, Google's own words park what it would drop", async (t) => {
  const sink = await started(t, measurementSink());
  const client = await tenantWith("ga4-validate", ga4(sink, { validate: true }));
  sink.complaint = ({ name }) => name === "bad" && "Event at index: [0] has invalid name [bad].";
  const ids = await send(client, ["fine", "fine", "bad", "fine"].map((name) => ofPage(name)));
  const { delivered } = await untilCaughtUp(client);
  assert.equal(delivered, 3);
  const [{ event_id, reason, detail }] = await parkedOf(client);
  assert.deepEqual([event_id, reason], [ids[2], "refused"]);
  assert.match(detail, /has invalid name/);
  assert.deepEqual([sink.events, sink.dropped], [[], []], "nothing is stored");
});

for (const api of ["v2", "v3"]) {
  test(`Kafka by ${api}: a failure of one record is no other's`, async (t) => {
    const authorization = `Basic ${Buffer.from("key:secret").toString("base64")}`;
    const proxy = await started(t, kafkaProxy({ authorization }));
    const dead = await started(t, kafkaProxy());
    dead.down = "reset";
    const base = api === "v3" ? "/kafka" : "";
    const client = await tenantWith(`kafka-${api}`, {
      kind: "kafka", brokers: [`${dead.url}${base}`, `${proxy.url}${base}/`], topic: "domain_events",
      username: "key", password: "secret", ...(api === "v3" && { cluster_id: "lkc-1" }),
    });
    const failures = new Map();
    proxy.fault = (value) => {
      const { event_name, event_id } = JSON.parse(value);
      if (event_name === "poison") return api === "v3" ? { code: 42201, message: "no" } : { code: 1, message: "no" };
      if (event_name !== "flaky" || failures.has(event_id)) return undefined;
      failures.set(event_id, 1);
      return api === "v3" ? { code: 50302, message: "no leader" } : { code: 2, message: "no leader" };
    };
    const names = ["fine", "flaky", "fine", "poison", "fine", "flaky"];
    const ids = await send(client, names.map((name) => ofPage(name, { text: "ünï\"\\ 1.10" })));
    await untilCaughtUp(client);
    const records = proxy.topics.get("domain_events");
    const rows = await client.events();
    const values = records.map(({ value }) => JSON.parse(value));
    assert.deepEqual(values.map(({ event_id }) => event_id).toSorted(), ids.filter((_, n) => names[n] !== "poison").toSorted(), "each once");
    assert.deepEqual((await parkedOf(client)).map(({ event_id, reason, detail }) => [event_id, reason, detail]), [[ids[3], "refused", "422: no"]]);
    for (const [at, { key, value, headers }] of records.entries()) {
      assert.equal(key, client.tenant.organization_id);
      assert.ok(isStoredEvent(values[at]), JSON.stringify(isStoredEvent.errors));
      assert.deepEqual(JSON.parse(value), rows.find((row) => row.event_id === values[at].event_id));
      const { event_id, event_name, organization_id, schema_version } = values[at];
      if (api === "v3") assert.deepEqual(headers, { event_id, event_name, organization_id, schema_version: String(schema_version) });
    }
    assert.ok(dead.requests.length > 0, "it was tried, and the other one after it");
  });
}

test("a dead first proxy is asked once, and not for every batch, parked event or start of a collector", async (t) => {
  const persist = mkdtempSync(join(tmpdir(), "tallymark-proxies-"));
  const [dead, proxy] = [await started(t, kafkaProxy()), await started(t, kafkaProxy())];
  dead.down = "reset";
  let isRefused = true;
  proxy.fault = (value) => (JSON.parse(value).event_name === "refused" && isRefused ? { code: 1, message: "no" } : undefined);
  const options = { tenants: [], persist, vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } };
  const own = await startWorld(options);
  let running = own;
  t.after(async () => {
    await running.stop();
    rmSync(persist, { recursive: true });
  });
  const client = await enrolled(own, "proxies");
  const record = { name: "bus", kind: "kafka", brokers: [dead.url, proxy.url], topic: "domain_events", ...QUICK };
  await own.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([record]));
  const ids = [];
  const batch = async (name) => {
    ids.push(...(await send(client, [event(name), event(name)], { headers: { origin: own.url } })));
    await untilCaughtUp(client);
  };
  for (let n = 0; n < 4; n++) await batch("fine");
  await batch("refused");
  assert.equal((await parkedOf(client)).length, 2);
  isRefused = false;
  const retry = { method: "POST", body: "{}", headers: { authorization: `Bearer ${client.tenant.server_key}` } };
  assert.equal((await fetch(`${client.url}/v1/deliveries/retry`, retry)).status, 200);
  await until("what was parked to arrive", async () => (await parkedOf(client)).length === 0);
  await own.stop();
  running = await startWorld(options);
  client.url = running.url;
  for (let n = 0; n < 4; n++) await batch("fine");
  const arrived = proxy.topics.get("domain_events").map(({ value }) => JSON.parse(value).event_id);
  assert.deepEqual(arrived.toSorted(), ids.toSorted(), "each once");
  assert.equal(dead.requests.length, 1);
});

test("a topic that is not there keeps everything until it is", async (t) => {
  const proxy = await started(t, kafkaProxy());
  const client = await tenantWith("topicless", { kind: "kafka", brokers: [proxy.url], topic: "later" });
  await send(client, [ofPage("a"), ofPage("b")]);
  await until("the refusal to be seen", async () => /40403/.test((await stateOf(client)).last_error));
  proxy.topics.set("later", []);
  const { delivered, parked } = await untilCaughtUp(client);
  assert.deepEqual([delivered, parked], [2, 0]);
});

test("Pub/Sub has each event, in order of its tenant, with a token that the account has signed", async (t) => {
  const service = await started(t, pubsub());
  const bus = { kind: "pubsub", project_id: "shop-prod", topic: "domain_events", endpoint: service.url, credentials: service.account };
  const client = await tenantWith("pubsub", { ...bus, batch_size: 4 });
  const ids = await send(client, Array.from({ length: 10 }, (_, n) => ofPage("order_paid", { n, text: "ünï\"" })));
  await untilCaughtUp(client);
  const rows = await client.events();
  const tokens = new Set(service.requests.map(({ headers }) => headers.authorization));
  assert.deepEqual([service.requests.length, tokens.size], [3, 1], "one token for all");
  assert.deepEqual(service.messages.map(({ attributes }) => attributes.event_id), ids);
  for (const [at, { data, attributes, orderingKey }] of service.messages.entries()) {
    assert.deepEqual(JSON.parse(data), rows[at]);
    assert.ok(isStoredEvent(rows[at]));
    assert.equal(orderingKey, client.tenant.organization_id);
    assert.deepEqual([attributes.event_name, attributes.schema_version], ["order_paid", String(rows[at].schema_version)]);
  }
});

test("a key that is none says so, and a better one goes on", async (t) => {
  const service = await started(t, pubsub());
  const bus = { kind: "pubsub", project_id: "shop-prod", topic: "domain_events", endpoint: service.url };
  const broken = { ...service.account, private_key: "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n" };
  const client = await tenantWith("keyless", { ...bus, credentials: broken });
  await send(client, [ofPage("a")]);
  await until("the error to be seen", async () => (await stateOf(client)).last_error);
  assert.equal(service.requests.length, 0);
  const record = [{ name: "keyless", ...QUICK, ...bus, credentials: service.account }];
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify(record));
  const headers = { authorization: `Bearer ${client.tenant.server_key}` };
  assert.equal((await fetch(`${client.url}/v1/destinations/keyless/resume`, { method: "POST", headers })).status, 200);
  await untilCaughtUp(client);
  assert.equal(service.messages.length, 1);
});

test("the seeds' variables are destinations of every tenant", async (t) => {
  const [posthog, kafka] = [await started(t, posthogSink({ from: "server" })), await started(t, kafkaProxy())];
  const google = await started(t, measurementSink());
  const vars = {
    EVENT_SINK_FLUSH_INTERVAL_MS: "0",
    EVENT_BUS_DRIVER: "kafka", KAFKA_BROKERS: `${kafka.url},http://127.0.0.1:9`, EVENT_BUS_KAFKA_TOPIC: "domain_events",
    POSTHOG_HOST: posthog.url, POSTHOG_PROJECT_API_KEY: "phc_x",
    GOOGLE_ANALYTICS_HOST: google.url, GOOGLE_ANALYTICS_MEASUREMENT_ID: "G-ABC123", GOOGLE_ANALYTICS_API_SECRET: "s3cret",
  };
  const deployment = await startWorld({ tenants: [], vars, assets: false });
  t.after(() => deployment.stop());
  const client = await enrolled(deployment, "everybody");
  // All of them were there before the first event, and none misses it.
  const ids = [await send(client, [ofPage("first")]), await send(client, [ofPage("second")])].flat();
  const { destinations } = await client.read("/v1/destinations");
  const names = destinations.map(({ name, kind }) => `${name} ${kind}`);
  assert.deepEqual(names.toSorted(), ["event_bus kafka", "ga4 ga4", "posthog posthog"]);
  await until("everybody to have both", () =>
    posthog.events().length === 2 && google.events.length === 2 && kafka.topics.get("domain_events")?.length === 2);
  assert.deepEqual(posthog.events().map(({ uuid }) => uuid).toSorted(), ids.toSorted());
  assert.deepEqual(google.events.map(({ event }) => event.params.event_id).toSorted(), ids.toSorted());
  assert.deepEqual([posthog.refused, google.dropped], [[], []]);
});
