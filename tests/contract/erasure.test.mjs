// Who is forgotten is gone from rows, quarantine, identity and wills, and stays so, whatever comes late by whichever way.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BACK_DOOR, appendDirectly, eraseDirectly } from "../harness/back-door.mjs";
import { Client, accounted, enrolled, event, uuidv7 } from "../harness/client.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

let world;
before(async () => {
  world = await startWorld({ tenants: [], extraWorkers: [BACK_DOOR], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world.stop());

/** Orders an erasure, as a back end would. */
async function order(client, subject, mode = "erase", { key = client.tenant.server_key, ...more } = {}) {
  const response = await fetch(`${client.url}/v1/erasures`, {
    method: "POST",
    body: JSON.stringify({ subject, mode, ...more }),
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
  });
  return { status: response.status, ...(await response.json()) };
}

async function receipts(client) {
  const response = await fetch(`${client.url}/v1/erasures`, { headers: { authorization: `Bearer ${client.tenant.server_key}` } });
  assert.equal(response.status, 200);
  return (await response.json()).erasures;
}

const identify = (userId, device, fields) =>
  event("$identify", { distinct_id: userId, properties: { $anon_distinct_id: device, $user_id: userId, $device_id: device }, ...fields });
const by = (id, name = "recipe_scaled", fields = {}) => event(name, { distinct_id: id, ...fields });

async function sent(client, events, envelope) {
  const response = await client.batch(events, envelope);
  assert.equal(response.status, 200, await response.clone().text());
}

/** The counts of a receipt. */
const counts = ({ ids, links, wills, events, quarantined }) => ({ ids, links, wills, events, quarantined });

async function balancedBooks(client) {
  const books = await client.ledger();
  assert.equal(books.balanced, true, JSON.stringify(books));
  for (const day of books.days) assert.equal(accounted(day), day.captured);
  assert.equal(accounted(books.total), books.total.captured);
  return books.total;
}

test("everything of a person goes, under all ids that are theirs, and nothing of anybody else's", async () => {
  const client = await enrolled(world, "whole");
  const stream = uuidv7();
  const will = event("$pageleave", { distinct_id: "phone", stream, seq: 6 });
  const theirs = [
    by("phone", "before", { stream, seq: 1 }),
    identify("42", "phone", { stream, seq: 2 }),
    identify("42", "laptop", { stream, seq: 3 }),
    by("laptop", "elsewhere", { stream, seq: 4 }),
    // In quarantine: too long a name.
    by("phone", "x".repeat(201), { stream, seq: 5 }),
  ];
  const others = [
    by("7", "recipe_scaled"),
    // Another user, on a device that was theirs first.
    event("recipe_scaled", {
      distinct_id: "8", properties: { $user_id: "8", $device_id: "phone" }, timestamp: new Date(Date.now() + 1_000).toISOString(),
    }),
    by("9", "x".repeat(201)),
  ];
  await sent(client, [...theirs, ...others], { stream: { id: stream, seq: 5, will } });
  const before = await client.ledger();

  const foreseen = await order(client, { anonymous_id: "laptop" }, "erase", { dry_run: true });
  const expected = { ids: 3, links: 3, wills: 1, events: 4, quarantined: 1 };
  assert.deepEqual([foreseen.status, foreseen.dry_run, counts(foreseen)], [200, true, expected]);
  assert.deepEqual(await client.ledger(), before, "nothing has been done");
  assert.equal((await client.events()).length, 6);

  const receipt = await order(client, { anonymous_id: "laptop" });
  assert.deepEqual([receipt.status, receipt.is_complete, receipt.mode, counts(receipt)], [200, true, "erase", expected]);
  assert.deepEqual((await client.events()).map(({ user_id, anonymous_id }) => user_id ?? anonymous_id), ["7", "8"]);
  assert.deepEqual((await client.read("/v1/quarantine")).events.map(({ event_id }) => event_id), [others[2].uuid]);
  assert.deepEqual((await client.identities()).map(({ id, links }) => [id, links]), [["8", []]]);
  const total = await balancedBooks(client);
  assert.deepEqual(
    [total.captured, total.stored, total.quarantined, total.dropped],
    [8, 2, { too_long: 1 }, { erased: 5 }],
  );

  // The same again is the same order; its receipt has no id in it.
  assert.deepEqual(await order(client, { anonymous_id: "laptop" }), receipt);
  assert.deepEqual(await order(client, { user_id: "42" }), receipt, "by any id that was theirs");
  assert.deepEqual(await receipts(client), [{ ...receipt, status: undefined }].map(({ status: _, ...rest }) => rest));
  assert.doesNotMatch(JSON.stringify(receipt), /laptop|phone|"42"/);
  assert.equal(receipt.subject, foreseen.subject);
});

test("what comes late is refused by every way, counted as dropped, and once", async () => {
  const client = await enrolled(world, "late");
  const measurement = { ...client.tenant, measurement_id: "G-LATE0001" };
  await enrol(world.registry, measurement, [world.url]);
  const stream = uuidv7();
  const first = by("42", "first", { stream, seq: 1 });
  await sent(client, [first, identify("42", "phone", { stream, seq: 2 })]);
  await order(client, { user_id: "42" });

  const late = [by("phone", "late", { stream, seq: 3 }), by("42", "x".repeat(201), { stream, seq: 4 })];
  const will = event("$pageleave", { distinct_id: "phone", stream, seq: 5 });
  const send = () => sent(client, [first, ...late, by("7", "fine")], { stream: { id: stream, seq: 4, will } });
  await send();
  const domain = [{ event_id: uuidv7(), event_name: "order_paid", user_id: "42" }];
  assert.equal((await client.domain(domain)).status, 200);
  const bearer = { authorization: `Bearer ${client.tenant.server_key}` };
  const v1 = {
    created_at: new Date().toISOString(),
    batch: [{ event: "v1", uuid: uuidv7(), distinct_id: "42", timestamp: new Date().toISOString(), properties: {} }],
  };
  const headers = {
    ...bearer, "content-type": "application/json", "posthog-sdk-info": "posthog-python/7.0.0", "posthog-attempt": "1",
    "posthog-request-id": uuidv7(), "posthog-request-timestamp": new Date().toISOString(),
  };
  assert.equal((await client.raw("/i/v1/analytics/events", JSON.stringify(v1), headers)).status, 200);
  const engage = { $token: client.tenant.browser_key, $distinct_id: "42", $set: { email: "a@b.example" }, uuid: uuidv7() };
  assert.equal((await client.raw("/engage/", JSON.stringify(engage))).status, 200);
  const hit = "/g/collect?v=2&tid=G-LATE0001&cid=phone&en=page_view&_p=1795220079000&_s=1&tfd=1";
  assert.equal((await client.raw(hit, "")).status, 204);
  const secret = `measurement_id=G-LATE0001&api_secret=${client.tenant.server_key}`;
  const mp = JSON.stringify({ client_id: "x", user_id: "42", timestamp_micros: `${Date.now()}000`, events: [{ name: "mp" }] });
  assert.equal((await client.raw(`/mp/collect?${secret}`, mp)).status, 204);

  assert.deepEqual((await client.events()).map(({ anonymous_id }) => anonymous_id), ["7"]);
  assert.deepEqual((await client.read("/v1/quarantine")).events, []);
  assert.deepEqual(await client.identities(), [], "no late event says who is who");
  const once = await balancedBooks(client);
  assert.deepEqual(once.dropped, { erased: 2 + 2 + 5 });
  assert.equal(once.duplicate, 1, "the first event, again");

  // All of it again, as a client would that had no answer.
  await client.batch([...late, first], { stream: { id: stream, seq: 4 } });
  await client.domain(domain);
  const twice = await balancedBooks(client);
  assert.deepEqual([twice.dropped, twice.captured], [once.dropped, once.captured]);
  assert.equal(twice.duplicate, once.duplicate + 4);

  // Who comes back may be let in again: with what happens then, not with what was erased.
  const readmitted = await order(client, { user_id: "42" }, "readmit");
  assert.deepEqual([readmitted.is_complete, readmitted.ids], [true, 2]);
  await sent(client, [by("phone", "back"), first]);
  assert.deepEqual((await client.events()).map(({ event_name }) => event_name), ["fine", "back"]);
  assert.deepEqual((await balancedBooks(client)).dropped, once.dropped);
});

test("anonymous, a person's events still count, and nothing says whose they were", async () => {
  const client = await enrolled(world, "anonymous");
  const stream = uuidv7();
  const properties = {
    $user_id: "42", $device_id: "phone", $session_id: "s-1", $set: { email: "a@b.example" }, scale: 2, note: "call Ann",
    $entity_type: "user", $entity_id: "42",
  };
  await sent(client, [
    event("recipe_scaled", { distinct_id: "42", properties, stream, seq: 1 }),
    by("phone", "x".repeat(201), { stream, seq: 2 }),
    by("7"),
  ]);
  const receipt = await order(client, { user_id: "42" }, "anonymise");
  assert.deepEqual(counts(receipt), { ids: 2, links: 1, wills: 0, events: 1, quarantined: 1 });
  const [row, other] = await client.events();
  assert.deepEqual(
    [row.user_id, row.anonymous_id, row.session_id, row.entity_id, row.entity_type],
    [null, null, null, null, "user"],
  );
  assert.deepEqual(row.properties, { scale: 2, note: "call Ann" });
  assert.doesNotMatch(JSON.stringify(row.context), new RegExp(`${stream}|user_agent`));
  assert.equal(other.anonymous_id, "7");
  const total = await balancedBooks(client);
  assert.deepEqual([total.stored, total.quarantined, total.dropped], [2, {}, { erased: 1 }]);
  await sent(client, [by("phone", "late")]);
  assert.equal((await client.events()).length, 2, "nothing of theirs is taken any more");
});

test("an order that was interrupted goes on, and a replay in its midst brings nobody back", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tallymark-erasure-"));
  const tenant = newTenant("interrupted");
  const options = { tenants: [tenant], persist: folder, extraWorkers: [BACK_DOOR] };
  let mine = await startWorld(options);
  try {
    let client = new Client(mine.url, tenant);
    // More than one page of rows, and beyond them an event in quarantine that would be accepted by now.
    const rows = Array.from({ length: 2_500 }, (_, n) => by(n % 2 === 0 ? "42" : "7", "recipe_scaled"));
    for (let at = 0; at < rows.length; at += 500) await sent(client, rows.slice(at, at + 500));
    const now = new Date().toISOString();
    const bad = by("42", "recipe_scaled");
    const provenance = { protocol: "batch", source: "browser", trust: "origin", context: { dialect: "posthog" } };
    await appendDirectly(mine, tenant.organization_id, {
      day: now.slice(0, 10), rows: [], events: 0, quarantinedCount: 1, streams: "", wills: "", links: "", unsequenced: 1,
      quarantined: JSON.stringify([[
        bad.uuid, bad.event, now, tenant.organization_id, null, "unknown_event", "event", "", "", null, bad, provenance, 1, "42",
      ]]),
    });
    const first = await eraseDirectly(mine, tenant.organization_id, { verb: "erase", id: "42", dryRun: false }, 1);
    assert.deepEqual([first.is_complete, first.events], [false, 1_000], "a page of it");
    const replayed = await fetch(`${client.url}/v1/quarantine/replay`, {
      method: "POST", body: "{}", headers: { authorization: `Bearer ${tenant.server_key}` },
    });
    assert.equal((await replayed.json()).stored, 0);
    await mine.stop();

    mine = await startWorld(options);
    client = new Client(mine.url, tenant);
    const done = await until("the order to be done", async () => (await receipts(client)).find(({ is_complete }) => is_complete));
    assert.deepEqual([done.erasure_id, done.events], [first.erasure_id, 1_250]);
    assert.ok((await client.events()).every(({ anonymous_id }) => anonymous_id === "7"));
    assert.deepEqual((await client.read("/v1/quarantine")).events, []);
    const total = await balancedBooks(client);
    assert.deepEqual([total.captured, total.stored, total.dropped], [2_501, 1_250, { erased: 1_251 }]);
  } finally {
    await mine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A receiver, and a tenant of whose destinations it is one. */
async function destined(t, slug, fields) {
  const hook = await Receiver.start();
  t.after(() => hook.stop());
  const client = await enrolled(world, slug);
  const secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
  const quick = { flush_interval_ms: 0, retry_first_ms: 20, retry_cap_ms: 100, timeout_ms: 20_000, from: "start" };
  const record = [{ name: "hook", kind: "webhook", url: hook.url, secrets, ...quick, ...fields }];
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify(record));
  return { hook, client };
}

const untilAllDelivered = (client) =>
  until("everything to be delivered", async () => (await client.read("/v1/destinations")).destinations[0]?.lag_events === 0);

test("what was parked of somebody is forgotten with them, and not tried again", async (t) => {
  const { hook, client } = await destined(t, "parked");
  hook.answer = ({ body }) => (body.includes("order_lost") ? { status: 400, body: "who is 42?" } : { status: 204 });
  const lost = [by("42", "order_lost"), by("7", "order_lost")];
  await sent(client, [...lost, by("42", "order_paid")]);
  const parked = async () => (await client.read("/v1/deliveries/parked")).deliveries.map(({ event_id }) => event_id);
  await until("both to be parked", async () => (await parked()).length === 2);
  assert.equal((await order(client, { user_id: "42" })).events, 2);
  assert.deepEqual(await parked(), [lost[1].uuid]);

  hook.requests.length = 0;
  hook.answer = () => ({ status: 204 });
  await client.raw("/v1/deliveries/retry", "{}", { authorization: `Bearer ${client.tenant.server_key}` });
  await until("the other one to arrive", async () => (await parked()).length === 0);
  assert.deepEqual([...hook.deliveries.keys()], [lost[1].uuid]);
});

test("an attempt that an order finds under way sends no more of what was read before it", async (t) => {
  const { hook, client } = await destined(t, "midst");
  let release;
  const held = new Promise((resolve) => (release = resolve));
  hook.answer = async () => {
    await held;
    return { status: 204 };
  };
  const events = Array.from({ length: 60 }, (_, n) => by(n % 2 === 0 ? "42" : "7", "order_paid"));
  await sent(client, events);
  await until("the first requests", () => hook.requests.length > 0);
  assert.equal((await order(client, { user_id: "42" })).is_complete, true);
  const before = new Set(hook.deliveries.keys());
  assert.ok(before.size < 60, "more are to come");
  release();
  await untilAllDelivered(client);
  const after = [...hook.deliveries.keys()].filter((id) => !before.has(id));
  const theirs = new Set(events.filter(({ distinct_id }) => distinct_id === "42").map(({ uuid }) => uuid));
  assert.deepEqual(after.filter((id) => theirs.has(id)), []);
  for (const { uuid } of events) if (!theirs.has(uuid)) assert.ok(hook.deliveries.has(uuid), "nobody else's is missing");
});

test("a batch that is tried again has lost those who were forgotten since", async (t) => {
  const { hook, client } = await destined(t, "again", { format: "batch" });
  let release;
  const held = new Promise((resolve) => (release = resolve));
  hook.answer = async () => {
    await held;
    return { status: hook.requests.length === 1 ? 503 : 204 };
  };
  const events = [by("42", "order_paid"), by("7", "order_paid")];
  await sent(client, events);
  await until("the first try", () => hook.requests.length === 1);
  assert.equal((await order(client, { user_id: "42" })).is_complete, true);
  release();
  await untilAllDelivered(client);
  const ids = hook.requests.map(({ body }) => JSON.parse(body).data.events.map(({ data }) => data.event_id));
  assert.deepEqual(ids, [events.map(({ uuid }) => uuid), [events[1].uuid]]);
});

test("only a server's key forgets anybody, and a slip of the pen nobody", async () => {
  const client = await enrolled(world, "careful");
  for (const key of [client.tenant.read_key, client.tenant.browser_key]) {
    assert.equal((await order(client, { user_id: "42" }, "erase", { key })).status, 403);
  }
  const slip = await order(client, { user_id: "42" }, "erase", { dryrun: true });
  assert.deepEqual([slip.status, slip.code, slip.attr], [400, "invalid_parameter", "body"]);
  assert.deepEqual(await receipts(client), []);
});
