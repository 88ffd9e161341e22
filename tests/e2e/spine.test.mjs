// A real page's events, in real Chromium, through real workerd, into the log: once, in order, accounted for.
import assert from "node:assert/strict";
import { inOrder, names, scenarios, until } from "./support.mjs";

const scenario = scenarios();
/** All that was captured so far is acknowledged; so the module is up. */
const flush = (page) => page.evaluate(() => window.tallymark.flush());

scenario("load: one $pageview, with the page, the session and the campaign", async ({ page, address, received }) => {
  await page.goto(address("home", "?utm_source=newsletter&utm_campaign=spring&gclid=abc&x=1"));
  const [view] = await received("$pageview");
  const p = view.properties;
  assert.equal(view.event_name, "$pageview");
  assert.match(p.$current_url, /\/home\?utm_source=newsletter/);
  assert.equal(p.$pathname, new URL(page.url()).pathname);
  assert.equal(p.$host, new URL(page.url()).host);
  assert.equal(p.title, "home");
  assert.deepEqual([p.utm_source, p.utm_campaign, p.gclid], ["newsletter", "spring", "abc"]);
  assert.equal(p.utm_medium, undefined, "only what is there");
  assert.deepEqual([p.$referrer, p.$referring_domain], ["$direct", "$direct"]);
  assert.deepEqual([p.$viewport_width, p.$viewport_height], [1000, 700]);
  assert.deepEqual([p.$browser, p.$os, p.$device_type], ["Chrome", "Linux", "Desktop"]);
  assert.equal(p.$pageview_id, view.event_id);
  assert.ok(view.session_id && p.$window_id && view.anonymous_id);
  assert.deepEqual([view.source, view.trust], ["browser", "origin"]);
  assert.deepEqual([view.context.seq, view.context.dialect], [1, "posthog"]);
  await page.close();
  await received("$pageview", "$pageleave");
});

scenario("click: a feature event with its entity and correlation", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await page.click("#scale");
  await flush(page);
  const rows = await received("$pageview", "recipe_scaled");
  const click = rows[1];
  assert.deepEqual(
    [click.event_name, click.entity_type, click.entity_id, click.correlation_id],
    ["recipe_scaled", "recipe", "12", "c-1"],
  );
  assert.equal(click.properties.scale, 2);
  assert.equal(click.session_id, rows[0].session_id);
  assert.equal(click.properties.$pageview_id, rows[0].event_id);
  await page.close();
  await received("$pageview", "recipe_scaled", "$pageleave");
});

scenario("leave by link: $pageleave with duration and scroll depth, then the next page", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await received("$pageview");
  const loaded = Date.now();
  await page.evaluate(() => window.scrollTo(0, 1_500));
  await page.waitForFunction(() => window.scrollY === 1_500);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const stayed = (Date.now() - loaded) / 1_000;
  await Promise.all([page.waitForURL(/second/), page.click("#next")]);
  const rows = inOrder(await received("$pageview", "$pageleave", "$pageview"));
  assert.deepEqual(names(rows), ["$pageview", "$pageleave", "$pageview"]);
  const [first, leave, second] = rows;
  const l = leave.properties;
  assert.equal(l.$prev_pageview_id, first.event_id);
  assert.equal(l.$pageview_id, first.event_id);
  assert.equal(l.$prev_pageview_pathname, first.properties.$pathname);
  assert.ok(l.$prev_pageview_duration >= stayed, `${l.$prev_pageview_duration} s, at least ${stayed}`);
  assert.ok(l.$prev_pageview_duration < stayed + 10);
  assert.deepEqual([l.$prev_pageview_last_scroll, l.$prev_pageview_max_scroll], [0, 1_500]);
  assert.equal(l.$prev_pageview_last_scroll_percentage, 0);
  assert.ok(l.$prev_pageview_max_scroll_percentage > 0.3 && l.$prev_pageview_max_scroll_percentage < 0.6);
  assert.deepEqual([l.$prev_pageview_last_content, l.$prev_pageview_max_content], [700, 2_200]);
  assert.equal(second.session_id, first.session_id);
  assert.equal(second.anonymous_id, first.anonymous_id);
  assert.equal(second.properties.$window_id, first.properties.$window_id);
  assert.match(second.properties.$referrer, /home/);
  assert.notEqual(second.context.stream_id, first.context.stream_id);
  await page.close();
  await received("$pageview", "$pageleave", "$pageview", "$pageleave");
});

