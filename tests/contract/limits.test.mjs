// Who sends too much is refused early, loudly and alone; the tenant sees how often, and what is refused is taken later.
import assert from "node:assert/strict";
import { request as open } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { Client, accounted, event, uuidv7 } from "../harness/client.mjs";
import { until } from "../harness/until.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

const BURST = 5;
let world;
let count = 0;
/** The address of a test's own: no test is refused for another's requests. */
let address;

before(async () => {
  world = await startWorld({ tenants: [], addressRate: { per_second: 1, burst: BURST } });
});
after(() => world.stop());
beforeEach(() => (address = `192.0.2.${++count}`));

/** A new tenant with these limits. */
async function limited(limits, { registry, url } = world) {
  const tenant = newTenant(`limited${count}-${uuidv7()}`);
  if (limits !== undefined) await registry.put(`settings:${tenant.organization_id}`, JSON.stringify({ limits }));
  await enrol(registry, tenant, [url]);
  return new Client(url, tenant);
}

const from = (address) => ({ headers: { "cf-connecting-ip": address } });
/** Each from an address of its own: all of a test's at most once. */
const anywhere = () => from(`2001:db8:${count.toString(16)}:${(++places).toString(16)}::1`);
let places = 0;

async function refusal(response, status, code, attr) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  const body = JSON.parse(text);
  assert.deepEqual([body.type, body.code, body.attr], ["throttled_error", code, attr]);
  assert.match(body.detail, /keep/);
  return Number(response.headers.get("retry-after"));
}

/** The client's ledger, once as many requests are counted as refused. */
const counted = (client, refused) =>
  until(`refused: ${JSON.stringify(refused)}`, async () => {
    const ledger = await client.ledger();
    return JSON.stringify(ledger.refused) === JSON.stringify(refused) && ledger;
  });

/** What is answered to a POST whose body is begun and never ended. */
function answerToUnended(url, headers) {
  return new Promise((resolve, reject) => {
    const request = open(url, { method: "POST", headers }, (response) => {
      response.resume();
      response.on("end", () => {
        resolve(response.statusCode);
        request.destroy();
      });
    });
    request.on("error", reject);
    request.write('{"api_key":"');
  });
}

test("an address over its rate is refused before its body is read, and its neighbour is not", async () => {
  const client = await limited();
  const send = (from) => client.batch([event("a")], from);
  for (let n = 0; n < BURST; n++) assert.equal((await send(from(address))).status, 200);
  const response = await send(from(address));
  assert.equal(response.headers.get("access-control-expose-headers"), "retry-after");
  assert.equal(await refusal(response, 429, "rate_limited", "address"), 1);
  assert.equal((await send(from("198.51.100.1"))).status, 200);
  assert.equal(await answerToUnended(`${world.url}/batch/`, { "cf-connecting-ip": address }), 429);
  // As it says, a second later there is room.
  await until("room again", async () => (await send(from(address))).status === 200);
});

test("the platform's own limit is asked as well, by address, where it is bound", async () => {
  const limit = 3;
  const other = await startWorld({ tenants: [], platformLimit: limit });
  try {
    const client = await limited(undefined, other);
    const send = (address) => client.batch([event("a")], from(address));
    // The platform counts by the clock: should a period end in between, it counts anew once.
    const statuses = [];
    for (let n = 0; n < 3 * limit; n++) statuses.push((await send("2001:db8::1")).status);
    assert.ok(statuses.filter((status) => status === 200).length <= 2 * limit, statuses.join());
    const refused = await until("a refusal", async () => {
      const response = await send("2001:db8::ffff");
      return response.status === 429 && response;
    });
    assert.equal(await refusal(refused, 429, "rate_limited", "address"), 60);
    assert.equal((await send("2001:db8:0:1::1")).status, 200);
    const server = () => client.domain([{ event_name: "restocked" }], from("2001:db8::2").headers);
    await until("the server key is known", async () => (await send("2001:db8:0:2::1")).status === 200);
    const first = await client.domain([{ event_name: "restocked" }], from("2001:db8:0:3::1").headers);
    assert.equal(first.status, 200);
    for (let n = 0; n < 2 * limit; n++) assert.equal((await server()).status, 200, "by its key's rate, not its address's");
  } finally {
    await other.stop();
  }
});

