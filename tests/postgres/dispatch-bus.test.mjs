// The outbox's way to Kafka, to Pub/Sub and to PostHog: the messages of docs/EVENT-BUS.md, as the collector sends them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { BINARY } from "../harness/cli.mjs";
import { isStoredEvent } from "../harness/client.mjs";
import { kafkaProxy } from "../harness/kafka-proxy.mjs";
import { posthogSink } from "../harness/posthog-sink.mjs";
import { pubsub } from "../harness/pubsub.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { drain, emit, options, outbox, QUICK, SECRETS } from "./outbox.mjs";

/** A receiver that ends with the test. */
async function started(t, receiver) {
  const one = await receiver;
  t.after(() => one.stop());
  return one;
}

const AWKWARD = { text: "ünï\"\\\u2028", price: 1.1 };
const EVENTS = "select event_id::text, organization_id, event_name, seq from domain_event order by seq";
const idsOf = (rows) => rows.map(({ event_id }) => event_id).toSorted();

/** What any bus must bring of these rows: the event's envelope, which says the same as its attributes. */
function assertMessage({ key, value, attributes }, rows) {
  const event = JSON.parse(value);
  const row = rows.find(({ event_id }) => event_id === event.event_id);
  assert.ok(isStoredEvent(event), JSON.stringify(isStoredEvent.errors));
  assert.deepEqual([key, event.organization_id, event.event_name, event.seq], [row.organization_id, row.organization_id, row.event_name, Number(row.seq)]);
  assert.deepEqual([event.source, event.trust, event.properties], ["server", "server", AWKWARD]);
  const { event_id, event_name, organization_id, schema_version } = event;
  if (attributes) assert.deepEqual(attributes, { event_id, event_name, organization_id, schema_version: String(schema_version) });
}

