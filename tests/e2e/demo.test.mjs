// The demo as a newcomer meets it: a shop to click through, and beside it what the store holds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser } from "../harness/browser.mjs";
import { Client, accounted } from "../harness/client.mjs";
import { demoSite, newTenant, startWorld } from "../harness/world.mjs";
import { until } from "./support.mjs";

let world;
let browser;
const tenants = [newTenant("fern", "Fern & Kettle"), newTenant("juniper", "Juniper Works")];

before(async () => {
  world = await startWorld({ tenants, site: demoSite(tenants) });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

/** A page that notes whatever the console says. */
async function visit(viewport) {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  const noise = [];
  page.on("console", (message) => noise.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => noise.push(String(error)));
  return { context, page, noise };
}

test("each click becomes a row beside the shop, and the books balance", { timeout: 60_000 }, async () => {
  const { context, page, noise } = await visit({ width: 1440, height: 900 });
  const client = new Client(world.url, tenants[0]);
  await page.goto(world.url);
  await page.click("a[href^='/fern']");
  await page.getByRole("link", { name: "Recipes", exact: true }).click();
  await page.getByRole("link", { name: "Lavender oat" }).click();
  await page.getByRole("button", { name: "2×" }).click();
  const scaled = await until("the click in the store", async () =>
    (await client.events()).find((row) => row.event_name === "recipe_scaled"),
  );
  assert.equal(scaled.properties.scale, 2);
  assert.equal(scaled.entity_type, "recipe");
  // And on the screen, without a reload.
  await page.locator("#rows", { hasText: "recipe_scaled" }).waitFor();
  await page.locator("#balance", { hasText: "balanced" }).waitFor();
  await page.goto("about:blank");
  const { total, balanced } = await until("nothing under way", async () => {
    const books = await client.ledger();
    return books.total.under_way === 0 && books;
  });
  assert.ok(balanced);
  assert.equal(total.captured, accounted(total));
  assert.equal((await new Client(world.url, tenants[1]).events()).length, 0, "the neighbour's log is empty");
  assert.deepEqual(noise, []);
  await context.close();
});

test("what a back end does and what the page asked for share a correlation id", { timeout: 60_000 }, async () => {
  const { context, page, noise } = await visit({ width: 1440, height: 900 });
  const client = new Client(world.url, tenants[1]);
  await page.goto(`${world.url}/juniper/workbench/start`);
  await page.getByRole("button", { name: /start/i }).first().click();
  const rows = await until("the pair", async () => {
    const events = await client.events();
    const started = events.find((row) => row.event_name === "batch_started");
    const pair = events.filter((row) => started && row.correlation_id === started.correlation_id);
    return pair.some((row) => row.trust === "server") && pair.some((row) => row.trust === "origin") && pair;
  });
  assert.ok(rows.some((row) => row.event_name === "inventory_adjusted" && row.source !== "browser"));
  assert.deepEqual(noise, []);
  await context.close();
});

test("a phone's width: nothing to scroll sideways", { timeout: 60_000 }, async () => {
  const { context, page } = await visit({ width: 390, height: 844 });
  for (const path of ["/", "/fern/", "/fern/recipes", "/fern/inventory", "/fern/batches", "/fern/workbench"]) {
    await page.goto(world.url + path);
    const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= width, `${path}: ${content} px in ${width}`);
  }
  await context.close();
});
