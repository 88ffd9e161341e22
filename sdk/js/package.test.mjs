// What strangers meet: the snippet, the import, the server. Needs sdk/dist (see ../BUILDING.md).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import vm from "node:vm";
import { build, transform } from "esbuild";

const file = (path) => new URL(path, import.meta.url);
const text = (path) => readFile(file(path), "utf8");
const ENTRY = "../dist/index.js";

/** The script of snippet.html: the first, the second loads tm.js. */
const snippet = async () => (await text("../snippet.html")).match(/<script>([^]*?)<\/script>/)[1].trim();

test("the snippet is stub.js, and under 300 bytes", async () => {
  const { code } = await transform(await text("stub.js"), { minify: true, target: "es2020" });
  assert.equal(await snippet(), code.trim());
  assert.ok(Buffer.byteLength(await snippet()) < 300);
});

test("the stub keeps calls with their moment, in order, and gives what the calls give", async () => {
  const window = {};
  vm.runInNewContext(await snippet(), { window, performance, Date, Promise });
  const { tallymark } = window;
  tallymark.capture("a", { x: 1 });
  const flushed = tallymark.flush();
  const off = tallymark.on("sent", () => {});
  off();
  assert.deepEqual(
    Array.from(tallymark.q, ([method, given]) => [method, given[0]]),
    [["capture", "a"], ["flush", undefined], ["", "sent"]],
  );
  const [, , wall, mono] = tallymark.q[0];
  assert.ok(Math.abs(wall - Date.now()) < 5_000 && mono <= performance.now());
  tallymark.q[1][4]();
  await flushed;
  for (const name of ["capture", "page", "identify", "group", "register", "unregister", "reset", "flush", "on"]) {
    assert.equal(typeof tallymark[name], "function", name);
  }
});

test("the stub lets an SDK that is there be", async () => {
  const window = { tallymark: "there" };
  vm.runInNewContext(await snippet(), { window });
  assert.equal(window.tallymark, "there");
});

test("import and init on a server do nothing, and every method may be called", async () => {
  const before = Object.keys(globalThis).length;
  const { init } = await import(ENTRY);
  const tallymark = init({ key: "wk_1" });
  tallymark.capture("a", { toJSON: () => assert.fail("was looked at") });
  tallymark.page();
  tallymark.identify("u");
  tallymark.group("company", "a");
  tallymark.register({});
  tallymark.unregister("a");
  tallymark.reset();
  tallymark.on("ready", () => assert.fail("was called"))();
  assert.equal(await tallymark.flush(), undefined);
  assert.equal(Object.keys(globalThis).length, before);
});

test("package.json names what is in dist", async () => {
  const manifest = JSON.parse(await text("../package.json"));
  const named = [manifest.types, ...Object.values(manifest.exports).flatMap((to) => (typeof to == "string" ? to : Object.values(to)))];
  for (const path of named) await readFile(file(`../${path}`));
  assert.equal(manifest.version, (await text("../../Cargo.toml")).match(/^version = "(.*)"/m)[1]);
});

/** A page, as far as init and the loader look at it before there is a module. */
function fakePage() {
  const listeners = {};
  const listen = (name, listener) => (listeners[name] ??= new Set()).add(listener);
  const unlisten = (name, listener) => listeners[name]?.delete(listener);
  const location = { href: "https://a.example/x?q=1", host: "a.example", pathname: "/x", search: "?q=1", origin: "https://a.example" };
  const beacons = [];
  const page = {
    window: {},
    document: { referrer: "", title: "T", visibilityState: "visible", documentElement: { scrollHeight: 1 }, addEventListener: listen },
    location,
    history: { pushState: (_, __, path) => Object.assign(location, { pathname: path, href: "https://a.example" + path, search: "" }), replaceState() {} },
    navigator: { userAgent: "UA", language: "en", sendBeacon: (url, body) => beacons.push([url, body]) },
    screen: {},
    addEventListener: listen,
    removeEventListener: unlisten,
    console: { warn: (...said) => (page.said ??= []).push(said.join(" ")) },
    fetch: () => new Promise(() => {}),
    WebAssembly: { instantiateStreaming: () => new Promise(() => {}) },
    innerWidth: 1, innerHeight: 1, scrollY: 0,
    URL, URLSearchParams, Blob, TextEncoder, TextDecoder, crypto, performance, queueMicrotask,
    setTimeout: () => 1, clearTimeout() {}, setInterval() {},
  };
  page.fire = (name, event = {}) => listeners[name]?.forEach((listener) => listener(event));
  page.sent = () => Promise.all(beacons.splice(0).map(async ([url, body]) => ({ url, ...JSON.parse(await body.text()) })));
  return page;
}

