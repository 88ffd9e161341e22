// A collector that is gone for a while, or fails for a while: nothing is lost, nobody has to help, nobody notices.
import assert from "node:assert/strict";
import { inOrder, scenarios } from "../e2e/support.mjs";
import { FAILED_REQUEST, behindLine, capture } from "./visitor.mjs";

const scenario = scenarios();
const OUTAGE_MS = 5_000;
const EVENTS = 20;

/** The view and the events of the outage, each once and in order. */
async function arrived(received, ...more) {
  const rows = inOrder(await received("$pageview", ...Array(EVENTS).fill("during"), ...more));
  assert.deepEqual(rows.slice(1, EVENTS + 1).map((row) => row.properties.i), [...Array(EVENTS).keys()]);
  assert.deepEqual(rows.map((row) => row.context.seq), rows.map((_, i) => i + 1));
}

scenario(
  "5 s of refused connections: all arrives by itself when the collector is back",
  behindLine(async ({ page, received, collector, home }) => {
    await page.goto(home);
    await received("$pageview");
    collector.cut();
    await capture(page, "during", EVENTS, OUTAGE_MS);
    await collector.mend();
    await arrived(received);
    await page.close();
    await arrived(received, "$pageleave");
  }),
  { expectedConsole: FAILED_REQUEST },
);

scenario(
  "5 s of 503: all arrives by itself, and the collector is not hammered meanwhile",
  async ({ page, address, received, world }) => {
    await page.goto(address("home", "?tm-path=/flaky/batch/"));
    await received("$pageview");
    await fetch(`${world.url}/flaky/door?status=503`);
    let refused = 0;
    page.on("response", (response) => (refused += response.status() === 503));
    await capture(page, "during", EVENTS, OUTAGE_MS);
    await fetch(`${world.url}/flaky/door?status=200`);
    await arrived(received);
    assert.ok(refused > 0, "the outage was felt");
    assert.ok(refused <= 5, `${refused} requests in ${OUTAGE_MS} ms`);
    await page.close();
    await arrived(received, "$pageleave");
  },
  { expectedConsole: FAILED_REQUEST },
);

scenario(
  "a tenant over its rate: each 429 is waited out as the collector asks, and all arrives",
  async ({ page, address, received, client, world }) => {
    // One request a second, and no more at once.
    const limits = { browser_key: { per_second: 1, burst: 1 } };
    await world.registry.put(`settings:${client.tenant.organization_id}`, JSON.stringify({ limits }));
    const refused = [];
    page.on("response", (response) => {
      if (response.status() === 429) refused.push(Number(response.headers()["retry-after"]));
    });
    await page.goto(address("home"));
    await received("$pageview");
    for (let i = 0; refused.length === 0; i++) {
      assert.ok(i < EVENTS, "the rate was felt");
      await page.evaluate(() => (tallymark.capture("hurried"), tallymark.flush()));
    }
    await page.evaluate(() => tallymark.flush());
    const rows = await client.events();
    const { total } = await client.ledger();
    assert.equal(total.captured, rows.length, "what was captured is stored: nothing was given up");
    assert.ok(refused.every((seconds) => seconds >= 1), `Retry-After: ${refused}`);
    // Somebody who reads on for two seconds before leaving is within the rate.
    await page.evaluate(() => new Promise((done) => setTimeout(done, 2_000)));
    await page.goto("about:blank");
    await received(...rows.map((row) => row.event_name), "$pageleave");
  },
  { expectedConsole: FAILED_REQUEST },
);

scenario(
  "the page is left while the collector is gone: the next page, with the collector back, delivers it all",
  behindLine(async ({ page, received, collector, home }) => {
    await page.goto(home);
    await received("$pageview");
    collector.cut();
    await capture(page, "during", EVENTS);
    // A page without the SDK: nobody is there to send anything.
    await page.goto("about:blank");
    await collector.mend();
    await page.goto(home);
    const rows = inOrder(await received("$pageview", ...Array(EVENTS).fill("during"), "$pageleave", "$pageview"));
    assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
    await page.close();
    await received("$pageview", ...Array(EVENTS).fill("during"), "$pageleave", "$pageview", "$pageleave");
  }),
  { expectedConsole: FAILED_REQUEST },
);
