// What is stored goes on to where it is wanted: at least once on the wire, once by its id, whatever receivers do.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { enrolled, event } from "../harness/client.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { startWorld } from "../harness/world.mjs";

const newSecret = () => `whsec_${randomBytes(24).toString("base64")}`;
const SECRET = newSecret();
const ADMIN_TOKEN = "ak_operator-of-this-test";

/** Quick, so that no test waits: what a deployment has in minutes is here in tens of milliseconds. */
const QUICK = { flush_interval_ms: 0, retry_first_ms: 20, retry_cap_ms: 100, timeout_ms: 400, from: "start" };

let world;
before(async () => {
  world = await startWorld({ tenants: [], adminToken: ADMIN_TOKEN, vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world.stop());

/** A tenant with these destinations, and receivers that end with the test. */
async function tenantWith(t, slug, destinations) {
  const client = await enrolled(world, slug);
  await configure(client, destinations);
  return client;
}

function configure(client, destinations) {
  const list = destinations.map((one) => ({ kind: "webhook", secrets: [SECRET], ...QUICK, ...one }));
  return world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify(list));
}

async function receiver(t) {
  const one = await Receiver.start();
  t.after(() => one.stop());
  return one;
}

/** Sends `count` events of a name; their ids. */
async function send(client, count, name = "order_paid", more = () => ({})) {
  const events = Array.from({ length: count }, (_, n) => event(name, more(n)));
  const response = await client.batch(events);
  assert.equal(response.status, 200, await response.text());
  return events.map(({ uuid }) => uuid);
}

async function stateOf(client, name) {
  const { destinations } = await client.read("/v1/destinations");
  return destinations.find((one) => one.name === name);
}

/** The destination, once this holds of it. */
function untilState(client, name, what, holds) {
  return until(`${name} to be ${what}`, async () => {
    const state = await stateOf(client, name);
    return state !== undefined && holds(state) && state;
  });
}

const untilCaughtUp = (client, name) => untilState(client, name, "caught up", ({ lag_events }) => lag_events === 0);

function order(client, path, body, key = client.tenant.server_key) {
  return fetch(client.url + path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  });
}

test("a webhook gets each event once, signed as the reference library expects", async (t) => {
  const hook = await receiver(t);
  // Once on the wire, that is: on a busy machine more time than elsewhere.
  const client = await tenantWith(t, "signed", [{ name: "orders", url: `${hook.url}/hooks`, timeout_ms: 30_000 }]);
  const ids = await send(client, 25, "order_paid", (n) => ({ properties: { n, text: "ünï\u2028\"" } }));
  await untilCaughtUp(client, "orders");
  assert.deepEqual(hook.requests.map(({ headers }) => headers["webhook-id"]).toSorted(), ids.toSorted());
  const verifier = new Webhook(SECRET);
  const rows = new Map((await client.events()).map((row) => [row.event_id, row]));
  for (const { headers, body, path } of hook.requests) {
    const message = verifier.verify(body, headers);
    assert.equal(path, "/hooks");
    const row = rows.get(headers["webhook-id"]);
    assert.deepEqual(message, { type: "order_paid", timestamp: row.occurred_at, data: row });
    assert.throws(() => verifier.verify(`${body} `, headers), "what was changed on the way is refused");
  }
  const state = await stateOf(client, "orders");
  assert.deepEqual([state.status, state.delivered, state.parked, state.lag_seconds], ["working", 25, 0, 0]);
});

test("while a secret rotates both of its forms verify", async (t) => {
  const hook = await receiver(t);
  const next = newSecret();
  const client = await tenantWith(t, "rotating", [{ name: "orders", url: hook.url, secrets: [next, SECRET] }]);
  await send(client, 1);
  await untilCaughtUp(client, "orders");
  const [{ headers, body }] = hook.requests;
  for (const secret of [SECRET, next]) assert.equal(new Webhook(secret).verify(body, headers).type, "order_paid");
  assert.throws(() => new Webhook(newSecret()).verify(body, headers));
});

test("only what was asked for, and nothing that its person has refused", async (t) => {
  const hook = await receiver(t);
  const client = await tenantWith(t, "choosy", [
    { name: "orders", url: hook.url, events: ["order_*", "refund"], consent: ["analytics", "advertising"] },
  ]);
  const paid = await send(client, 1);
  await send(client, 1, "page_read");
  const refund = await send(client, 1, "refund", () => ({ properties: { $consent: { analytics: true, advertising: true } } }));
  await send(client, 1, "order_lost", () => ({ properties: { $consent: { analytics: true, advertising: false } } }));
  await send(client, 1, "order_lost", () => ({ properties: { $consent: { analytics: false } } }));
  await client.batch([event("order_lost")], { headers: { "sec-gpc": "1" } });
  await untilCaughtUp(client, "orders");
  assert.deepEqual([...hook.deliveries.keys()], [...paid, ...refund]);
});

test("batches, for who would rather have many in one request", async (t) => {
  const hook = await receiver(t);
  const client = await tenantWith(t, "batches", [
    { name: "all", url: hook.url, format: "batch", batch_size: 10, flush_interval_ms: 300 },
  ]);
  const ids = await send(client, 25);
  await untilCaughtUp(client, "all");
  const batches = hook.requests.map(({ headers, body }) => new Webhook(SECRET).verify(body, headers));
  assert.deepEqual(batches.map(({ type, data }) => [type, data.events.length]), [10, 10, 5].map((n) => ["tallymark.batch", n]));
  assert.deepEqual(batches.flatMap(({ data }) => data.events.map(({ data: row }) => row.event_id)), ids);
});

for (const [what, answer] of [
  ["500", { status: 500, body: "boom" }],
  ["429 with Retry-After", { status: 429, headers: { "retry-after": "0" } }],
  ["503", { status: 503 }],
  ["401", { status: 401 }],
  ["a redirection", { status: 302, headers: { location: "http://127.0.0.1:9/" } }],
  ["no HTTP", "garbage"],
  ["half an answer", "cut"],
  ["a broken connection", "reset"],
  ["nothing at all", "hang"],
]) {
  test(`a receiver that answers ${what} and then recovers has each event once by its id`, async (t) => {
    const hook = await receiver(t);
    let failures = 6;
    hook.answer = () => (failures-- > 0 ? answer : { status: 200 });
    const slug = `recovers-${what.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
    const client = await tenantWith(t, slug, [{ name: "orders", url: hook.url, retry_cap_ms: 20 }]);
    const ids = await send(client, 12);
    await untilCaughtUp(client, "orders");
    assert.deepEqual([...hook.deliveries.keys()].toSorted(), ids.toSorted());
    const { status, parked, delivered, last_error } = await stateOf(client, "orders");
    assert.deepEqual([status, parked, delivered], ["working", 0, 12], last_error);
    assert.ok(last_error.length > 0);
    assert.equal(hook.requests.length, 12 + 6, "nothing that was taken is sent again");
  });
}

test("Retry-After is heeded", async (t) => {
  const hook = await receiver(t);
  const times = [];
  hook.answer = () => (times.push(Date.now()) === 1 ? { status: 503, headers: { "retry-after": "1" } } : { status: 200 });
  const client = await tenantWith(t, "asked", [{ name: "orders", url: hook.url }]);
  await send(client, 1);
  const { next_attempt_at } = await untilState(client, "orders", "waiting", ({ status }) => status === "failing");
  assert.ok(Date.parse(next_attempt_at) >= times[0] + 900);
  await untilCaughtUp(client, "orders");
  assert.ok(times[1] - times[0] >= 1_000, `${times[1] - times[0]} ms`);
});

test("one bad event among many is found, parked, retried and dropped", async (t) => {
  const hook = await receiver(t);
  let isMended = false;
  const isBad = (body) => body.includes('"n":13');
  hook.answer = ({ body }) => (isBad(body) && !isMended ? { status: 400, body: "n is unlucky" } : { status: 200 });
  const client = await tenantWith(t, "apple", [{ name: "all", url: hook.url, format: "batch", batch_size: 50 }]);
  const ids = await send(client, 50, "order_paid", (n) => ({ properties: { n } }));
  await untilCaughtUp(client, "all");
  const { deliveries } = await client.read("/v1/deliveries/parked");
  const { parked_at, seq, ...one } = deliveries[0];
  assert.deepEqual([deliveries.length, one], [
    1,
    {
      destination: "all", event_id: ids[13], event_name: "order_paid", reason: "refused", status: 400,
      detail: "400: n is unlucky", attempts: 1, is_due: false,
    },
  ]);
  assert.ok(Date.parse(parked_at) && seq > 0);
  const taken = () => new Set(hook.requests.filter(({ body }) => !isBad(body)).flatMap(({ body }) => eventIds(body)));
  assert.deepEqual(taken(), new Set(ids.filter((_, n) => n !== 13)), "all others have arrived");

  assert.deepEqual(await (await order(client, "/v1/deliveries/retry", { dry_run: true })).json(), {
    dry_run: true, retried: { all: 1 }, next_after: seq, is_complete: true,
  });
  await order(client, "/v1/deliveries/retry", { destination: "all" });
  const again = await until("the second refusal", async () => {
    const page = await client.read("/v1/deliveries/parked");
    return page.deliveries[0]?.attempts === 2 && page.deliveries[0];
  });
  assert.equal(again.is_due, false);
  isMended = true;
  await order(client, "/v1/deliveries/retry", { event_id: ids[13] });
  await until("the parked event to arrive", async () => (await client.read("/v1/deliveries/parked")).deliveries.length === 0);
  assert.ok(hook.requests.at(-1).body.includes(ids[13]));
  assert.equal((await stateOf(client, "all")).delivered, 50);

  isMended = false;
  await send(client, 1, "order_paid", () => ({ properties: { n: 13 } }));
  await until("one more parked", async () => (await client.read("/v1/deliveries/parked")).deliveries.length === 1);
  assert.equal((await order(client, "/v1/deliveries/drop", {})).status, 400, "a drop needs a filter");
  assert.equal((await order(client, "/v1/deliveries/drop", { reason: "refused" }, client.tenant.read_key)).status, 403);
  const dropped = await (await order(client, "/v1/deliveries/drop", { reason: "refused" })).json();
  assert.deepEqual(dropped.dropped, { all: 1 });
  assert.deepEqual((await client.read("/v1/deliveries/parked")).deliveries, []);
});

function eventIds(body) {
  return JSON.parse(body).data.events.map(({ data }) => data.event_id);
}

test("an event that its receiver fails over time and again is parked as soon as others get through", async (t) => {
  const hook = await receiver(t);
  hook.answer = ({ body }) => (body.includes('"n":1}') ? { status: 500 } : { status: 200 });
  const client = await tenantWith(t, "poison", [{ name: "orders", url: hook.url, retry_cap_ms: 20 }]);
  const ids = await send(client, 4, "order_paid", (n) => ({ properties: { n } }));
  await untilCaughtUp(client, "orders");
  const { deliveries } = await client.read("/v1/deliveries/parked");
  assert.deepEqual(deliveries.map(({ event_id, reason, attempts }) => [event_id, reason, attempts]), [[ids[1], "faulted", 5]]);
  assert.deepEqual([...hook.deliveries.values()].toSorted(), [1, 1, 1, 5]);
});

test("who refuses everything is paused, and goes on when told to", async (t) => {
  const hook = await receiver(t);
  hook.answer = () => ({ status: 422 });
  const client = await tenantWith(t, "refuser", [{ name: "orders", url: hook.url }]);
  const ids = await send(client, 100);
  const paused = await untilState(client, "orders", "paused", ({ status }) => status === "paused");
  assert.ok(paused.parked >= 20 && paused.parked < 40, `${paused.parked} parked, and not all 100`);
  assert.match(paused.paused_reason, /refuses every event/);
  hook.answer = () => ({ status: 200 });
  assert.equal((await order(client, "/v1/destinations/nobody/resume", {})).status, 404);
  assert.equal((await order(client, "/v1/destinations/orders/resume", {})).status, 200);
  await order(client, "/v1/deliveries/retry", {});
  await untilState(client, "orders", "done", ({ lag_events, parked }) => lag_events === 0 && parked === 0);
  assert.deepEqual([...hook.deliveries.keys()].toSorted(), ids.toSorted());
});

test("410 ends a subscription, and another configuration begins it again where it was", async (t) => {
  const hook = await receiver(t);
  hook.answer = () => ({ status: 410 });
  const client = await tenantWith(t, "gone", [{ name: "orders", url: hook.url }]);
  const ids = await send(client, 3);
  const { lag_events, parked } = await untilState(client, "orders", "paused", ({ status }) => status === "paused");
  assert.deepEqual([lag_events, parked], [3, 0], "nothing is given up");
  hook.answer = () => ({ status: 200 });
  await configure(client, [{ name: "orders", url: `${hook.url}/v2` }]);
  await order(client, "/v1/destinations/orders/resume", {});
  await untilCaughtUp(client, "orders");
  assert.deepEqual([...hook.deliveries.keys()].toSorted(), ids.toSorted());
});

test("a receiver that hangs holds up neither another nor a capture", async (t) => {
  const [stuck, well] = [await receiver(t), await receiver(t)];
  stuck.answer = () => "hang";
  const client = await tenantWith(t, "neighbours", [
    { name: "stuck", url: stuck.url, timeout_ms: 30_000 },
    { name: "well", url: well.url },
  ]);
  const ids = await send(client, 20);
  await until("the stuck one to be asked", () => stuck.requests.length > 0);
  for (let n = 0; n < 5; n++) ids.push(...(await send(client, 20)));
  await untilCaughtUp(client, "well");
  assert.deepEqual([...well.deliveries.keys()].toSorted(), ids.toSorted());
  assert.equal((await stateOf(client, "stuck")).lag_events, 120);
});

test("who comes later gets what comes from then on, or everything", async (t) => {
  const [late, thorough] = [await receiver(t), await receiver(t)];
  const client = await enrolled(world, "late");
  const old = await send(client, 5);
  await configure(client, [
    { name: "late", url: late.url, from: "now" },
    { name: "thorough", url: thorough.url },
  ]);
  await until("both to be there", async () => {
    await order(client, "/v1/destinations/late/resume", {});
    return (await client.read("/v1/destinations")).destinations.length === 2;
  });
  const fresh = await send(client, 5);
  await untilCaughtUp(client, "late");
  await untilCaughtUp(client, "thorough");
  assert.deepEqual([...late.deliveries.keys()].toSorted(), fresh.toSorted());
  assert.deepEqual([...thorough.deliveries.keys()].toSorted(), [...old, ...fresh].toSorted());
});

test("who was there before the first event misses none, whether the log was told of it or finds it", async (t) => {
  const hook = await receiver(t);
  const client = await tenantWith(t, "first", [{ name: "found", url: hook.url, from: "now" }]);
  const ids = await send(client, 3);
  await untilCaughtUp(client, "found");
  assert.deepEqual([...hook.deliveries.keys()].toSorted(), ids.toSorted());
});

test("what the operator puts there holds at once", async (t) => {
  const [before, hook] = [await receiver(t), await receiver(t)];
  const client = await tenantWith(t, "told", [{ name: "before", url: before.url }]);
  const old = await send(client, 2);
  await untilCaughtUp(client, "before");
  const list = [{ name: "after", kind: "webhook", secrets: [SECRET], ...QUICK, from: "now", url: hook.url }];
  const put = await fetch(`${world.url}/v1/admin/organizations/${client.tenant.organization_id}/destinations`, {
    method: "PUT",
    body: JSON.stringify(list),
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
  });
  assert.equal(put.status, 200, await put.text());
  const ids = await send(client, 3);
  await untilCaughtUp(client, "after");
  assert.deepEqual([...hook.deliveries.keys()].toSorted(), ids.toSorted());
  assert.deepEqual([...before.deliveries.keys()].toSorted(), old.toSorted(), "it is no destination any more");
});

test("a destination that can't be read costs the others nothing and is named", async (t) => {
  const hook = await receiver(t);
  const client = await tenantWith(t, "typo", [{ name: "good", url: hook.url }, { name: "bad", url: "https://x.example", colour: 1 }]);
  const ids = await send(client, 2);
  await untilCaughtUp(client, "good");
  assert.deepEqual([...hook.deliveries.keys()].toSorted(), ids.toSorted());
  const { problems } = await client.read("/v1/destinations");
  assert.equal(problems[0].path, "[1].colour");
});
