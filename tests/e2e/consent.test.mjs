// Nothing is sent or stored before the visitor agrees; what is decided holds everywhere until it is changed.
import assert from "node:assert/strict";
import { inOrder, names, scenarios, until } from "./support.mjs";

const scenario = scenarios();
const flush = (page) => page.evaluate(() => window.tallymark.flush());
const decide = (page, choice) => page.evaluate((choice) => tallymark.consent(choice), choice);
const isReady = (page) => page.evaluate(() => new Promise((resolve) => tallymark.on("ready", () => resolve(true))));
/** All that the origin's storage holds. */
const stored = (page) => page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].sort());
/** Requests to the collector from here on. */
function requests(context) {
  const seen = [];
  context.on("request", (request) => request.url().endsWith("/batch/") && seen.push(request.url()));
  return seen;
}

scenario("pending: not a byte is sent or stored, and a grant brings it all with its own times", async ({ context, page, address, received }) => {
  const sent = requests(context);
  await page.goto(address("home", "?tm-consent=pending&gclid=abc&utm_source=n"));
  await isReady(page);
  await page.evaluate(() => {
    tallymark.consent({ analytics: "pending", advertising: "pending" });
    tallymark.capture("early", { n: 1 });
    tallymark.identify("user-1");
    tallymark.register({ plan: "pro" });
    tallymark.flush();
    tallymark.reset();
  });
  const before = Date.now();
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
    delete document.visibilityState;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  assert.deepEqual([await stored(page), sent], [[], []]);
  await decide(page, { analytics: true, advertising: false });
  await page.evaluate(() => tallymark.capture("late"));
  await flush(page);
  const rows = inOrder(await received("$pageview", "early", "$identify", "late"));
  assert.deepEqual(names(rows), ["$pageview", "early", "$identify", "late"]);
  assert.ok(rows.slice(0, 3).every((row) => Date.parse(row.occurred_at) <= before));
  assert.deepEqual(rows[3].properties.$consent, { analytics: true, advertising: false });
  for (const row of rows) {
    assert.doesNotMatch(row.properties.$current_url, /gclid/);
    assert.deepEqual([row.properties.gclid, row.properties.utm_source], [undefined, "n"]);
  }
  await page.close();
  await received("$pageview", "early", "$identify", "late", "$pageleave");
});

scenario("pending, and left: nothing was ever there", async ({ context, page, address, client }) => {
  const sent = requests(context);
  await page.goto(address("home", "?tm-consent=pending"));
  await isReady(page);
  await page.click("#scale");
  await page.goto(address("second", "?tm-consent=pending"));
  await isReady(page);
  assert.deepEqual([await stored(page), sent, (await client.events()).length], [[], [], 0]);
});

scenario("refused: what was held is discarded, and only the refusal is kept", async ({ context, page, address, received }) => {
  const sent = requests(context);
  await page.goto(address("home", "?tm-consent=pending"));
  await isReady(page);
  await page.click("#scale");
  await decide(page, { analytics: "denied", advertising: "denied" });
  await page.click("#scale");
  await page.evaluate(() => tallymark.reset());
  await page.goto(address("second", "?tm-consent=pending"));
  await isReady(page);
  await page.click("#scale");
  await flush(page);
  assert.deepEqual([await stored(page), sent], [["tm_consent"], []]);
  await decide(page, { analytics: "granted" });
  await page.click("#scale");
  await flush(page);
  await received("recipe_scaled");
  await page.close();
});

scenario("refused more than once, then granted: what is captured is the page's own, and sent once", async ({ page, address, client, received }) => {
  await page.goto(address("home", "?tm-consent=denied"));
  await isReady(page);
  await decide(page, { advertising: "denied" });
  await decide(page, { analytics: "denied" });
  await decide(page, { analytics: "granted" });
  await page.evaluate(() => tallymark.capture("granted"));
  await until("a copy on disk", async () => (await stored(page)).some((key) => key.startsWith("tm_q")));
  // Whoever grants something looks for what others have left.
  await decide(page, { advertising: "granted" });
  await flush(page);
  await received("granted");
  assert.equal((await client.ledger()).total.duplicate, 0);
});

scenario("taken back: the disk is wiped, and another grant is another visitor", async ({ page, address, received }) => {
  await page.goto(address("home"));
  await page.evaluate(() => tallymark.identify("user-1"));
  await flush(page);
  const [view] = await received("$pageview", "$identify");
  await page.route("**/batch/", (route) => route.abort());
  await page.evaluate(() => tallymark.capture("held"));
  await until("a copy on disk", async () => (await stored(page)).some((key) => key.startsWith("tm_q")));
  await decide(page, { analytics: false });
  assert.deepEqual(await stored(page), ["tm_consent"]);
  await page.unroute("**/batch/");
  await page.evaluate(() => tallymark.capture("refused"));
  await decide(page, { analytics: true });
  await page.evaluate(() => tallymark.capture("again"));
  await flush(page);
  const rows = await received("$pageview", "$identify", "again");
  const again = rows.find((row) => row.event_name === "again");
  assert.notEqual(again.anonymous_id, view.anonymous_id);
  assert.notEqual(again.session_id, view.session_id);
  assert.notEqual(again.context.stream_id, view.context.stream_id);
  assert.deepEqual([again.user_id, again.context.seq], [null, 1]);
  await page.goto("about:blank");
  await until("what came of it", async () => (await received("$pageview", "$identify", "again", "$pageleave")).length);
}, { expectedConsole: /ERR_FAILED/ });

scenario("a decision holds in other tabs and on later pages, and reset leaves it alone", async ({ context, client, page, address, received }) => {
  await page.goto(address("home", "?tm-consent=pending"));
  const other = await context.newPage();
  await other.goto(address("other", "?tm-consent=pending"));
  await Promise.all([isReady(page), isReady(other)]);
  await decide(page, { analytics_storage: "granted", ad_storage: "granted", ad_user_data: "granted", ad_personalization: "denied" });
  await page.evaluate(() => tallymark.reset());
  const both = await received("$pageview", "$pageview");
  await page.goto(address("second", "?tm-consent=pending"));
  const rows = await received("$pageview", "$pageview", "$pageleave", "$pageview");
  assert.deepEqual(rows.at(-1).properties.$consent, { analytics: true, advertising: false });
  assert.equal(both.length, 2);
  await decide(other, { analytics: false });
  await page.waitForFunction(() => localStorage.tm_consent === '"dd"');
  const { length } = await client.events();
  await page.click("#scale");
  await flush(page);
  await page.close();
  await other.close();
  assert.equal((await client.events()).length, length, "nothing after the refusal, in no tab");
});

scenario("Global Privacy Control denies advertising, whatever is said, and nothing else", async ({ page, address, received }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
  await page.goto(address("home", "?gclid=abc&utm_source=n"));
  await decide(page, { advertising: true });
  await page.click("#scale");
  await flush(page);
  const rows = await received("$pageview", "recipe_scaled");
  for (const { properties } of rows) {
    assert.deepEqual(properties.$consent, { analytics: true, advertising: false });
    assert.equal(properties.gclid, undefined);
    assert.doesNotMatch(properties.$current_url, /gclid/);
  }
  await page.close();
  await received("$pageview", "recipe_scaled", "$pageleave");
});

scenario("where nobody was asked, events don't speak of consent", async ({ page, address, received }) => {
  await page.goto(address("home", "?gclid=abc"));
  const [view] = await received("$pageview");
  assert.equal(view.properties.$consent, undefined);
  assert.equal(view.properties.gclid, "abc");
  await page.close();
  await received("$pageview", "$pageleave");
});
