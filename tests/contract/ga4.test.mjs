// What GA4's clients hear, and what then lies in the store: real workerd, over HTTP.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { Client } from "../harness/client.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

const PAGE = { v: "2", _p: "1795220301195", cid: "1121.1795", _s: "1", sid: "1795220301", dl: "https://shop.example/" };
const PAGE_ORIGIN = { origin: "https://shop.example" };

let world;
let client;
let tenant;
let count = 0;

before(async () => {
  world = await startWorld({ tenants: [] });
});
after(() => world.stop());

beforeEach(async () => {
  tenant = { ...newTenant(`g${++count}`), measurement_id: `G-TEST${count}` };
  await enrol(world.registry, tenant, [PAGE_ORIGIN.origin]);
  client = new Client(world.url, tenant);
});

/** A hit of a page of the shop. */
function hit(params, { path = "/g/collect", lines = [], ...init } = {}) {
  const query = new URLSearchParams({ ...PAGE, tid: tenant.measurement_id, ...params });
  const body = init.method === "GET" ? undefined : lines.map((line) => new URLSearchParams(line)).join("\r\n");
  return fetch(`${world.url}${path}?${query}`, { method: "POST", body, ...init, headers: { ...PAGE_ORIGIN, ...init.headers } });
}

function measure(body, { path = "/mp/collect", query = {} } = {}) {
  const keys = { measurement_id: tenant.measurement_id, api_secret: tenant.server_key, ...query };
  return fetch(`${world.url}${path}?${new URLSearchParams(keys)}`, { method: "POST", body: JSON.stringify(body) });
}

const names = async () => (await client.events()).map((row) => row.event_name);

test("several events of a page, in any form of its path", async () => {
  for (const [at, path] of ["/g/collect", "/analytics/g/collect", "/x/ga/g/c", "/x/ag/g/c"].entries()) {
    const response = await hit({ _s: String(at) }, { path, lines: [{ en: "a" }, { en: "b" }] });
    assert.equal(response.status, 204, path);
    assert.equal(await response.text(), "");
  }
  assert.deepEqual(await names(), ["a", "b", "a", "b", "a", "b", "a", "b"]);
  const { total, balanced } = await client.ledger();
  assert.deepEqual([total.captured, total.stored, balanced], [8, 8, true]);
});

test("a server container's hit can be read by its page", async () => {
  const response = await hit({ en: "page_view", richsstsse: "" }, { method: "GET", headers: { "sec-fetch-mode": "cors" } });
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("access-control-allow-origin"), PAGE_ORIGIN.origin);
  assert.equal(response.headers.get("access-control-allow-credentials"), "true");
  assert.match(response.headers.get("vary"), /origin/);
  assert.deepEqual(await names(), ["$pageview"]);
  const preflight = await fetch(`${world.url}/analytics/g/collect`, { method: "OPTIONS", headers: PAGE_ORIGIN });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get("access-control-allow-origin"), PAGE_ORIGIN.origin);
  const frame = await fetch(`${world.url}/analytics/_/service_worker/66u0/sw_iframe.html?origin=x`);
  assert.equal(frame.status, 404);
  await frame.arrayBuffer();
});

test("an image gets a picture, and a view that looks like another is another", async () => {
  const init = { method: "GET", headers: { accept: "image/avif,image/*,*/*;q=0.8" } };
  for (let i = 0; i < 2; i++) {
    const query = new URLSearchParams({ v: "2", tid: tenant.measurement_id, cid: "readme", en: "page_view" });
    const response = await fetch(`${world.url}/g/collect?${query}`, init);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "image/gif");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(Buffer.from(await response.arrayBuffer()).toString("latin1", 0, 6), "GIF89a");
  }
  assert.deepEqual(await names(), ["$pageview", "$pageview"]);
});

