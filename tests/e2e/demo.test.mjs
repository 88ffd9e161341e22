// The demo as a newcomer meets it: a shop to click through, and beside it what the store holds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser } from "../harness/browser.mjs";
import { Client, accounted } from "../harness/client.mjs";
import { demoSite, newTenant, planDemo, startWorld } from "../harness/world.mjs";
import { until } from "./support.mjs";

let world;
let browser;
const tenants = [newTenant("fern", "Fern & Kettle"), newTenant("juniper", "Juniper Works"), newTenant("sorrel", "Sorrel & Sons")];

before(async () => {
  world = await startWorld({ tenants, site: demoSite(tenants) });
  await planDemo(world.registry, tenants);
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
    return pair.some((row) => row.trust === "origin") && pair;
  });
  const of = (trust) => [...new Set(rows.filter((row) => row.trust === trust).map((row) => row.event_name))].toSorted();
  assert.deepEqual([of("origin"), of("server")], [["batch_form_submitted"], ["batch_started", "inventory_adjusted"]]);
  assert.deepEqual(noise, []);
  await context.close();
});

test("a day's work keeps to the plan, and what does not is in the list with the reason", { timeout: 240_000 }, async () => {
  const { context, page, noise } = await visit({ width: 1440, height: 900 });
  const [, , tenant] = tenants;
  const client = new Client(world.url, tenant);
  const base = `${world.url}/${tenant.slug}`;
  const stored = (...names) =>
    until(`rows of ${names.join(", ")}`, async () => {
      const rows = (await client.events()).map((row) => row.event_name);
      return names.every((name) => rows.includes(name)) && rows;
    });
  await page.goto(`${base}/recipes?q=syrup`);
  await page.locator("a[href*='/recipes/']").first().click();
  await page.getByRole("button", { name: "2×" }).click();
  await page.goto(`${base}/recipes`);
  const variation = page.locator("form[data-capture-form=recipe_form_submitted]");
  await page.locator("details", { has: variation }).evaluateAll((all) => all.forEach((one) => (one.open = true)));
  await variation.locator("[name=name]").fill("Sunday special");
  await variation.getByRole("button").click();
  await page.waitForURL(/\/recipes\/\d+$/);
  await page.goto(`${base}/inventory`);
  const line = page.locator("ul.stock li").first();
  await line.locator("summary").click();
  await line.locator("[name=quantity]").fill("250.5");
  await line.getByRole("button", { name: "Record" }).click();
  await page.waitForURL(/adjustment=/);
  for (const ending of [/^Finish the batch/, /^Cancel it/]) {
    await page.goto(`${base}/workbench/start`);
    await page.getByLabel("Scale").selectOption("0.25");
    await page.getByRole("button", { name: "Start the batch" }).click();
    await page.waitForURL(/\/batch\/\d+$/);
    await page.getByRole("button", { name: "Start a timer" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator(".timer").waitFor({ state: "detached" });
    await page.getByRole("button", { name: ending }).click();
    await page.locator(".told", { hasText: /batch_(completed|cancelled)/ }).waitFor();
  }
  await stored(
    "recipe_searched", "recipe_scaled", "recipe_form_submitted", "recipe_created", "inventory_form_submitted", "inventory_adjusted",
    "batch_form_submitted", "batch_started", "batch_completed", "batch_cancelled", "timer_form_submitted", "timer_started", "timer_stopped",
  );
  assert.deepEqual((await client.ledger()).total.quarantined, {});

  await page.getByRole("tab", { name: "Try it" }).click();
  for (const [button, name, reason] of [
    ["Send the batch", "recipe_scaled", /quarantined ?wrong_type at properties\.scale: expected .*number.*, got .*"double"/],
    ["Try to forge it", "inventory_adjusted", /quarantined ?origin_not_allowed at source: expected .*, got .*browser/],
  ]) {
    await page.getByRole("tab", { name: "Try it" }).click();
    await page.getByRole("button", { name: button }).click();
    await page.getByRole("button", { name: "Show it in the list" }).last().click();
    await page.locator(".row-quarantined", { hasText: name }).filter({ hasText: reason }).waitFor();
  }
  await page.goto("about:blank");
  const books = await until("nothing under way", async () => {
    const ledger = await client.ledger();
    return ledger.total.under_way === 0 && ledger;
  });
  assert.deepEqual([books.total.quarantined, books.balanced], [{ wrong_type: 1, origin_not_allowed: 1 }, true]);
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
