// A hidden page's last will, in real Chromium: whatever becomes of the page, its view ends in one $pageleave.
import assert from "node:assert/strict";
import { names, scenarios, until } from "./support.mjs";

/** Long enough to hide, show and leave a page on a busy machine. */
const scenario = scenarios({ willAfterMs: 4_000 });

/** All that was captured so far is acknowledged; so the view is under way. How long the page has lived, in seconds. */
const flush = (page) => page.evaluate(() => window.tallymark.flush().then(() => performance.now() / 1_000));

/** Tells a page that it is `hidden`, as another tab in front does, or `visible`; how long it has lived, in seconds. */
const turn = (page, state) =>
  page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    return performance.now() / 1_000;
  }, state);

async function crash(context, page) {
  const session = await context.newCDPSession(page);
  const crashed = new Promise((resolve) => page.once("crash", resolve));
  void session.send("Page.crash").catch(() => {}); // It never answers.
  await crashed;
}

scenario("hidden, then killed: the view ends when it was seen last", async ({ context, page, address, received }) => {
  await page.goto(address("home"));
  const viewed = await flush(page);
  const [view] = await received("$pageview");
  await page.evaluate(() => tallymark.capture("last"));
  const hidden = await turn(page, "hidden");
  await received("$pageview", "last");
  await crash(context, page);
  const rows = await received("$pageview", "last", "$pageleave");
  const leave = rows.find((row) => row.event_name === "$pageleave");
  const { $prev_pageview_id, $prev_pageview_duration } = leave.properties;
  assert.equal($prev_pageview_id, view.event_id);
  const bounds = `${$prev_pageview_duration} s, from ${hidden - viewed} to ${hidden}`;
  assert.ok($prev_pageview_duration >= hidden - viewed && $prev_pageview_duration <= hidden, bounds);
  assert.equal(leave.context.seq, 3);
  assert.equal(leave.session_id, view.session_id);
  assert.ok(Date.parse(leave.received_at) - Date.parse(leave.occurred_at) < 4_000, "received when it was made");
});

scenario("hidden, seen again, left: one $pageleave, the later", async ({ context, page, address, received }) => {
  await page.goto(address("home"));
  const viewed = await flush(page);
  await turn(page, "hidden");
  const seen = await turn(page, "visible");
  await page.goto("about:blank");
  const [, leave] = await received("$pageview", "$pageleave");
  assert.ok(leave.properties.$prev_pageview_duration >= seen - viewed, "not the will's");
  // When a will is executed that was made later, the first would have been.
  const other = await context.newPage();
  await other.goto(address("second"));
  await flush(other);
  await turn(other, "hidden");
  await received("$pageview", "$pageleave", "$pageview");
  await crash(context, other);
  const rows = await received("$pageview", "$pageleave", "$pageview", "$pageleave");
  assert.deepEqual(rows[1], leave);
});

scenario("hidden for long, and seen again: one $pageleave a view", async ({ page, address, received, client }) => {
  await page.goto(address("home"));
  await flush(page);
  const hidden = await turn(page, "hidden");
  await received("$pageview", "$pageleave");
  await turn(page, "visible");
  // The number of the executed will.
  await page.evaluate(() => tallymark.capture("back"));
  await flush(page);
  await received("$pageview", "$pageleave", "back");
  await turn(page, "hidden");
  await page.goto("about:blank");
  await until("the view's end in order", async () => (await client.ledger()).total.duplicate > 0);
  const rows = await received("$pageview", "$pageleave", "back");
  assert.deepEqual(names(rows), ["$pageview", "$pageleave", "back"]);
  assert.ok(rows[1].properties.$prev_pageview_duration <= hidden);
  assert.deepEqual(rows.map((row) => row.context.seq), [1, 2, 2], "the will had none of its own");
});
