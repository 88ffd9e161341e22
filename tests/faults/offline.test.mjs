// A phone without network: what is captured meanwhile waits on disk, across reloads, for its return.
import assert from "node:assert/strict";
import { inOrder, scenarios } from "../e2e/support.mjs";
import { FAILED_REQUEST, behindLine, capture } from "./visitor.mjs";

const scenario = scenarios();
const EVENTS = 20;
/** Longer than events wait for their batch: the SDK has felt that there is no network. */
const OFFLINE_MS = 4_000;

const times = (name) => Array(EVENTS).fill(name);

/** Offline is two things: the browser knows it, and no packet passes (which its own switch grants to beacons). */
function offline(name, run) {
  scenario(
    `offline: ${name}`,
    behindLine((given) => {
      const { context, collector } = given;
      const leaveNetwork = async () => {
        collector.cut();
        await context.setOffline(true);
      };
      const findNetwork = async () => {
        await collector.mend();
        await context.setOffline(false);
      };
      return run({ ...given, leaveNetwork, findNetwork });
    }),
    { expectedConsole: FAILED_REQUEST },
  );
}

offline("all arrives by itself when the network is back", async ({ page, home, received, leaveNetwork, findNetwork }) => {
  await page.goto(home);
  await received("$pageview");
  await leaveNetwork();
  await capture(page, "offline", EVENTS, OFFLINE_MS);
  await findNetwork();
  await received("$pageview", ...times("offline"));
  await page.close();
  await received("$pageview", ...times("offline"), "$pageleave");
});

offline("what a page has left is delivered by the next visit", async ({ page, home, received, leaveNetwork, findNetwork }) => {
  await page.goto(home);
  await received("$pageview");
  await leaveNetwork();
  await capture(page, "offline", EVENTS);
  // The browser shows its own page instead.
  await assert.rejects(page.reload(), /ERR_INTERNET_DISCONNECTED/);
  await findNetwork();
  await page.goto(home);
  const rows = inOrder(await received("$pageview", ...times("offline"), "$pageleave", "$pageview"));
  assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
  await page.close();
  await received("$pageview", ...times("offline"), "$pageleave", "$pageview", "$pageleave");
});

offline("a reload of a page that works offline, then the network", async (given) => {
  const { context, page, home, received, leaveNetwork, findNetwork } = given;
  // The page and the SDK come from a cache, as a site's service worker serves them.
  const cache = new Map();
  // A page that comes from no address is taken to be a stranger to this machine, where the collector is.
  await context.grantPermissions(["local-network-access"]);
  await context.route("**/*", async (route) => {
    const request = route.request();
    if (request.method() !== "GET" || request.url().endsWith("/_readiness")) return route.continue();
    if (!cache.has(request.url())) cache.set(request.url(), await route.fetch());
    return route.fulfill({ response: cache.get(request.url()) });
  });
  await page.goto(home);
  await received("$pageview");
  await leaveNetwork();
  await capture(page, "before", EVENTS);
  await page.reload();
  await capture(page, "after", EVENTS);
  await findNetwork();
  const rows = await received("$pageview", ...times("before"), "$pageleave", "$pageview", ...times("after"));
  assert.equal(new Set(rows.map((row) => row.context.stream_id)).size, 2);
  assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
  // Its own leave is for the visit after: a page that comes from no address may not beacon when it goes.
});
