/**
 * `cargo xtask bench leave`: how much of a visit's last events arrives, beside the peers that do it best, in one
 * run of real Chromium with a round trip of 80 ms. The subjects take turns, so that the machine's moods fall on
 * all of them.
 *
 * All connections are HTTP/1.1 without TLS, which costs the peers that send a request per event nothing here: what
 * a page has handed over when it goes, the browser still sends.
 */
import { launchAsShipped } from "../harness/browser.mjs";
import { slowLine } from "../harness/network.mjs";
import { startWorld } from "../harness/world.mjs";
import { report } from "./leave/report.mjs";
import { servePages, startSink } from "./leave/sink.mjs";
import { peers, tallymark } from "./leave/subjects.mjs";
import { WAYS, bounceScript, pause } from "./leave/ways.mjs";

const REPETITIONS = process.argv.includes("--quick") ? 5 : 30;
/** Visits at a time: they mostly wait. */
const LANES = 4;
const ONE_WAY_MS = 40;
/** Once the page has gone, nothing comes any more when nothing has come for so long. */
const SILENCE_MS = 3_000;
/** The last will of a hidden page is executed after that, and not after half an hour: nobody here comes back. */
const WILL_AFTER_MS = 1_000;
/** What another visit may take to deliver what the last one left. */
const VISIT_MS = 8_000;

const heads = new Map();
const world = await startWorld({ tenants: [], willAfterMs: WILL_AFTER_MS });
const sink = await startSink();
const pages = await servePages(heads);
const ports = [Number(new URL(world.url).port), sink.port, pages.port];
const lines = await Promise.all(ports.map((port) => slowLine(port, ONE_WAY_MS)));
const [worldPort, sinkPort, pagesPort] = lines.map((line) => line.port);
const subjects = [tallymark(world, worldPort), ...(await peers(sink, sinkPort))];
// Peers do not count a browser that says it is driven.
const browser = await launchAsShipped(["--disable-blink-features=AutomationControlled"]);

/** Asks what has arrived until it is complete, or patience ends: after so long in silence, or in all. */
async function settled(arrived, complete, { silenceMs = Infinity, wholeMs = Infinity }) {
  const start = Date.now();
  let last = start;
  let seen = await arrived();
  while (!complete(seen) && Date.now() - last < silenceMs && Date.now() - start < wholeMs) {
    await pause(100);
    const now = await arrived();
    if (now.marks.size > seen.marks.size || now.leaves > seen.leaves) last = Date.now();
    seen = now;
  }
  return seen;
}

/** A visit by somebody new, another one by the same: what had arrived after the first, and after both. */
async function visit(subject, way, name) {
  const { leave, events, query } = WAYS[way];
  const origin = `http://${name}.localhost:${pagesPort}`;
  const { head, arrived } = await subject.begin(name, origin);
  heads.set(name, head + bounceScript);
  const whole = ({ marks, leaves }) => marks.size === events && (leaves === null || leaves > 0);
  const closed = ({ books }) => books === undefined || books.total.under_way === 0;

  const page = await browser.newPage();
  await page.goto(`${origin}/product${query ?? ""}`, { waitUntil: query ? "commit" : "load" });
  await leave(page, browser);
  const alone = await settled(arrived, whole, { silenceMs: SILENCE_MS });
  if (!page.isClosed()) await page.close();

  const next = await browser.newPage();
  await next.goto(`${origin}/next`);
  // Counted before it closes: its own page-leave is not the one that is asked for.
  const { leaves } = await settled(arrived, (seen) => whole(seen) && closed(seen), { wholeMs: VISIT_MS });
  await next.close();
  const later = await settled(arrived, closed, { silenceMs: SILENCE_MS });
  heads.delete(name);
  return { alone, later: { ...later, leaves } };
}

const results = new Map(subjects.map(({ name }) => [name, Object.fromEntries(Object.keys(WAYS).map((way) => [way, []]))]));
const jobs = [];
for (let i = 0; i < REPETITIONS; i++) {
  for (const way of Object.keys(WAYS)) for (const subject of subjects) jobs.push([subject, way, `v${jobs.length}`]);
}
const start = Date.now();
await Promise.all(
  Array.from({ length: LANES }, async () => {
    for (let job; (job = jobs.shift()); ) results.get(job[0].name)[job[1]].push(await visit(...job));
  }),
);
const seconds = Math.round((Date.now() - start) / 1_000);
await browser.close();
for (const server of [...lines, sink, pages]) server.stop();
await world.stop();

console.log(`${REPETITIONS} repetitions in ${seconds} s; ${2 * ONE_WAY_MS} ms round trip added\n`);
process.exitCode = report(results) ? 0 : 1;
