// The SDK speaks GA4's dialect, to a GA4 that takes nothing but what GA4's own tag would send. Values are those that the
// tag was recorded with in the same situations.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAILED_REQUEST } from "../faults/visitor.mjs";
import { ga4Sink } from "../harness/ga4-sink.mjs";
import { USER_AGENT } from "../harness/browser.mjs";
import { line } from "../harness/network.mjs";
import { Client } from "../harness/client.mjs";
import { enrol, newTenant } from "../harness/world.mjs";
import { noiseOf, siteAndBrowser, until } from "./support.mjs";

const site = siteAndBrowser();

const STREAM = "TESTSTRM01";

/** A visitor of a page whose SDK speaks to a GA4, which must know every word, and the console must stay clean. */
function visit(name, run, { expectedConsole } = {}) {
  test(`GA4's dialect: ${name}`, { timeout: 60_000 }, async () => {
    const sink = await ga4Sink();
    const road = await line(Number(new URL(sink.url).port));
    const context = await site.browser.newContext({ userAgent: USER_AGENT, viewport: { width: 1280, height: 720 }, timezoneId: "Africa/Lagos" });
    const noise = noiseOf(context, expectedConsole);
    const address = (page, more = "") =>
      `${site.world.url}/shop/${page}?tm-dialect=ga4&tm-measurement-id=G-${STREAM}&tm-host=${road.url}${more}`;
    /** Events once there are those named, in any order. */
    const told = (...names) =>
      until(`events ${names}`, async () => {
        assert.deepEqual(sink.refused, []);
        const came = sink.events.map(({ en }) => en);
        assert.ok(came.length <= names.length, `more than expected: ${came}`);
        return came.length === names.length && sink.events;
      });
    /** The two cookies, as they are. */
    const cookies = async () => {
      const all = await context.cookies(site.world.url);
      return { ga: all.find(({ name }) => name === "_ga"), session: all.find(({ name }) => name === `_ga_${STREAM}`) };
    };
    try {
      await run({ sink, road, context, address, told, cookies, page: await context.newPage() });
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

const find = (events, name) => events.find(({ en }) => en === name);
/** Stays for as long as GA4 takes for worth telling. */
const linger = (page) =>
  page.evaluate(() => {
    const since = performance.now();
    return new Promise((done) => setTimeout(function look() {
      if (performance.now() > since + 1_200) done();
      else setTimeout(look, 50);
    }));
  });
const begins = ({ _fv, _nsi, _ss }) => [_fv, _nsi, _ss];

visit("a first visit, a second page, a later session", async ({ page, context, address, told, cookies, sink }) => {
  const from = Math.floor(Date.now() / 1000);
  await page.goto(address("home", "&utm_source=news"), { referer: "http://ref.example/from#there" });
  const [first] = await told("page_view");
  assert.deepEqual(begins(first), ["1", "1", "1"]);
  const { _ee, _et, sct, seg, ul, sr, dt, dr, gcs, gcd, npa, dma, _s } = first;
  assert.deepEqual({ _ee, _et, sct, seg, ul, sr, dt, _s }, { _ee: "1", _et: undefined, sct: "1", seg: "0", ul: "en-us", sr: "1280x720", dt: "home", _s: "1" });
  assert.equal(dr, "http://ref.example/from");
  assert.equal(first.dl, "http://127.0.0.1/shop/home?utm_source=news");
  assert.deepEqual({ gcs, gcd, npa, dma }, { gcs: undefined, gcd: "13l3l3l3l1l1", npa: "0", dma: "0" });
  assert.ok(first.sid >= from && first.sid <= Date.now() / 1000);
  assert.ok(+first._p + +first.tfd <= Date.now());
  assert.equal(sink.requests[0].body, "", "one event is in the address");
  const { ga, session } = await cookies();
  assert.equal(ga.value, `GA1.1.${first.cid}`);
  assert.match(session.value, new RegExp(`^GS2\\.1\\.s${first.sid}\\$o1\\$g0\\$t\\d{10}\\$j60\\$l0\\$h0$`));
  // Two years are asked for; Chromium grants 400 days.
  assert.ok(ga.expires - Date.now() / 1000 > 399 * 86_400);

  await page.goto(address("second"));
  const second = (await until("the second page", async () => find(sink.events.slice(1), "page_view") && sink.events)).at(-1);
  assert.deepEqual(begins(second), [undefined, undefined, undefined]);
  assert.deepEqual([second.cid, second.sid, second.sct, second.seg, second._s], [first.cid, first.sid, "1", "1", "1"]);
  assert.ok(+second._p > +first._p);
  // Half an hour later, as far as the next page knows; on one without the SDK, which would write down its own.
  await page.goto(`${site.world.url}/shop/prerendered`);
  await page.evaluate(() => {
    const [id, ...times] = JSON.parse(localStorage.tm_session).split("|");
    localStorage.tm_session = JSON.stringify([id, ...times.map((ms) => ms - 1_860_000)].join("|"));
  });
  await context.addCookies([{ ...session, value: session.value.replace(/s\d+/, `s${first.sid - 1_860}`) }]);
  sink.events.length = 0;
  await page.goto(address("home"));
  const third = await until("a view in another session", async () => sink.events.find(({ _ss }) => _ss));
  assert.deepEqual(begins(third), [undefined, undefined, "1"]);
  assert.deepEqual([third.cid, third.sct, third.seg], [first.cid, "2", "0"]);
});

visit("the values that GA4's tag was recorded with", async ({ page, address, told, sink }) => {
  await page.goto(address("home"));
  await told("page_view");
  await page.evaluate(() => {
    tallymark.identify("user-77", { tier: "gold", age_years: 42, nul: null });
    tallymark.capture("level_up", {
      str: "abc", num: 42, flt: 1.5, bool_t: true, bool_f: false, nul: null, undef: undefined, arr: ["a", "b"], neg: -3, long: "x".repeat(150),
    });
    tallymark.identify("user-77", { tier: "gold" });
    tallymark.capture("purchase", {
      transaction_id: "T-1", value: 72.05, tax: 3.6, shipping: 5.99, currency: "USD", coupon: "SUMMER",
      items: [
        {
          item_id: "SKU_1", item_name: "Tilde~Tee, €", affiliation: "Store", coupon: "C1", discount: 2.22, index: 0, item_brand: "Br",
          item_category: "Apparel", item_category2: "Adult", item_list_id: "rel", item_list_name: "Related", item_variant: "green",
          location_id: "L_1", price: 10.01, quantity: 3, custom_a: "ca", custom_b: 7,
        },
        { item_id: "SKU_2", price: 5, quantity: 1 },
      ],
    });
    tallymark.capture("Order completed!", { "some name": 1, _private: 2 });
    tallymark.group("company", "acme");
    tallymark.identify("user-77", { tier: "silver" });
    tallymark.capture("big_one", Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`p${i}`, "v".repeat(100)])));
  });
  const events = await told("page_view", "login", "level_up", "purchase", "Order_completed_", "join_group", "big_one");
  const ofEvent = (event) =>
    Object.fromEntries(Object.entries(event).filter(([key]) => /^(epn?\.|upn?\.|pr\d|_ee|uid|cu)/.test(key)));
  assert.deepEqual(ofEvent(find(events, "login")), { _ee: "1", uid: "user-77", "up.tier": "gold", "upn.age_years": "42", "up.nul": "" });
  assert.deepEqual(ofEvent(find(events, "level_up")), {
    _ee: "1", uid: "user-77", "ep.str": "abc", "epn.num": "42", "epn.flt": "1.5", "ep.bool_t": "true", "ep.bool_f": "false",
    "ep.nul": "", "ep.arr": "a,b", "epn.neg": "-3", "ep.long": "x".repeat(150),
  });
  const purchase = ofEvent(find(events, "purchase"));
  assert.deepEqual(purchase, {
    _ee: "1", uid: "user-77", cu: "USD", "ep.transaction_id": "T-1", "epn.value": "72.05", "epn.tax": "3.6", "epn.shipping": "5.99", "ep.coupon": "SUMMER",
    pr1: "idSKU_1~nmTilde~~Tee, €~afStore~cpC1~ds2.22~lp0~brBr~caApparel~c2Adult~lirel~lnRelated~vagreen~loL_1~pr10.01~qt3~k0custom_a~v0ca~k1custom_b~v17",
    pr2: "idSKU_2~pr5~qt1",
  });
  assert.deepEqual(ofEvent(find(events, "Order_completed_")), { _ee: "1", uid: "user-77", "epn.some_name": "1", "epn.private": "2" });
  assert.deepEqual(ofEvent(find(events, "join_group")), { _ee: "1", uid: "user-77", "ep.group_id": "acme", "ep.group_type": "company" });
  assert.equal(find(events, "big_one")["up.tier"], "silver");
  const [, together] = sink.requests;
  assert.equal(together.body.split("\r\n").length, 6);
  assert.ok(together.url.includes("&uid=user-77&") && !together.body.includes("uid="), "what is the same for all is said once");
});

visit("within a document: views without their ends, with their time and where they came from", async ({ page, address, told, sink }) => {
  await page.goto(address("home"));
  await told("page_view");
  await page.waitForFunction(() => performance.now() > 1_500);
  await page.evaluate(() => {
    document.title = "SPA products";
    history.pushState({}, "", "products?p=2#frag");
    tallymark.capture("seen");
    history.replaceState({}, "", "replaced");
  });
  const [, second, seen, third] = await told("page_view", "page_view", "seen", "page_view");
  assert.deepEqual([second.dl, second.dr, second.dt], ["http://127.0.0.1/shop/products", sink.events[0].dl, "SPA products"]);
  assert.deepEqual([seen.dl, seen.dr, seen.dt, seen._ee], [second.dl, second.dr, "SPA products", "1"]);
  assert.deepEqual([third.dl, third.dr, third._ee, third.seg], ["http://127.0.0.1/shop/replaced", second.dl, undefined, "1"]);
  assert.ok(+second._et > 0 && +second._et < +second.tfd, "the time with the page before");
  assert.equal(second._ee, undefined);
  await linger(page);
  const spent = await page.evaluate(() => performance.now());
  await page.close();
  const last = (await told("page_view", "page_view", "seen", "page_view", "user_engagement")).at(-1);
  assert.ok(+last._et >= 1_000 && +last._et < spent + 1_000, last._et);
  assert.deepEqual([last.dl, last._ee, last._s], [third.dl, undefined, "3"]);
});

visit("many at once, and at the end: in its batches, and each once", async ({ page, address, told, sink }) => {
  await page.goto(address("home"));
  await told("page_view");
  await page.evaluate(() => {
    for (let i = 0; i < 45; i++) tallymark.capture("tick", { i });
    // Off before the answer is there: what was under way by fetch does not leave once more by beacon.
    void tallymark.flush();
    for (let i = 45; i < 60; i++) tallymark.capture("tick", { i });
  });
  await page.goto(address("second"));
  await until("the second page", async () => sink.events.some(({ dl }) => dl.endsWith("second")));
  const ticks = sink.events.filter(({ en }) => en === "tick").map((event) => +event["epn.i"]);
  assert.deepEqual(ticks.sort((a, b) => a - b), [...Array(60).keys()]);
  assert.ok(sink.requests.some(({ events }) => events.length === 20));
  const numbers = sink.requests.map(({ events: [{ _p, _s }] }) => `${_p} ${_s}`);
  assert.equal(new Set(numbers).size, numbers.length, "requests are numbered by page");
  assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("tm_q")).length), 0, "nothing left to send");
});

