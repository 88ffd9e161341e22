// What does not belong into an event does not get there, and what is left out is counted.
import assert from "node:assert/strict";
import { inOrder, scenarios, until } from "./support.mjs";

const scenario = scenarios();
const flush = (page) => page.evaluate(() => window.tallymark.flush());

scenario("query parameters are dropped but for campaigns and what the owner allows", async ({ page, address, received }) => {
  await page.goto(address("home", "?token=secret&utm_source=n%20x&email=a%40b.c&fbclid=f&tab=2&tm-url-parameters=tab#access_token=secret"));
  await page.evaluate(() => history.pushState({}, "", "?email=a%40b.c&tab=3#part"));
  await flush(page);
  const rows = inOrder(await received("$pageview", "$pageleave", "$pageview"));
  const url = (row) => new URL(row.properties.$current_url);
  assert.deepEqual([...url(rows[0]).searchParams], [["utm_source", "n x"], ["fbclid", "f"], ["tab", "2"]]);
  assert.equal(url(rows[0]).hash, "");
  assert.deepEqual([url(rows[2]).search, url(rows[2]).hash], ["?tab=3", "#part"]);
  assert.doesNotMatch(JSON.stringify(rows), /secret|a%40b|a@b/);
  const next = await page.context().newPage();
  await page.evaluate(() => (document.getElementById("next").href += "?session=1"));
  await page.evaluate(() => history.replaceState({}, "", "?email=a%40b.c"));
  await Promise.all([page.waitForURL(/second/), page.click("#next")]);
  await next.close();
  const second = (await received("$pageview", "$pageleave", "$pageview", "$pageleave", "$pageview", "$pageleave", "$pageview")).at(-1);
  assert.match(second.properties.$referrer, /home$/, "nor in the referrer");
  assert.equal(url(second).search, "");
  await page.close();
});

scenario("all parameters, where the owner wants that", async ({ page, address, received }) => {
  await page.goto(address("home", "?q=soup&tm-url-parameters=true"));
  const [view] = await received("$pageview");
  assert.match(view.properties.$current_url, /q=soup/);
  await page.close();
  await received("$pageview", "$pageleave");
});

scenario("beforeSend changes what it returns and refuses what it doesn't, on every way out", async ({ client, page, address, received }) => {
  await page.addInitScript(() => {
    window.scrub = (event) => {
      if (event.event === "broken") throw new Error("a hook that fails");
      if (event.event === "secret") return null;
      delete event.properties.$current_url;
      return { ...event, properties: { ...event.properties, scrubbed: true, $seq: 99, $stream_id: "mine" } };
    };
  });
  await page.goto(address("home", "?tm-before-send=scrub"));
  await page.evaluate(() => {
    tallymark.capture("public");
    tallymark.capture("secret");
    tallymark.capture("broken");
  });
  await flush(page);
  await page.evaluate(() => tallymark.capture("secret"));
  await page.close();
  const rows = inOrder(await received("$pageview", "public", "$pageleave"));
  assert.deepEqual(rows.map((row) => row.context.seq), [1, 2, 6]);
  for (const { properties } of rows) assert.deepEqual([properties.scrubbed, properties.$current_url], [true, undefined]);
  const { total } = await until("the count of the refused", async () => {
    const ledger = await client.ledger();
    return ledger.total.under_way === 0 && ledger;
  });
  assert.deepEqual(total.dropped, { before_send: 3 });
});

scenario("sampled by name: a visit has all events of it or none, and the books know", async ({ client, page, address, received }) => {
  await page.goto(address("home", "?tm-sampling=never%3D0%26half%3D0.5"));
  await page.evaluate(() => {
    for (let i = 0; i < 10; i++) {
      tallymark.capture("never");
      tallymark.capture("half");
      tallymark.capture("always");
    }
  });
  await flush(page);
  const rows = await until("the sampled events", async () => {
    const ledger = await client.ledger();
    return ledger.total.under_way === 0 && client.events();
  });
  const count = (name) => rows.filter((row) => row.event_name === name).length;
  assert.deepEqual([count("never"), count("always")], [0, 10]);
  assert.ok([0, 10].includes(count("half")));
  for (const row of rows) assert.equal(row.properties.$sample_rate, row.event_name === "half" ? 0.5 : undefined);
  assert.equal((await client.ledger()).total.dropped.sampled, 20 - count("half"));
  await page.close();
});

scenario("a loop is stopped, and counted", async ({ client, page, address }) => {
  await page.goto(address("home"));
  await flush(page);
  await page.evaluate(() => {
    for (let i = 0; i < 7_000; i++) tallymark.capture("loop");
  });
  await flush(page);
  const { total } = await until("the loop's books", async () => {
    const ledger = await client.ledger();
    return ledger.total.under_way === 0 && ledger.total.captured > 7_000 && ledger;
  });
  assert.ok(total.dropped.rate_limited >= 1_900, JSON.stringify(total.dropped));
  await page.close();
});

scenario("robots are marked, not deleted", async ({ context, page, address, received }) => {
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "webdriver", { get: () => false });
  });
  await page.goto(address("home"));
  const [person] = await received("$pageview");
  assert.equal(person.properties.$browser_type, undefined);
  const robot = await context.newPage();
  await robot.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "userAgent", { get: () => "Mozilla/5.0 (compatible; Googlebot/2.1)" });
  });
  await robot.goto(address("home"));
  const rows = await received("$pageview", "$pageview");
  assert.equal(rows[1].properties.$browser_type, "bot");
});

scenario("an ad blocker is recognised once, counted, and not hammered", async ({ context, client, page, address }) => {
  let blocked = 0;
  const block = (route) => {
    blocked++;
    return route.abort("blockedbyclient");
  };
  await context.route("**/batch/", block);
  await page.clock.install();
  await page.goto(address("home"));
  await page.waitForFunction(() => window.tallymark.capture.name !== undefined);
  await page.evaluate(() => new Promise((resolve) => tallymark.on("ready", resolve)));
  const dropped = page.evaluate(() => new Promise((resolve) => tallymark.on("dropped", resolve)));
  await page.evaluate(() => tallymark.capture("blocked"));
  let drop;
  dropped.then((detail) => (drop = detail));
  await until("the blocker to be recognised", async () => {
    await page.clock.runFor(5_000);
    return drop;
  });
  assert.deepEqual(drop, { reason: "blocked", count: 2 });
  const tries = blocked;
  assert.ok(tries <= 6, `${tries} tries`);
  await page.evaluate(() => {
    for (let i = 0; i < 100; i++) tallymark.capture("blocked");
  });
  await page.clock.runFor(3_600_000);
  assert.equal(blocked, tries, "silence");
  await context.unroute("**/batch/", block);
  await page.goto(address("second"));
  await page.clock.runFor(5_000);
  const { total } = await until("the report of it", async () => {
    const ledger = await client.ledger();
    return ledger.total.dropped.blocked >= 102 && ledger.total.stored >= 1 && ledger;
  });
  assert.equal(total.under_way, 0);
  await page.close();
}, { expectedConsole: /ERR_BLOCKED_BY_CLIENT/ });