scenario("SPA navigation: a view for each route, and a leave for each view", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await received("$pageview");
  await page.evaluate(() => history.pushState({}, "", "./recipes"));
  await page.evaluate(() => history.replaceState({}, "", "./recipes#top"));
  await page.evaluate(() => history.pushState({}, "", "./recipes/12"));
  await page.goBack();
  await page.close();
  const rows = inOrder(await received(...Array(4).fill(["$pageview", "$pageleave"]).flat()));
  assert.deepEqual(names(rows), Array(4).fill(["$pageview", "$pageleave"]).flat());
  const views = rows.filter((r) => r.event_name === "$pageview");
  assert.deepEqual(
    views.map((r) => [r.properties.$pathname.split("/").slice(2).join("/"), r.properties.navigation_type]),
    [["home", "navigate"], ["recipes", "pushState"], ["recipes/12", "pushState"], ["recipes", "popstate"]],
  );
  for (const [i, view] of views.entries()) {
    const leave = rows[2 * i + 1].properties;
    assert.equal(leave.$prev_pageview_id, view.event_id);
    assert.equal(leave.$pageview_id, view.event_id);
    assert.equal(leave.$prev_pageview_pathname, view.properties.$pathname);
    assert.equal(leave.$pathname, view.properties.$pathname);
    assert.ok(leave.$prev_pageview_duration >= 0);
    assert.equal(view.properties.$prev_pageview_id, views[i - 1]?.event_id);
  }
  assert.equal(new Set(rows.map((r) => r.session_id)).size, 1);
});

scenario("close the tab in the task of the last event: nothing is lost", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await flush(page);
  await page.evaluate(() => {
    for (let i = 0; i < 20; i++) tallymark.capture("last", { i });
  });
  await page.close();
  const rows = inOrder(await received("$pageview", ...Array(20).fill("last"), "$pageleave"));
  assert.deepEqual(rows.slice(1, 21).map((r) => r.properties.i), [...Array(20).keys()]);
  assert.deepEqual(rows.map((r) => r.context.seq), [...Array(22).keys()].map((i) => i + 1));
});

scenario("a reload is a leave and a new view", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await received("$pageview");
  await page.reload();
  const rows = inOrder(await received("$pageview", "$pageleave", "$pageview"));
  assert.deepEqual(names(rows), ["$pageview", "$pageleave", "$pageview"]);
  await page.close();
  await received("$pageview", "$pageleave", "$pageview", "$pageleave");
});

scenario("calls before the module is up are kept, in order", async ({ page, address, received }) => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/tm.*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(address("home"));
  const before = await page.evaluate(() => {
    tallymark.capture("first", { n: 1 });
    tallymark.register({ plan: "pro" });
    tallymark.capture("second", { n: 2 });
    return Date.now();
  });
  release();
  await page.evaluate(() => tallymark.capture("third", { n: 3 }));
  const rows = inOrder(await received("$pageview", "first", "second", "third"));
  assert.deepEqual(names(rows), ["$pageview", "first", "second", "third"]);
  assert.deepEqual(rows.map((r) => r.properties.plan), [undefined, undefined, "pro", "pro"]);
  assert.ok(Date.parse(rows[2].occurred_at) <= before, "with the time of the call, not of the module");
  await page.unroute("**/tm.*.wasm");
  await page.close();
  await received("$pageview", "first", "second", "third", "$pageleave");
});

