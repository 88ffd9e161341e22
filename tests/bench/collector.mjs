/**
 * `cargo xtask bench collector`: what an event costs the edge, beside plain JavaScript in the same workerd.
 *
 * CPU time is that of the workerd process, so the load generator's own does not count. The variants take turns
 * within one run, several rounds; the median round is printed. Ratios travel between machines, figures don't.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ROOT, lookupOf, newTenant, startWorld } from "../harness/world.mjs";
import { featureEvents } from "./feature-events.mjs";
import { load, median } from "./load.mjs";
import { pageviewBytes, pageviews } from "./pageviews.mjs";

const quick = process.argv.includes("--quick");
const ROUNDS = quick ? 3 : 7;
const REQUESTS = { 1: quick ? 1_000 : 3_000, 10: quick ? 400 : 1_200, 50: quick ? 150 : 400 };
/** Requests that warm a variant up before its first round: V8 compiles what is hot. */
const WARM_UP = 400;
const ORIGIN = "https://shop.example";

const tenant = newTenant("bench");
const record = JSON.stringify({ organization_id: tenant.organization_id, kind: "browser", origins: [ORIGIN] });
// The load is one key's.
const rate = { per_second: 100_000, burst: 1_000_000 };
const settings = JSON.stringify({ limits: { browser_key: rate, events_per_day: 1_000_000_000 } });
const KEYS = { [lookupOf(tenant.browser_key)]: record, [`settings:${tenant.organization_id}`]: settings };

async function decodeWorker() {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "tests/bench/decode-worker.ts")],
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["*.wasm"],
    write: false,
  });
  return outputFiles[0].text;
}

const wasm = { type: "CompiledWasm", path: "collector.wasm", contents: readFileSync(join(ROOT, "target/worker/collector.wasm")) };
const module = (contents) => ({ type: "ESModule", path: "index.js", contents });
const direct = [{ host: "127.0.0.1", port: 0 }];
const world = await startWorld({
  tenants: [tenant],
  assets: false,
  origins: [ORIGIN],
  extraWorkers: [
    { name: "decode", modules: [module(await decodeWorker()), wasm], bindings: { KEYS }, unsafeDirectSockets: direct },
    {
      name: "javascript",
      modules: [module(readFileSync(join(ROOT, "tests/bench/js-worker.mjs"), "utf8"))],
      bindings: { KEYS },
      unsafeDirectSockets: direct,
    },
    {
      name: "empty",
      modules: [module(`export default { async fetch(request) { await request.arrayBuffer(); return new Response("ok"); } }`)],
      unsafeDirectSockets: direct,
    },
  ],
});
await world.registry.put(`settings:${tenant.organization_id}`, settings);

const { event, body } = featureEvents(tenant.browser_key);

const plain = (size) => () => Buffer.from(body(size));
const gzipped = (size) => () => gzipSync(body(size));
const only = process.argv.find((arg) => arg.startsWith("--only="))?.slice(7) ?? "";
const VARIANTS = [
  ["empty request", "empty", plain],
  ["decode to tag, JavaScript", "javascript", plain],
  ["decode to tag, wasm", "decode", plain],
  ["decode to tag, JavaScript, gzip", "javascript", gzipped],
  ["decode to tag, wasm, gzip", "decode", gzipped],
  ["whole path to the commit", "collector", plain],
  ["$pageview of posthog-js, empty", "empty", pageviews(tenant.browser_key)],
  ["$pageview of posthog-js, JavaScript", "javascript", pageviews(tenant.browser_key)],
  ["$pageview of posthog-js, wasm", "decode", pageviews(tenant.browser_key)],
].filter(([name]) => name.includes(only));

console.log(`one event is ${JSON.stringify(event()).length} bytes, a $pageview ${pageviewBytes()}, gzipped; ${ROUNDS} rounds, 16 connections, medians\n`);
console.log(`${"".padEnd(36)}${"batch".padStart(6)}${"µs CPU/event".padStart(14)}${"requests/s".padStart(12)}${"events/s".padStart(10)}`);

const cost = new Map();
for (const size of [1, 10, 50]) {
  const rounds = new Map(VARIANTS.map(([name]) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, worker, bodies] of VARIANTS) {
      const url = (await world.mf.unsafeGetDirectURL(worker)).origin;
      const requests = round === 0 ? WARM_UP : REQUESTS[size];
      const makeBody = bodies(size);
      const headers = { "content-type": "text/plain", origin: ORIGIN };
      const spent = await load({ url, path: "/batch/", headers, makeBody, requests, pids: world.workerd });
      if (round > 0) rounds.get(name).push({ ...spent, requests });
    }
  }
  for (const [name, runs] of rounds) {
    const us = median(runs.map((r) => r.cpuUs / r.requests / size));
    const perSecond = median(runs.map((r) => r.requests / r.seconds));
    cost.set(`${name} ${size}`, us);
    console.log(
      `${name.padEnd(36)}${String(size).padStart(6)}${us.toFixed(1).padStart(14)}${perSecond.toFixed(0).padStart(12)}${(perSecond * size).toFixed(0).padStart(10)}`,
    );
  }
}

if (only === "") {
  const of = (name, size) => cost.get(`${name} ${size}`);
  const ratio = (kind) => of(`decode to tag, JavaScript${kind}`, 50) / of(`decode to tag, wasm${kind}`, 50);
  const pageviewCost = (how) => [1, 10, 50].map((size) => of(`$pageview of posthog-js, ${how}`, size).toFixed(1)).join(", ");
  const path = [1, 10, 50].map((size) => `${of("whole path to the commit", size).toFixed(0)} at ${size}`);
  console.log(`
JavaScript / wasm at 50: ${ratio("").toFixed(2)} plain, ${ratio(", gzip").toFixed(2)} gzip (target 1.5)
whole path: ${path.join(", ")} µs CPU an event (targets 450, 60, 25)
$pageview, decode to tag: ${pageviewCost("wasm")} µs CPU an event; in JavaScript ${pageviewCost("JavaScript")} (PostHog's native capture: 57, 26, 25.5)`);
}
await world.stop();
