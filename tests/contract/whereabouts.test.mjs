// Where one event is: in the log, in quarantine or nowhere, and what has become of it at each destination.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { tallymark, tallymarkJson } from "../harness/cli.mjs";
import { enrolled, event, uuidv7 } from "../harness/client.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { startWorld } from "../harness/world.mjs";

let world;
before(async () => {
  world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world.stop());

/** Quick, so that no test waits. */
const QUICK = { flush_interval_ms: 0, retry_first_ms: 20, retry_cap_ms: 100, timeout_ms: 30_000, from: "start" };

async function receiver(t, answer = () => ({ status: 204 })) {
  const one = await Receiver.start();
  t.after(() => one.stop());
  one.answer = answer;
  return one;
}

function configure(client, destinations) {
  const hook = { kind: "webhook", secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], ...QUICK };
  const list = Object.entries(destinations).map(([name, fields]) => ({ ...hook, name, ...fields }));
  return world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify(list));
}

async function send(client, ...events) {
  const response = await client.batch(events);
  assert.equal(response.status, 200, await response.text());
}

/** Posts, with the server's key. */
async function order(client, path, body) {
  const headers = { authorization: `Bearer ${client.tenant.server_key}`, "content-type": "application/json" };
  const response = await fetch(client.url + path, { method: "POST", body: JSON.stringify(body), headers });
  assert.equal(response.status, 200, await response.text());
}

const show = (client, id) => client.read(`/v1/deliveries/${id}`);

/** What is said of an event once each destination has one of these statuses. */
function untilAre(client, id, statuses) {
  return until(`${id} to be ${JSON.stringify(statuses)}`, async () => {
    const answer = await show(client, id);
    const are = Object.fromEntries(answer.destinations.map(({ name, status }) => [name, status]));
    return JSON.stringify(are) === JSON.stringify(statuses) && answer;
  });
}

/** Why nothing is said of an event. */
async function refusal(client, id, key = client.tenant.read_key) {
  const response = await fetch(`${client.url}/v1/deliveries/${id}`, { headers: { authorization: `Bearer ${key}` } });
  return [response.status, await response.json()];
}

const env = (client) => ({ TALLYMARK_COLLECTOR: world.url, TALLYMARK_KEY: client.tenant.read_key });

test("each destination's part: delivered, unwanted and why, pending, parked, retrying, dropped", async (t) => {
  const well = await receiver(t);
  const picky = await receiver(t, () => ({ status: 422, body: "no \u001b[2J" }));
  // The connection breaks: nothing is parked of it.
  const down = await receiver(t, () => "reset");
  const client = await enrolled(world, "parts");
  const [early, paid] = [event("order_paid"), event("order_paid", { properties: { $consent: { analytics: true, advertising: false } } })];
  const destinations = {
    ads: { url: well.url, consent: ["advertising"] },
    down: { url: down.url },
    google: { kind: "ga4", secrets: undefined, measurement_id: "G-ABC123", api_secret: "s3cret", host: well.url, from: "start" },
    other: { url: well.url, events: ["page_*"] },
    picky: { url: picky.url },
    well: { url: well.url },
  };
  await configure(client, destinations);
  await send(client, early, event("$$heatmap"), paid);
  const { destinations: at, ...said } = await untilAre(client, paid.uuid, {
    ads: "unwanted", down: "pending", google: "delivered", other: "unwanted", picky: "parked", well: "delivered",
  });
  const row = (await client.events()).find(({ event_id }) => event_id === paid.uuid);
  assert.deepEqual(said, {
    event_id: paid.uuid, seq: row.seq, event_name: "order_paid", received_at: row.received_at, is_processed: false,
    processed_at: null, delivery_attempts: 1, problems: [],
  });
  const of = Object.fromEntries(at.map(({ name, ...rest }) => [name, rest]));
  const nothing = { unwanted_by: null, parked: null, dropped_at: null, waiting: null };
  assert.deepEqual(of.well, { ...nothing, kind: "webhook", status: "delivered" });
  assert.deepEqual(of.ads, { ...nothing, kind: "webhook", status: "unwanted", unwanted_by: "consent" });
  assert.deepEqual(of.other, { ...nothing, kind: "webhook", status: "unwanted", unwanted_by: "events" });
  const { parked_at, ...parked } = of.picky.parked;
  assert.ok(Date.parse(parked_at));
  assert.deepEqual(parked, { reason: "refused", status: 422, detail: "422: no \u001b[2J", attempts: 1 });
  const failing = await until("the dead one's failure", async () => {
    const one = (await show(client, paid.uuid)).destinations.find(({ name }) => name === "down");
    return one.waiting.destination_status === "failing" && one.waiting;
  });
  assert.ok(failing.last_error.length > 0 && failing.paused_reason === null, JSON.stringify(failing));
  const heatmap = (await client.events()).find(({ event_name }) => event_name === "$$heatmap").event_id;
  const ofKind = (await show(client, heatmap)).destinations.find(({ name }) => name === "google");
  assert.deepEqual([ofKind.status, ofKind.unwanted_by], ["unwanted", "kind"]);

  const { code, stdout } = await tallymark(["deliveries", "show", paid.uuid], env(client));
  assert.equal(code, 0);
  const lines = stdout.split("\n");
  assert.equal(lines[0], `${paid.uuid}  order_paid  seq ${row.seq}, received ${row.received_at}`);
  assert.equal(lines[1], "not processed yet");
  assert.equal(lines[2], "    ads     unwanted   the person has said no to what it takes (consent)");
  assert.match(lines[3], /^ {4}down {4}pending {4}the destination is failing: /);
  assert.equal(lines[4], "    google  delivered");
  assert.equal(lines[5], "    other   unwanted   its events leave this name out");
  assert.equal(lines[6], "    picky   parked     refused 422: no \\u{1b}[2J (attempts: 1)");

  // Whoever is mended takes it, whoever is not has it given up.
  const hold = Promise.withResolvers();
  picky.answer = async () => (await hold.promise, { status: 204 });
  await order(client, "/v1/deliveries/retry", { event_id: paid.uuid });
  await untilAre(client, paid.uuid, {
    ads: "unwanted", down: "pending", google: "delivered", other: "unwanted", picky: "retrying", well: "delivered",
  });
  hold.resolve();
  await untilAre(client, paid.uuid, {
    ads: "unwanted", down: "pending", google: "delivered", other: "unwanted", picky: "delivered", well: "delivered",
  });
  await order(client, "/v1/deliveries/drop", { event_id: early.uuid });
  down.answer = () => ({ status: 204 });
  const dropped = await untilAre(client, early.uuid, {
    ads: "delivered", down: "delivered", google: "delivered", other: "unwanted", picky: "dropped", well: "delivered",
  });
  assert.ok(Date.parse(dropped.destinations.find(({ name }) => name === "picky").dropped_at));
  const done = await until("all to be done", async () => {
    const answer = await show(client, paid.uuid);
    return answer.is_processed && answer;
  });
  assert.ok(Date.parse(done.processed_at) >= Date.parse(done.received_at));
  const { result } = await tallymarkJson(["deliveries", "show", paid.uuid], env(client));
  assert.deepEqual(result, done);
  assert.match((await tallymark(["deliveries", "show", early.uuid], env(client))).stdout, /\n {4}picky {3}dropped {4}at 20/);
});

