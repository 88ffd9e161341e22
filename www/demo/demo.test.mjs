// The demo's Worker in real workerd, beside a collector that only writes down what it is sent.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { buildDemo } from "./build.mjs";

const TENANT = {
  slug: "fern",
  name: `Fern & "Kettle" <b>`,
  organization_id: "org_fern",
  browser_key: "wk_public",
  server_key: "sk_secret",
  read_key: "rk_secret",
};
const CORRELATION = "0193487c-1111-7000-8000-00000000abcd";

/** Remembers every request, and tells them at /seen. */
const RECORDER = `
const seen = [];
export default { async fetch(request) {
  const url = new URL(request.url);
  if (url.pathname === "/seen") return Response.json(seen.splice(0));
  seen.push({ path: url.pathname + url.search, key: request.headers.get("authorization"), body: await request.text() });
  const after = Number(url.searchParams.get("after"));
  return Response.json({ events: [], next_after: after });
} };`;

const DEPLOYED = {
  posthog: { POSTHOG_PROJECT_API_KEY: "phc_1", POSTHOG_HOST: "", POSTHOG_CAPTURE_PAGEVIEW: "false" },
  ga4: { POSTHOG_PROJECT_API_KEY: "", GOOGLE_ANALYTICS_MEASUREMENT_ID: "G-ABC" },
};

let folder;
let mf;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-"));
  const contents = await readFile(await buildDemo(folder), "utf8");
  const common = { modules: true, compatibilityDate: "2026-10-20" };
  mf = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      workers: [
        {
          ...common,
          name: "demo",
          modules: [{ type: "ESModule", path: "index.js", contents }],
          bindings: { TENANTS: [TENANT, { ...TENANT, slug: "second" }] },
          serviceBindings: { COLLECTOR: "collector" },
        },
        // As somebody deploys it who keeps a PostHog, or a GA4.
        ...Object.entries(DEPLOYED).map(([name, settings]) => ({
          ...common,
          name,
          modules: [{ type: "ESModule", path: "index.js", contents }],
          bindings: { TENANTS: [TENANT], ...settings },
          serviceBindings: { COLLECTOR: "collector" },
        })),
        { ...common, name: "collector", script: RECORDER },
      ],
    }),
  );
  await mf.ready;
});
after(async () => {
  await mf?.dispose();
  await rm(folder, { recursive: true });
});

const get = (path, init) => mf.dispatchFetch(`http://shop.example${path}`, { redirect: "manual", ...init });
const submit = (path, fields, headers = {}) =>
  get(path, { method: "POST", body: new URLSearchParams(fields), headers: { "content-type": "application/x-www-form-urlencoded", ...headers } });
const seen = async () => (await (await mf.getWorker("collector")).fetch("http://x/seen")).json();

const PAGES = ["/", "/fern/", "/fern/recipes", "/fern/recipes/11", "/fern/inventory", "/fern/batches", "/fern/workbench", "/fern/workbench/start"];

test("every page is served with its policy, is never cached, and holds no secret", async () => {
  for (const path of PAGES) {
    const response = await get(path);
    const text = await response.text();
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get("cache-control"), "no-store", path);
    assert.match(response.headers.get("content-security-policy"), /script-src 'self' 'nonce-[^']+' 'wasm-unsafe-eval'/);
    assert.doesNotMatch(text, /sk_secret|rk_secret/, path);
    assert.doesNotMatch(text, /\son\w+="|<style|\sstyle="/, `${path}: nothing that the policy would refuse`);
  }
});

test("the layout takes the settings of the layouts that it stands for, and the policy follows", async () => {
  const of = async (worker) => {
    const response = worker ? await (await mf.getWorker(worker)).fetch("http://shop.example/fern/") : await get("/fern/");
    const [, tag] = /<script async ([^>]*)>/.exec(await response.text());
    return [tag, /connect-src ([^;]*)/.exec(response.headers.get("content-security-policy"))[1]];
  };
  assert.deepEqual(await of(), [
    'src="/tm.js" data-key="wk_public" data-host="http://shop.example" data-capture-pageview="true" data-capture-pageleave="true"',
    "'self'",
  ]);
  assert.deepEqual(await of("posthog"), [
    'src="/tm.js" data-key="phc_1" data-host="https://us.i.posthog.com" data-capture-pageview="false" data-capture-pageleave="true"',
    "'self' https://us.i.posthog.com",
  ]);
  assert.deepEqual(await of("ga4"), [
    'src="/tm.js" data-dialect="ga4" data-measurement-id="G-ABC"',
    "'self' https://www.google-analytics.com",
  ]);
});

