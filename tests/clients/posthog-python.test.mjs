// The posthog package of PyPI, as a back end has it: only its `host` is ours.
import assert from "node:assert/strict";
import { wrapping } from "./gate.mjs";
import { interpreter, python } from "./installed.mjs";
import { FAILURES, named, scenarios, until } from "./support.mjs";

/** Runs the application to its end; it must have nothing to complain of. */
async function application(gate, tenant, given) {
  const { said, complained } = await python("posthog_app.py", { host: gate.url, key: tenant.server_key, ...given });
  assert.equal(complained, "");
  assert.deepEqual(JSON.parse(said), []);
}

scenarios("posthog (PyPI)", (scenario) => {
  for (const [way, { path, compressed, options }] of Object.entries({
    plain: { path: "/batch/", compressed: "plain", options: {} },
    gzip: { path: "/batch/", compressed: "gzip", options: { gzip: true } },
    v1: { path: "/i/v1/analytics/events", compressed: "gzip", options: { capture_mode: "v1", capture_compression: "gzip" } },
  })) {
    scenario(`events, people and groups, ${way}`, async ({ gate, tenant, received }) => {
      await application(gate, tenant, { people: true, options });
      const rows = await received(
        ...["order paid", "$set", "$set_once", "$create_alias", "$groupidentify", "in group", "by nobody"],
      );
      const [paid] = named(rows, "order paid");
      assert.deepEqual([paid.properties.total, paid.properties.emoji], [12.5, "🦊"]);
      assert.equal(paid.properties.$lib, "posthog-python");
      assert.deepEqual([paid.source, paid.trust, paid.context.dialect], ["server", "server", "posthog"]);
      assert.deepEqual(named(rows, "$set")[0].properties.$set, { plan: "pro" });
      assert.deepEqual(named(rows, "$set_once")[0].properties.$set_once, { seen: "first" });
      assert.equal(named(rows, "$create_alias")[0].properties.alias, "u-1");
      assert.deepEqual(named(rows, "$groupidentify")[0].properties.$group_set, { seats: 7 });
      assert.deepEqual(named(rows, "in group")[0].properties.$groups, { company: "acme" });
      assert.equal(named(rows, "by nobody")[0].properties.$process_person_profile, false);
      assert.ok(gate.deliveries().every((asked) => wrapping(asked) === compressed && asked.path === path));
    });
  }

  scenario("no flag is on, and asking is one quick request", async ({ gate, tenant, received }) => {
    await application(gate, tenant, { flags: true });
    const asked = gate.asked.filter(({ path }) => path === "/flags/");
    assert.deepEqual(asked.map(({ status }) => status), [200]);
    const [called] = await received("$feature_flag_called");
    assert.equal(called.properties.$feature_flag, "beta");
  });

  for (const mode of ["v0", "v1"]) {
    for (const [failure, shut] of FAILURES) {
      scenario(`the collector fails, ${failure}: what was captured arrives once, ${mode}`, async (given) => {
        const { gate, tenant, received } = given;
        shut(gate);
        const ran = application(gate, tenant, { during: 5, options: { capture_mode: mode } });
        await until("a failed delivery", () => gate.deliveries().length > 0);
        gate.open();
        await ran;
        const rows = await received(...Array(5).fill("during"));
        assert.deepEqual(rows.map((row) => row.properties.i).sort(), [0, 1, 2, 3, 4]);
      });
    }
  }
}, { install: interpreter });
