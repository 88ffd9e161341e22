// Pages that forbid what they can: strict policies, checked files, frames without an origin.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { USER_AGENT } from "../harness/browser.mjs";
import { ROOT, enrol } from "../harness/world.mjs";
import { inOrder, names, scenarios } from "./support.mjs";

const scenario = scenarios();

/** The policy that is documented, in one line. */
const WITH_WASM = /```csp\n([^`]+)```/
  .exec(readFileSync(join(ROOT, "docs/CSP.md"), "utf8"))[1]
  .replaceAll("\n", " ")
  .trim();
const POLICY = WITH_WASM.replace(" 'wasm-unsafe-eval'", "");

const strict = (csp, more = {}) => `?${new URLSearchParams({ csp, utm_source: "brief", ...more })}`;
const violations = (page) => page.evaluate(() => window.violations);

/** Which of the brain's two forms a page asks for. */
function loads(page) {
  const asked = new Set();
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/tm\.\w+\.wasm$/.test(pathname)) asked.add("wasm");
    if (/^\/tm\.brain\./.test(pathname)) asked.add("brain");
  });
  return asked;
}

const VISIT = ["$pageview", "$identify", "$groupidentify", "recipe_scaled", "$pageleave"];

/** Some of everything, from the first call to the last. */
async function visit(page) {
  await page.evaluate(async () => {
    tallymark.identify("user-1", { plan: "pro" });
    tallymark.group("company", "fern", { seats: 3 });
    tallymark.register({ theme: "dark" });
    tallymark.capture("recipe_scaled", { scale: 2, note: "½ 🍓" }, { entity: { type: "recipe", id: "12" }, correlationId: "c-1" });
    await tallymark.flush();
  });
  const refused = await violations(page);
  await page.close();
  return refused;
}

/** What two visits can't have in common: ids, clocks, and here the address. Of these only the type is compared. */
const OWN = new Set(
  `event_id occurred_at received_at sent_at session_id anonymous_id stream_id monotonic_ms $anon_distinct_id $current_url
   $device_id $pageview_id $prev_pageview_id $prev_pageview_duration $session_id $window_id`.split(/\s+/),
);
const comparable = (rows) =>
  inOrder(rows).map(({ seq, ...row }) => JSON.parse(JSON.stringify(row, (key, value) => (OWN.has(key) ? typeof value : value))));

scenario("a strict policy with 'wasm-unsafe-eval': all works, nothing is refused", async ({ page, address, received }) => {
  const asked = loads(page);
  await page.goto(address("strict", strict(WITH_WASM)));
  assert.deepEqual(await visit(page), []);
  assert.deepEqual([...asked], ["wasm"]);
  const rows = inOrder(await received(...VISIT));
  assert.deepEqual(names(rows), VISIT);
  const { properties } = rows[3];
  assert.deepEqual([properties.theme, properties.$groups, properties.note], ["dark", { company: "fern" }, "½ 🍓"]);
});

scenario("without 'wasm-unsafe-eval' the same code runs as JavaScript, and the same events arrive", async ({ context, page, address, received }) => {
  await page.goto(address("strict", strict(WITH_WASM)));
  await visit(page);
  const byWasm = await received(...VISIT);

  const another = await context.browser().newContext({ viewport: page.viewportSize(), userAgent: USER_AGENT });
  const second = await another.newPage();
  const asked = loads(second);
  const said = [];
  second.on("console", (message) => said.push(message.text()));
  await second.goto(address("strict", strict(POLICY)));
  assert.deepEqual(await visit(second), [["script-src", "wasm-eval"]], "the attempt, which the browser reports");
  assert.deepEqual(said, [], "nothing on the console");
  assert.deepEqual([...asked], ["wasm", "brain"]);
  const seen = new Set(byWasm.map((row) => row.event_id));
  const byJavaScript = (await received(...VISIT, ...VISIT)).filter((row) => !seen.has(row.event_id));
  assert.deepEqual(comparable(byJavaScript), comparable(byWasm));
  await another.close();
});

scenario("where wasm is known to be refused nothing is tried; and the nonce is enough", async ({ page, address, received }) => {
  const asked = loads(page);
  await page.goto(address("strict", strict(POLICY.replace(" 'strict-dynamic'", ""), { "tm-wasm": "false" })));
  assert.deepEqual(await visit(page), []);
  assert.deepEqual([...asked], ["brain"]);
  await received(...VISIT);
});

scenario("where there is no WebAssembly (iOS in lockdown mode) it is not fetched either", async ({ page, address, received }) => {
  const asked = loads(page);
  await page.addInitScript(() => delete globalThis.WebAssembly);
  await page.goto(address("strict", strict(WITH_WASM)));
  assert.deepEqual(await visit(page), []);
  assert.deepEqual([...asked], ["brain"]);
  await received(...VISIT);
});

scenario(
  "without connect-src nothing can be sent by anybody, and the page is as well as ever",
  async ({ page, address, client }) => {
    const mute = WITH_WASM.replace(" connect-src 'self';", "");
    assert.notEqual(mute, WITH_WASM);
    await page.goto(address("strict", strict(mute)));
    await page.evaluate(() => tallymark.capture("unheard"));
    await page.waitForFunction(() => window.violations.some(([, url]) => url.endsWith("/batch/")));
    assert.deepEqual(new Set((await violations(page)).map(([directive]) => directive)), new Set(["connect-src"]));
    assert.equal(await page.evaluate(() => fetch("/v1/ledger").catch(({ name }) => name)), "TypeError", "not even the page's own");
    assert.equal(await page.evaluate(() => navigator.sendBeacon("/batch/", "{}") && "queued"), "queued", "and a beacon is lost in silence");
    await page.close();
    assert.deepEqual(await client.events(), []);
  },
  { expectedConsole: /Content Security Policy/ },
);

/** The current files, as they are published. */
const manifest = async (world) => (await fetch(`${world.url}/tm.integrity.json`)).json();

scenario("from another origin, checked: script tag, then wasm", async ({ page, address, received, world }) => {
  const elsewhere = world.url.replace("127.0.0.1", "localhost");
  const { "tm.js": loader, "tm.wasm": wasm } = await manifest(world);
  const csp = WITH_WASM.replace("connect-src 'self'", `connect-src ${elsewhere}`);
  const answers = [];
  page.on("response", (response) => answers.push(response));
  await page.goto(address("strict", strict(csp, { src: `${elsewhere}/${loader.file}`, integrity: loader.integrity })));
  assert.deepEqual(await visit(page), []);
  await received(...VISIT);
  for (const { file } of [loader, wasm]) {
    const headers = answers.find((response) => response.url() === `${elsewhere}/${file}`)?.headers();
    assert.equal(headers?.["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(headers["access-control-allow-origin"], "*");
  }
});

scenario(
  "wasm that is not what was built is not run: the same code runs as JavaScript",
  async ({ page, address, received }) => {
    const asked = loads(page);
    await page.route("**/tm.*.wasm", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: Buffer.concat([await response.body(), Buffer.of(0, 1, 0)]) });
    });
    await page.goto(address("strict", strict(WITH_WASM)));
    assert.deepEqual(await visit(page), []);
    assert.deepEqual([...asked], ["wasm", "brain"]);
    await received(...VISIT);
  },
  { expectedConsole: /integrity/ },
);

scenario(
  "an import map checks the JavaScript, too",
  async ({ context, page, address, received, world }) => {
    const { "tm.brain.js": brain, "tm.js": loader } = await manifest(world);
    const checked = (integrity) => JSON.stringify({ integrity: { [`/${brain.file}`]: integrity } });
    await page.goto(address("strict", strict(POLICY, { "tm-wasm": "false", importmap: checked(brain.integrity) })));
    assert.deepEqual(await visit(page), []);
    await received(...VISIT);

    // Another file's: it is not run, and the loader sends what it can by itself.
    const second = await context.newPage();
    await second.goto(address("strict", strict(POLICY, { "tm-wasm": "false", importmap: checked(loader.integrity) })));
    await second.evaluate(() => tallymark.capture("plain"));
    const rows = await received(...VISIT, "$pageview", "plain");
    assert.equal(rows.find((row) => row.event_name === "plain").properties.$groups, undefined);
    await second.close();
    await received(...VISIT, "$pageview", "plain", "$pageleave");
  },
  { expectedConsole: /integrity/ },
);

scenario("a sandboxed frame has no origin and no storage: it counts from memory", async ({ page, address, received, client, world }) => {
  // No origin can be listed that a sandboxed frame would have: only a key for any page takes its events.
  await enrol(world.registry, client.tenant, ["*"]);
  await page.goto(address("framing"));
  const frame = await (await page.waitForSelector("iframe")).contentFrame();
  await frame.waitForFunction(() => window.tallymark && document.readyState === "complete");
  const stored = await frame.evaluate(async () => {
    tallymark.register({ theme: "dark" });
    tallymark.capture("inside");
    await tallymark.flush();
    try {
      return localStorage.length;
    } catch ({ name }) {
      return name;
    }
  });
  assert.equal(stored, "SecurityError");
  await page.close();
  const rows = inOrder(await received("$pageview", "inside", "$pageleave"));
  assert.deepEqual(names(rows), ["$pageview", "inside", "$pageleave"]);
  assert.deepEqual([rows[1].properties.theme, rows[1].trust], ["dark", "key"]);
  assert.equal(new Set(rows.map((row) => row.session_id)).size, 1);
});