test("without consent a hit is stored, and nobody's", async () => {
  const denied = { gcs: "G100", gcd: "13p3p3p3p5l1", npa: "1", en: "page_view", _fv: "1", _ss: "1" };
  assert.equal((await hit(denied)).status, 204);
  assert.equal((await hit({ en: "after_grant", gcs: "G111", _s: "2" }, { headers: { "sec-gpc": "1" } })).status, 204);
  const [before, granted] = await client.events();
  assert.deepEqual([before.anonymous_id, before.user_id, before.session_id], [null, null, null]);
  assert.deepEqual(before.properties.$consent, { analytics: false, advertising: false });
  assert.doesNotMatch(JSON.stringify(before), /1121\.1795/);
  assert.equal(granted.anonymous_id, PAGE.cid);
  assert.deepEqual(granted.properties.$consent, { analytics: true, advertising: false });
});

test("what is beside the hits counts nowhere", async () => {
  for (const path of ["/g/collect", "/g/s/collect", "/mc/collect", "/ads/ga-audiences", "/measurement/conversion"]) {
    const ping = `${path}?v=2&tid=${tenant.measurement_id}&cid=1&aip=1`;
    assert.equal((await fetch(world.url + ping, { method: "POST", headers: PAGE_ORIGIN })).status, 204, path);
  }
  assert.deepEqual(await names(), []);
  assert.equal((await client.ledger()).total.captured, 0);
});

test("a measurement id that nobody has, and a page that it isn't for", async () => {
  const unknown = await hit({ tid: "G-NOBODY", en: "a" });
  assert.equal(unknown.status, 401);
  assert.equal((await unknown.json()).code, "unknown_key");
  const foreign = await hit({ en: "a" }, { headers: { origin: "https://other.example" } });
  assert.equal(foreign.status, 403);
  assert.equal((await foreign.json()).code, "foreign_origin");
});

test("one bad hit among good ones", async () => {
  const response = await hit({}, { lines: [{ en: "good" }, { "ep.a": "nameless" }, { en: "good" }] });
  assert.equal(response.status, 204);
  assert.deepEqual(await names(), ["good", "good"]);
  const { total } = await client.ledger();
  assert.deepEqual([total.captured, total.stored, total.quarantined], [3, 2, { missing_name: 1 }]);
});

test("the Measurement Protocol stores what a back end says", async () => {
  const events = [{ name: "purchase", params: { transaction_id: "T1", session_id: 1795219712, items: [{ item_id: "A" }] } }];
  for (let i = 0; i < 2; i++) assert.equal((await measure({ client_id: "1.2", user_id: "u1", events })).status, 204);
  const [row, ...others] = await client.events();
  assert.deepEqual(others, [], "one order, sent twice");
  assert.deepEqual([row.user_id, row.anonymous_id, row.session_id], ["u1", "1.2", "1.2.1795219712"]);
  assert.deepEqual([row.source, row.trust, row.context.dialect], ["server", "server", "ga4"]);
  assert.deepEqual(row.properties.items, [{ item_id: "A" }]);
});

test("the Measurement Protocol takes a secret and an id of one organization", async () => {
  const body = { client_id: "1.2", events: [{ name: "a" }] };
  const other = { ...newTenant(`other${count}`), measurement_id: `G-OTHER${count}` };
  await enrol(world.registry, other, []);
  for (const [query, status, code] of [
    [{ api_secret: "wrong" }, 401, "unknown_key"],
    [{ api_secret: tenant.browser_key }, 401, "unknown_key"],
    [{ measurement_id: "G-NOBODY" }, 401, "unknown_key"],
    [{ measurement_id: other.measurement_id }, 403, "foreign_measurement_id"],
  ]) {
    const response = await measure(body, { query });
    assert.equal(response.status, status, JSON.stringify(query));
    assert.equal((await response.json()).code, code);
  }
  assert.deepEqual(await names(), []);
});

test("the validation server says what Google would, and stores nothing", async () => {
  const path = "/debug/mp/collect";
  const good = await measure({ client_id: "1.2", events: [{ name: "a" }] }, { path });
  assert.deepEqual([good.status, await good.json()], [200, { validationMessages: [] }]);
  const bad = await measure({ client_id: "1.2", events: [{ name: "_badEventName" }] }, { path });
  assert.deepEqual(await bad.json(), {
    validationMessages: [
      {
        fieldPath: "events",
        description: "Event at index: [0] has invalid name [_badEventName]. Names must start with an alphabetic character.",
        validationCode: "NAME_INVALID",
      },
    ],
  });
  assert.deepEqual(await names(), []);
});
