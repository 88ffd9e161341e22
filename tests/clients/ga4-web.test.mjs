// Clients of GA4's /g/collect in Chromium, as a page has them: only their endpoint is ours.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { bundle } from "./installed.mjs";
import { closeBrowser, leave, shop, startBrowser, visitor } from "./pages.mjs";
import { named, scenarios } from "./support.mjs";

before(startBrowser);
after(closeBrowser);

const site = async () => ({
  "minimal.js": await bundle(`import { track } from "@minimal-analytics/ga4"; window.track = track;`),
  minimal: shop(
    ["minimal.js"],
    `window.minimalAnalytics = { trackingId: given.get("id"), analyticsEndpoint: given.get("host") + "/g/collect" };
     track();`,
  ),
  "ga4mp.js": await bundle(`import ga4mp from "@analytics-debugger/ga4mp/dist/ga4mp.esm.js"; window.ga4mp = ga4mp;`),
  ga4mp: shop(
    ["ga4mp.js"],
    `window.tracker = ga4mp([given.get("id")], { endpoint: given.get("host") + "/g/collect", debug: true });`,
  ),
});

const address = (gate, tenant, page, origin = gate.elsewhere) =>
  `${origin}/site/${page}?${new URLSearchParams({ id: tenant.measurement_id, host: gate.url })}`;

scenarios(
  "@minimal-analytics/ga4 1.8.7",
  (scenario) => {
    scenario("a visit: views, events, a click, a download, a scroll, the leave", async ({ gate, tenant, received }) => {
      await visitor(async ({ page }) => {
        await page.goto(address(gate, tenant, "minimal"));
        const [view] = await received("$pageview");
        assert.equal(view.properties.title, "shop");
        assert.equal(view.properties.$current_url, page.url());
        assert.deepEqual([view.source, view.trust, view.context.dialect], ["browser", "origin", "ga4"]);
        assert.ok(view.anonymous_id && view.session_id);
        await page.evaluate(() => {
          // Two orders that look alike are two.
          for (let i = 0; i < 2; i++) track({ type: "order paid", event: { "epn.total": 12.5, "ep.name": "M & Sö" } });
        });
        await page.evaluate(() => document.addEventListener("click", (click) => click.preventDefault()));
        await page.click("#manual");
        await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
        const during = ["$pageview", "order paid", "order paid", "file_download", "scroll"];
        const rows = await received(...during);
        const paid = named(rows, "order paid");
        for (const { properties } of paid) assert.deepEqual([properties.total, properties.name], [12.5, "M & Sö"]);
        await leave(page);
        const all = await received(...during, "$pageleave");
        assert.equal(new Set(all.map((row) => row.anonymous_id)).size, 1);
        assert.equal(new Set(all.map((row) => row.session_id)).size, 1);
      });
      assert.ok(gate.deliveries().every(({ method, status }) => method === "POST" && status === 204));
    });
  },
  { site },
);

scenarios(
  "@analytics-debugger/ga4mp 0.0.8",
  (scenario) => {
    scenario("events, a user, its properties, items", async ({ gate, tenant, received }) => {
      await visitor(async ({ page }) => {
        await page.goto(address(gate, tenant, "ga4mp"));
        await page.evaluate(() => tracker.trackEvent("page_view"));
        await received("$pageview");
        await page.evaluate(() => {
          tracker.setUserId("u-1");
          tracker.setUserProperty("plan", "pro");
          const items = [{ item_id: "sku-1", item_name: "Tea ~ green", price: 9.5, quantity: 2, origin: "Uji" }];
          tracker.trackEvent("purchase", { transaction_id: "t-1", value: 19, currency: "EUR", items });
        });
        const [bought] = named(await received("$pageview", "purchase"), "purchase");
        assert.equal(bought.user_id, "u-1");
        const { properties } = bought;
        assert.deepEqual([properties.transaction_id, properties.value, properties.currency], ["t-1", 19, "EUR"]);
        assert.equal(properties.$set.plan, "pro");
        const [item] = properties.items;
        assert.deepEqual([item.item_id, item.price, item.quantity], ["sku-1", 9.5, 2]);
      });
    });
  },
  { site },
);
