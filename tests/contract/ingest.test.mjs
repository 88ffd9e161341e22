// What the collector answers, and what then lies in the store: real workerd, over HTTP.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Client, accounted, enrolled, event, uuidv7 } from "../harness/client.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

let world;
let client;
let count = 0;

before(async () => {
  world = await startWorld({ tenants: [], ingestPaths: ["/collect"] });
});
after(() => world.stop());

// Each test has a tenant, and so a log, of its own.
beforeEach(async () => {
  client = await enrolled(world, `t${++count}`);
});

async function refused(response, status, { code, attr }) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  const body = JSON.parse(text);
  assert.equal(body.code, code, text);
  if (attr !== undefined) assert.equal(body.attr, attr, text);
  assert.ok(body.detail.length > 10, "says what to do");
}

test("a batch is stored once, in its envelope, and the books balance", async () => {
  const stream = uuidv7();
  const events = [1, 2, 3].map((seq) =>
    event("recipe_scaled", {
      stream,
      seq,
      properties: { scale: seq, $session_id: "s1", $entity_type: "recipe", $entity_id: "12", $correlation_id: "c" },
    }),
  );
  const response = await client.batch(events, { stream: { id: stream, seq: 3, dropped: {} } });
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: "Ok" });
  const rows = await client.events();
  assert.deepEqual(rows.map((r) => r.event_id), events.map((e) => e.uuid));
  const [row] = rows;
  assert.equal(row.organization_id, client.tenant.organization_id);
  assert.equal(row.event_name, "recipe_scaled");
  assert.equal(row.occurred_at, events[0].timestamp);
  assert.equal(row.anonymous_id, "visitor-1");
  assert.equal(row.session_id, "s1");
  assert.deepEqual([row.entity_type, row.entity_id, row.correlation_id], ["recipe", "12", "c"]);
  assert.deepEqual([row.source, row.trust, row.schema_version], ["browser", "origin", 1]);
  assert.equal(row.properties.scale, 1);
  assert.equal(row.context.stream_id, stream);
  assert.equal(row.context.seq, 1);
  const { total, balanced, days } = await client.ledger();
  assert.equal(balanced, true);
  assert.deepEqual(total, { captured: 3, stored: 3, quarantined: {}, dropped: {}, duplicate: 0, under_way: 0 });
  assert.equal(days.length, 1);
});

test("the same batch a hundred times leaves one copy and counts the duplicates", async () => {
  const stream = uuidv7();
  const events = [1, 2].map((seq) => event("a", { stream, seq }));
  const report = { stream: { id: stream, seq: 2, dropped: { queue_full: 0 } } };
  for (let i = 0; i < 100; i++) assert.equal((await client.batch(events, report)).status, 200);
  assert.equal((await client.events()).length, 2);
  const { total } = await client.ledger();
  assert.equal(total.stored, 2);
  assert.equal(total.captured, 2);
  assert.equal(total.duplicate, 198);
  assert.equal(total.under_way, 0);
});

test("a batch of old and new events counts only the new", async () => {
  const stream = uuidv7();
  const [a, b, c] = [1, 2, 3].map((seq) => event("a", { stream, seq }));
  await client.batch([a, b], { stream: { id: stream, seq: 2, dropped: {} } });
  await client.batch([b, c], { stream: { id: stream, seq: 3, dropped: {} } });
  const { total, balanced } = await client.ledger();
  assert.deepEqual([total.captured, total.stored, total.duplicate, total.under_way], [3, 3, 1, 0]);
  assert.equal(balanced, true);
});

test("a gap in a stream is under way, and closed when the event comes", async () => {
  const stream = uuidv7();
  const [first, second, third] = [1, 2, 3].map((seq) => event("a", { stream, seq }));
  await client.batch([first, third], { stream: { id: stream, seq: 3, dropped: {} } });
  let books = await client.ledger();
  assert.equal(books.total.under_way, 1);
  assert.equal(books.streams_with_gaps[0].stream_id, stream);
  assert.equal(books.streams_with_gaps[0].missing, 1);
  await client.batch([second], { stream: { id: stream, seq: 3, dropped: {} } });
  books = await client.ledger();
  assert.equal(books.total.under_way, 0);
  assert.deepEqual(books.streams_with_gaps, []);
});

