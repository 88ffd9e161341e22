// What has been done is done again a hundred times: a batch by its sender, a delivery because its answer was lost, a
// dispatch because somebody set the outbox back. Nothing is there twice afterwards, and nothing is counted twice.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { tallymarkJson } from "../harness/cli.mjs";
import { enrolled, event, uuidv7 } from "../harness/client.mjs";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { startWorld } from "../harness/world.mjs";
import { migrated, session } from "../postgres/support.mjs";

const TIMES = 100;
const EVENTS = 20;
const secrets = [`whsec_${randomBytes(24).toString("base64")}`];
const options = { skip: NO_POSTGRES, timeout: 300_000 };
const QUICK = { from: "start", flush_interval_ms: 0, retry_first_ms: 1, retry_cap_ms: 5, timeout_ms: 5_000 };
let world;
let server;

before(async () => {
  if (NO_POSTGRES) return;
  server = await startPostgres({ tcp: true });
  world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(async () => {
  await world?.stop();
  await server?.stop();
});

async function receiver(t) {
  const one = await Receiver.start();
  t.after(() => one.stop());
  return one;
}

/** A tenant whose events go to a webhook and to a PostgreSQL. */
async function tenant(slug, hook) {
  const database = `${await migrated(server, slug)}?sslmode=disable`;
  const client = await enrolled(world, slug);
  const destinations = [
    { name: "hook", kind: "webhook", url: hook.url, secrets, ...QUICK },
    { name: "backend", kind: "postgres", url: database, ...QUICK },
  ];
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify(destinations));
  return client;
}

/** Their states, once both have everything. */
const atRest = (client) =>
  until("both destinations to have everything", async () => {
    const { destinations } = await client.read("/v1/destinations");
    return destinations.length === 2 && destinations.every(({ lag_events }) => lag_events === 0) && destinations;
  }, 60_000);

const inDatabase = async (slug) => (await server.query("select event_id from domain_event order by 1", slug)).map(([id]) => id);

test("a batch", options, async (t) => {
  const hook = await receiver(t);
  const client = await tenant("batch_again", hook);
  const stream = uuidv7();
  const events = Array.from({ length: EVENTS }, (_, i) => event("order_paid", { stream, seq: i + 1 }));
  const ids = events.map(({ uuid }) => uuid).toSorted();
  for (let i = 0; i < TIMES; i += 10) {
    const responses = await Promise.all(Array.from({ length: 10 }, () => client.batch(events)));
    assert.deepEqual(responses.map(({ status }) => status), Array(10).fill(200));
  }
  const destinations = await atRest(client);
  assert.deepEqual((await client.events()).map((row) => row.event_id).toSorted(), ids);
  assert.deepEqual(hook.requests.map(({ headers }) => headers["webhook-id"]).toSorted(), ids, "nor is anything sent again");
  assert.deepEqual(await inDatabase("batch_again"), ids);
  assert.deepEqual(destinations.map(({ delivered, parked }) => [delivered, parked]), [[EVENTS, 0], [EVENTS, 0]]);
  const { total, balanced } = await client.ledger();
  assert.deepEqual([total.captured, total.stored, total.duplicate, total.under_way, balanced], [EVENTS, EVENTS, (TIMES - 1) * EVENTS, 0, true]);
});

test("a delivery", options, async (t) => {
  const hook = await receiver(t);
  // It has it, and says that it has not.
  const asked = new Map();
  hook.answer = ({ headers }) => {
    const id = headers["webhook-id"];
    asked.set(id, (asked.get(id) ?? 0) + 1);
    return { status: [...asked.values()].some((n) => n >= TIMES) ? 200 : 500 };
  };
  const client = await tenant("delivery_again", hook);
  const events = Array.from({ length: EVENTS }, () => event("order_paid"));
  assert.equal((await client.batch(events)).status, 200);
  const destinations = await atRest(client);
  const ids = events.map(({ uuid }) => uuid).toSorted();
  assert.deepEqual([...hook.deliveries.keys()].toSorted(), ids, "whoever goes by ids has each once");
  assert.equal(Math.max(...hook.deliveries.values()), TIMES);
  assert.deepEqual(await inDatabase("delivery_again"), ids);
  assert.deepEqual(destinations.map(({ delivered, parked }) => [delivered, parked]), [[EVENTS, 0], [EVENTS, 0]]);
  const sent = hook.requests.length;
  for (let i = 0; i < TIMES; i++) {
    for (const path of ["/v1/destinations/hook/resume", "/v1/deliveries/retry"]) {
      const headers = { authorization: `Bearer ${client.tenant.server_key}`, "content-type": "application/json" };
      assert.equal((await fetch(client.url + path, { method: "POST", body: "{}", headers })).status, 200);
    }
  }
  assert.deepEqual((await atRest(client)).map(({ delivered }) => delivered), [EVENTS, EVENTS]);
  assert.equal(hook.requests.length, sent, "what is done is not to be resumed");
});

test("a dispatch", options, async (t) => {
  const hook = await receiver(t);
  const folder = mkdtempSync(join(tmpdir(), "tallymark-repeat-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const url = await migrated(server, "dispatch_again");
  const database = await session(t, url);
  const file = join(folder, "destinations.json");
  writeFileSync(file, JSON.stringify([{ name: "hook", kind: "webhook", url: hook.url, secrets }]));
  await database.query("select emit_domain_event('batch_started', '{}', 'org_1') from generate_series(1, $1)", [EVENTS]);
  const ids = await inDatabase("dispatch_again");
  const dispatch = async () => (await tallymarkJson(["dispatch", "--database-url", url, "--destinations", file])).result;
  assert.equal((await dispatch()).processed, EVENTS);
  for (let i = 1; i < TIMES; i++) {
    // As from a backup of before: what was sent is sent again, under the ids that it had.
    if (i % 10 === 0) await database.query("update domain_event set is_processed = false, processed_at = null, next_attempt_at = now()");
    assert.equal((await dispatch()).processed, i % 10 === 0 ? EVENTS : 0);
  }
  assert.deepEqual([...hook.deliveries.keys()].toSorted(), ids);
  assert.deepEqual([...new Set(hook.deliveries.values())], [TIMES / 10]);
  assert.deepEqual(await inDatabase("dispatch_again"), ids);
});
