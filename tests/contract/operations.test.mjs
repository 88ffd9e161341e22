// What whoever runs a collector goes by: health, request ids, the journal, data points and figures.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { unstable_readConfig } from "wrangler";
import { enrolled, event } from "../harness/client.mjs";
import { parsed } from "../harness/prometheus.mjs";
import { until } from "../harness/until.mjs";
import { ROOT, startWorld } from "../harness/world.mjs";

const OPERATOR = "ak_0123456789abcdef0123456789abcdef";

let world;
/** Every line that the Worker has written. */
const lines = [];
before(async () => {
  const onLog = ({ level, message }) => lines.push({ level, message });
  world = await startWorld({ tenants: [], isInstrumented: true, adminToken: OPERATOR, onLog });
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

const configOf = (env) => unstable_readConfig({ config: join(ROOT, "wrangler.toml"), env }, { hideWarnings: true });

test("each environment of wrangler.toml has what the collector needs", () => {
  const needs = ({ vars, kv_namespaces, ratelimits, durable_objects }) => ({
    vars: Object.keys(vars).sort(),
    registries: kv_namespaces.map(({ binding }) => binding),
    limits: ratelimits.map(({ name, simple }) => ({ name, simple })),
    objects: durable_objects.bindings.map(({ name, class_name }) => `${name}: ${class_name}`),
  });
  assert.deepEqual(needs(configOf("staging")), needs(configOf(undefined)));
});

test("every variable that the collector reads is in wrangler.toml, where it is no secret, and in the docs", () => {
  const read = (path) => readFileSync(join(ROOT, path), "utf8");
  const all = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name);
  // The rest of what is bound is the platform's: a namespace, a dataset.
  const bound = all(read("collector/worker/env.ts"), /readonly ([A-Z_0-9]+)\?: (?:string|number|readonly string\[\]|Rate);/g);
  const delivery = ["environment", "settings"].flatMap((file) => {
    const [code] = read(`crates/delivery/src/${file}.rs`).split("#[cfg(test)]");
    return all(code, /"([A-Z]+(?:_[A-Z]+)+|DESTINATIONS)"/g);
  });
  const variables = new Set([...bound, ...delivery]);
  assert.ok(variables.has("WILL_AFTER_MS") && variables.has("DESTINATIONS") && variables.has("KAFKA_BROKERS"), "they are found");

  const [, listed] = /These are secrets[^:]*:([^.]*)\./.exec(read("wrangler.toml"));
  const secrets = all(listed, /([A-Z_]+)/g);
  assert.deepEqual([...variables].sort(), [...Object.keys(configOf(undefined).vars), ...secrets].sort());
  const docs = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) => read(`docs/${name}`)).join();
  assert.deepEqual([...variables].filter((name) => !docs.includes(`\`${name}`)), [], "not in docs/");
});

/** The figures as Prometheus's own parser reads them: value by `family{label=…}`, labels in their order. */
async function scraped(path, key) {
  const response = await get(path, { authorization: `Bearer ${key}` });
  assert.equal(response.status, 200, path);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const families = await parsed(await response.text());
  const names = families.map((family) => family.name);
  assert.equal(new Set(names).size, names.length, "a family is told of once");
  const samples = families.flatMap((family) => family.samples);
  return new Map(samples.map(({ name, labels, value }) => [`${name} ${Object.values(labels).join(" ")}`, value]));
}

test("metrics: a tenant's figures, exactly, in Prometheus's format", async () => {
  const client = await enrolled(world, "figures");
  const { read_key, browser_key, server_key } = client.tenant;
  const first = event("a");
  for (let n = 0; n < 3; n++) assert.equal((await client.batch([first, event("x".repeat(201)), event("b")])).status, 200);
  const org = "org_figures";
  // The commit is told of when it is on disk, which nobody waits for.
  const figures = await until("three commits", async () => {
    const now = await scraped("/metrics", read_key);
    return now.get(`tallymark_append_duration_seconds_count ${org}`) === 3 && now;
  });
  const { total } = await client.ledger();
  assert.deepEqual(
    ["stored", "captured", "duplicate"].map((outcome) => figures.get(`tallymark_events ${org} ${outcome} `)),
    [total.stored, total.captured, total.duplicate],
  );
  assert.deepEqual([total.stored, total.duplicate], [4, 2]);
  assert.equal(figures.get(`tallymark_events ${org} quarantined too_long`), 3);
  assert.equal(figures.get(`tallymark_log_up ${org}`), 1);
  assert.equal(figures.get(`tallymark_log_last_seq ${org}`), (await client.events()).at(-1).seq);
  assert.equal(figures.get(`tallymark_missing_events ${org}`), 0);
  assert.equal(figures.get(`tallymark_append_failures_total ${org}`), 0);
  assert.equal(figures.get(`tallymark_append_duration_seconds_bucket ${org} +Inf`), 3);
  assert.ok(figures.get(`tallymark_log_bytes ${org}`) > 4096);

  const destination = { name: "shop", kind: "webhook", url: "https://nowhere.invalid", secrets: [`whsec_${"c2VjcmV0".repeat(4)}`] };
  await world.registry.put("destinations:org_figures", JSON.stringify([{ ...destination, from: "start", flush_interval_ms: 3_600_000 }]));
  await instruments({ advance_ms: 120_000 });
  const onwards = await scraped("/metrics", read_key);
  const of = (what) => onwards.get(`tallymark_destination_${what} ${org} shop webhook`);
  assert.deepEqual(["lag_events", "parked", "delivered", "paused"].map(of), [figures.get(`tallymark_log_last_seq ${org}`), 0, 0, 0]);
  assert.ok(of("lag_seconds") >= 120);

  for (const [key, status] of [["", 401], ["rk_nobody", 401], [browser_key, 403], [server_key, 403], ["ak_nobody", 401]]) {
    assert.equal((await get("/metrics", key === "" ? {} : { authorization: `Bearer ${key}` })).status, status, key);
  }
});

test("metrics: the operator's token has any tenant's, and a log that fails takes nobody else's away", async () => {
  const clients = await Promise.all(["north", 'so"uth'].map((slug) => enrolled(world, slug)));
  for (const client of clients) await client.batch([event("a")]);
  const query = "organization=org_north&organization=org_so%22uth";
  const figures = await scraped(`/metrics?${query}`, OPERATOR);
  assert.deepEqual(['north', 'so"uth'].map((slug) => figures.get(`tallymark_events org_${slug} stored `)), [1, 1]);
  assert.equal((await get("/metrics", { authorization: `Bearer ${OPERATOR}` })).status, 400, "whose it doesn't say");

  await instruments({ faults: { log: "throw" } });
  const without = await scraped(`/metrics?${query}`, OPERATOR);
  await instruments({ faults: {} });
  assert.deepEqual([...without], [["tallymark_log_up org_north", 0], ['tallymark_log_up org_so"uth', 0]]);
});