test("reported drops are booked once, by reason", async () => {
  const stream = uuidv7();
  const report = { stream: { id: stream, seq: 5, dropped: { queue_full: 3, event_too_large: 1 } } };
  const only = event("a", { stream, seq: 5 });
  await client.batch([only], report);
  await client.batch([only], report);
  // A report alone, without events, is how a page that has nothing left to send tells of its drops.
  await client.batch([], { stream: { id: stream, seq: 6, dropped: { queue_full: 4, event_too_large: 1 } } });
  const { total } = await client.ledger();
  assert.deepEqual(total.dropped, { event_too_large: 1, queue_full: 4 });
  assert.equal(total.captured, 6);
  assert.equal(accounted(total), 6);
  assert.equal(total.under_way, 0);
});

test("one bad event is quarantined alone; the good ones are stored", async () => {
  const stream = uuidv7();
  const good = event("good", { stream, seq: 1 });
  const bad = event("x".repeat(201), { stream, seq: 2 });
  const response = await client.batch([good, bad, event("also good", { stream, seq: 3 })]);
  assert.equal(response.status, 200);
  const answer = await response.json();
  assert.equal(answer.status, "Ok");
  assert.equal(answer.quarantined.length, 1);
  assert.equal(answer.quarantined[0].rule, "too_long");
  assert.equal(answer.quarantined[0].path, "event");
  assert.equal((await client.events()).length, 2);
  await client.batch([good, bad]);
  const { total, balanced } = await client.ledger();
  assert.deepEqual(total.quarantined, { too_long: 1 });
  assert.deepEqual([total.captured, total.stored, total.duplicate, total.under_way], [3, 2, 2, 0]);
  assert.equal(balanced, true);
});

test("an event without an id is stored once however often it is sent", async () => {
  const { uuid: _, ...anonymous } = event("a");
  for (let i = 0; i < 3; i++) assert.equal((await client.batch([anonymous, anonymous])).status, 200);
  assert.equal((await client.events()).length, 2, "two clicks, though alike to the letter");
});

test("gzip is recognised by its bytes, whatever the headers say", async () => {
  const body = gzipSync(JSON.stringify({ api_key: client.tenant.browser_key, batch: [event("zipped")] }));
  for (const headers of [{}, { "content-encoding": "gzip" }, { "content-type": "application/json" }]) {
    const response = await client.raw("/batch/", body, headers);
    assert.equal(response.status, 200, await response.text());
  }
  assert.equal((await client.events()).length, 1);
});

test("every ingest path takes a batch, with and without its slash", async () => {
  const paths = ["/batch", "/batch/", "/e", "/e/", "/i/v0/e", "/i/v0/e/", "/capture/", "/track/", "/collect"];
  for (const path of paths) assert.equal((await client.batch([event(path)], { path })).status, 200, path);
  assert.deepEqual((await client.events()).map((r) => r.event_name), paths);
});

test("domain events come in the envelope's own terms, one or an array", async () => {
  const one = { event_name: "batch_started", entity_type: "batch", entity_id: 7, user_id: 42, properties: { scale: 2 } };
  const first = await client.domain(one);
  assert.equal(first.status, 200);
  const { stored, duplicates, quarantined } = await first.json();
  assert.deepEqual([stored, duplicates, quarantined], [1, 0, []]);
  await client.domain([
    { event_id: uuidv7(), event_name: "batch_completed", source: "batch_service", occurred_at: "2026-01-02T03:04:05Z" },
    { event_id: uuidv7(), event_name: "batch_failed", schema_version: 3 },
  ]);
  const rows = await client.events();
  assert.deepEqual(rows.map((r) => r.event_name), ["batch_started", "batch_completed", "batch_failed"]);
  assert.deepEqual([rows[0].entity_id, rows[0].user_id, rows[0].trust, rows[0].source], ["7", "42", "server", "server"]);
  assert.deepEqual([rows[1].source, rows[1].occurred_at], ["batch_service", "2026-01-02T03:04:05.000Z"]);
  assert.equal(rows[2].schema_version, 3);
});

