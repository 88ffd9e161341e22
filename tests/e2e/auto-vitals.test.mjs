// Web vitals: once a view, when nothing more will be known of it.
import assert from "node:assert/strict";
import { open } from "./auto.mjs";
import { inOrder, scenarios } from "./support.mjs";

const scenario = scenarios();
const SCRIPTS = ["tm.auto", "tm.vitals"];

/** What was measured, by view: where, and the values by metric. */
const vitals = (rows) =>
  inOrder(rows)
    .filter((row) => row.event_name === "$web_vitals")
    .map(({ properties }) => {
      const value = ([name, value]) => [/^\$web_vitals_(.+)_value$/.exec(name)?.[1], value];
      const values = Object.fromEntries(Object.entries(properties).map(value).filter(([name]) => name));
      return { at: properties.$current_url, path: properties.$pathname, values };
    });

scenario("final values, once, with what else is left", async ({ page, address, received }) => {
  const url = address("auto", "?token=secret&tm-autocapture=webVitals");
  const downloads = await open(page, url, ...SCRIPTS);
  await page.click("#nested");
  await Promise.all([page.waitForURL("https://partner.example/**"), page.click("#out")]);
  const rows = await received("$pageview", "$pageleave", "$web_vitals");
  const [{ at, path, values }] = vitals(rows);
  assert.deepEqual(Object.keys(values).sort(), ["CLS", "FCP", "INP", "LCP", "TTFB"]);
  for (const [name, value] of Object.entries(values)) assert.ok(value >= 0 && value < 15_000, `${name}: ${value}`);
  assert.ok(values.TTFB <= values.FCP && values.FCP <= values.LCP, JSON.stringify(values));
  assert.deepEqual([at, path], [url.split("?")[0], new URL(url).pathname]);
  assert.deepEqual(downloads(), ["/tm.auto.js", "/tm.vitals.js"]);
});

scenario("a page that is hidden and seen again has said all", async ({ page, address, received }) => {
  await open(page, address("auto", "?tm-autocapture=webVitals"), ...SCRIPTS);
  await page.click("#nested");
  const turn = (state) =>
    page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await turn("hidden");
  await received("$pageview", "$web_vitals");
  await turn("visible");
  await page.click("#nested");
  await turn("hidden");
  await turn("visible");
  await page.close();
  await received("$pageview", "$web_vitals", "$pageleave");
});

scenario("views of one page have each their own", async ({ page, address, received }) => {
  const url = address("auto", "?tm-autocapture=webVitals");
  await open(page, url, ...SCRIPTS);
  await page.evaluate(() => {
    const route = Object.assign(document.createElement("button"), { id: "route", textContent: "route" });
    route.addEventListener("click", () => {
      history.pushState({}, "", "another");
      document.querySelector("h1").replaceWith(Object.assign(document.createElement("h2"), { textContent: "another" }));
    });
    // At the top: what is painted out of sight makes no view.
    document.body.prepend(route);
  });
  await page.click("#route");
  // The browser tells by itself that this was another view, by the click, the address and what was painted.
  await page.waitForFunction(() => performance.getEntriesByType("soft-navigation").length === 1);
  await page.click("#nested");
  await page.close();
  const twice = ["$pageview", "$web_vitals", "$pageleave"];
  const views = vitals(await received(...twice, ...twice));
  const here = url.split("?")[0];
  assert.deepEqual(views.map(({ at }) => at), [here, here.replace(/auto$/, "another")]);
  for (const { values } of views) assert.ok(values.LCP > 0 && values.CLS >= 0, JSON.stringify(values));
  assert.ok("TTFB" in views[0].values && !("TTFB" in views[1].values));
});