visit("its tag was here before: its visitor, and its count of sessions", async ({ page, context, address, told, cookies }) => {
  const { hostname: domain } = new URL(site.world.url);
  const old = { domain, path: "/" };
  await context.addCookies([
    { ...old, name: "_ga", value: "GA1.2.1121821563.1695220301" },
    { ...old, name: `_ga_${STREAM}`, value: "GS1.1.1695220301.7.1.1695220380.44.0.0" },
  ]);
  await page.goto(address("home"));
  const [view] = await told("page_view");
  assert.deepEqual([view.cid, view.sct, ...begins(view)], ["1121821563.1695220301", "8", undefined, undefined, "1"]);
  const { ga, session } = await cookies();
  assert.equal(ga.value, "GA1.1.1121821563.1695220301");
  assert.match(session.value, new RegExp(`^GS2\\.1\\.s${view.sid}\\$o8\\$g0\\$t\\d+\\$j60\\$l0\\$h0$`));
});

visit("no cookie and no word before consent, and its consent in GA4's words", async ({ page, context, address, told, cookies, sink }) => {
  await page.goto(address("home", "&tm-consent=pending"));
  await page.evaluate(() => {
    tallymark.capture("early");
    return Promise.race([tallymark.flush(), new Promise((done) => tallymark.on("ready", done))]);
  });
  assert.deepEqual([await cookies(), sink.requests.length], [{ ga: undefined, session: undefined }, 0]);
  await page.evaluate(() => tallymark.consent({ analytics_storage: "granted", ad_storage: "denied" }));
  const events = await told("page_view", "early");
  for (const { gcs, gcd, npa, dma_cps } of events) {
    assert.deepEqual({ gcs, gcd, npa, dma_cps }, { gcs: "G101", gcd: "13p3r3p3p5l1", npa: "1", dma_cps: "-" });
  }
  await page.evaluate(() => {
    tallymark.consent({ advertising: true });
    tallymark.capture("late");
  });
  const late = find(await told("page_view", "early", "late"), "late");
  assert.deepEqual([late.gcs, late.gcd, late.npa], ["G111", "13r3r3r3r5l1", "0"]);
  const refused = await context.newPage();
  await refused.goto(address("second"));
  await refused.evaluate(() => {
    tallymark.consent({ analytics: false });
    tallymark.capture("never");
    return tallymark.flush();
  });
  await page.close();
  await refused.close();
  assert.equal(find(sink.events, "never"), undefined);
});

