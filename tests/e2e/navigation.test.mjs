// Which views there are, and how the visitor came to each: in a browser with its back/forward cache and its hidden windows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchAsShipped, openUndriven } from "../harness/browser.mjs";
import { Client } from "../harness/client.mjs";
import { enrol, newTenant } from "../harness/world.mjs";
import { booksBalance, inOrder, receivedBy, startSite, until } from "./support.mjs";

let world;
let browser;
let count = 0;
before(async () => {
  world = await startSite();
  browser = await launchAsShipped();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

function scenario(name, run) {
  test(name, { timeout: 60_000 }, async () => {
    const tenant = newTenant(`navigation${++count}`);
    await enrol(world.registry, tenant, ["*"]);
    const client = new Client(world.url, tenant);
    // A site of its own, so that no storage is another scenario's.
    const site = world.url.replace("127.0.0.1", `${tenant.slug}.localhost`);
    const address = (page, query = "") => `${site}/${tenant.browser_key}/${page}${query}`;
    const page = await browser.newPage();
    await run({ page, client, address, received: receivedBy(client) });
    for (const open of browser.context.pages()) if (open.url().startsWith(site)) await open.close();
    await booksBalance(client);
  });
}

const views = (rows) =>
  inOrder(rows)
    .filter((row) => row.event_name === "$pageview")
    .map((row) => [row.properties.$pathname.split("/").at(-1), row.properties.navigation_type]);
/** Every view that has ended was left exactly once. */
function leftOnce(rows, ended) {
  const left = rows.filter((row) => row.event_name === "$pageleave").map((row) => row.properties.$prev_pageview_id);
  assert.equal(new Set(left).size, left.length, "no view is left twice");
  assert.equal(left.length, ended);
}

scenario("load, reload, and back by the back/forward cache", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await received("$pageview");
  await page.reload();
  await received("$pageview", "$pageleave", "$pageview");
  await Promise.all([page.waitForURL(/second/), page.click("#next")]);
  await received(...Array(3).fill("$pageview"), ...Array(2).fill("$pageleave"));
  await page.goBack({ waitUntil: "commit" });
  // Which it is only if the page was in the cache: nothing of ours keeps it out.
  const rows = await received(...Array(4).fill("$pageview"), ...Array(3).fill("$pageleave"));
  assert.deepEqual(views(rows).sort(), [["home", "bfcache"], ["home", "navigate"], ["home", "reload"], ["second", "navigate"]]);
  leftOnce(rows, 3);
  assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
});

scenario("a restored page goes on: it captures, and is left again", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await page.evaluate(() => window.tallymark.flush());
  await Promise.all([page.waitForURL(/second/), page.click("#next")]);
  await page.goBack({ waitUntil: "commit" });
  const { notRestoredReasons } = await page.evaluate(() => performance.getEntriesByType("navigation")[0].toJSON());
  assert.equal(notRestoredReasons, null, "left a moment after its first capture, it is kept all the same");
  await page.click("#scale");
  await page.close();
  const rows = await received(...Array(3).fill("$pageview"), "recipe_scaled", ...Array(3).fill("$pageleave"));
  const restored = rows.find((row) => row.properties.navigation_type === "bfcache");
  const click = rows.find((row) => row.event_name === "recipe_scaled");
  assert.equal(click.properties.$pageview_id, restored.event_id);
  leftOnce(rows, 3);
});

scenario("a tab opened in the background counts from when it is seen", async ({ page, client, address, received }) => {
  await browser.hide(page);
  await page.goto(address("home"));
  await page.evaluate(() => window.tallymark.capture("in the background"));
  await page.evaluate(() => window.tallymark.flush());
  const before = await received("in the background");
  assert.equal(before.length, 1);
  const shown = Date.now();
  await browser.show(page);
  const rows = await received("in the background", "$pageview");
  const view = rows.find((row) => row.event_name === "$pageview");
  assert.ok(Date.parse(view.occurred_at) >= shown - 1_000);
  assert.equal(view.properties.navigation_type, "navigate");
  await page.close();
  leftOnce(await received("in the background", "$pageview", "$pageleave"), 1);
  await client.events();
});

scenario("a tab opened in the background and never seen is no view", async ({ page, client, address }) => {
  await browser.hide(page);
  await page.goto(address("home"));
  await page.evaluate(() => new Promise((resolve) => window.tallymark.on("ready", resolve)));
  await page.close();
  const other = await browser.newPage();
  await other.goto(address("second"));
  const rows = await until("the seen page", async () => {
    const rows = await client.events();
    return rows.length > 0 && rows;
  });
  assert.deepEqual(views(rows), [["second", "navigate"]]);
});

test("a prerendered page counts from when it is looked at", { timeout: 60_000 }, async () => {
  const tenant = newTenant("prerendered");
  await enrol(world.registry, tenant, ["*"]);
  const client = new Client(world.url, tenant);
  const at = (page) => `${world.url}/${tenant.browser_key}/${page}`;
  const close = openUndriven(at("prerendering"));
  try {
    await until("a prerendered page", async () => Number(await (await fetch(at("prerendered"))).text()));
    // The one page that has the SDK is loaded and unseen; what it would send would be sent within three seconds.
    const quietUntil = Date.now() + 4_000;
    await until("its silence", async () => {
      assert.equal((await client.events()).length, 0, "not while nobody sees it");
      return Date.now() > quietUntil;
    });
    const activated = Date.now();
    await fetch(`${world.url}/flaky/door?status=204`);
    const [view] = await receivedBy(client)("$pageview");
    assert.equal(view.properties.navigation_type, "prerender");
    assert.ok(Date.parse(view.occurred_at) >= activated);
  } finally {
    await fetch(`${world.url}/flaky/door?status=200`);
    await close();
  }
});

scenario("the fragment is a page where the owner says so", async ({ page, address, received }) => {
  await page.goto(address("home", "?tm-capture-hash=true"));
  await received("$pageview");
  await page.evaluate(() => (location.hash = "#/recipes"));
  await page.evaluate(() => history.replaceState({}, "", "#/recipes/12"));
  await page.evaluate(() => window.tallymark.flush());
  const rows = await received(...Array(3).fill("$pageview"), ...Array(2).fill("$pageleave"));
  assert.deepEqual(
    inOrder(rows).filter((row) => row.event_name === "$pageview").map((row) => [new URL(row.properties.$current_url).hash, row.properties.navigation_type]),
    [["", "navigate"], ["#/recipes", "popstate"], ["#/recipes/12", "replaceState"]],
  );
  leftOnce(rows, 2);
});
