// kill -9 of workerd in the middle of load: what was acknowledged must be in the store, exactly once.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Client, event, uuidv7 } from "../harness/client.mjs";
import { newTenant, startWorld } from "../harness/world.mjs";

const BATCHES = 200;
const EVENTS = 10;
const CONNECTIONS = 8;

test("every acknowledged event survives kill -9 exactly once", { timeout: 120_000 }, async (t) => {
  const persist = mkdtempSync(join(tmpdir(), "tallymark-kill-"));
  t.after(() => rmSync(persist, { recursive: true, force: true }));
  const tenant = newTenant("killed");
  let world = await startWorld({ tenants: [tenant], persist });
  let client = new Client(world.url, tenant);
  // Resolves to the new world while workerd is down; senders wait for it instead of hammering.
  let up = Promise.resolve();

  const stream = uuidv7();
  const acknowledged = [];
  let failures = 0;
  let killed = false;

  async function restart() {
    for (const pid of world.workerd) process.kill(pid, "SIGKILL");
    await world.stop().catch(() => {}); // Miniflare finds its child gone.
    world = await startWorld({ tenants: [tenant], persist });
    client = new Client(world.url, tenant);
  }

  async function send(n) {
    const events = Array.from({ length: EVENTS }, (_, i) => event(`b${n}`, { stream, seq: n * EVENTS + i + 1 }));
    for (;;) {
      await up;
      try {
        const response = await client.batch(events);
        if (response.status === 200) {
          acknowledged.push(...events.map((e) => e.uuid));
          if (!killed && acknowledged.length >= (BATCHES * EVENTS) / 2) {
            killed = true;
            up = restart();
          }
          return;
        }
        assert.equal(response.status, 503, "only a failure that invites another try");
      } catch (error) {
        if (error.code === "ERR_ASSERTION") throw error;
        failures++; // The connection broke: the same batch again.
      }
    }
  }

  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < BATCHES) await send(next++);
    }),
  );
  assert.ok(killed);
  assert.ok(failures > 0, "the kill hit requests in flight");
  const stored = (await client.events()).map((row) => row.event_id);
  assert.equal(new Set(stored).size, stored.length, "nothing twice");
  assert.equal(stored.length, BATCHES * EVENTS);
  assert.deepEqual(new Set(stored), new Set(acknowledged));
  const { total, balanced } = await client.ledger();
  assert.deepEqual([total.captured, total.stored, total.under_way, balanced], [2000, 2000, 0, true]);
  await world.stop();
});
