// A tenant's tracking plan at the collector: what is quarantined, noted or withheld, over HTTP and into the store.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Client, accounted, event } from "../harness/client.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

const BATCHTRACK = JSON.parse(
  readFileSync(new URL("../../crates/plan/tests/golden/batchtrack.plan.json", import.meta.url), "utf8"),
);
const SALT = "0123456789abcdef0123456789abcdef";

let world;
before(async () => {
  world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world.stop());

/** A tenant of its own, with that under its plan. */
async function tenantWith(slug, record) {
  const tenant = newTenant(slug);
  await enrol(world.registry, tenant, [world.url]);
  if (record !== undefined) await world.registry.put(`plan:${tenant.organization_id}`, JSON.stringify(record));
  return new Client(world.url, tenant);
}

const adjusted = (properties, fields = {}) => ({
  event_name: "inventory_adjusted",
  entity_type: "inventory_item",
  entity_id: "17",
  user_id: "3",
  properties: { change_type: "restock", quantity_delta: 5, unit: "kg", ...properties },
  ...fields,
});

async function quarantinedOf(response) {
  assert.equal(response.status, 200);
  const { quarantined = [] } = await response.json();
  return quarantined.map(({ rule, path }) => [rule, path]);
}

test("enforced: what breaks batchtrack's plan is quarantined by rule, the rest is stored, and the books balance", async () => {
  const client = await tenantWith("enforce", { mode: "enforce", plan: BATCHTRACK });
  const told = await quarantinedOf(
    await client.domain([
      adjusted({}),
      adjusted({ change_type: "stolen" }),
      adjusted({ quantity_delta: "5" }),
      adjusted({ unplanned: true }),
      adjusted({}, { entity_type: "batch" }),
      adjusted({}, { schema_version: 2 }),
      { event_name: "inventory_vanished" },
    ]),
  );
  assert.deepEqual(told, [
    ["not_in_enum", "properties.change_type"],
    ["wrong_type", "properties.quantity_delta"],
    ["wrong_entity", "entity_type"],
    ["unknown_version", "schema_version"],
    ["unknown_event", "event_name"],
  ]);
  const rows = await client.events();
  assert.deepEqual(rows.map((row) => row.properties.unplanned), [undefined, true]);
  const { total, balanced } = await client.ledger();
  const rules = ["not_in_enum", "unknown_event", "unknown_version", "wrong_entity", "wrong_type"];
  assert.deepEqual(total.quarantined, Object.fromEntries(rules.map((rule) => [rule, 1])));
  assert.deepEqual([total.captured, total.stored, total.under_way, balanced], [7, 2, 0, true]);
  assert.equal(total.captured, accounted(total));
});

test("enforced: no page sends what only servers may, whatever it claims", async () => {
  const client = await tenantWith("forged", { mode: "enforce", plan: BATCHTRACK });
  const { properties } = adjusted({});
  const forged = [
    event("inventory_adjusted", { properties }),
    event("inventory_adjusted", { properties, source: "server", trust: "server", origin: "server" }),
    event("inventory_adjusted", { properties: { ...properties, $source: "server", source: "server", $lib: "posthog-node" } }),
  ];
  const response = await client.batch([...forged, event("$pageview")], { source: "server" });
  assert.deepEqual(await quarantinedOf(response), forged.map(() => ["origin_not_allowed", "source"]));
  // Again, as a retry has it: nothing changes but the count of duplicates.
  assert.equal((await client.batch(forged)).status, 200);
  const rows = await client.events();
  assert.deepEqual(rows.map((row) => [row.event_name, row.source]), [["$pageview", "browser"]]);
  const { total } = await client.ledger();
  assert.deepEqual([total.quarantined, total.duplicate], [{ origin_not_allowed: 3 }, 3]);
});

test("observed: everything is stored, with a note of what it breaks", async () => {
  const client = await tenantWith("observe", { mode: "observe", plan: BATCHTRACK });
  assert.deepEqual(await quarantinedOf(await client.domain([adjusted({}), adjusted({ change_type: "stolen" })])), []);
  const [good, bad] = await client.events();
  assert.equal(good.context.plan_violations, undefined);
  assert.equal(bad.context.plan_version, BATCHTRACK.plan.version);
  assert.deepEqual(
    bad.context.plan_violations.map(({ path, rule, got }) => [path, rule, got]),
    [["properties.change_type", "not_in_enum", 'a string: "stolen"']],
  );
  assert.deepEqual((await client.ledger()).total.quarantined, {});
});

test("off or absent: nothing is checked, and nothing is noted", async () => {
  for (const [slug, record] of [["off", { mode: "off", plan: BATCHTRACK }], ["absent", undefined]]) {
    const client = await tenantWith(slug, record);
    assert.deepEqual(await quarantinedOf(await client.domain([adjusted({ change_type: "stolen" })])), []);
    assert.deepEqual(await quarantinedOf(await client.batch([event("inventory_vanished")])), []);
    const rows = await client.events();
    assert.deepEqual(rows.map((row) => row.context.plan_violations), [undefined, undefined]);
  }
});

test("what says something about a person is dropped or hashed before it is stored, with the tenant's own salt", async () => {
  const plan = structuredClone(BATCHTRACK);
  const { properties } = plan.events.inventory_adjusted;
  properties.notes.pii.action = "drop";
  properties.item_name.pii = { class: "identifier", action: "hash" };
  plan.events.inventory_adjusted.schema_version = 4;
  const hashes = [];
  for (const [slug, salt] of [["salt1", SALT], ["salt2", SALT.toUpperCase()]]) {
    const client = await tenantWith(slug, { mode: "enforce", salt, plan });
    const sent = adjusted({ notes: "for Zoë", item_name: "Zoë's flour" });
    assert.deepEqual(await quarantinedOf(await client.domain([sent, { ...sent, entity_id: "18" }])), []);
    const [first, second] = await client.events();
    assert.equal("notes" in first.properties, false);
    assert.match(first.properties.item_name, /^[0-9a-f]{64}$/);
    assert.equal(first.properties.item_name, second.properties.item_name, "equal values stay equal");
    assert.equal(first.schema_version, 4, "of the plan, as the event names none");
    assert.equal(JSON.stringify([first, second]).includes("Zoë"), false);
    hashes.push(first.properties.item_name);
  }
  assert.notEqual(hashes[0], hashes[1]);
});

test("who is told of events is not told what the plan has a class for, and a store is", async (t) => {
  const plan = structuredClone(BATCHTRACK);
  plan.events.inventory_adjusted.properties.notes.pii.action = "keep";
  const client = await tenantWith("told", { mode: "enforce", salt: SALT, plan });
  const [teller, store] = [await Receiver.start(), await Receiver.start()];
  t.after(() => Promise.all([teller.stop(), store.stop()]));
  const quick = { secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], flush_interval_ms: 0, from: "start" };
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([
    { name: "teller", kind: "webhook", url: teller.url, ...quick },
    { name: "store", kind: "http", url: store.url, ...quick },
  ]));
  assert.deepEqual(await quarantinedOf(await client.domain([adjusted({ notes: "for Zoë" })])), []);
  await until("both to have it", () => teller.requests.length > 0 && store.requests.length > 0);
  const [row] = await client.events();
  assert.deepEqual([row.properties.notes, row.context.pii], ["for Zoë", ["notes"]]);
  const { notes: _, ...others } = row.properties;
  assert.deepEqual(JSON.parse(teller.requests[0].body).data.properties, others);
  assert.deepEqual(JSON.parse(store.requests[0].body).events[0].properties, row.properties);
});

test("a plan that can't be read stores nothing, and says so", async () => {
  const client = await tenantWith("broken", { mode: "enforce", plan: { tallymark_plan: 1 } });
  const response = await client.domain([adjusted({})]);
  assert.equal(response.status, 503);
  assert.equal((await response.json()).code, "registry_plan_invalid");
  assert.deepEqual(await client.events(), []);
});