for (const api of ["v2", "v3"]) {
  const [path, cluster] = api === "v3" ? ["/kafka", { cluster_id: "lkc-1" }] : ["", {}];
  const kafka = (brokers, more) => ({ name: "bus", kind: "kafka", brokers: brokers.map(({ url }) => `${url}${path}`), topic: "domain_events", ...cluster, ...QUICK, ...more });
  const code = (v2, v3) => ({ code: api === "v3" ? v3 : v2, message: "no" });

  test(`Kafka by ${api}: each event once, under its tenant's key, and a failure of one record is no other's`, options, async (t) => {
    const proxy = await started(t, kafkaProxy({ authorization: `Basic ${Buffer.from("key:secret").toString("base64")}` }));
    const { client, dispatch } = await outbox(t, `kafka_${api}`, [kafka([proxy], { username: "key", password: "secret" })]);
    await client.query(`select emit_domain_event(case when i = 17 then 'poison' when i % 50 = 0 then 'flaky' else 'fine' end, $1::json, 'org_' || i % 3)
      from generate_series(1, 450) i`, [JSON.stringify(AWKWARD)]);
    const failed = new Set();
    proxy.fault = (value) => {
      const { event_name, event_id } = JSON.parse(value);
      if (event_name === "poison") return code(1, 42201);
      if (event_name !== "flaky" || failed.has(event_id)) return undefined;
      failed.add(event_id);
      return code(2, 50302);
    };
    const first = await dispatch();
    assert.deepEqual([first.exit, first.result.delivered, first.result.parked, first.result.pending], [1, { bus: 440 }, { bus: 1 }, 9]);
    assert.match(first.problems[0].message, /^bus: 503: no/);
    await drain(dispatch);
    const records = proxy.topics.get("domain_events");
    const { rows } = await client.query(EVENTS);
    assert.deepEqual(idsOf(records.map(({ value }) => JSON.parse(value))), idsOf(rows.filter(({ event_name }) => event_name !== "poison")), "each once");
    for (const { key, value, headers } of records) assertMessage({ key, value, attributes: headers }, rows);
    assert.equal(failed.size, 9);
    const { rows: [parked] } = await client.query("select destination, reason, event_name from parked_delivery join domain_event using (organization_id, event_id)");
    assert.deepEqual(parked, { destination: "bus", reason: "422: no", event_name: "poison" });
  });

  test(`Kafka by ${api}: what one broker fails the next one takes, at once and from then on`, options, async (t) => {
    const [dead, ill, well] = [await started(t, kafkaProxy()), await started(t, kafkaProxy()), await started(t, kafkaProxy())];
    dead.down = "reset";
    ill.down = { status: 503 };
    const { client, args } = await outbox(t, `brokers_${api}`, [kafka([dead, ill, well], { batch_size: 10 })]);
    await client.query("select emit_domain_event('x', $1::json, 'org_1') from generate_series(1, 50)", [JSON.stringify(AWKWARD)]);
    const watcher = spawn(BINARY, [...args, "--watch", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => watcher.kill("SIGKILL"));
    let said = "";
    watcher.stdout.on("data", (text) => (said += text));
    const topic = well.topics.get("domain_events");
    await until("the first fifty", () => topic.length === 50);
    await client.query("select emit_domain_event('x', $1::json, 'org_1') from generate_series(1, 30)", [JSON.stringify(AWKWARD)]);
    await until("all eighty", async () => (await client.query("select from domain_event where not is_processed")).rowCount === 0);
    assert.deepEqual([dead.requests.length, ill.requests.length, well.requests.length, topic.length], [1, 1, 8, 80]);
    const rounds = said.trim().split("\n").map((line) => JSON.parse(line));
    assert.ok(rounds.every(({ failures }) => Object.keys(failures).length === 0), said);
  });

  test(`Kafka by ${api}: without any broker everything waits, and is parked for none of it`, options, async (t) => {
    const brokers = [await started(t, kafkaProxy()), await started(t, kafkaProxy())];
    const { client, dispatch } = await outbox(t, `brokerless_${api}`, [kafka(brokers, { batch_size: 10 })]);
    await client.query("select emit_domain_event('x', $1::json, 'org_1') from generate_series(1, 60)", [JSON.stringify(AWKWARD)]);
    for (const broker of brokers) broker.down = { status: 503 };
    const away = await dispatch();
    assert.deepEqual([away.exit, away.result.delivered, away.result.pending], [1, {}, 60]);
    assert.deepEqual(brokers.map(({ requests }) => requests.length), [1, 1], "who asks to wait is not asked about the rest");
    // The proxies are there again, and what is behind them is not.
    for (const broker of brokers) {
      broker.down = undefined;
      broker.fault = () => code(7, 50003);
    }
    for (let i = 0; i < 7; i++) {
      const { result } = await dispatch();
      assert.deepEqual([result.delivered, result.parked, result.pending], [{}, {}, 60]);
    }
    for (const broker of brokers) broker.fault = () => undefined;
    await drain(dispatch);
    assert.equal(brokers.flatMap(({ topics }) => topics.get("domain_events")).length, 60);
  });
}

test("Pub/Sub: each event once, in the order of its tenant, with a token that the account has signed", options, async (t) => {
  const service = await started(t, pubsub());
  const topic = { name: "bus", kind: "pubsub", project_id: "shop-prod", topic: "domain_events", endpoint: service.url, credentials: service.account, batch_size: 100, ...QUICK };
  const { client, dispatch } = await outbox(t, "pubsub", [topic]);
  await client.query("select emit_domain_event('order_paid', $1::json, 'org_' || i % 3) from generate_series(1, 450) i", [JSON.stringify(AWKWARD)]);
  const { exit, result } = await dispatch();
  assert.deepEqual([exit, result.delivered, result.processed, result.pending], [0, { bus: 450 }, 450, 0]);
  const { rows } = await client.query(EVENTS);
  assert.deepEqual(service.messages.map(({ attributes }) => attributes.event_id), rows.map(({ event_id }) => event_id));
  for (const { data, attributes, orderingKey } of service.messages) assertMessage({ key: orderingKey, value: data, attributes }, rows);
  assert.deepEqual([service.requests.length, new Set(service.requests.map(({ headers }) => headers.authorization)).size], [5, 1]);
});

test("Pub/Sub: a key that signs nothing, and another account's, lose nothing", options, async (t) => {
  const [service, another] = [await started(t, pubsub()), await started(t, pubsub())];
  const topic = (credentials) => ({ name: "bus", kind: "pubsub", project_id: "shop-prod", topic: "domain_events", endpoint: service.url, credentials, ...QUICK });
  const broken = { ...service.account, private_key: "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n" };
  const { client, dispatch, configure } = await outbox(t, "pubsub_keys", [topic(broken)]);
  const id = await emit(client);
  const unsigned = await dispatch();
  assert.match(unsigned.problems[0].message, /private key is none that can sign/);
  configure([topic(another.account)]);
  await client.query("update domain_event set next_attempt_at = now()");
  const foreign = await dispatch();
  assert.match(foreign.problems[0].message, /^bus: 401: .*UNAUTHENTICATED/s);
  configure([topic(service.account)]);
  await client.query("update domain_event set next_attempt_at = now()");
  assert.deepEqual((await dispatch()).result.delivered, { bus: 1 });
  assert.deepEqual(service.messages.map(({ attributes }) => attributes.event_id), [id]);
});

test("PostHog: compressed, and stored once however often it comes", options, async (t) => {
  const posthog = await started(t, posthogSink({ from: "server" }));
  const { client, dispatch } = await outbox(t, "posthog", [{ name: "posthog", kind: "posthog", host: posthog.url, project_api_key: "phc_x", ...QUICK }]);
  await client.query("select emit_domain_event('order_paid', $1::json, 'org_1', user_id => 'user-1') from generate_series(1, 150)", [JSON.stringify(AWKWARD)]);
  for (let i = 0; i < 3; i++) {
    assert.deepEqual((await dispatch()).result.delivered, { posthog: 150 });
    await client.query("update domain_event set is_processed = false, next_attempt_at = now()");
  }
  assert.deepEqual([posthog.refused, [...posthog.encodings], posthog.requests, posthog.events().length], [[], ["gzip"], 6, 150]);
  for (const { distinct_id, properties } of posthog.events()) assert.deepEqual([distinct_id, properties.text], ["user-1", AWKWARD.text]);
});

test("an endpoint whose answer breaks off while it says what it refuses has taken nothing", options, async (t) => {
  const backend = await started(t, Receiver.start());
  const http = { name: "backend", kind: "http", url: `${backend.url}/events`, secrets: SECRETS, timeout_ms: 500, ...QUICK };
  const { client, dispatch } = await outbox(t, "broken_off", [http]);
  const ids = [await emit(client), await emit(client)];
  const answer = JSON.stringify({ refused: [{ event_id: ids[1], reason: "no such batch" }] });
  backend.answer = () => ({ status: 200, headers: { "content-length": answer.length }, body: answer.slice(0, 40) });
  const { exit, result } = await dispatch();
  assert.deepEqual([exit, result.delivered, result.pending], [1, {}, 2]);
  backend.answer = () => ({ status: 200, body: answer });
  const whole = await dispatch();
  assert.deepEqual([whole.result.delivered, whole.result.parked, whole.result.pending], [{ backend: 1 }, { backend: 1 }, 0]);
});

test("an answer that PostgreSQL could not store as it is parks all the same", options, async (t) => {
  const hook = await started(t, Receiver.start());
  hook.answer = () => ({ status: 422, body: "no\0\u{1f9c1}\ud800" });
  const { client, dispatch } = await outbox(t, "garbled", [{ name: "hook", kind: "webhook", url: hook.url, secrets: SECRETS, ...QUICK }]);
  await emit(client);
  assert.deepEqual((await dispatch()).result.parked, { hook: 1 });
  const { rows: [{ reason }] } = await client.query("select reason from parked_delivery");
  assert.equal(reason, "422: no\ufffd\u{1f9c1}\ufffd");
});
