/**
 * `cargo xtask bench harm`: what a page feels of the SDK when times are bad. On a machine four times slower, which
 * tasks take longer than the 50 ms that people notice; and what a capture costs when the collector has been
 * unreachable for so long that the store on disk is full, beside one that is well.
 */
import { launchBrowser } from "../harness/browser.mjs";
import { median } from "./load.mjs";
import { servePages } from "./pages.mjs";
import { VERSION as POSTHOG } from "./posthog-slim.mjs";

const quick = process.argv.includes("--quick");
const ROUNDS = quick ? 3 : 9;
const SLOWER = 4;
/** So many captures while somebody uses the page, and so many in one task. */
const CAPTURES = 200;
const EVERY_MS = 20;
const BURST = 50;
/** Pages left one after the other, each with so many tasks that capture: the store is full after four. */
const PAGES = quick ? 8 : 12;
const TASKS = 150;

const { origin, stop } = await servePages();
// posthog-js drops what a driven browser captures: navigator.webdriver must be false.
const browser = await launchBrowser(["--disable-blink-features=AutomationControlled"]);

/** Runs in the page: uses it for a while, and hides it. */
async function use({ subject, captures, everyMs, burst }) {
  const capture = {
    blank: () => {},
    tallymark: (i) => tallymark.capture("used", window.__properties(i)),
    posthog: (i) => posthog.capture("used", window.__properties(i)),
  }[subject];
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  if (subject !== "blank") await window.__isReady;
  for (let i = 0; i < captures; i++) {
    capture(i);
    await pause(everyMs);
  }
  for (let i = 0; i < burst; i++) capture(i);
  await pause(everyMs);
  // As when another tab comes to the front.
  Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
  await pause(500);
}

/** CPU time of each task of the page's main thread, in ms; what others take from the machine does not count. */
function mainThreadTasks(trace) {
  const { traceEvents } = JSON.parse(trace);
  const tasksOf = ({ pid, tid }) =>
    traceEvents.filter((e) => e.pid === pid && e.tid === tid && e.name.endsWith("RunTask") && e.tdur);
  const threads = traceEvents.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain").map(tasksOf);
  // The browser keeps renderers in reserve: the page's is the one that has worked.
  const work = (events) => events.reduce((total, e) => total + e.tdur, 0);
  const [tasks] = threads.sort((a, b) => work(b) - work(a));
  return tasks.map((e) => e.tdur / 1_000);
}

const tasks = { blank: [], tallymark: [], posthog: [] };
for (let round = 0; round < ROUNDS; round++) {
  for (const subject of Object.keys(tasks)) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
    await page.goto(`${origin}/${subject}`);
    await page.evaluate(use, { subject, captures: CAPTURES, everyMs: EVERY_MS, burst: BURST });
    tasks[subject].push(mainThreadTasks((await browser.stopTracing()).toString()));
    await context.close();
  }
}

/** Runs in the page: a capture a task; the median call in µs. */
async function captureInTasks(count) {
  await window.__isReady;
  const { port1, port2 } = new MessageChannel();
  const task = () => new Promise((begun) => ((port1.onmessage = begun), port2.postMessage(0)));
  const spent = [];
  for (let i = 0; i < count; i++) {
    await task();
    const given = __properties(i);
    const start = performance.now();
    tallymark.capture("used", given);
    spent.push((performance.now() - start) * 1_000);
  }
  await task();
  port1.close();
  return spent.sort((a, b) => a - b)[count >> 1];
}

const costs = { tallymark: [], unreachable: [] };
const visitors = {};
for (const path of Object.keys(costs)) {
  const context = await browser.newContext();
  visitors[path] = await context.newPage();
}
for (let visit = 0; visit < PAGES; visit++) {
  for (const [path, page] of Object.entries(visitors)) {
    await page.goto(`${origin}/${path}`);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
    const cpuUs = async () =>
      (await devtools.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value * 1e6;
    const before = await cpuUs();
    const callUs = await page.evaluate(captureInTasks, TASKS);
    const allUs = ((await cpuUs()) - before) / TASKS;
    const kept = await page.evaluate(() =>
      Object.entries(localStorage).reduce((sum, [key, text]) => sum + (key.startsWith("tm_") ? text.length : 0), 0),
    );
    costs[path].push({ callUs, allUs, kept });
  }
}
await browser.close();
stop();

console.log(`${SLOWER} times slower: a load, ${CAPTURES} captures at 50 a second, ${BURST} more in one task, being hidden; ${ROUNDS} rounds\n`);
console.log(`${"".padEnd(26)}${"tasks over 50 ms".padStart(18)}${"longest ms".padStart(14)}${"median of these".padStart(17)}`);
for (const [subject, rounds] of Object.entries(tasks)) {
  const name = subject === "posthog" ? `posthog-js slim ${POSTHOG}` : subject;
  const longest = rounds.map((all) => Math.max(...all));
  const cells = [rounds.flat().filter((ms) => ms > 50).length, Math.max(...longest).toFixed(1), median(longest).toFixed(1)];
  console.log(name.padEnd(26) + cells.map((cell, i) => String(cell).padStart([18, 14, 17][i])).join(""));
}
console.log(`\n${PAGES} pages of ${TASKS} tasks with one capture each, one after the other\n`);
console.log(`${"".padEnd(26)}${"kB on disk".padStart(12)}${"µs a call".padStart(12)}${"µs a task".padStart(12)}`);
const row = (name, { kept, callUs, allUs }) =>
  console.log(name.padEnd(26) + [(kept / 1_000).toFixed(0), callUs.toFixed(1), allUs.toFixed(0)].map((c) => c.padStart(12)).join(""));
row("well, first page", costs.tallymark[0]);
row("well, last page", costs.tallymark.at(-1));
row("unreachable, first page", costs.unreachable[0]);
row("unreachable, last page", costs.unreachable.at(-1));
