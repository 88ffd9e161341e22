// Twenty tabs of one visitor, opened, hidden, closed and killed at random, under a network that comes and goes: after
// a last visit the store holds everything that any of them captured, once, in one session.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { booksBalance, startSite, until } from "../e2e/support.mjs";
import { launchAsShipped } from "../harness/browser.mjs";
import { Client } from "../harness/client.mjs";
import { line } from "../harness/network.mjs";
import { randomFrom } from "../harness/random.mjs";
import { enrol, newTenant } from "../harness/world.mjs";
import { FAILED_REQUEST } from "./visitor.mjs";

const TABS = 20;
/** Tabs that live at the same time, at most. */
const CROWD = 8;
const STEPS = 120;
const MAX_BURST = 12;

let world;
let browser;
let collector;
before(async () => {
  world = await startSite();
  collector = await line(Number(new URL(world.url).port));
  browser = await launchAsShipped();
});
after(async () => {
  await browser?.close();
  collector?.cut();
  await world?.stop();
});

for (const seed of [1, 2, 3]) {
  test(`twenty tabs, killed at random (seed ${seed})`, { timeout: 120_000 }, (t) => twentyTabs(randomFrom(seed), seed, t));
}

async function twentyTabs(random, seed, t) {
  const tenant = newTenant(`tabs${seed}`);
  const client = new Client(world.url, tenant);
  // A site of its own, so that nothing is left of the seed before.
  const site = `http://seed${seed}.localhost:${new URL(world.url).port}`;
  await enrol(world.registry, tenant, [site]);
  const address = `${site}/${tenant.browser_key}/home?tm-host=${collector.url}`;

  const noise = [];
  const heard = (message) => {
    if (!FAILED_REQUEST.test(message.text())) noise.push(`${message.type()}: ${message.text()}`);
  };
  const failed = (error) => noise.push(`uncaught: ${error.error()}`);
  browser.context.on("console", heard).on("weberror", failed);
  t.after(() => browser.context.off("console", heard).off("weberror", failed));

  const alive = new Set();
  const captured = new Set();
  let views = 0;
  let clicks = 0;

  /** Captures in the page, and notes the ids of all that it has captured since it was last asked. */
  async function capture(page, count) {
    const ids = await page.evaluate((count) => {
      for (let i = 0; i < count; i++) tallymark.capture("clicked", { i });
      return window.captured.splice(0);
    }, count);
    clicks += count;
    for (const id of ids) captured.add(id);
  }

  async function load(page) {
    await page.goto(address);
    // A page that comes up in a hidden window has not been viewed.
    views += await page.evaluate(() => Number(document.visibilityState === "visible"));
    // The module is up: before that nothing has an id yet.
    await page.evaluate(() => {
      window.captured = [];
      tallymark.on("captured", ({ uuid }) => window.captured.push(uuid));
      return new Promise((ready) => tallymark.on("ready", ready));
    });
  }

  async function open() {
    const page = await browser.newPage();
    page.once("crash", () => alive.delete(page));
    await load(page);
    alive.add(page);
    return page;
  }

  const acts = {
    capture: (page) => capture(page, 1 + Math.floor(random() * MAX_BURST)),
    async hide(page) {
      await capture(page, 1);
      await browser.hide(page);
    },
    async reload(page) {
      await capture(page, 2);
      await load(page);
    },
    async close(page) {
      await capture(page, 3);
      alive.delete(page);
      await page.close();
    },
    async kill(page) {
      await capture(page, 3);
      await browser.crash(page);
      await page.close();
    },
    network: () => (cut ? collector.mend() : collector.cut(), (cut = !cut)),
  };
  const likely = ["capture", "capture", "capture", "hide", "reload", "close", "kill", "kill", "network"];
  let opened = 0;
  let cut = false;
  for (let step = 0; step < STEPS || opened < TABS; step++) {
    if (opened < TABS && (alive.size === 0 || (alive.size < CROWD && random() < 0.3))) {
      opened++;
      await open();
    } else if (alive.size > 0) {
      const act = acts[likely[Math.floor(random() * likely.length)]];
      await act([...alive][Math.floor(random() * alive.size)]);
    }
  }
  if (!cut) collector.cut();
  // The last of them die without a network, too.
  for (const page of alive) await acts[random() < 0.5 ? "kill" : "close"](page);
  await collector.mend();

  const last = await open();
  await capture(last, 1);
  await until("everything captured", async () => {
    const stored = new Set((await client.events()).map((row) => row.event_id));
    return [...captured].every((id) => stored.has(id));
  });
  await last.close();
  await booksBalance(client);
  const rows = await client.events();
  const named = (name) => rows.filter((row) => row.event_name === name);
  assert.equal(new Set(rows.map((row) => row.event_id)).size, rows.length);
  assert.equal(named("clicked").length, clicks);
  assert.ok(named("clicked").every((row) => captured.has(row.event_id)), "each under the id that its page was told");
  assert.equal(named("$pageview").length, views);
  const left = named("$pageleave").map((row) => row.properties.$pageview_id);
  assert.equal(new Set(left).size, left.length, "no view is left twice");
  assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
  assert.deepEqual(noise, [], "the console is clean");
}
