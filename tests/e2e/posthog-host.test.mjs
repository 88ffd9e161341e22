// The SDK speaks to a PostHog: one that takes nothing but what every version takes, and stores what it is sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAILED_REQUEST } from "../faults/visitor.mjs";
import { USER_AGENT } from "../harness/browser.mjs";
import { line } from "../harness/network.mjs";
import { posthogSink } from "../harness/posthog-sink.mjs";
import { noiseOf, siteAndBrowser, until } from "./support.mjs";

const site = siteAndBrowser();

/** A visitor of a page whose SDK sends to a PostHog, which must refuse nothing, and the console must stay clean. */
function visit(name, run, { expectedConsole } = {}) {
  test(`a PostHog as host: ${name}`, { timeout: 60_000 }, async () => {
    const sink = await posthogSink();
    const road = await line(Number(new URL(sink.url).port));
    const context = await site.browser.newContext({ userAgent: USER_AGENT });
    const noise = noiseOf(context, expectedConsole);
    const address = (page) => `${site.world.url}/phc_ofsomebody/${page}?tm-host=${road.url}`;
    /** Events once there are those named, in any order. */
    const stored = (...names) =>
      until(`events ${names}`, async () => {
        const events = sink.events();
        assert.deepEqual(sink.refused, []);
        assert.ok(events.length <= names.length, `more than expected: ${events.map(({ event }) => event)}`);
        return events.length === names.length && events;
      });
    try {
      await run({ sink, road, context, address, stored, page: await context.newPage() });
      await context.close();
      assert.deepEqual(sink.refused, []);
      assert.deepEqual(noise, [], "the console is clean");
    } finally {
      await context.close();
      road.cut();
      sink.stop();
    }
  });
}

const byName = (events) => Object.fromEntries(events.map((event) => [event.event, event]));

visit("views, their ends, and what is captured", async ({ page, address, stored }) => {
  const from = Date.now();
  await page.goto(address("home"));
  await page.click("#scale");
  await page.evaluate(() => {
    history.pushState({}, "", "spa");
    // Half an emoji, as texts that were cut to a length end in: PostHog would refuse it with all that goes along.
    tallymark.capture("named", { name: "ab\ud83d", list: ["\ude00"], fine: "\ud83d\ude00", slash: "\\ud83d" });
  });
  await stored("$pageview", "recipe_scaled", "$pageleave", "$pageview", "named");
  await page.close();
  const events = await stored("$pageview", "recipe_scaled", "$pageleave", "$pageview", "named", "$pageleave");
  assert.deepEqual(events.map(({ event }) => event), ["$pageview", "recipe_scaled", "$pageleave", "$pageview", "named", "$pageleave"]);
  const [first, scaled, left, second, named, last] = events.map(({ properties }) => properties);
  assert.deepEqual([first.navigation_type, second.navigation_type], ["navigate", "pushState"]);
  assert.deepEqual([left.$prev_pageview_id, last.$prev_pageview_id], [first.$pageview_id, second.$pageview_id]);
  assert.equal(scaled.$entity_id, "12");
  assert.deepEqual([named.name, named.list, named.fine, named.slash.length], ["ab\ufffd", ["\ufffd"], "\u{1f600}", 6]);
  assert.ok(events.every(({ at }) => at >= from && at <= Date.now()), "stored when it happened");
  assert.ok(events.every(({ properties }) => properties.$is_identified === false && !("$process_person_profile" in properties)));
});

visit("who it is, in which group, and nobody again", async ({ page, address, stored }) => {
  await page.goto(address("home"));
  await page.evaluate(() => {
    tallymark.identify("user-7", { plan: "pro" });
    tallymark.group("company", "acme", { seats: 3 });
    tallymark.capture("known");
    tallymark.identify("user-7", { plan: "team" });
    tallymark.reset();
    tallymark.capture("unknown");
  });
  const events = await stored("$pageview", "$identify", "$groupidentify", "known", "$set", "unknown");
  const { $pageview, $identify, $groupidentify, known, $set, unknown } = byName(events);
  assert.equal($identify.distinct_id, "user-7");
  assert.equal($identify.properties.$anon_distinct_id, $pageview.distinct_id);
  assert.deepEqual($identify.properties.$set, { plan: "pro" });
  const { $group_type, $group_key, $group_set } = $groupidentify.properties;
  assert.deepEqual([$group_type, $group_key, $group_set], ["company", "acme", { seats: 3 }]);
  assert.deepEqual(known.properties.$groups, { company: "acme" });
  assert.deepEqual([known.distinct_id, known.properties.$is_identified], ["user-7", true]);
  assert.equal(known.properties.$process_person_profile, true);
  assert.deepEqual($set.properties.$set, { plan: "team" });
  assert.ok(![$pageview.distinct_id, "user-7"].includes(unknown.distinct_id));
  assert.equal(unknown.properties.$device_id, $pageview.properties.$device_id);
  assert.equal(unknown.properties.$groups, undefined);
});

visit("a hidden page, and one with nothing but drops to tell, send no request without events", async ({ page, address, stored, sink }) => {
  await page.goto(address("home"));
  await stored("$pageview");
  const { requests } = sink;
  await page.evaluate(async () => {
    // Our collector would be told of the drop, and of the end that this view is to have if the page is killed now.
    tallymark.capture("");
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    await tallymark.flush();
    delete document.visibilityState;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.close();
  await stored("$pageview", "$pageleave");
  assert.equal(sink.requests, requests + 1);
});

visit(
  "an outage: all arrive with their own times, and each once",
  async ({ page, address, stored, sink, road }) => {
    await page.goto(address("home"));
    await stored("$pageview");
    road.cut();
    const from = Date.now();
    await page.evaluate(() => {
      for (let i = 0; i < 20; i++) tallymark.capture("offline", { i });
      dispatchEvent(new Event("online"));
      return Promise.race([tallymark.flush(), new Promise((tried) => setTimeout(tried, 1_000))]);
    });
    const to = Date.now();
    await road.mend();
    await page.reload();
    const names = ["$pageview", ...Array(20).fill("offline"), "$pageleave", "$pageview"];
    const events = (await stored(...names)).filter(({ event }) => event === "offline");
    assert.deepEqual(events.map(({ properties }) => properties.i), [...Array(20).keys()]);
    assert.ok(events.every(({ at }) => at >= from - 50 && at <= to), "stored when it happened");
    assert.deepEqual(sink.refused, []);
  },
  { expectedConsole: FAILED_REQUEST },
);

visit("one that is over its quota: what it throws away is counted", async ({ page, address, sink }) => {
  sink.answer.body = '{"status":"Ok","quota_limited":["events"]}';
  await page.goto(address("home"));
  const dropped = await page.evaluate(async () => {
    const told = [];
    tallymark.on("dropped", (drop) => told.push(drop));
    tallymark.on("sent", (sent) => told.push({ sent }));
    tallymark.capture("one too many");
    await tallymark.flush();
    return told;
  });
  assert.deepEqual(dropped, [{ reason: "refused", count: 2 }]);
  // Of recordings there are none.
  sink.answer.body = '{"status":1,"quota_limited":["recordings"]}';
  const sent = await page.evaluate(async () => {
    let count = 0;
    tallymark.on("sent", (sent) => (count += sent.count));
    tallymark.capture("within");
    await tallymark.flush();
    return count;
  });
  assert.equal(sent, 1);
});
