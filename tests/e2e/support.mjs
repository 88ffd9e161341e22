/**
 * A scenario: one browser context, one tenant, one log. Tests assert on what the collector received, never on
 * the SDK's inside; and after every scenario the books must balance and the console must be clean.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { USER_AGENT, launchBrowser } from "../harness/browser.mjs";
import { Client, accounted } from "../harness/client.mjs";
import { until } from "../harness/until.mjs";
import { ROOT, enrol, newTenant, startWorld, stubTag } from "../harness/world.mjs";

export { until };

const SITE = ["site.mjs", "site-auto.mjs", "site-plans.mjs"];
/** What of the npm package a page without a bundler loads. */
const NPM = ["index.js", "brain.js", "ga4.js", "leftovers.js", "auto/index.js", "auto/vitals.js", "dev/index.js"];

/** The world of the scenarios: the collector, and the site under test on its origin. `options`: see `worldOptions`. */
export function startSite(options = {}) {
  const text = (path) => readFileSync(join(ROOT, path), "utf8");
  const site = {
    modules: SITE.map((path) => ({ type: "ESModule", path, contents: text(`tests/e2e/${path}`) })),
    bindings: {
      STUB: stubTag(),
      SCRIPT: text("sdk/dist/tm.js"),
      NPM: Object.fromEntries(NPM.map((file) => [file, text(`sdk/dist/${file}`)])),
    },
  };
  return startWorld({ tenants: [], site, ...options });
}

/** Rows of the log once there are as many as named events are expected. */
export const receivedBy = (client) => (...names) =>
  until(`rows ${names.join(", ")}`, async () => {
    const rows = await client.events();
    assert.ok(rows.length <= names.length, `more rows than expected: ${rows.map((r) => r.event_name).join(", ")}`);
    return rows.length === names.length && rows;
  });

/** Nothing is under way any more, and the books balance. */
export async function booksBalance(client) {
  const books = await until("books without anything under way", async () => {
    const ledger = await client.ledger();
    return ledger.total.under_way === 0 && ledger;
  });
  assert.equal(books.balanced, true);
  assert.equal(books.total.captured, accounted(books.total));
}

/** One world, as `options` say, and one browser for all tests of a file: what is given has both once they run. */
export function siteAndBrowser(options) {
  const both = {};
  before(async () => {
    both.world = await startSite(options);
    both.browser = await launchBrowser();
  });
  after(async () => {
    await both.browser?.close();
    await both.world?.stop();
  });
  return both;
}

/** What pages say on the console and throw, as it comes, but for what is `expected`. */
export function noiseOf(context, expected) {
  const noise = [];
  context.on("console", (message) => {
    if (!expected?.test(message.text())) noise.push(`${message.type()}: ${message.text()}`);
  });
  context.on("weberror", (error) => noise.push(`uncaught: ${error.error()}`));
  return noise;
}

/** Starts a world and a browser for a file of scenarios; returns the function that declares them. */
export function scenarios(options) {
  const both = siteAndBrowser(options);
  let count = 0;

  /** Console messages that a scenario provokes on purpose: `expectedConsole` matches their text. */
  return function scenario(name, run, { expectedConsole, timeout = 60_000 } = {}) {
    test(name, { timeout }, async () => {
      const { world, browser } = both;
      const tenant = newTenant(`e2e${++count}`);
      await enrol(world.registry, tenant, [world.url]);
      const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, userAgent: USER_AGENT });
      const noise = noiseOf(context, expectedConsole);
      const client = new Client(world.url, tenant);
      const address = (page, query = "") => `${world.url}/${tenant.browser_key}/${page}${query}`;
      const received = receivedBy(client);
      try {
        await run({ context, client, address, received, world, page: await context.newPage() });
        await context.close();
        await booksBalance(client);
        assert.deepEqual(noise, [], "the console is clean");
      } finally {
        await context.close();
      }
    });
  };
}

/** Rows by the order in which the visitor made them: streams of a tab sort by time, events by number. */
export function inOrder(rows) {
  return [...rows].sort(
    (a, b) => a.context.stream_id.localeCompare(b.context.stream_id) || a.context.seq - b.context.seq,
  );
}

export const names = (rows) => rows.map((row) => row.event_name);
