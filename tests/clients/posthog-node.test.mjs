// posthog-node, as a back end has it: only its `host` is ours.
import assert from "node:assert/strict";
import { wrapping } from "./gate.mjs";
import { load } from "./installed.mjs";
import { FAILURES, named, scenarios, until } from "./support.mjs";

/** A client that keeps what it has to complain of. */
async function posthog(gate, tenant, options = {}) {
  const { PostHog } = await load("posthog-node");
  const complaints = [];
  const client = new PostHog(tenant.server_key, { host: gate.url, flushInterval: 100, ...options });
  client.on("error", (error) => complaints.push(String(error)));
  return { client, complaints };
}

scenarios("posthog-node", (scenario) => {
  for (const [compressed, options] of [
    ["gzip", {}],
    ["plain", { disableCompression: true }],
  ]) {
    scenario(`events, people and groups, ${compressed}`, async ({ gate, tenant, received }) => {
      const { client, complaints } = await posthog(gate, tenant, options);
      client.capture({ distinctId: "u-1", event: "order paid", properties: { total: 12.5, emoji: "🦊" } });
      client.identify({ distinctId: "u-1", properties: { plan: "pro", $set_once: { seen: "first" } } });
      client.alias({ distinctId: "u-1", alias: "device-1" });
      client.groupIdentify({ groupType: "company", groupKey: "acme", properties: { seats: 7 } });
      client.capture({ distinctId: "u-1", event: "in group", groups: { company: "acme" } });
      await client.shutdown();
      const rows = await received("order paid", "$identify", "$create_alias", "$groupidentify", "in group");
      const [paid] = named(rows, "order paid");
      assert.deepEqual([paid.properties.total, paid.properties.emoji], [12.5, "🦊"]);
      assert.equal(paid.properties.$lib, "posthog-node");
      assert.deepEqual([paid.source, paid.trust, paid.context.dialect], ["server", "server", "posthog"]);
      assert.deepEqual([paid.user_id, paid.anonymous_id], ["u-1", null]);
      const [identified] = named(rows, "$identify");
      assert.equal(identified.properties.$set.plan, "pro");
      assert.equal(named(rows, "$create_alias")[0].properties.alias, "device-1");
      const [group] = named(rows, "$groupidentify");
      assert.deepEqual(
        [group.properties.$group_type, group.properties.$group_key, group.properties.$group_set],
        ["company", "acme", { seats: 7 }],
      );
      assert.deepEqual(named(rows, "in group")[0].properties.$groups, { company: "acme" });
      assert.deepEqual(complaints, []);
      assert.ok(gate.deliveries().every((asked) => wrapping(asked) === compressed && asked.path === "/batch/"));
    });
  }

  scenario("no flag is on, and asking is one quick request", async ({ gate, tenant, received }) => {
    const { client, complaints } = await posthog(gate, tenant);
    assert.ok(!(await client.isFeatureEnabled("beta", "u-1")));
    assert.deepEqual(await client.getAllFlags("u-1"), {});
    await client.shutdown();
    const asked = gate.asked.filter(({ path }) => path === "/flags/");
    assert.deepEqual(asked.map(({ status }) => status), [200, 200]);
    const [called] = await received("$feature_flag_called");
    assert.equal(called.properties.$feature_flag, "beta");
    assert.deepEqual(complaints, []);
  });

  scenario("more than a batch holds: all of it, once", async ({ gate, tenant, client: log }) => {
    const { client } = await posthog(gate, tenant);
    for (let i = 0; i < 250; i++) client.capture({ distinctId: `u-${i % 7}`, event: "many", properties: { i } });
    await client.shutdown();
    const rows = await until("250 rows", async () => {
      const rows = await log.events();
      return rows.length === 250 && rows;
    });
    assert.deepEqual(rows.map((row) => row.properties.i).sort((a, b) => a - b), [...Array(250).keys()]);
  });

  for (const [failure, shut] of FAILURES) {
    scenario(`the collector fails, ${failure}: what was captured arrives once`, async ({ gate, tenant, received }) => {
      const { client } = await posthog(gate, tenant, { fetchRetryDelay: 300 });
      shut(gate);
      for (let i = 0; i < 5; i++) client.capture({ distinctId: "u-1", event: "during", properties: { i } });
      await until("a failed delivery", () => gate.deliveries().length > 0);
      gate.open();
      await client.shutdown();
      const rows = await received(...Array(5).fill("during"));
      assert.deepEqual(rows.map((row) => row.properties.i).sort(), [0, 1, 2, 3, 4]);
      assert.equal(gate.deliveries().at(-1).status, 200);
    });
  }
}, { install: () => load("posthog-node") });