scenario("left before the module is up: the loader beacons the calls itself", async ({ page, address, received }) => {
  await page.route("**/tm.*.wasm", () => {}); // never answered
  await page.goto(address("home"));
  await page.waitForFunction(() => performance.getEntriesByType("resource").some((r) => r.name.endsWith("tm.js")));
  await page.evaluate(() => tallymark.capture("early", { n: 1 }));
  await page.goto("about:blank");
  const rows = inOrder(await received("$pageview", "early", "$pageleave"));
  assert.deepEqual(names(rows), ["$pageview", "early", "$pageleave"]);
  assert.equal(rows[1].properties.n, 1);
  assert.equal(rows[0].properties.title, "home");
  assert.equal(new Set(rows.map((r) => r.context.stream_id)).size, 1);
});

scenario(
  "neither wasm nor its translation to be had: the loader goes on by itself",
  async ({ page, address, received }) => {
    await page.route(/\/tm\..*\.(wasm|js)$/, (route) => route.fulfill({ status: 404, body: "gone" }));
    await page.goto(address("home"));
    await page.click("#scale");
    await received("$pageview", "recipe_scaled");
    await page.close();
    await received("$pageview", "recipe_scaled", "$pageleave");
  },
  { expectedConsole: /404|integrity/ },
);

scenario(
  "an outage: nothing lost, nothing doubled, no word in the console but the browser's own",
  async ({ page, address, received, world }) => {
    await page.goto(address("home", "?tm-path=/flaky/batch/"));
    await received("$pageview");
    await fetch(`${world.url}/flaky/door?status=503`);
    const refused = page.waitForResponse((r) => r.status() === 503);
    await page.evaluate(() => {
      for (let i = 0; i < 5; i++) tallymark.capture("during", { i });
    });
    await refused;
    await fetch(`${world.url}/flaky/door?status=200`);
    await received("$pageview", ...Array(5).fill("during"));
    await page.close();
    await received("$pageview", ...Array(5).fill("during"), "$pageleave");
  },
  { expectedConsole: /503/ },
);

scenario("bad calls never throw; they are counted, by reason", async ({ page, address, received, client }) => {
  await page.goto(address("home"));
  await received("$pageview");
  await page.evaluate(() => {
    const cycle = {};
    cycle.self = cycle;
    tallymark.capture("cyclic", cycle);
    tallymark.capture("bigint", { n: 1n });
    tallymark.capture("");
    tallymark.capture(undefined);
    tallymark.capture("good");
  });
  await flush(page);
  await received("$pageview", "good");
  const { total } = await client.ledger();
  assert.deepEqual(total.dropped, { invalid_name: 2, invalid_properties: 2 });
  assert.equal(total.captured, 6);
  await page.close();
  await received("$pageview", "good", "$pageleave");
});

scenario("identify, group, register and reset", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await page.evaluate(() => {
    tallymark.capture("anonymous");
    tallymark.identify("user-42", { plan: "pro" });
    tallymark.group("company", "acme", { size: 3 });
    tallymark.register({ theme: "dark" });
    tallymark.capture("known");
    tallymark.unregister("theme");
    tallymark.reset();
    tallymark.capture("after");
  });
  await flush(page);
  const rows = inOrder(await received("$pageview", "anonymous", "$identify", "$groupidentify", "known", "after"));
  const [view, anonymous, identify, group, known, after] = rows;
  assert.deepEqual([anonymous.user_id, anonymous.anonymous_id], [null, view.anonymous_id]);
  assert.deepEqual([identify.user_id, identify.properties.$set.plan], ["user-42", "pro"]);
  assert.equal(identify.properties.$anon_distinct_id, view.anonymous_id);
  assert.deepEqual([group.properties.$group_type, group.properties.$group_key, group.properties.$group_set.size], ["company", "acme", 3]);
  assert.deepEqual([known.user_id, known.properties.theme, known.properties.$groups.company], ["user-42", "dark", "acme"]);
  assert.deepEqual([after.user_id, after.properties.theme, after.properties.$groups], [null, undefined, undefined]);
  assert.notEqual(after.anonymous_id, view.anonymous_id);
  assert.notEqual(after.session_id, view.session_id);
  await page.close();
  await received("$pageview", "anonymous", "$identify", "$groupidentify", "known", "after", "$pageleave");
});

