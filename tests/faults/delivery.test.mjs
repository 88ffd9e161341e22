// kill -9 of workerd while it delivers: every acknowledged event reaches its receiver, and its id tells once from twice.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Client, event } from "../harness/client.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { newTenant, startWorld } from "../harness/world.mjs";

const BATCHES = 40;
const EVENTS = 10;
const KILLS = 3;

test("every acknowledged event is delivered, however often workerd is killed", { timeout: 180_000 }, async (t) => {
  const persist = mkdtempSync(join(tmpdir(), "tallymark-delivery-"));
  t.after(() => rmSync(persist, { recursive: true, force: true }));
  const hook = await Receiver.start();
  t.after(() => hook.stop());
  // Every tenth request fails, so that there is always something to try again.
  let requests = 0;
  hook.answer = () => ({ status: requests++ % 10 === 9 ? 500 : 204 });
  const tenant = newTenant("delivered");
  const options = { tenants: [tenant], persist, vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } };
  let world = await startWorld(options);
  let client = new Client(world.url, tenant);
  const secrets = [`whsec_${randomBytes(24).toString("base64")}`];
  const orders = {
    name: "orders", kind: "webhook", url: hook.url, secrets, from: "start",
    flush_interval_ms: 0, timeout_ms: 500, retry_first_ms: 10, retry_cap_ms: 50,
  };
  await world.registry.put(`destinations:${tenant.organization_id}`, JSON.stringify([orders]));

  const acknowledged = [];
  let interrupted = 0;
  for (let n = 0; n < BATCHES; n++) {
    const events = Array.from({ length: EVENTS }, () => event(`b${n}`));
    assert.equal((await client.batch(events)).status, 200);
    acknowledged.push(...events.map(({ uuid }) => uuid));
    if (n % Math.ceil(BATCHES / KILLS) !== 5) continue;
    await until("a delivery to be under way", () => hook.requests.length > 0);
    for (const pid of world.workerd) process.kill(pid, "SIGKILL");
    await world.stop().catch(() => {}); // Miniflare finds its child gone.
    if (hook.deliveries.size < acknowledged.length) interrupted++;
    world = await startWorld(options);
    client = new Client(world.url, tenant);
  }
  assert.ok(interrupted > 0, "a kill hit the deliveries in their midst");

  await until("everything to be delivered", async () => {
    const { destinations } = await client.read("/v1/destinations");
    return destinations[0]?.lag_events === 0;
  });
  assert.deepEqual(new Set(hook.deliveries.keys()), new Set(acknowledged));
  const { destinations } = await client.read("/v1/destinations");
  assert.deepEqual([destinations[0].parked, destinations[0].status], [0, "working"]);
  await world.stop();
});
