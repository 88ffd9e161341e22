// What has been kept for as long as its tenant wants goes: by its receipt, after its destinations have it, and for good.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BACK_DOOR, appendDirectly, setDirectly } from "../harness/back-door.mjs";
import { accounted, enrolled, event, uuidv7 } from "../harness/client.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { startWorld } from "../harness/world.mjs";

const DAY_MS = 24 * 60 * 60_000;

let world;
before(async () => {
  world = await startWorld({ tenants: [], extraWorkers: [BACK_DOOR], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world.stop());

const daysAgo = (days) => new Date(Date.now() - days * DAY_MS).toISOString();
const idsOf = (rows) => rows.map(({ event_id }) => event_id);

/** Has a log hold events and quarantined events as if they had been received then; their ids. */
async function received(client, at, { events = 0, quarantined = 0 }) {
  const { organization_id } = client.tenant;
  const ids = Array.from({ length: events + quarantined }, () => uuidv7());
  const rows = ids.slice(0, events).map((id) => [
    id, "order_paid", at, at, organization_id, null, "visitor-1", null, null, null, null, "browser", "origin", 1, "{}", "{}",
  ]);
  const bad = ids.slice(events).map((id) => [
    id, "order_paid", at, organization_id, null, "unknown_event", "event", "", "", null, event("order_paid", { uuid: id }),
    { protocol: "batch", source: "browser", trust: "origin", context: { dialect: "posthog" } }, 1, "visitor-1",
  ]);
  await appendDirectly(world, organization_id, {
    day: at.slice(0, 10), rows: rows.length > 0 ? [JSON.stringify(rows)] : [], events, streams: "", wills: "", links: "",
    quarantined: quarantined > 0 ? JSON.stringify(bad) : "", quarantinedCount: quarantined, unsequenced: events + quarantined,
    eventsPerDay: 1_000_000_000,
  });
  return ids;
}

const kept = (client, settings) => world.registry.put(`settings:${client.tenant.organization_id}`, JSON.stringify(settings));

async function books(client) {
  const answer = await client.read(`/v1/ledger?from=${daysAgo(60).slice(0, 10)}`);
  assert.equal(answer.balanced, true, JSON.stringify(answer));
  for (const day of answer.days) assert.equal(accounted(day), day.captured, JSON.stringify(day));
  return answer;
}

const untilLeft = (client, count) =>
  until(`${count} events to be left`, async () => (await client.events()).length === count);

test("what is older than the settings have it goes, in slices; the books and younger events stay", async () => {
  const client = await enrolled(world, "old");
  await kept(client, { retention_days: 30, quarantine_retention_days: 10 });
  const old = await received(client, daysAgo(31), { events: 1_200, quarantined: 2 });
  const young = await received(client, daysAgo(29), { events: 3, quarantined: 1 });
  await received(client, daysAgo(9), { quarantined: 1 });
  await setDirectly(world, client.tenant.organization_id, { retention_days: 30, quarantine_retention_days: 10 });
  await untilLeft(client, 3);
  assert.deepEqual(idsOf(await client.events()), young.slice(0, 3));
  assert.equal((await client.read("/v1/quarantine")).events.length, 1);
  const { total, expired } = await books(client);
  assert.deepEqual(
    [total.captured, total.stored, expired, total.quarantined, total.dropped],
    [1_207, 1_203, 1_200, { unknown_event: 1 }, { expired: 3 }],
  );

  // Whoever sends one of them again changes nothing: of events as of quarantined ones.
  for (const uuid of [old[0], old.at(-1)]) {
    assert.equal((await client.batch([event("order_paid", { uuid })])).status, 200);
  }
  assert.equal((await client.events()).length, 3);
  const again = await books(client);
  assert.deepEqual([again.total.captured, again.total.stored, again.total.duplicate], [1_207, 1_203, 2]);
});

test("the settings are found without anybody's telling, and without them everything stays", async () => {
  const [client, other] = [await enrolled(world, "found"), await enrolled(world, "forever")];
  await kept(client, { retention_days: 1 });
  await kept(other, { limits: {} });
  for (const one of [client, other]) await received(one, daysAgo(400), { events: 2 });
  await untilLeft(client, 0);
  assert.equal((await other.events()).length, 2);
  // Empty, the log takes what is new.
  assert.equal((await client.batch([event("fresh")])).status, 200);
  assert.equal((await client.events()).length, 1);
});

test("what a replay has stored expires by its receipt, not by its place", async () => {
  const client = await enrolled(world, "replayed");
  const [bad] = await received(client, daysAgo(31), { quarantined: 1 });
  const young = await received(client, daysAgo(1), { events: 2 });
  const replayed = await client.raw("/v1/quarantine/replay", "{}", { authorization: `Bearer ${client.tenant.server_key}` });
  assert.equal((await replayed.json()).stored, 1);
  assert.deepEqual(idsOf(await client.events()), [...young, bad]);
  await setDirectly(world, client.tenant.organization_id, { retention_days: 30 });
  await untilLeft(client, 2);
  assert.deepEqual(idsOf(await client.events()), young);
});

test("nothing goes that a destination has yet to have, unless the settings say so", async (t) => {
  const hook = await Receiver.start();
  t.after(() => hook.stop());
  const client = await enrolled(world, "waits");
  const { organization_id } = client.tenant;
  let isOpen = false;
  hook.answer = ({ headers }) => {
    if (headers["webhook-id"] === ids[1]) return { status: 400 };
    return { status: isOpen ? 204 : 401 };
  };
  const quick = { flush_interval_ms: 0, retry_first_ms: 20, retry_cap_ms: 50, timeout_ms: 20_000, from: "start" };
  const secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
  const record = [{ name: "hook", kind: "webhook", url: hook.url, secrets, ...quick }];
  await world.registry.put(`destinations:${organization_id}`, JSON.stringify(record));
  const ids = await received(client, daysAgo(31), { events: 3, quarantined: 1 });
  const settings = { retention_days: 30, quarantine_retention_days: 30 };
  const waits = () => setDirectly(world, organization_id, settings);
  const quarantined = async () => (await client.read("/v1/quarantine")).events.length;

  // The quarantine is no destination's: when it is empty, the same alarm has passed the events by.
  await until("the first try", () => hook.requests.length > 0);
  await waits();
  await until("the quarantine to be empty", async () => (await quarantined()) === 0);
  await received(client, daysAgo(31), { quarantined: 1 });
  await waits();
  await until("the quarantine to be empty again", async () => (await quarantined()) === 0);
  assert.equal((await client.events()).length, 3);

  isOpen = true;
  await client.raw("/v1/destinations/hook/resume", "{}", { authorization: `Bearer ${client.tenant.server_key}` });
  await until("two to be delivered, one parked", async () => {
    const [state] = (await client.read("/v1/destinations")).destinations;
    return state.lag_events === 0 && state.parked === 1;
  });
  await waits();
  await untilLeft(client, 1);
  assert.deepEqual(idsOf(await client.events()), [ids[1]], "what is parked stays");

  await setDirectly(world, organization_id, { ...settings, retention_waits_for_destinations: false });
  await untilLeft(client, 0);
  assert.deepEqual((await client.read("/v1/deliveries/parked")).deliveries, []);
  assert.equal((await books(client)).expired, 3);
});
