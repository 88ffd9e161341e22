// What PostHog's clients ask of a host, and hear: real workerd, over HTTP.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { runInNewContext } from "node:vm";
import { enrolled, event } from "../harness/client.mjs";
import { startWorld } from "../harness/world.mjs";

let world;
let client;
let count = 0;

before(async () => {
  world = await startWorld({ tenants: [] });
});
after(() => world.stop());

beforeEach(async () => {
  client = await enrolled(world, `ph${++count}`);
});

const batchOf = (...events) => ({ api_key: client.tenant.browser_key, batch: events });
const page = (path, init = {}) =>
  fetch(world.url + path, { ...init, headers: { origin: world.url, ...init.headers } });

test("every path takes events by POST and by GET, with and without its slash", async () => {
  const paths = ["/e", "/i/v0/e", "/batch", "/capture", "/track", "/engage"].flatMap((path) => [path, `${path}/`]);
  const sent = [];
  for (const path of paths) {
    const name = (method) => (sent.push(`${method} ${path}`), event(sent.at(-1)));
    const posted = await page(path, { method: "POST", body: JSON.stringify(batchOf(name("POST"))) });
    assert.deepEqual([posted.status, await posted.json()], [200, { status: "Ok" }], path);
    const data = Buffer.from(JSON.stringify(batchOf(name("GET")))).toString("base64");
    const got = await page(`${path}?data=${encodeURIComponent(data)}&ip=1&_=${Date.now()}`);
    assert.deepEqual([got.status, await got.json()], [200, { status: "Ok" }], path);
  }
  assert.deepEqual((await client.events()).map((row) => row.event_name), sent);
});

test("without a payload 400, other methods 405, other paths 404, all of them readable to a page", async () => {
  for (const [method, path, status] of [
    ["GET", "/e/", 400],
    ["HEAD", "/e/", 400],
    ["POST", "/i/v0/e", 400],
    ["PUT", "/e/", 405],
    ["DELETE", "/flags/", 405],
    ["GET", "/i/v0/e/x", 404],
    ["GET", "/static/1.449.2/surveys.js", 404],
    ["POST", "/i/v1/logs", 404],
  ]) {
    const response = await page(path, { method });
    assert.equal(response.status, status, `${method} ${path}`);
    assert.equal(response.headers.get("access-control-allow-origin"), world.url, `${method} ${path}`);
  }
});

test("health is answered on all of its paths", async () => {
  for (const path of ["/", "/_readiness", "/_liveness"]) {
    for (const method of ["GET", "HEAD"]) assert.equal((await page(path, { method })).status, 200, `${method} ${path}`);
  }
});

test("a beacon hears 204 and is stored; an unknown key hears 401 all the same", async () => {
  const post = (body) => page("/e/?ip=1&beacon=1", { method: "POST", body: JSON.stringify(body) });
  const response = await post(batchOf(event("left")));
  assert.deepEqual([response.status, await response.text()], [204, ""]);
  assert.deepEqual((await client.events()).map((row) => row.event_name), ["left"]);
  assert.equal((await post({ ...batchOf(event("a")), api_key: "phc_nobody" })).status, 401);
});

test("config.js gives a page its configuration, from any origin, and may be kept", async () => {
  const response = await page("/array/phc_1/config.js");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /^text\/javascript/);
  assert.equal(response.headers.get("access-control-allow-origin"), world.url);
  assert.equal(response.headers.get("cache-control"), "public, max-age=300");
  assert.match(response.headers.get("vary"), /origin/);
  const window = {};
  runInNewContext(await response.text(), { window });
  const { config, siteApps } = window._POSTHOG_REMOTE_CONFIG.phc_1;
  assert.deepEqual([...config.supportedCompression], ["gzip-js"]);
  assert.equal(siteApps.length, 0);
  const asJson = await page("/array/phc_1/config");
  assert.equal(asJson.headers.get("cache-control"), "public, max-age=300");
  assert.deepEqual(await asJson.json(), JSON.parse(JSON.stringify(config)));
});

test("a page that loads posthog-js by its snippet is told where that is, and may keep it", async () => {
  const headers = { origin: "https://elsewhere.example" };
  const answer = await fetch(`${world.url}/static/array.js?v=1`, { headers, redirect: "manual" });
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get("location"), "https://us-assets.i.posthog.com/static/array.js?v=1");
  assert.equal(answer.headers.get("access-control-allow-origin"), "https://elsewhere.example");
  assert.equal(answer.headers.get("cache-control"), "public, max-age=300");
});

test("flags and decide answer every version", async () => {
  const post = async (path) => {
    const response = await page(path, { method: "POST", body: "{}" });
    assert.deepEqual([response.status, response.headers.get("cache-control")], [200, "no-store"], path);
    return response.json();
  };
  for (const path of ["/flags/?v=2", "/flags?v=4", "/flags/"]) {
    assert.deepEqual(await post(path), { flags: {}, errorsWhileComputingFlags: false }, path);
  }
  const combined = await post("/flags/?v=2&config=true&ip=0&_=1795220321665&ver=1.257.2");
  assert.deepEqual([combined.flags, combined.supportedCompression], [{}, ["gzip-js"]]);
  const decided = await post("/decide/?v=3&ip=1");
  assert.deepEqual([decided.featureFlags, decided.featureFlagPayloads, decided.siteApps], [{}, {}, []]);
  assert.equal(decided.config.enable_collect_everything, true);
});

test("a recording is refused without a word that a client would repeat", async () => {
  const response = await page("/s/?compression=gzip-js", { method: "POST", body: "anything" });
  assert.deepEqual([response.status, await response.json()], [200, { status: "Ok", quota_limited: ["recordings"] }]);
});

test("a bad event is quarantined alone, and the client hears 200", async () => {
  const bad = [{ properties: {} }, { ...event("b"), uuid: "no uuid" }, { ...event("c"), timestamp: 7 }, "text"];
  const response = await page("/e/", { method: "POST", body: JSON.stringify(batchOf(event("good"), ...bad)) });
  assert.equal(response.status, 200);
  assert.equal((await response.json()).quarantined.length, bad.length);
  assert.deepEqual((await client.events()).map((row) => row.event_name), ["good"]);
  assert.equal((await client.ledger()).balanced, true);
});

test("$performance_event, which PostHog drops in silence, is stored like any other", async () => {
  await page("/e/", { method: "POST", body: JSON.stringify(batchOf(event("$performance_event"))) });
  const { total } = await client.ledger();
  assert.deepEqual([total.captured, total.stored], [1, 1]);
});