visit(
  "an outage: what did not leave is tried again, here and by the next page",
  async ({ page, address, told, sink, road }) => {
    await page.goto(address("home"));
    await told("page_view");
    // Answered, too: see below.
    await page.evaluate(() => tallymark.flush());
    road.cut();
    await page.evaluate(() => {
      tallymark.capture("cut", { i: 0 });
      return Promise.race([tallymark.flush(), new Promise((tried) => setTimeout(tried, 500))]);
    });
    await road.mend();
    await page.evaluate(() => {
      dispatchEvent(new Event("online"));
      // Answered, too: what is cut off between is told twice, by anybody who tries again.
      return tallymark.flush();
    });
    await told("page_view", "cut");
    assert.equal(find(sink.events, "cut").sct, "1");
    road.cut();
    await page.evaluate(() => {
      tallymark.capture("left");
      return Promise.race([tallymark.flush(), new Promise((tried) => setTimeout(tried, 500))]);
    });
    await page.goto(address("second"));
    await road.mend();
    await page.evaluate(async () => {
      // Nobody listens before it is ready.
      await tallymark.flush();
      dispatchEvent(new Event("online"));
    });
    const events = await told("page_view", "cut", "left", "page_view");
    assert.deepEqual(new Set(events.map(({ sid, sct }) => `${sid} ${sct}`)).size, 1);
  },
  { expectedConsole: FAILED_REQUEST },
);