test("a domain event that names another organization is quarantined", async () => {
  const response = await client.domain({ event_name: "a", organization_id: "org_other" });
  const answer = await response.json();
  assert.equal(answer.stored, 0);
  assert.equal(answer.quarantined[0].rule, "foreign_organization");
});

test("keys: wrong 401, wrong kind 403, foreign origin 403", async () => {
  const { browser_key, server_key, read_key } = client.tenant;
  const batch = (options) => client.batch([event("a")], options);
  await refused(await batch({ api_key: "wk_nobody" }), 401, { code: "unknown_key", attr: "api_key" });
  await refused(await batch({ api_key: "" }), 401, { code: "missing_key" });
  await refused(await batch({ api_key: read_key }), 403, { code: "wrong_key_kind" });
  await refused(await batch({ headers: { origin: "https://evil.example" } }), 403, { code: "foreign_origin" });
  const bearer = (key) => ({ authorization: `Bearer ${key}` });
  await refused(await client.domain({ event_name: "a" }, bearer(browser_key)), 403, { code: "wrong_key_kind" });
  await refused(await client.domain({ event_name: "a" }, bearer("sk_wrong")), 401, { code: "unknown_key" });
  const get = (key) => fetch(`${client.url}/v1/events`, { headers: bearer(key) });
  await refused(await get(server_key), 403, { code: "wrong_key_kind" });
  await refused(await get("rk_wrong"), 401, { code: "unknown_key" });
  assert.equal((await batch({ api_key: server_key })).status, 200, "a back end may use the batch dialect");
  assert.deepEqual((await client.events()).map((r) => r.trust), ["server"]);
});

test("malformed requests are 400 and name the field", async () => {
  const post = (body) => client.raw("/batch/", body);
  await refused(await post(""), 400, { code: "empty_body", attr: "body" });
  await refused(await post('{"api_key":"x","batch":[}'), 400, { code: "malformed_json", attr: "body" });
  await refused(await post(gzipSync("{}").subarray(0, 12)), 400, { code: "invalid_gzip", attr: "body" });
  await refused(await post(JSON.stringify({ api_key: client.tenant.browser_key, batch: {} })), 400, { attr: "batch", code: "not_an_array" });
  await refused(await client.batch([]), 400, { code: "no_event", attr: "batch" });
  const page = await fetch(`${client.url}/v1/events?limit=many`, {
    headers: { authorization: `Bearer ${client.tenant.read_key}` },
  });
  await refused(page, 400, { code: "invalid_parameter", attr: "limit" });
  assert.equal((await fetch(`${client.url}/nowhere`)).status, 404);
  assert.equal((await fetch(`${client.url}/batch/`, { method: "PUT" })).status, 405);
});

test("too large is 413: on the wire, and after decompression without expanding it", async () => {
  // Declared or not, and told after the last byte: a client that is cut off would send the same again.
  const large = "x".repeat(7 * 1024 * 1024);
  await refused(await client.raw("/batch/", large), 413, { code: "body_too_large" });
  const chunked = await fetch(`${client.url}/batch/`, { method: "POST", body: new Blob([large]).stream(), duplex: "half" });
  await refused(chunked, 413, { code: "body_too_large" });
  // 1 GiB of zeros, streamed through gzip level 9 in pieces of one member, is 1 MiB on the wire.
  const { createGzip } = await import("node:zlib");
  const gzip = createGzip({ level: 9 });
  const chunks = [];
  gzip.on("data", (chunk) => chunks.push(chunk));
  const zeros = Buffer.alloc(16 * 1024 * 1024);
  for (let i = 0; i < 64; i++) if (!gzip.write(zeros)) await new Promise((ok) => gzip.once("drain", ok));
  gzip.end();
  await new Promise((ok) => gzip.once("end", ok));
  const bomb = Buffer.concat(chunks);
  assert.ok(bomb.length < 1.1 * 1024 * 1024, `${bomb.length}`);
  await refused(await client.raw("/batch/", bomb), 413, { code: "decoded_too_large" });
  assert.equal((await client.batch([event("alive")])).status, 200, "and the collector goes on");
});