test("a key over its rate is refused whatever address it comes from; the tenant sees how often, and nobody else pays", async () => {
  const hostile = await limited({ browser_key: { per_second: 1, burst: 10 } });
  const neighbour = await limited();
  const REQUESTS = 400;
  const NEIGHBOURS = 40;
  const sent = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, n) => {
      const answers = [hostile.batch([event("flood")], anywhere())];
      if (n % (REQUESTS / NEIGHBOURS) === 0) answers.push(neighbour.batch([event("calm")], anywhere()));
      const [flooded, calm] = await Promise.all(answers);
      if (calm !== undefined) assert.equal(calm.status, 200, await calm.text());
      return flooded;
    }),
  );
  const taken = sent.filter((response) => response.status === 200).length;
  assert.ok(taken >= 10 && taken < REQUESTS / 2, `${taken} taken`);
  for (const response of sent) if (response.status !== 200) assert.ok((await refusal(response, 429, "rate_limited", "api_key")) >= 1);
  const { total, balanced } = await counted(hostile, { rate_limited: REQUESTS - taken });
  assert.deepEqual([total.stored, total.captured, balanced], [taken, taken, true], "what is refused is in no balance");
  const calm = await neighbour.ledger();
  assert.deepEqual([calm.total.stored, calm.refused], [NEIGHBOURS, {}]);
});

test("a day that is full takes nothing more, says until when, and does not reach the log in a flood", async () => {
  const client = await limited({ events_per_day: 5 });
  const stream = uuidv7();
  const batch = (...seqs) => seqs.map((seq) => event("a", { stream, seq }));
  const report = (seq) => ({ ...anywhere(), stream: { id: stream, seq, dropped: {} } });
  assert.equal((await client.batch(batch(1, 2, 3), report(3))).status, 200);
  assert.equal((await client.batch(batch(4, 5, 6), report(6))).status, 200, "what fills the day is taken whole");
  const late = batch(7, 8);
  const untilMidnight = 86_400 - (Date.now() / 1_000) % 86_400;
  const wait = await refusal(await client.batch(late, report(8)), 429, "quota_exceeded", null);
  assert.ok(Math.abs(wait - untilMidnight - 30) <= 35, `${wait} s, and midnight is in ${untilMidnight} s`);
  const flood = await Promise.all(Array.from({ length: 200 }, () => client.batch(late, report(8))));
  assert.ok(flood.every((response) => response.status === 429));
  const posthogJs = await client.batch(late, { ...report(8), path: "/e/" });
  assert.equal(await refusal(posthogJs, 503, "quota_exceeded", null) > 0, true, "which drops what is answered 429");
  const { total, balanced } = await counted(client, { quota_exceeded: 202 });
  assert.deepEqual([total.stored, total.captured, total.under_way, balanced], [6, 6, 0, true]);
  // A report that brings no event is news of the books, and costs the day nothing.
  assert.equal((await client.batch([], report(8))).status, 200);
  const books = await client.ledger();
  assert.deepEqual([books.total.captured, books.total.under_way, accounted(books.total)], [8, 2, 8]);
});

test("other refusals of a tenant's keys are counted too", async () => {
  const client = await limited();
  const foreign = { headers: { ...anywhere().headers, origin: "https://elsewhere.example" } };
  for (let n = 0; n < 3; n++) assert.equal((await client.batch([event("a")], foreign)).status, 403);
  const reading = { authorization: `Bearer ${client.tenant.read_key}`, ...anywhere().headers };
  assert.equal((await client.domain([{ event_name: "a" }], reading)).status, 403);
  await counted(client, { foreign_origin: 3, wrong_key_kind: 1 });
});
