// What whoever runs a collector goes by: health, request ids, the journal, data points, figures, and what it all costs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { enrolled, event } from "../harness/client.mjs";
import { until } from "../harness/until.mjs";
import { ROOT, startWorld } from "../harness/world.mjs";

let world;
/** Every line that the Worker has written. */
const lines = [];
before(async () => {
  world = await startWorld({ tenants: [], isInstrumented: true, onLog: ({ level, message }) => lines.push({ level, message }) });
});
after(() => world.stop());

/** Orders something of the instruments; what they show. */
async function instruments(order = {}) {
  const response = await fetch(`${world.url}/__instruments`, { method: "POST", body: JSON.stringify(order) });
  return response.json();
}

const get = (path, headers = {}) => fetch(world.url + path, { headers });

/** The journal's lines of that event, once there are so many. */
async function journal(event, count = 1) {
  const read = () => lines.flatMap(({ message }) => (message.startsWith("{") ? [JSON.parse(message)] : []));
  return until(`${count} lines of ${event}`, () => {
    const found = read().filter((line) => line.event === event);
    return found.length >= count && found;
  });
}

test("healthz depends on nothing", async () => {
  await instruments({ faults: { registry: "throw", log: "throw", brain: "throw" } });
  for (const method of ["GET", "HEAD"]) {
    const response = await fetch(`${world.url}/healthz`, { method });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("cache-control"), "no-store");
  }
  await instruments({ faults: {} });
});

test("readyz names what fails, in bounded time", async () => {
  const ask = async () => {
    await instruments({ advance_ms: 6_000 });
    const response = await get("/readyz");
    return { status: response.status, retryAfter: response.headers.get("retry-after"), ...(await response.json()).checks };
  };
  const well = await ask();
  assert.deepEqual([well.status, well.registry.ok, well.log.ok, well.brain.ok], [200, true, true, true]);
  for (const part of ["registry", "log", "brain"]) {
    for (const how of part === "brain" ? ["throw"] : ["throw", "hang"]) {
      await instruments({ faults: { [part]: how } });
      const ill = await ask();
      assert.deepEqual([ill.status, ill.retryAfter], [503, "1"], `${part} ${how}`);
      for (const other of ["registry", "log", "brain"]) assert.equal(ill[other].ok, other !== part, `${part} ${how}: ${other}`);
    }
  }
  await instruments({ faults: {} });
  assert.equal((await ask()).status, 200, "and all is well again");
  const told = await journal("readyz.failed", 5);
  assert.deepEqual(told.map((line) => line.check), ["registry", "registry", "log", "log", "brain"]);
});

test("readyz asked in a loop moves nothing behind the isolate", async () => {
  await instruments({ advance_ms: 6_000 });
  await get("/readyz");
  await instruments({ reset: true });
  const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await get("/readyz")).status));
  assert.deepEqual(new Set(statuses), new Set([200]));
  const { registry_reads, log_requests, rows_read } = await instruments();
  assert.deepEqual([registry_reads, log_requests, rows_read], [0, 0, 0]);
});

test("every answer has a request id: Cloudflare's ray, or one of its own", async () => {
  const client = await enrolled(world, "ids");
  assert.equal((await get("/_readiness", { "cf-ray": "8f1c2d3e4b5a6978-PRG" })).headers.get("x-request-id"), "8f1c2d3e4b5a6978-PRG");
  const made = (await get("/_readiness", { "cf-ray": 'x", "level": "error' })).headers.get("x-request-id");
  assert.match(made, /^[0-9a-f-]{36}$/);
  const stored = await client.batch([event("a")]);
  assert.equal(stored.status, 200);
  assert.match(stored.headers.get("x-request-id"), /^[0-9a-f-]{36}$/);
});

test("a failure and a refusal are a line each, which hold no payload and no secret", async () => {
  const client = await enrolled(world, "journal");
  const secrets = ["wk_nobodys-key", "patient-4711", "sk_nobodys-secret"];
  const refused = await client.batch([event("a", { properties: { note: secrets[1] } })], { api_key: secrets[0] });
  assert.equal(refused.status, 401);
  const id = refused.headers.get("x-request-id");
  const [line] = (await journal("request.refused")).filter((it) => it.request_id === id);
  const { duration_ms, ...fields } = line;
  assert.deepEqual(fields, {
    level: "warn", event: "request.refused", request_id: id, method: "POST", route: "batch", status: 401,
    code: "unknown_key",
  });
  assert.ok(duration_ms >= 0);
  await get(`/v1/quarantine/${secrets[1]}?token=${secrets[2]}`, { authorization: `Bearer ${secrets[2]}` });
  await get(`/array/${secrets[0]}/nothing`);

  await client.batch([event("a")]);
  await instruments({ faults: { log: "throw" } });
  const failed = await client.batch([event("b", { properties: { note: secrets[1] } })]);
  await instruments({ faults: {} });
  assert.equal(failed.status, 503);
  const of = (name) => journal(name).then((all) => all.find((it) => it.request_id === failed.headers.get("x-request-id")));
  assert.deepEqual([(await of("log.append_failed")).organization_id, (await of("request.failed")).status], ["org_journal", 503]);
  for (const secret of [...secrets, client.tenant.browser_key]) {
    assert.ok(!lines.some(({ message }) => message.includes(secret)), `the journal holds ${secret}`);
  }
});

test("whoever makes the collector refuse makes it write a bounded number of lines", async () => {
  await instruments({ advance_ms: 60_000 });
  const before = lines.length;
  for (let n = 0; n < 60; n++) assert.equal((await get("/nowhere")).status, 404);
  await instruments({ advance_ms: 60_000 });
  await get("/nowhere");
  const told = await until("the line after the window", () => {
    const since = lines.slice(before).map(({ message }) => JSON.parse(message));
    return since.some((line) => line.suppressed) && since;
  });
  assert.deepEqual([told.length, told.at(-1).suppressed], [21, 40]);
});

test("with Analytics Engine bound, each request is a data point", async () => {
  const client = await enrolled(world, "points");
  await client.batch([event("warm")]);
  await instruments({ reset: true });
  await client.batch([event("a"), event("b"), event("x".repeat(201))]);
  await client.batch([event("a")], { api_key: "wk_nobody" });
  const { points } = await instruments();
  const [stored, refused] = points;
  assert.equal(points.length, 2);
  assert.deepEqual([stored.indexes, stored.blobs], [["org_points"], ["batch", "POST", "200", ""]]);
  assert.deepEqual(stored.doubles.slice(2), [2, 1, 0], "stored, quarantined, duplicates");
  assert.deepEqual([refused.indexes, refused.blobs], [[""], ["batch", "POST", "401", "unknown_key"]]);
});

test("each environment of wrangler.toml has what the collector needs", () => {
  const read = (env) => unstable_readConfig({ config: join(ROOT, "wrangler.toml"), env }, { hideWarnings: true });
  const needs = ({ vars, kv_namespaces, durable_objects }) => ({
    vars: Object.keys(vars).sort(),
    registries: kv_namespaces.map(({ binding }) => binding),
    objects: durable_objects.bindings.map(({ name, class_name }) => `${name}: ${class_name}`),
  });
  assert.deepEqual(needs(read("staging")), needs(read(undefined)));
});