test("who wants what comes from now on does not want what was there before", async (t) => {
  const hook = await receiver(t);
  const client = await enrolled(world, "late");
  const [early, fresh] = [event("order_paid"), event("order_paid")];
  await send(client, early);
  assert.deepEqual((await show(client, early.uuid)).destinations, []);
  assert.match((await tallymark(["deliveries", "show", early.uuid], env(client))).stdout, /\n {4}no destinations\n$/);
  await configure(client, { late: { url: hook.url, from: "now" }, typo: { colour: 1 } });
  await until("it to be there", async () => {
    await fetch(`${client.url}/v1/destinations/late/resume`, { method: "POST", headers: { authorization: `Bearer ${client.tenant.server_key}` } });
    return (await client.read("/v1/destinations")).destinations.length === 1;
  });
  await send(client, fresh);
  await untilAre(client, fresh.uuid, { late: "delivered" });
  const { destinations, problems } = await untilAre(client, early.uuid, { late: "unwanted" });
  assert.equal(destinations[0].unwanted_by, "from");
  assert.match(problems[0].path, /^\[1\]\./, "what can't be read is named: it is not among the destinations");
});

test("what is not stored says where else it may be, and nobody sees another's", async (t) => {
  const client = await enrolled(world, "elsewhere");
  const other = await enrolled(world, "neighbour");
  const [stored, tooLong, never] = [event("order_paid"), event("x".repeat(201)), uuidv7()];
  await send(client, stored, tooLong);
  assert.equal((await show(client, stored.uuid)).event_id, stored.uuid);
  const missing = {
    type: "validation_error", code: "not_found", attr: "event_id",
    detail: "no event of this organization is stored under this id: it never came, or was purged from quarantine, erased or removed by retention",
  };
  assert.deepEqual(await refusal(client, never), [404, missing]);
  assert.deepEqual(await refusal(other, stored.uuid), [404, missing], "a neighbour's");
  assert.deepEqual(await refusal(other, tooLong.uuid), [404, missing], "what a neighbour has in quarantine");
  const [status, { code, detail }] = await refusal(client, tooLong.uuid);
  assert.deepEqual([status, code], [404, "not_found"]);
  assert.ok(detail.includes(`\`tallymark quarantine show ${tooLong.uuid}\``), detail);
  const shown = await tallymark(["deliveries", "show", tooLong.uuid], env(client));
  assert.deepEqual([shown.code, shown.stdout], [2, ""]);
  assert.match(shown.stderr, /404 not_found: this event is in quarantine/);
  for (const id of ["no-uuid", `${stored.uuid}x`, "..%2Fevents"]) {
    const [status, { attr, detail }] = await refusal(client, id);
    assert.deepEqual([status, attr], [400, "event_id"], detail);
  }
  for (const kind of ["server_key", "browser_key"]) assert.equal((await refusal(client, stored.uuid, client.tenant[kind]))[0], 403);
  assert.equal((await refusal(client, stored.uuid, "rk_nobody"))[0], 401);

  await order(client, "/v1/quarantine/purge", { rule: "too_long" });
  assert.deepEqual(await refusal(client, tooLong.uuid), [404, missing], "purged");
  await order(client, "/v1/erasures", { subject: { user_id: stored.distinct_id }, mode: "erase" });
  assert.deepEqual(await refusal(client, stored.uuid), [404, missing], "erased");
});
