/**
 * `cargo xtask bench sdk`: what the SDK costs a page, beside posthog-js slim and bare JSON.stringify, in one run
 * of real Chromium. The subjects take turns, so that the machine's moods fall on all of them.
 */
import { launchBrowser } from "../harness/browser.mjs";
import { median } from "./load.mjs";
import { servePages } from "./pages.mjs";
import { VERSION as POSTHOG } from "./posthog-slim.mjs";

const quick = process.argv.includes("--quick");
const ROUNDS = quick ? 3 : 7;
/** Captures in one task: below every client's own queue limit, so that no round measures dropping. */
const CALLS = 500;
const CHUNKS = quick ? 4 : 20;
const SETTLE_MS = 500;

const { origin, stop } = await servePages();
// posthog-js drops what a driven browser captures: navigator.webdriver must be false.
const browser = await launchBrowser(["--disable-blink-features=AutomationControlled"]);

/** Opens a page in a browser context of its own; gives main-thread CPU until it had settled, and the page. */
async function open(path) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  const task = async () =>
    (await cdp.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration").value * 1_000;
  await page.goto(origin + path, { waitUntil: "load" });
  // What follows the load belongs to it: the module, the first event. A measured span, the same for all, and not
  // a wait for something: asking the page again and again would cost more than the SDK.
  await page.evaluate((ms) => new Promise((done) => setTimeout(done, ms)), SETTLE_MS);
  const cpuMs = await task();
  const readyMs = path === "/blank" ? 0 : await page.evaluate(() => window.__readyAt - window.__start);
  if (Number.isNaN(readyMs)) throw new Error(`${path} was not ready ${SETTLE_MS} ms after its load`);
  return { context, page, cpuMs, readyMs };
}

const loads = { "/blank": [], "/tallymark": [], "/posthog": [] };
for (let round = 0; round < ROUNDS; round++) {
  for (const path of Object.keys(loads)) {
    const { context, cpuMs, readyMs } = await open(path);
    loads[path].push({ cpuMs, readyMs });
    await context.close();
  }
}

/** Mean µs a call over chunks of one task each; what a chunk queued is sent before the next begins, untimed. */
function measure({ subject, calls, chunks }) {
  const subjects = {
    "JSON.stringify": { call: (p) => (window.__sink = JSON.stringify(p)), flush: () => {} },
    tallymark: { call: (p) => tallymark.capture("recipe_scaled", p), flush: () => tallymark.flush() },
    posthog: { call: (p) => posthog.capture("recipe_scaled", p), flush: () => new Promise((done) => setTimeout(done, 0)) },
  };
  const { call, flush } = subjects[subject];
  return (async () => {
    const all = [];
    let total = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const list = Array.from({ length: calls }, (_, i) => window.__properties(i));
      const start = performance.now();
      for (const p of list) call(p);
      const spent = performance.now() - start;
      total += spent;
      all.push((spent * 1_000) / calls);
      await flush();
    }
    return { mean: (total * 1_000) / calls / chunks, chunks: all };
  })();
}

const captures = { "JSON.stringify": [], tallymark: [], posthog: [] };
for (let round = 0; round < ROUNDS; round++) {
  for (const subject of Object.keys(captures)) {
    const { context, page } = await open(subject === "posthog" ? "/posthog" : "/tallymark");
    // posthog-js is so much slower that a tenth of the calls takes longer.
    const chunks = subject === "posthog" ? Math.ceil(CHUNKS / 10) : CHUNKS;
    captures[subject].push((await page.evaluate(measure, { subject, calls: CALLS, chunks })).mean);
    await context.close();
  }
}
await browser.close();
stop();

const us = Object.fromEntries(Object.entries(captures).map(([name, means]) => [name, median(means)]));
const ms = (path, field) => median(loads[path].map((l) => l[field]));
const blank = ms("/blank", "cpuMs");
const row = (name, ...cells) => console.log(name.padEnd(26) + cells.map((c) => String(c).padStart(16)).join(""));
console.log(`medians of ${ROUNDS} rounds, taking turns; ${CALLS * CHUNKS} captures with 8 properties a round\n`);
row("", "µs a call", "ready ms", "load CPU ms");
row("JSON.stringify alone", us["JSON.stringify"].toFixed(2), "", "");
row("tallymark", us.tallymark.toFixed(2), ms("/tallymark", "readyMs").toFixed(1), (ms("/tallymark", "cpuMs") - blank).toFixed(1));
row(`posthog-js slim ${POSTHOG}`, us.posthog.toFixed(1), ms("/posthog", "readyMs").toFixed(1), (ms("/posthog", "cpuMs") - blank).toFixed(1));
console.log(`\nposthog-js slim / tallymark: ${(us.posthog / us.tallymark).toFixed(0)} times a capture; target: tallymark at most 5 µs`);
