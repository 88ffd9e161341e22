// What the platform bills: counted in workerd, and held against docs/OPERATIONS.md.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { enrolled, event, uuidv7 } from "../harness/client.mjs";
import { ROOT, startWorld } from "../harness/world.mjs";

// Of its own: what other tests had refused would be counted in the midst.
let world;
before(async () => {
  world = await startWorld({ tenants: [], isInstrumented: true });
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

test("what a million events cost: docs/OPERATIONS.md has what is counted here", { timeout: 60_000 }, async () => {
  const docs = readFileSync(join(ROOT, "docs/OPERATIONS.md"), "utf8");
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
  const missing = rows.filter((row) => !docs.includes(row));
  assert.deepEqual(missing, [], `docs/OPERATIONS.md is to have:\n${rows.join("\n")}`);
});