scenario("a burst of 1,000 in one task arrives whole, in batches of at most 50", async ({ page, address, received }) => {
  const sizes = [];
  page.on("request", (request) => request.url().endsWith("/batch/") && sizes.push(request.postDataBuffer()?.length));
  await page.goto(address("home"));
  await flush(page);
  await page.evaluate(() => {
    for (let i = 0; i < 999; i++) tallymark.capture("burst", { i });
  });
  await flush(page);
  const rows = inOrder(await received("$pageview", ...Array(999).fill("burst")));
  assert.deepEqual(rows.slice(1).map((r) => r.properties.i), [...Array(999).keys()]);
  assert.ok(sizes.length >= 20, `${sizes.length} requests`);
  await page.close();
  await received("$pageview", ...Array(999).fill("burst"), "$pageleave");
});

scenario("pageview and pageleave can be switched off", async ({ page, address, received }) => {
  await page.goto(address("home", "?tm-capture-pageview=false&tm-capture-pageleave=false"));
  await page.click("#scale");
  await page.close();
  await received("recipe_scaled");
});

scenario("the SDK's text in the page itself, as a tag manager has it", async ({ page, address, received }) => {
  await page.goto(address("home", "?load=inline"));
  await page.evaluate(() => new Promise((resolve) => window.tallymark.on("ready", resolve)));
  await page.click("#scale");
  await page.close();
  await received("$pageview", "recipe_scaled", "$pageleave");
});

scenario("two tabs share the visitor and the session, not the window", async ({ context, page, address, received }) => {
  await page.goto(address("home"));
  await received("$pageview");
  const second = await context.newPage();
  await second.goto(address("other"));
  const rows = await received("$pageview", "$pageview");
  assert.equal(new Set(rows.map((r) => r.session_id)).size, 1);
  assert.equal(new Set(rows.map((r) => r.anonymous_id)).size, 1);
  assert.equal(new Set(rows.map((r) => r.properties.$window_id)).size, 2);
  await second.close();
  await page.close();
  await received("$pageview", "$pageview", "$pageleave", "$pageleave");
});

scenario("hidden, then killed without a word: what was captured has been sent", async ({ context, page, address, received }) => {
  await page.goto(address("home"));
  await flush(page);
  const session = await context.newCDPSession(page);
  await page.evaluate(() => {
    for (let i = 0; i < 20; i++) tallymark.capture("last", { i });
  });
  // Another tab in front makes this one hidden; then its renderer is killed.
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await until("the hidden page's events", async () => (await received("$pageview", ...Array(20).fill("last"))).length);
  const crashed = new Promise((resolve) => page.once("crash", resolve));
  void session.send("Page.crash").catch(() => {}); // It never answers.
  await crashed;
});

scenario("from npm: init is the same client however often it is called", async ({ page, address, received }) => {
  await page.goto(address("home", "?load=npm"));
  await page.waitForFunction(() => window.client);
  const same = await page.evaluate(async (key) => {
    const { init } = await import("/npm/index.js");
    window.client.capture("from_npm", { n: 1 });
    return init({ key, host: location.origin, wasmUrl: "/tm.wasm" }) === window.client;
  }, new URL(page.url()).pathname.split("/")[1]);
  assert.equal(same, true);
  await page.evaluate(() => window.client.flush());
  await received("$pageview", "from_npm");
  await page.close();
  await received("$pageview", "from_npm", "$pageleave");
});
