/** Last moments: what was captured just before is what gets lost elsewhere. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inOrder, names, until } from "../../e2e/support.mjs";
import { startRelay } from "../relay.mjs";
import { REFUSED, flush, untilPage } from "../support.mjs";

const LAST = 20;
const last = Array(LAST).fill("last");

/** Captures events and does nothing to send them. */
const captureLast = (tab) =>
  tab.evaluate((count) => {
    for (let i = 0; i < count; i++) tallymark.capture("last", { i });
  }, LAST);

export function leaving(scenario) {
  scenario("leave by link: what was captured before, then $pageleave, then the next page", async ({ tab, address, received }) => {
    await tab.goto(address("home"));
    await flush(tab);
    await captureLast(tab);
    await tab.click("#next");
    const rows = inOrder(await received("$pageview", ...last, "$pageleave", "$pageview"));
    assert.deepEqual(names(rows), ["$pageview", ...last, "$pageleave", "$pageview"]);
    const [first, leave, second] = [rows[0], rows[LAST + 1], rows[LAST + 2]];
    assert.equal(leave.properties.$prev_pageview_id, first.event_id);
    assert.ok(leave.properties.$prev_pageview_duration > 0);
    assert.deepEqual([second.session_id, second.anonymous_id], [first.session_id, first.anonymous_id]);
    assert.equal(second.properties.$window_id, first.properties.$window_id);
    assert.match(second.properties.$referrer, /home/);
    await tab.close();
    await received("$pageview", ...last, "$pageleave", "$pageview", "$pageleave");
  });

  scenario("close the tab right after the last event: nothing is lost", async ({ tab, address, received }) => {
    await tab.goto(address("home"));
    await flush(tab);
    await captureLast(tab);
    await tab.close();
    const rows = inOrder(await received("$pageview", ...last, "$pageleave"));
    assert.deepEqual(rows.map((row) => row.context.seq), [...rows.keys()].map((i) => i + 1));
  });

  scenario("left at once: what the loader has arrives all the same", async ({ tab, address, received }) => {
    await tab.goto(address("home"));
    await tab.evaluate(() => tallymark.capture("early", { n: 1 }));
    await tab.goto("about:blank");
    const rows = inOrder(await received("$pageview", "early", "$pageleave"));
    assert.deepEqual(names(rows), ["$pageview", "early", "$pageleave"]);
  });

  scenario("hidden, then killed without a word: nothing is lost, and the view has its end", async ({ tab, client, address, received }) => {
    await tab.goto(address("home"));
    await flush(tab);
    await captureLast(tab);
    await tab.hide();
    await until("what was captured", async () => (await client.events()).length > LAST);
    tab.crash();
    const rows = inOrder(await received("$pageview", ...last, "$pageleave"));
    assert.deepEqual(names(rows), ["$pageview", ...last, "$pageleave"]);
  });

  scenario("hidden and seen again: what follows is sent once, too, and the view ends once", async ({ tab, address, received }) => {
    await tab.goto(address("home"));
    await flush(tab);
    await captureLast(tab);
    await tab.hide();
    await untilPage(tab, "hidden", () => document.visibilityState === "hidden");
    await tab.evaluate(() => tallymark.capture("while_hidden"));
    await tab.show();
    await untilPage(tab, "seen", () => document.visibilityState === "visible");
    await tab.evaluate(() => tallymark.capture("seen_again"));
    await flush(tab);
    await tab.close();
    const rows = inOrder(await received("$pageview", ...last, "while_hidden", "seen_again", "$pageleave"));
    const events = names(rows).filter((name) => name !== "$pageleave");
    assert.deepEqual(events, ["$pageview", ...last, "while_hidden", "seen_again"]);
  });

  scenario(
    "left while the collector is down: the next page delivers, once",
    async ({ t, tab, address, received, world }) => {
      const relay = await startRelay(world.url);
      t.after(() => relay.stop());
      await tab.goto(address("home", `?tm-host=${relay.url}`));
      await flush(tab);
      relay.cut();
      await captureLast(tab);
      await tab.goto("about:blank");
      relay.mend();
      await tab.goto(address("home", `?tm-host=${relay.url}`));
      await received("$pageview", ...last, "$pageleave", "$pageview");
      await tab.close();
      await received("$pageview", ...last, "$pageleave", "$pageview", "$pageleave");
    },
    { expectedConsole: REFUSED },
  );

  scenario(
    "the page's process is killed right after the last event: the next visit delivers, once",
    async ({ tab, visitor, visit, address, received }) => {
      await tab.goto(address("home"));
      await flush(tab);
      await captureLast(tab);
      tab.crash();
      await visitor.leave();
      const later = await (await visit()).newTab();
      await later.goto(address("home"));
      await received("$pageview", ...last, "$pageview");
      await later.close();
      await received("$pageview", ...last, "$pageview", "$pageleave");
    },
    { keepsProfile: true },
  );

  scenario(
    "the whole browser is killed while the collector is down: what was on disk comes with the next visit, once",
    async ({ t, tab, visitor, visit, profile, address, received, world }) => {
      const relay = await startRelay(world.url);
      t.after(() => relay.stop());
      const home = address("home", `?tm-host=${relay.url}`);
      await tab.goto(home);
      await flush(tab);
      relay.cut();
      await captureLast(tab);
      // Engines take their time to write (docs/BROWSERS.md), and write in order: after the events, this.
      const mark = randomUUID();
      await tab.evaluate((mark) => localStorage.setItem(mark, ""), mark);
      await until("the disk", () => holds(profile, mark));
      await visitor.kill();
      relay.mend();
      const later = await (await visit()).newTab();
      await later.goto(home);
      await received("$pageview", ...last, "$pageview");
      await later.close();
      await received("$pageview", ...last, "$pageview", "$pageleave");
    },
    { keepsProfile: true, expectedConsole: REFUSED },
  );
}

/** Whether the text is in any file of the folder, in one byte a character or two. */
function holds(folder, text) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => {
    if (!entry.isFile()) return false;
    try {
      const bytes = readFileSync(join(entry.path, entry.name));
      return bytes.includes(text) || bytes.includes(text, 0, "utf16le");
    } catch {
      return false; // It was removed while we looked.
    }
  });
}