/** The functions that a source file exports, in that page. */
async function inPage(source, page) {
  const { outputFiles } = await build({
    entryPoints: [file(source).pathname],
    bundle: true, write: false, external: ["./brain.js"], format: "iife", globalName: "exported", target: "es2022",
    define: { "import.meta.url": '"https://a.example/index.js"' },
  });
  vm.runInNewContext(outputFiles[0].text + ";window.exported = exported", page);
  return page.window.exported;
}

test("init gives one instance, and says so only when asked", async () => {
  const page = fakePage();
  const { init } = await inPage("npm.ts", page);
  const first = init({ key: "wk_1" });
  assert.equal(init({ key: "wk_1", debug: true }), first);
  assert.equal(init({ key: "wk_2" }), first);
  assert.equal(page.said, undefined);
  assert.equal(init({ key: "wk_2", debug: true }), first);
  assert.match(page.said.join(), /wk_2/);
});

test("a page that leaves before there is a module is not lost, and its events are numbered", async () => {
  const page = fakePage();
  const { init } = await inPage("npm.ts", page);
  const tallymark = init({ key: "wk_1", host: "https://c.example/" });
  tallymark.capture("a", { x: 1 }, { entity: { type: "recipe", id: "1" } });
  tallymark.capture("", {});
  tallymark.capture("b", { x: 1n });
  page.history.pushState(null, "", "/y");
  tallymark.identify("u");
  page.fire("pagehide");
  const [{ url, api_key, batch, stream }] = await page.sent();
  assert.deepEqual([url, api_key], ["https://c.example/batch/", "wk_1"]);
  assert.deepEqual(
    batch.map(({ event, properties }) => [event, properties.$seq, properties.$pathname]),
    [["$pageview", 1, "/x"], ["a", 2, "/x"], ["$pageview", 3, "/y"], ["$identify", 4, "/y"], ["$pageleave", 5, "/y"]],
  );
  assert.deepEqual(stream, { id: stream.id, seq: 5, dropped: { queue_full: 0 } });
  const [view, event, , identify, leave] = batch;
  assert.deepEqual([event.properties.$entity_type, event.properties.$pageview_id], ["recipe", view.uuid]);
  assert.deepEqual([identify.distinct_id, identify.properties.$anon_distinct_id], ["u", view.distinct_id]);
  assert.equal(leave.properties.$prev_pageview_id, leave.properties.$pageview_id);
  for (const { uuid, timestamp } of batch) {
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 10_000);
  }
  page.fire("pagehide");
  assert.deepEqual(await page.sent(), []);
});

test("a view has its route's pattern; what asking for it throws costs no view", async () => {
  const broken = () => {
    throw new Error("the application's own");
  };
  for (const [route, expected] of [[() => "/[page]", "/[page]"], [broken, undefined], [undefined, undefined]]) {
    const page = fakePage();
    const { init } = await inPage("npm.ts", page);
    init({ key: "wk_1", route });
    page.fire("pagehide");
    const [{ batch }] = await page.sent();
    assert.deepEqual(batch.map(({ event }) => event), ["$pageview", "$pageleave"]);
    assert.equal(batch[0].properties.$route, expected);
  }
});

test("history is watched", async () => {
  const page = fakePage();
  const { watchHistory } = await inPage("place.ts", page);
  const seen = [];
  watchHistory((how) => seen.push(how));
  page.history.pushState(null, "", "/y");
  page.history.pushState(null, "", "/y");
  page.location.pathname = "/z";
  page.fire("popstate", { type: "popstate" });
  assert.deepEqual(seen, ["pushState", "popstate"]);
});