test("a tenant's name is text, whatever it holds", async () => {
  const text = await (await get("/fern/")).text();
  assert.ok(text.includes("Fern &amp; &quot;Kettle&quot; &lt;b&gt;"));
  assert.ok(!text.includes("<b>"));
});

test("an adjustment becomes one server event, with the page's correlation id", async () => {
  await seen();
  const fields = { change_type: "restock", quantity: "250.5", notes: "<i>new</i>", cost_override: "", correlation_id: CORRELATION };
  const response = await submit("/fern/inventory/3", fields);
  assert.equal(response.status, 303);
  const [request] = await seen();
  assert.equal(request.path, "/v1/events");
  assert.equal(request.key, "Bearer sk_secret");
  const [event] = JSON.parse(request.body);
  assert.equal(event.correlation_id, CORRELATION);
  assert.deepEqual(event.properties, {
    change_type: "restock",
    quantity_delta: 250.5,
    unit: "g",
    notes: "<i>new</i>",
    cost_override: null,
    original_quantity: 1350,
    new_quantity: 1600.5,
    item_name: "Shea butter",
    item_type: "ingredient",
    batch_id: null,
    is_initial_stock: false,
  });
  const shown = await (await get(response.headers.get("location"))).text();
  assert.ok(shown.includes("&lt;i&gt;new&lt;/i&gt;") && !shown.includes("<i>new"));
});

test("what can't be is refused, and nothing is sent", async () => {
  await seen();
  for (const fields of [
    { change_type: "sale", quantity: "999999" },
    { change_type: "batch", quantity: "1" },
    { change_type: "restock", quantity: "much" },
    { change_type: "restock", quantity: "-1" },
  ]) {
    assert.equal((await submit("/fern/inventory/1", fields)).status, 422, JSON.stringify(fields));
  }
  assert.equal((await submit("/fern/inventory/1", { change_type: "restock", quantity: "1" }, { "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await get("/fern/inventory/1", { method: "POST", body: "?" })).status, 400);
  assert.deepEqual(await seen(), []);
});

test("a batch takes from the shelf and gives back, and the back end says so once", async () => {
  await seen();
  const call = async (body) => (await get("/fern/api", { method: "POST", body: JSON.stringify(body) })).json();
  const started = await call({ verb: "start_batch", recipe_id: 13, scale: 2, correlation_id: CORRELATION });
  const [begun, ...taken] = JSON.parse((await seen())[0].body);
  assert.deepEqual([begun.event_name, begun.properties.projected_yield, begun.correlation_id], ["batch_started", 36, CORRELATION]);
  assert.ok(taken.length > 0 && taken.every((e) => e.event_name === "inventory_adjusted" && e.properties.change_type === "batch"));
  assert.deepEqual(started.sent[0], { event_name: "batch_started", entity_type: "batch", entity_id: begun.entity_id });
  assert.equal(started.sent.length, 1 + taken.length, "the page is told which there were, and not what they hold");

  const batch_id = Number(begun.entity_id);
  await call({ verb: "start_timer", batch_id, duration_seconds: 60, description: "rest" });
  assert.deepEqual(JSON.parse((await seen())[0].body).map((e) => [e.event_name, e.properties.description]), [["timer_started", "rest"]]);
  await call({ verb: "cancel_batch", batch_id, correlation_id: CORRELATION });
  const [stopped, ...rest] = JSON.parse((await seen())[0].body);
  const cancelled = rest.pop();
  assert.deepEqual([stopped.event_name, cancelled.event_name], ["timer_stopped", "batch_cancelled"]);
  const given = rest;
  const deltas = (events) => Object.fromEntries(events.map((e) => [e.entity_id, e.properties.quantity_delta]));
  for (const [item, delta] of Object.entries(deltas(taken))) assert.equal(deltas(given)[item], -delta);

  const again = await call({ verb: "cancel_batch", batch_id });
  assert.equal(again.ok, false);
  assert.deepEqual(await seen(), []);
});

test("the panel is answered through the read key", async () => {
  await seen();
  const answer = await get("/fern/_store?after=7&quarantined_after=3");
  assert.deepEqual(await answer.json(), { events: [], quarantined: [], next: { after: 7, quarantined_after: 3 }, more: false });
  const requests = await seen();
  assert.deepEqual(requests.map(({ path }) => path), ["/v1/events?after=7&limit=500", "/v1/quarantine?after=3&limit=500"]);
  assert.ok(requests.every(({ key }) => key === "Bearer rk_secret"));
});

test("what isn't there is a 404", async () => {
  for (const path of ["/nobody/", "/fern/nothing", "/fern/recipes/999", "/assets/none.js", "/fern/inventory/3"]) {
    assert.equal((await get(path)).status, 404, path);
  }
});
