// From a request to the backend's table, through the tenant's log: everything once, whatever befalls the database.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enrolled, event, uuidv7 } from "../harness/client.mjs";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { until } from "../harness/until.mjs";
import { startWorld } from "../harness/world.mjs";
import { migrated } from "./support.mjs";

const options = { skip: NO_POSTGRES, timeout: 180_000 };
const QUICK = { flush_interval_ms: 0, retry_first_ms: 20, retry_cap_ms: 100, timeout_ms: 2_000 };
let server;
let world;

before(async () => {
  if (NO_POSTGRES) return;
  server = await startPostgres({ tcp: true, durable: true });
  world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(async () => {
  await world?.stop();
  await server?.stop();
});

/** A tenant whose events go to a migrated database of that name. */
async function tenant(name, more = {}) {
  const url = `${await migrated(server, name)}?sslmode=disable`;
  const client = await enrolled(world, name);
  const destination = { name: "backend", kind: "postgres", url, ...QUICK, ...more };
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([destination]));
  return client;
}

const backend = async (client) => (await client.read("/v1/destinations")).destinations[0];

const untilStored = (client) =>
  until("everything to be stored", async () => {
    const state = await backend(client);
    return state?.lag_events === 0 && state;
  });

test("rows are those of the log, to the byte", options, async () => {
  const client = await tenant("bytes");
  const texts = ['{"b":1.0,"a":[ 1e2,{"b":2}]}', '{"é":"\\u00e9","z":"\\\\u0000"}', '{"n":12345678901234567890.10}'];
  for (const properties of texts) {
    const { uuid, timestamp } = event("x");
    const body = `{"api_key":"${client.tenant.browser_key}","batch":[{"event":"x","uuid":"${uuid}","distinct_id":"v","timestamp":"${timestamp}","properties":${properties}}]}`;
    assert.equal((await client.raw("/batch/", body)).status, 200);
  }
  await untilStored(client);
  const columns = "event_id, event_name, organization_id, user_id, anonymous_id, session_id, entity_type, entity_id, correlation_id, source, trust, schema_version";
  const stored = await server.query(`select ${columns} from domain_event order by event_id`, "bytes");
  const rows = (await client.events()).sort((a, b) => (a.event_id < b.event_id ? -1 : 1));
  assert.deepEqual(stored, rows.map((row) => columns.split(", ").map((column) => String(row[column] ?? ""))));
  // As the log has them, not as a parser understands them.
  const page = await (await fetch(`${client.url}/v1/events`, { headers: { authorization: `Bearer ${client.tenant.read_key}` } })).text();
  for (const [properties, context] of await server.query("select properties, context from domain_event", "bytes")) {
    assert.ok(page.includes(`"properties":${properties},"context":${context}`), properties);
  }
  assert.deepEqual(await server.query("select count(*) from domain_event where not is_processed", "bytes"), [["0"]]);
});

test("rows are the same whether they go by columns or by their JSON", options, async () => {
  const client = await tenant("columns");
  const url = `${await migrated(server, "json")}?sslmode=disable`;
  // Of a destination that may not have everything the brain sees the rows: they go as it writes them.
  const json = { name: "json", kind: "postgres", url, pii: "omit", ...QUICK };
  const columns = { ...json, name: "columns", url: url.replace("/json?", "/columns?"), pii: "send" };
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([columns, json]));
  const texts = [
    'a "quoted" one', "back\\slash\\", "{1,2}", "NULL", "null", " spaces ", ",", "\n\r\t", "\u001e", "\u0000", "\\u0000", "é💡", "'; --", '\\"', "\u2028",
  ];
  const events = texts.map((text) => ({
    event_id: uuidv7(), event_name: "batch_started", occurred_at: "0000-02-29T12:00:00.000Z", user_id: text, entity_type: "batch",
    entity_id: text, correlation_id: text, properties: { [text]: text, n: 1 }, context: { text },
  }));
  events.push({ event_id: uuidv7(), event_name: "batch_ended" });
  const answer = await client.domain(events);
  assert.equal(answer.status, 200, await answer.text());
  await until("everything to be stored", async () => {
    const { destinations } = await client.read("/v1/destinations");
    return destinations.length === 2 && destinations.every(({ lag_events }) => lag_events === 0);
  });
  const rows = (database) => server.query("select to_jsonb(e) - '{seq,processed_at,next_attempt_at}'::text[], properties, context from domain_event e order by event_id", database);
  const [byColumns, byJson] = [await rows("columns"), await rows("json")];
  assert.equal(byColumns.length, events.length, JSON.stringify((await client.read("/v1/destinations")).destinations));
  assert.deepEqual(byColumns, byJson);
});

test("kill -9 of PostgreSQL in the midst of a load: everything is there once", options, async () => {
  const client = await tenant("load");
  const ids = [];
  let sent = 0;
  const send = async () => {
    while (sent < 100) {
      sent++;
      const events = Array.from({ length: 20 }, () => event("order_paid"));
      assert.equal((await client.batch(events)).status, 200, "captures don't depend on it");
      ids.push(...events.map(({ uuid }) => uuid));
    }
  };
  const load = Promise.all([send(), send(), send(), send()]);
  for (let kills = 0; kills < 3; kills++) {
    await until("some of the load to be stored", async () => Number((await server.query("select count(*) from domain_event", "load"))[0][0]) > kills * 400);
    await server.kill();
    await server.start();
  }
  await load;
  await untilStored(client);
  const stored = (await server.query("select event_id from domain_event", "load")).flat();
  assert.equal(stored.length, 2_000);
  assert.deepEqual(new Set(stored), new Set(ids));
});

test("a value that the table can't hold is parked, and all others are stored", options, async () => {
  const client = await tenant("checked");
  await server.query("alter table domain_event add constraint positive check ((properties->>'scale')::numeric > 0)", "checked");
  const events = Array.from({ length: 30 }, (_, n) => event("scaled", { properties: { scale: n === 11 ? -1 : 1 } }));
  assert.equal((await client.batch(events)).status, 200);
  await until("one to be parked", async () => (await backend(client))?.parked === 1);
  await untilStored(client);
  assert.deepEqual(await server.query("select count(*) from domain_event", "checked"), [["29"]]);
});

test("tables that are missing wait for `tallymark migrate`, and lose nothing", options, async () => {
  await server.query("create database bare");
  const client = await enrolled(world, "bare");
  const url = `${server.url("bare")}?sslmode=disable`;
  const destination = { name: "backend", kind: "postgres", url, ...QUICK, retry_first_ms: 10, retry_cap_ms: 10 };
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([destination]));
  assert.equal((await client.batch([event("early")])).status, 200);
  await until("its absence to be told", async () => /42P01/.test((await backend(client))?.last_error ?? ""));
  await server.query("drop database bare with (force)");
  await migrated(server, "bare");
  await untilStored(client);
  assert.deepEqual(await server.query("select event_name from domain_event", "bare"), [["early"]]);
});
