// What the platform bills: counted in workerd, and held against docs/OPERATIONS.md.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { enrolled, event, uuidv7 } from "../harness/client.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { ROOT, startWorld } from "../harness/world.mjs";

// Of its own: what other tests had refused would be counted in the midst.
let world;
before(async () => {
  world = await startWorld({ tenants: [], isInstrumented: true, vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world?.stop());

async function instruments(order = {}) {
  const response = await fetch(`${world.url}/__instruments`, { method: "POST", body: JSON.stringify(order) });
  return response.json();
}

/** What the platform bills for `events` stored in batches of `size`, each by a page with its report, and its last will if it is hidden. */
async function bill(client, events, size, isHidden) {
  await client.batch([event("warm")]);
  await instruments({ reset: true });
  const stream = uuidv7();
  for (let sent = 0; sent < events; sent += size) {
    const batch = Array.from({ length: size }, (_, n) => event("recipe_scaled", { stream, seq: sent + n + 1, properties: { scale: 2 } }));
    const will = isHidden && { will: event("$pageleave", { stream, seq: sent + size + 1 }) };
    const response = await client.batch(batch, { stream: { id: stream, seq: sent + size, ...will } });
    assert.equal(response.status, 200);
  }
  const { points, ...counts } = await instruments();
  assert.equal(points.length, events / size);
  return counts;
}

/** Fails with the rows that the docs are to have. */
function assertDocumented(rows) {
  const docs = readFileSync(join(ROOT, "docs/OPERATIONS.md"), "utf8");
  const missing = rows.filter((row) => !docs.includes(row));
  assert.deepEqual(missing, [], `docs/OPERATIONS.md is to have:\n${rows.join("\n")}`);
}

test("what a million events cost: docs/OPERATIONS.md has what is counted here", { timeout: 60_000 }, async () => {
  const rows = [];
  for (const [name, size, isHidden] of [["1", 1], ["10", 10], ["50", 50], ["10, page hidden", 10, true]]) {
    const client = await enrolled(world, `bill-${rows.length}`);
    const events = size * 20;
    const counts = await bill(client, events, size, isHidden);
    assert.equal(counts.registry_reads, 0, "key and plan are remembered");
    if (!isHidden) assert.equal(counts.alarms_set, 0, "without wills and destinations no alarm");
    const rowsWritten = counts.rows_written + counts.alarms_set; // Each setAlarm is billed as a row.
    const per = [counts.requests, counts.log_requests + counts.alarms_run, rowsWritten, counts.rows_read];
    rows.push(`| ${name} | ${per.map((count) => (count / events).toFixed(2)).join(" | ")} |`);
  }
  assertDocumented(rows);
});

/** Who takes everything, as each kind of receiver says so. */
async function receiver(t) {
  const one = await Receiver.start();
  t.after(() => one.stop());
  one.answer = ({ path, body }) => {
    if (path.startsWith("/topics/")) {
      const offsets = JSON.parse(body).records.map((_, offset) => ({ partition: 0, offset }));
      return { status: 200, body: JSON.stringify({ offsets }) };
    }
    if (path.endsWith(":publish")) {
      const messageIds = JSON.parse(body).messages.map((_, n) => String(n));
      return { status: 200, body: JSON.stringify({ messageIds }) };
    }
    return path === "/batch/" ? { status: 200, body: '{"status":"Ok"}' } : { status: 204 };
  };
  return one;
}

/** One batch, whatever there is, and no second try, however slow the machine. */
const WHOLE = { flush_interval_ms: 0, batch_size: 1_000, from: "start", timeout_ms: 30_000 };
const SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];

/**
 * What a request of `size` events costs a tenant with these destinations until all have it: alarms run, rows written (an alarm
 * that is set is one), rows read. Under a clock that stands still, so that nothing depends on how long anything takes.
 */
async function billDelivered(slug, destinations, size) {
  const client = await enrolled(world, slug);
  const { organization_id } = client.tenant;
  await world.registry.put(`destinations:${organization_id}`, JSON.stringify(destinations));
  const log = `log:${organization_id}`;
  const rounds = [];
  for (let round = 0; round < 3; round++) {
    const events = Array.from({ length: size }, () => event("recipe_scaled", { properties: { scale: 2 } }));
    assert.equal((await client.batch(events)).status, 200);
    const { alarms_run, alarms_set, rows_written, rows_read } = await until("all to be delivered", async () => {
      const counts = await instruments({ log });
      return counts.alarms_due === 0 && counts.logs_behind === 0 && counts;
    });
    await instruments({ log, reset: true });
    rounds.push([alarms_run, rows_written + alarms_set, rows_read]);
  }
  // The first looks up who the destinations are, and makes what is kept of them.
  assert.deepEqual(rounds[1], rounds[2], `${slug}: always the same`);
  return rounds[1];
}

test("what delivering a million events costs: docs/OPERATIONS.md has what is counted here", { timeout: 60_000 }, async (t) => {
  const one = await receiver(t);
  // Slower than the alarms of the log, as a receiver is that is not on its machine.
  one.answer = async () => {
    await until("the alarms to have run", async () => (await instruments({})).alarms_due === 0);
    return { status: 204 };
  };
  await instruments({ is_still: true });
  t.after(() => instruments({ is_still: false }));
  const to = (name) => ({ ...WHOLE, name, kind: "http", url: one.url, secrets: SECRETS });
  const rows = [];
  for (const size of [1, 10, 50]) {
    const bill = (count) => billDelivered(`to-${count}-of-${size}`, ["a", "b"].slice(0, count).map(to), size);
    const [none, first, second] = [await bill(0), await bill(1), await bill(2)];
    for (const [which, more, less] of [["the first", first, none], ["each other", second, first]]) {
      const each = more.map((count, at) => (count - less[at]) / size);
      // At Cloudflare's prices, which the document names.
      const dollars = each[0] * 0.15 + each[1] + each[2] * 0.001;
      rows.push(`| ${size} | ${which} | ${each.map((count) => count.toFixed(2)).join(" | ")} | $${dollars.toFixed(2)} |`);
    }
  }
  assertDocumented(rows);
});

test("how many requests each kind of destination is told by: docs/OPERATIONS.md has what is counted here", { timeout: 120_000 }, async (t) => {
  const kinds = {
    "`webhook`": { kind: "webhook", secrets: SECRETS },
    "`webhook`, `\"format\": \"batch\"`": { kind: "webhook", format: "batch", secrets: SECRETS },
    "`http`": { kind: "http", secrets: SECRETS },
    "`posthog`": { kind: "posthog", project_api_key: "phc_x" },
    "`ga4`, of one browser": { kind: "ga4", measurement_id: "G-ABC123", api_secret: "s3cret" },
    "`kafka`": { kind: "kafka", topic: "events" },
    "`pubsub`": { kind: "pubsub", project_id: "p-shop", topic: "events" },
  };
  const rows = [];
  for (const [at, [name, fields]] of Object.entries(kinds).entries()) {
    const one = await receiver(t);
    const place = { webhook: "url", http: "url", posthog: "host", ga4: "host", pubsub: "endpoint" }[fields.kind];
    const address = place === undefined ? { brokers: [one.url] } : { [place]: one.url };
    const client = await enrolled(world, `requests-${at}`);
    const list = JSON.stringify([{ ...WHOLE, name: "a", ...fields, ...address }]);
    await world.registry.put(`destinations:${client.tenant.organization_id}`, list);
    assert.equal((await client.batch(Array.from({ length: 300 }, () => event("recipe_scaled")))).status, 200);
    const isDone = async () => (await client.read("/v1/destinations")).destinations[0]?.delivered === 300;
    await until(`${name} to have all`, isDone, 30_000);
    rows.push(`| ${name} | ${one.requests.length} |`);
  }
  assertDocumented(rows);
});
