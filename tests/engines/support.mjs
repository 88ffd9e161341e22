/**
 * A scenario in some engine: a visitor, a tenant, a log. What is asserted is what the collector received; after
 * every scenario the books must balance and the console must be clean.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { booksBalance, receivedBy, startSite, until } from "../e2e/support.mjs";
import { Client } from "../harness/client.mjs";
import { enrol, newTenant } from "../harness/world.mjs";

/**
 * How long a page is silent before its last will is executed. Short, as closing a tab of Firefox is told by a will more
 * often than not; so a scenario that hides a page may find its $pageleave there at any time.
 */
const WILL_AFTER_MS = 1_000;

/** Waits until the page says so; while it is on its way to another page, it says nothing. */
export const untilPage = (tab, what, check, ...args) => until(what, () => tab.evaluate(check, ...args).catch(() => false));

/**
 * The SDK has done what it does when it starts, for which it holds a lock: a page that is left before then need not
 * get into the back/forward cache.
 */
export const started = (tab) =>
  untilPage(tab, "a start that is over", async () => {
    const { held } = await navigator.locks.query();
    return !held.some(({ name }) => /^tm_(start|sender)$/.test(name));
  });

/** What browsers say by themselves of a request that found nobody. */
export const REFUSED = /net::ERR_|Cross-Origin Request Blocked/;

/** All that was captured so far is acknowledged; so the module is up. */
export const flush = (tab) => tab.evaluate(() => window.tallymark.flush());

/**
 * Starts a world and the engine for a file; returns the function that declares scenarios.
 *
 * @param {import("./engine.mjs").Engine} engine
 */
export function scenariosIn(engine) {
  let world;
  let browser;
  let count = 0;
  before(async () => {
    world = await startSite({ willAfterMs: WILL_AFTER_MS });
    browser = await engine.start();
  });
  after(async () => {
    await browser?.stop();
    await world?.stop();
  });

  /**
   * `needs`: what the engine has to be able to do. `keepsProfile`: the visitor has a browser of his own, and
   * `visit()` again is the same person later. `expectedConsole` matches what is provoked on purpose.
   */
  return function scenario(name, run, { needs, keepsProfile, expectedConsole } = {}) {
    const skip = needs && !engine.can[needs] && `${engine.name} can't be driven to: ${needs}`;
    test(`${engine.name}: ${name}`, { timeout: 60_000, skip }, async (t) => {
      const tenant = newTenant(`engine${++count}`);
      await enrol(world.registry, tenant, [world.url]);
      const client = new Client(world.url, tenant);
      const address = (page, query = "") => `${world.url}/${tenant.browser_key}/${page}${query}`;
      const profile = keepsProfile && mkdtempSync(join(tmpdir(), "tallymark-profile-"));
      const visitors = [];
      const visit = async () => {
        visitors.push(await browser.visitor(profile));
        return visitors.at(-1);
      };
      t.after(async () => {
        for (const visitor of visitors) await visitor.leave();
        if (profile) rmSync(profile, { recursive: true, force: true });
      });
      const visitor = await visit();
      const tab = await visitor.newTab();
      await run({ t, tab, visitor, visit, profile, client, address, received: receivedBy(client), world });
      await booksBalance(client);
      const noise = visitors.flatMap((visitor) => visitor.noise());
      assert.deepEqual(noise.filter((line) => !expectedConsole?.test(line)), [], "the console is clean");
    });
  };
}