test("a large batch is stored whole", async () => {
  const events = Array.from({ length: 1_500 }, (_, i) => event(`e${i}`, { properties: { text: "y".repeat(2_000) } }));
  const response = await client.batch(events);
  assert.equal(response.status, 200, await response.text());
  const rows = await client.events();
  assert.deepEqual(rows.map((r) => r.event_name), events.map((e) => e.event));
});

test("CORS as PostHog's: origin mirrored with credentials, on errors too, preflight 200", async () => {
  const preflight = await fetch(`${client.url}/batch/`, {
    method: "OPTIONS",
    headers: {
      origin: "https://shop.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,x-custom",
    },
  });
  assert.equal(preflight.status, 200);
  assert.equal(await preflight.text(), "");
  const h = (response, name) => response.headers.get(name);
  assert.equal(h(preflight, "access-control-allow-origin"), "https://shop.example");
  assert.equal(h(preflight, "access-control-allow-credentials"), "true");
  assert.equal(h(preflight, "access-control-allow-methods"), "GET,POST,OPTIONS");
  assert.equal(h(preflight, "access-control-allow-headers"), "content-type,x-custom");
  assert.match(h(preflight, "vary"), /origin/i);
  const error = await client.batch([event("a")], { headers: { origin: "https://evil.example" } });
  assert.equal(error.status, 403);
  assert.equal(h(error, "access-control-allow-origin"), "https://evil.example");
});

test("readiness answers a page of any origin, uncached and without a key", async () => {
  for (const path of ["/_readiness", "/_readiness/", "/_readiness?1795220080000"]) {
    for (const origin of ["https://shop.example", "http://localhost:3000", "null"]) {
      const response = await fetch(client.url + path, { headers: { origin } });
      assert.deepEqual([response.status, await response.text()], [200, "ok"], path);
      assert.equal(response.headers.get("access-control-allow-origin"), origin);
      assert.equal(response.headers.get("cache-control"), "no-store");
    }
  }
  // What a page that isn't cross-origin sends: no origin, and nothing to allow.
  const response = await fetch(`${client.url}/_readiness`);
  assert.deepEqual([response.status, response.headers.get("access-control-allow-origin")], [200, null]);
});

test("nothing is dropped for being a bot, and what the visitor agreed to stays with the event", async () => {
  const userAgent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
  const properties = {
    $browser_type: "bot",
    $consent: { analytics: true, advertising: false },
    $sample_rate: 0.25,
  };
  const response = await client.batch([event("crawled", { properties })], { headers: { "user-agent": userAgent } });
  assert.deepEqual([response.status, await response.json()], [200, { status: "Ok" }]);
  const [row] = await client.events();
  assert.deepEqual(row.properties, properties);
  assert.equal(row.context.user_agent, userAgent);
});

test("rows are paged in the order of commit", async () => {
  for (let i = 0; i < 5; i++) await client.batch([event(`a${i}`), event(`b${i}`)]);
  const names = [];
  let after = 0;
  for (let pages = 0; pages < 5; pages++) {
    const page = await client.read(`/v1/events?after=${after}&limit=3`);
    names.push(...page.events.map((e) => e.event_name));
    after = page.next_after;
  }
  assert.deepEqual(names, ["a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4"]);
});

test("tenants are apart: one sees nothing of the other", async () => {
  const other = newTenant("other");
  await enrol(world.registry, other, [world.url]);
  const id = uuidv7();
  await client.batch([event("mine", { uuid: id })]);
  const theirs = new Client(world.url, other);
  await theirs.batch([event("theirs", { uuid: id })]);
  assert.deepEqual((await client.events()).map((r) => r.event_name), ["mine"]);
  assert.deepEqual((await theirs.events()).map((r) => r.event_name), ["theirs"]);
});
