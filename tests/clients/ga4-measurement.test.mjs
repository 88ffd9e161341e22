// Back ends' clients of GA4's Measurement Protocol: only the address of their requests is ours.
import assert from "node:assert/strict";
import { interpreter, load, python } from "./installed.mjs";
import { named, scenarios } from "./support.mjs";

const CLIENT_ID = "123456789.1795220301";
const upTo = (count) => [...Array(count).keys()];
const byNumber = (rows) => rows.map((row) => row.properties.i).sort((a, b) => a - b);

scenarios(
  "ga4-mp 1.0.3 (npm)",
  (scenario) => {
    scenario("events at once and postponed, and more than a request holds", async ({ gate, tenant, received }) => {
      const { createClient } = await load("ga4-mp");
      const ga4 = createClient(tenant.server_key, tenant.measurement_id, CLIENT_ID);
      ga4.GA_ENDPOINT = ga4.GA_ENDPOINT.replace("https://www.google-analytics.com", gate.url);
      ga4.setConstantParam("session_id", "1795220301");
      ga4.send([{ name: "order_paid", params: { total: 12.5, name: "Müller & Söhne" } }]);
      for (const i of upTo(2)) ga4.send([{ name: "postponed", params: { i } }], true);
      ga4.flushBuffer();
      ga4.send(upTo(30).map((i) => ({ name: "many", params: { i } })));
      const rows = await received("order_paid", ...Array(2).fill("postponed"), ...Array(30).fill("many"));
      const [paid] = named(rows, "order_paid");
      assert.deepEqual([paid.properties.total, paid.properties.name], [12.5, "Müller & Söhne"]);
      assert.deepEqual([paid.anonymous_id, paid.source, paid.context.dialect], [CLIENT_ID, "server", "ga4"]);
      assert.ok(paid.session_id.includes("1795220301"));
      assert.deepEqual(byNumber(named(rows, "many")), upTo(30));
      assert.deepEqual(byNumber(named(rows, "postponed")), upTo(2));
      assert.ok(gate.deliveries().every(({ status }) => status === 204));
    });
  },
  { install: () => load("ga4-mp") },
);

scenarios(
  "ga4mp 2.0.4 (PyPI)",
  (scenario) => {
    scenario("events at once, back-dated and postponed, a user; what is validated is not stored", async (given) => {
      const { gate, tenant, received } = given;
      const yesterday = Math.floor(Date.now() / 1_000) - 24 * 60 * 60;
      const { measurement_id: measurement, server_key: secret } = tenant;
      const { complained } = await python("ga4mp_app.py", { host: gate.url, secret, measurement, yesterday });
      assert.equal(complained, "");
      const rows = await received(
        ...["at_once", "back_dated", ...Array(2).fill("postponed"), ...Array(30).fill("many")],
      );
      const [first] = named(rows, "at_once");
      assert.equal(first.properties.total, 12.5);
      assert.deepEqual([first.anonymous_id, first.user_id, first.source], [CLIENT_ID, "u-1", "server"]);
      assert.equal(first.properties.$set.plan, "pro");
      assert.equal(named(rows, "back_dated")[0].occurred_at, new Date(yesterday * 1_000).toISOString());
      assert.deepEqual(byNumber(named(rows, "many")), upTo(30));
      assert.deepEqual(byNumber(named(rows, "postponed")), upTo(2));
      const [validated] = gate.asked.filter(({ path }) => path.startsWith("/debug/"));
      assert.equal(validated.status, 200);
    });
  },
  { install: interpreter },
);
