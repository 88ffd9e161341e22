// A week without a way to the collector, hour by hour: the store on disk keeps to its size, the collector is not
// hammered, the page hears nothing of it, and in the end the books say what became of every event.
import assert from "node:assert/strict";
import { scenarios, until } from "../e2e/support.mjs";
import { blocker } from "../harness/network.mjs";
import { FAILED_REQUEST, behindLine, capture } from "./visitor.mjs";

const scenario = scenarios();
const DAYS = 7;
const VISITS_A_DAY = 16;
const EVENTS = 40;
/** How long a visitor stays on a page, in ms. */
const STAY_MS = 15_000;
const TIMEOUT_MS = 180_000;
/** `MAX_BYTES` of sdk/js/spool.ts, and the few keys beside it that are no chunks: ids, session, campaign. */
const STORE_CHARACTERS = 512 * 1024 + 2 * 1024;

/** Runs in each page before anything else: notes the most that the SDK has ever had on disk, after every write. */
function watchStore() {
  const { setItem } = Storage.prototype;
  Storage.prototype.setItem = function (key, value) {
    setItem.call(this, key, value);
    if (this !== localStorage || !key.startsWith("tm_")) return;
    let size = 0;
    for (const [name, text] of Object.entries(localStorage)) if (name.startsWith("tm_")) size += name.length + text.length;
    if (size > Number(localStorage.most ?? 0)) setItem.call(localStorage, "most", String(size));
  };
}

/** The SDK has tried to send, and has asked whether that is an ad blocker's doing. */
function look(page) {
  const asks = (event) => event.url().endsWith("/_readiness");
  return Promise.race([page.waitForEvent("response", asks), page.waitForEvent("requestfailed", asks)]);
}

/** A week of visits, spread evenly by the page's own clock; gives the requests to the collector on each day. */
async function week({ context, page, home }) {
  const asked = Array(DAYS).fill(0);
  await context.addInitScript(watchStore);
  await context.clock.install();
  for (let day = 0; day < DAYS; day++) {
    const count = (request) => (asked[day] += request.url().endsWith("/batch/"));
    page.on("request", count);
    for (let visit = 0; visit < VISITS_A_DAY; visit++) {
      const looked = look(page);
      await page.goto(home);
      await capture(page, "clicked", EVENTS);
      await page.clock.runFor(STAY_MS);
      await looked;
      await page.clock.fastForward((24 * 60 * 60_000) / VISITS_A_DAY - STAY_MS);
    }
    page.off("request", count);
  }
  return asked;
}

/** The way is free again: what the books say once nothing is under way. */
async function afterwards({ page, home, client }) {
  await page.goto(home);
  // The view of this visit, and for each of the others its view, its clicks and its leave.
  const captured = DAYS * VISITS_A_DAY * (EVENTS + 2) + 1;
  const { total } = await until("books of the week", async () => {
    const books = await client.ledger();
    return books.total.captured >= captured && books.total.under_way === 0 && books;
  });
  assert.equal(total.captured, captured);
  return total;
}

const most = (page) => page.evaluate(() => Number(localStorage.most));

scenario(
  "an ad blocker: recognised, not hammered, and counted",
  async (given) => {
    const collector = await blocker(Number(new URL(given.world.url).port), "/batch/");
    const home = given.address("home", `?tm-host=${collector.url}`);
    try {
      const asked = await week({ ...given, home });
      // A page looks twice, once for itself and once for the pages before it; now and then it is left before it knows.
      assert.ok(asked.slice(1).every((count) => count <= VISITS_A_DAY * 2.25), `${asked} requests a day`);
      assert.ok((await most(given.page)) <= STORE_CHARACTERS, `${await most(given.page)} characters`);
      collector.lift();
      const { dropped } = await afterwards({ ...given, home });
      // Those of a page that is left before it knows wait for the next one that does, as far as the store has room.
      assert.deepEqual(Object.keys(dropped).filter((reason) => reason !== "storage_full"), ["blocked"]);
      assert.ok(dropped.blocked > VISITS_A_DAY * EVENTS, `${dropped.blocked} events counted as blocked`);
    } finally {
      collector.stop();
    }
  },
  { expectedConsole: FAILED_REQUEST, timeout: TIMEOUT_MS },
);

scenario(
  "an outage: the newest are kept, as many as the store may hold, and delivered when it is over",
  behindLine(async (given) => {
    given.collector.cut();
    const asked = await week(given);
    assert.ok(Math.max(...asked) <= 2 * Math.min(...asked), `no more as the store fills: ${asked} a day`);
    const size = await most(given.page);
    assert.ok(size <= STORE_CHARACTERS && size > STORE_CHARACTERS * 0.9, `full, and no more than that: ${size}`);
    await given.collector.mend();
    const { stored, dropped } = await afterwards(given);
    assert.deepEqual(Object.keys(dropped), ["storage_full"]);
    assert.ok(stored > 1_000, `${stored} events were kept`);
    const clicks = (await given.client.events()).filter((row) => row.event_name === "clicked");
    const last = clicks.sort((a, b) => a.occurred_at.localeCompare(b.occurred_at)).slice(-EVENTS);
    assert.deepEqual(last.map((row) => row.properties.i).sort((a, b) => a - b), [...Array(EVENTS).keys()]);
  }),
  { expectedConsole: FAILED_REQUEST, timeout: TIMEOUT_MS },
);
