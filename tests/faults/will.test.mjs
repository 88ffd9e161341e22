// kill -9 of workerd while a last will waits: it is executed all the same, once.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Client, event, uuidv7 } from "../harness/client.mjs";
import { until } from "../harness/until.mjs";
import { newTenant, startWorld } from "../harness/world.mjs";

test("a will survives kill -9, and is executed once", { timeout: 120_000 }, async (t) => {
  const persist = mkdtempSync(join(tmpdir(), "tallymark-will-"));
  t.after(() => rmSync(persist, { recursive: true, force: true }));
  const tenant = newTenant("killed");
  const options = { tenants: [tenant], persist, willAfterMs: 3_000 };
  let world = await startWorld(options);
  t.after(() => world.stop());
  let client = new Client(world.url, tenant);

  /** Kills the log. To ask it what it has executes nothing: that is the alarm's doing alone. */
  async function restart() {
    for (const pid of world.workerd) process.kill(pid, "SIGKILL");
    await world.stop().catch(() => {}); // Miniflare finds its child gone.
    world = await startWorld(options);
    client = new Client(world.url, tenant);
  }

  async function hide(name) {
    const stream = uuidv7();
    const will = event(name, { stream, seq: 2 });
    const response = await client.batch([event("a", { stream, seq: 1 })], { stream: { id: stream, seq: 1, dropped: {}, will } });
    assert.equal(response.status, 200);
  }

  const leaves = async () => (await client.events()).map((row) => row.event_name).filter((name) => name !== "a").sort();

  await hide("before the kill");
  await restart();
  await until("the will of before the kill", async () => (await leaves()).length === 1);
  await hide("after the kill");
  await restart();
  await until("the other will", async () => (await leaves()).length === 2);
  assert.deepEqual(await leaves(), ["after the kill", "before the kill"]);
  const { total, balanced } = await client.ledger();
  assert.deepEqual([total.captured, total.stored, total.under_way, total.duplicate, balanced], [4, 4, 0, 0, true]);
});