visit("from npm's package", async ({ page, road, told }) => {
  const options = { dialect: "ga4", measurementId: `G-${STREAM}`, host: road.url, beforeSend: null };
  await page.goto(`${site.world.url}/shop/home?load=npm&options=${encodeURIComponent(JSON.stringify(options))}`);
  await page.evaluate(() => client.capture("from_npm"));
  const events = await told("page_view", "from_npm");
  assert.ok(events.every(({ tid }) => tid === options.measurementId));
});

visit(
  "blocked, as by an ad blocker: given up after five tries, and counted",
  async ({ page, address, road, sink }) => {
    road.cut();
    await page.goto(address("home", "&tm-capture-pageleave=false"));
    const dropped = await page.evaluate(
      () => new Promise((told) => tallymark.on("dropped", told) && void tallymark.flush()),
    );
    assert.deepEqual(dropped, { reason: "blocked", count: 1 });
    assert.equal(sink.requests.length, 0);
  },
  { expectedConsole: FAILED_REQUEST },
);

test("GA4's dialect: to our own collector, which understands it", { timeout: 60_000 }, async () => {
  const tenant = { ...newTenant("ga4dialect"), measurement_id: "G-OURSTREAM1" };
  await enrol(site.world.registry, tenant, [site.world.url]);
  const context = await site.browser.newContext({ userAgent: USER_AGENT });
  const page = await context.newPage();
  await page.goto(`${site.world.url}/shop/home?tm-dialect=ga4&tm-measurement-id=${tenant.measurement_id}&tm-host=${site.world.url}`);
  await page.evaluate(() => {
    tallymark.identify("user-7", { plan: "pro" });
    tallymark.capture("recipe_scaled", { scale: 2 });
    return tallymark.flush();
  });
  await linger(page);
  await page.close();
  const client = new Client(site.world.url, tenant);
  const names = ["$identify", "$pageleave", "$pageview", "recipe_scaled"];
  const rows = await until(`rows ${names}`, async () => {
    const rows = (await client.events()).filter(({ event_name }) => names.includes(event_name));
    return rows.length === names.length && rows;
  });
  assert.deepEqual(rows.map(({ event_name }) => event_name).sort(), names);
  const row = Object.fromEntries(rows.map((row) => [row.event_name, row]));
  assert.equal(row.recipe_scaled.properties.scale, 2);
  assert.equal(row.recipe_scaled.user_id, "user-7");
  assert.equal(row.$pageview.user_id, null);
  assert.equal(new Set(rows.map(({ session_id, anonymous_id }) => `${session_id} ${anonymous_id}`)).size, 1);
  assert.ok(rows.every(({ context }) => context.dialect === "ga4"));
  await context.close();
});
