// workerd loses an alarm now and then: it is in the object's storage, and nobody wakes the object. Whoever comes next does.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { enrolled, event } from "../harness/client.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { startWorld } from "../harness/world.mjs";

test("an alarm that was lost costs the next append's time, and not the object's life", { timeout: 60_000 }, async (t) => {
  const hook = await Receiver.start();
  t.after(() => hook.stop());
  const world = await startWorld({ tenants: [], isInstrumented: true, vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
  t.after(() => world.stop());
  const client = await enrolled(world, "unwoken");
  const instruments = (order) => fetch(`${world.url}/__instruments`, { method: "POST", body: JSON.stringify(order) });
  const secrets = [`whsec_${randomBytes(24).toString("base64")}`];
  const destination = { name: "hook", kind: "webhook", url: hook.url, secrets, from: "start", flush_interval_ms: 50 };
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([destination]));
  const send = async (name) => assert.equal((await client.batch([event(name)])).status, 200);
  const arrived = (n) => until(`${n} events`, () => hook.requests.length === n);
  await send("first");
  await arrived(1);

  await instruments({ faults: { alarm: "lose" } });
  await send("unwoken");
  await instruments({ faults: {}, advance_ms: 3_000 });
  await send("waker");
  await arrived(3);
});
