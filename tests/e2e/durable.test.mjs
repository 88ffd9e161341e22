// What a page could not send is on disk, and whoever comes next sends it: once, and accounted for.
import assert from "node:assert/strict";
import { inOrder, names, scenarios, until } from "./support.mjs";

const scenario = scenarios();
const SHUT = { expectedConsole: /503/ };
const FLAKY = "?tm-path=/flaky/batch/";
const flush = (page) => page.evaluate(() => window.tallymark.flush());
const door = (world, status) => fetch(`${world.url}/flaky/door?status=${status}`);
/** Chunks on the origin's disk. */
const chunks = (page) =>
  page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("tm_q")).map((key) => localStorage[key]));

async function crash(context, page) {
  const session = await context.newCDPSession(page);
  const crashed = new Promise((resolve) => page.once("crash", resolve));
  void session.send("Page.crash").catch(() => {}); // It never answers.
  await crashed;
}

scenario("more than a leaving page may beacon: the next page brings the rest", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await flush(page);
  await Promise.all([
    page.waitForURL(/second/),
    page.evaluate(() => {
      for (let i = 0; i < 300; i++) tallymark.capture("many", { i, text: "x".repeat(300) });
      document.getElementById("next").click();
    }),
  ]);
  const rows = await received("$pageview", ...Array(300).fill("many"), "$pageleave", "$pageview");
  const many = inOrder(rows.filter((row) => row.event_name === "many"));
  assert.deepEqual(many.map((row) => row.properties.i), [...Array(300).keys()]);
  await until("an empty disk", async () => (await chunks(page)).length === 0);
});

scenario(
  "a page left while the collector was down: the next page brings its events, with their own facts",
  async ({ world, page, address, received }) => {
    await page.goto(address("home", FLAKY));
    await flush(page);
    await door(world, 503);
    await page.evaluate(() => {
      tallymark.register({ plan: "pro" });
      for (let i = 0; i < 20; i++) tallymark.capture("outage", { i });
    });
    await page.goto(address("second", FLAKY));
    await door(world, 200);
    const rows = await received("$pageview", ...Array(20).fill("outage"), "$pageleave", "$pageview");
    const [first] = rows;
    const outage = inOrder(rows.filter((row) => row.event_name === "outage"));
    assert.deepEqual(outage.map((row) => [row.properties.i, row.context.seq]), Array.from({ length: 20 }, (_, i) => [i, i + 2]));
    for (const row of outage) {
      assert.equal(row.properties.$pageview_id, first.event_id);
      assert.match(row.properties.$current_url, /home/);
      assert.equal(row.properties.plan, "pro");
    }
    await until("an empty disk", async () => (await chunks(page)).length === 0);
  },
  SHUT,
);

scenario(
  "the script for what others have left can't be had: it stays, and the next answer has the page ask again",
  async ({ world, page, address, received }) => {
    await page.goto(address("home", FLAKY));
    await flush(page);
    await door(world, 503);
    await page.evaluate(() => tallymark.capture("outage"));
    let asked = 0;
    await page.route("**/tm.leftovers.*", (route) => (asked++ ? route.continue() : route.abort()));
    await page.goto(address("second", FLAKY));
    await until("a request for the script", () => asked > 0);
    await door(world, 200);
    await flush(page);
    await received("$pageview", "outage", "$pageleave", "$pageview");
    await until("an empty disk", async () => (await chunks(page)).length === 0);
    assert.equal(asked, 2);
  },
  { expectedConsole: /503|Failed to load resource/ },
);

scenario("offline, closed, and opened again another day: nothing is missing", async ({ context, page, address, received }) => {
  await page.goto(address("home"));
  await flush(page);
  await context.setOffline(true);
  await page.evaluate(() => {
    for (let i = 0; i < 5; i++) tallymark.capture("offline", { i });
  });
  await page.close();
  await context.setOffline(false);
  const next = await context.newPage();
  await next.goto(address("home"));
  const rows = await received("$pageview", ...Array(5).fill("offline"), "$pageleave", "$pageview");
  assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
});

scenario("a tab that crashes in the task after: its events are on disk", async ({ context, page, address, received }) => {
  await page.goto(address("home"));
  await flush(page);
  await page.route("**/batch/", () => {}); // under way for ever
  await page.evaluate(() => {
    for (let i = 0; i < 10; i++) tallymark.capture("last words", { i });
  });
  assert.equal((await chunks(page)).length, 1, "one chunk for the task");
  await crash(context, page);
  const next = await context.newPage();
  await next.goto(address("home"));
  const rows = inOrder(await received("$pageview", ...Array(10).fill("last words"), "$pageview"));
  assert.deepEqual(names(rows).slice(0, 11), ["$pageview", ...Array(10).fill("last words")]);
});

scenario(
  "the disk has its cap: the oldest make room, and are counted",
  async ({ world, client, page, address }) => {
    await page.goto(address("home", FLAKY));
    await flush(page);
    await door(world, 503);
    const used = await page.evaluate(async () => {
      for (let i = 0; i < 400; i++) {
        tallymark.capture("large", { i, text: "x".repeat(3_000) });
        await Promise.resolve();
      }
      await new Promise((resolve) => setTimeout(resolve));
      return Object.entries(localStorage).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    });
    assert.ok(used > 300 * 1024 && used <= 512 * 1024, `${used} bytes`);
    await page.goto(address("second", FLAKY));
    await door(world, 200);
    const { total } = await until("the books to close", async () => {
      const ledger = await client.ledger();
      return ledger.total.under_way === 0 && ledger.total.captured > 400 && ledger;
    });
    assert.ok(total.dropped.storage_full > 0);
    const rows = await client.events();
    const large = inOrder(rows.filter((row) => row.event_name === "large")).map((row) => row.properties.i);
    assert.equal(large.length + total.dropped.storage_full, 400);
    assert.equal(large.at(-1), 399, "the newest are kept");
  },
  SHUT,
);

for (const [what, storage] of [
  ["blocked", () => Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("no", "SecurityError"); } })],
  ["full", () => { Storage.prototype.setItem = () => { throw new DOMException("no", "QuotaExceededError"); }; }],
]) {
  scenario(`storage that is ${what}: the page's memory has to do, and the owner is told`, async ({ client, page, address, received }) => {
    await page.addInitScript(storage);
    await page.goto(address("home"));
    await page.click("#scale");
    await flush(page);
    await received("$pageview", "recipe_scaled");
    assert.equal((await client.ledger()).memory_only_streams, 1);
    await page.close();
    await received("$pageview", "recipe_scaled", "$pageleave");
  });
}

scenario("twenty tabs opened at once are one visitor in one session", async ({ context, page, address, received }) => {
  await page.close();
  const pages = await Promise.all(Array.from({ length: 20 }, () => context.newPage()));
  await Promise.all(pages.map((page) => page.goto(address("home"))));
  const rows = await received(...Array(20).fill("$pageview"));
  assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
  assert.equal(new Set(rows.map((row) => row.anonymous_id)).size, 1);
  assert.equal(new Set(rows.map((row) => row.properties.$window_id)).size, 20);
});
