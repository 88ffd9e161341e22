// posthog-js in Chromium, today's and those of the years before, as a page has it: only its `api_host` is ours.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { wrapping } from "./gate.mjs";
import { closeBrowser, leave, startBrowser, visitor } from "./pages.mjs";
import { VERSIONS, address, site } from "./posthog-js-versions.mjs";
import { FAILURES, named, scenarios, until } from "./support.mjs";

before(startBrowser);
after(closeBrowser);

const wrappings = (gate) => [...new Set(gate.deliveries().map(wrapping))].sort();
const preflights = (gate) => gate.asked.filter(({ method }) => method === "OPTIONS").length;

/** What the server had to say has arrived: from now on, events are wrapped as it offers. */
const configured = (page) => page.waitForLoadState("networkidle");

function visits(scenario, version) {
  for (const [where, of] of [
    ["from the collector's own origin", (gate) => gate.url],
    ["from another origin", (gate) => gate.elsewhere],
  ]) {
    scenario(`a visit ${where}: views, a click, an event, the leave`, async (given) => {
      const { gate, received } = given;
      await visitor(async ({ page }) => {
        await page.goto(address(version, given, of(gate)));
        const [first] = await received("$pageview");
        assert.equal(first.properties.$lib_version, version.version);
        assert.equal(first.properties.$current_url, page.url());
        assert.deepEqual([first.source, first.trust, first.context.dialect], ["browser", "origin", "posthog"]);
        assert.ok(first.anonymous_id && first.session_id);
        await configured(page);
        await page.evaluate(() => history.pushState({}, "", "/site/basket"));
        if (!version.followsHistory) await page.evaluate(() => posthog.capture("$pageview"));
        await page.click("#buy");
        await page.evaluate(() => posthog.capture("order paid", { total: 12.5, emoji: "🦊", nothing: null }));
        await received("$pageview", "$pageview", "$autocapture", "order paid");
        await leave(page);
      });
      const rows = await received("$pageview", "$pageview", "$autocapture", "order paid", "$pageleave");
      assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
      assert.equal(new Set(rows.map((row) => row.anonymous_id)).size, 1);
      const [paid] = named(rows, "order paid");
      assert.deepEqual([paid.properties.total, paid.properties.emoji, paid.properties.nothing], [12.5, "🦊", null]);
      for (const row of rows.slice(1)) assert.equal(row.properties.$pathname, "/site/basket", row.event_name);
      assert.equal(named(rows, "$autocapture")[0].properties.$event_type, "click");
      assert.equal(preflights(gate), 0, "nothing is asked twice");
      assert.equal(wrapping(gate.deliveries().at(-1)), "gzip");
    });
  }
}

function people(scenario, version) {
  scenario("who it is: identify, alias, group, set", async (given) => {
    const { gate, received } = given;
    await visitor(async ({ page }) => {
      await page.goto(address(version, given));
      const [first] = await received("$pageview");
      await page.evaluate(() => {
        posthog.identify("u-1", { plan: "pro" }, { seen: "first" });
        posthog.alias("u-one", "u-1");
        posthog.group("company", "acme", { seats: 7 });
        posthog.people.set({ city: "Ulm" });
        posthog.capture("in group");
      });
      const names = ["$pageview", "$identify", "$create_alias", "$groupidentify", version.set, "in group"];
      const rows = await received(...names);
      const [identified] = named(rows, "$identify").filter((row) => row.properties.$anon_distinct_id);
      assert.equal(identified.user_id, "u-1");
      assert.equal(identified.properties.$anon_distinct_id, first.anonymous_id);
      assert.deepEqual(identified.properties.$set, { plan: "pro" });
      if (!version.forgetsSetOnce) assert.equal(identified.properties.$set_once.seen, "first");
      assert.equal(named(rows, "$create_alias")[0].properties.alias, "u-one");
      const [group] = named(rows, "$groupidentify");
      assert.deepEqual(
        [group.properties.$group_type, group.properties.$group_key, group.properties.$group_set],
        ["company", "acme", { seats: 7 }],
      );
      const set = named(rows, version.set).find((row) => row !== identified);
      assert.equal(set.properties.$set.city, "Ulm");
      const [inGroup] = named(rows, "in group");
      assert.deepEqual(inGroup.properties.$groups, { company: "acme" });
      assert.equal(inGroup.user_id, "u-1");
      assert.equal(inGroup.session_id, first.session_id);
      await leave(page);
      await received(...names, "$pageleave");
    });
  });
}

function optingOut(scenario, version) {
  scenario("opted out, nothing is sent; opted in again, it is", async (given) => {
    const { gate, received } = given;
    await visitor(async ({ page }) => {
      await page.goto(address(version, given));
      await received("$pageview");
      await configured(page);
      await page.evaluate(() => {
        posthog.opt_out_capturing();
        posthog.capture("while out");
        posthog.opt_in_capturing();
        posthog.capture("while in");
      });
      const names = ["$pageview", "$opt_in", "while in"];
      await received(...names);
      await page.evaluate(() => {
        posthog.opt_out_capturing();
        posthog.capture("while out");
      });
      await leave(page);
      await received(...names);
    });
  });
}

function compressions(scenario, version) {
  for (const { offered, events } of version.wrappings) {
    scenario(`a server that offers [${offered}]: ${events.join(", ")}`, async (given) => {
      const { gate, received } = given;
      gate.offer(offered);
      await visitor(async ({ page }) => {
        await page.goto(address(version, given, gate.elsewhere));
        await received("$pageview");
        await configured(page);
        await page.evaluate(() => posthog.capture("order paid", { total: 12.5, name: "Müller & Söhne + €" }));
        const [paid] = named(await received("$pageview", "order paid"), "order paid");
        assert.deepEqual([paid.properties.total, paid.properties.name], [12.5, "Müller & Söhne + €"]);
        await leave(page);
        await received("$pageview", "order paid", "$pageleave");
      });
      assert.deepEqual(wrappings(gate), events);
    });
  }
}

function outages(scenario, version) {
  for (const [failure, shut] of FAILURES) {
    scenario(`the collector fails, ${failure}: what was captured arrives once`, async (given) => {
      const { gate, received } = given;
      await visitor(async ({ page }) => {
        await page.goto(address(version, given, gate.elsewhere));
        await received("$pageview");
        await configured(page);
        shut(gate);
        const before = gate.deliveries().length;
        await page.evaluate(() => {
          for (let i = 0; i < 5; i++) posthog.capture("during", { i });
        });
        await until("a failed delivery", () => gate.deliveries().length > before);
        gate.open();
        await until("a delivery that is acknowledged", () => gate.deliveries().at(-1).status === 200);
        const during = Array(5).fill("during");
        const rows = named(await received("$pageview", ...during), "during");
        assert.deepEqual(rows.map((row) => row.properties.i).sort(), [0, 1, 2, 3, 4]);
        await leave(page);
        await received("$pageview", ...during, "$pageleave");
      }, version.complains);
    });
  }
}

scenarios(
  "posthog-js",
  (declare) => {
    for (const version of VERSIONS) {
      const scenario = (name, run) => declare(`${version.version}: ${name}`, run);
      visits(scenario, version);
      people(scenario, version);
      if (version.wrappings === undefined) continue;
      optingOut(scenario, version);
      compressions(scenario, version);
      outages(scenario, version);
    }
  },
  { site },
);
