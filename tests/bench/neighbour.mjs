/**
 * `cargo xtask bench neighbour`: what a tenant at 100 times its rate, whose destinations are dead, costs the others.
 *
 * Windows are quiet, or have a hostile tenant that sends from a process of its own: one that is over the rate of its key, and
 * one that is within it, and so stored; one destination of each refuses connections, one never answers. The others send at their own pace all the time, and their webhooks are timed from the answer to the
 * event to its arrival. Windows alternate within one run; medians over windows are compared.
 *
 * Here all logs and the Worker share one thread of one workerd, its garbage collector, and two cores with whoever sends; on
 * the platform each log has its own. They do not share a disk: where there is a file system in memory, logs are in it.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { randomBytes } from "node:crypto";
import { event } from "../harness/client.mjs";
import { freePort } from "../harness/network.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";
import { median } from "./load.mjs";

/** Requests a second of a tenant, an event each. */
const RATE = 3;
const TIMES = 100;
const NEIGHBOURS = 8;
const FLUSH_MS = 100;
const quick = process.argv.includes("--quick");
const WINDOWS = quick ? 3 : 6;
const WINDOW_MS = quick ? 6_000 : 10_000;
/** The first moments of a window still belong to the one before. */
const SETTLE_MS = 1_500;

const MEMORY = "/dev/shm";

const secrets = [`whsec_${randomBytes(24).toString("base64")}`];

/** Sends an event every `1 / rate` seconds, whether or not the ones before are answered. */
class Sender {
  #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #timer;
  /** Hears of each: its id, when it was sent and when it was answered. */
  onAnswer = () => {};

  constructor(url, key) {
    this.url = new URL("/batch/", url);
    this.key = key;
  }

  start(rate) {
    const began = performance.now();
    let sent = 0;
    this.#timer = setInterval(() => {
      for (const due = ((performance.now() - began) / 1_000) * rate; sent < due; sent++) this.#send();
    }, 5);
  }

  stop() {
    clearInterval(this.#timer);
  }

  #send() {
    const one = event("order_paid", { properties: { text: "x".repeat(300) } });
    const body = JSON.stringify({ api_key: this.key, batch: [one], sent_at: new Date().toISOString() });
    const at = performance.now();
    const headers = { "content-type": "text/plain", origin: this.url.origin, "content-length": Buffer.byteLength(body) };
    const sent = request(this.url, { method: "POST", agent: this.#agent, headers }, (response) => {
      response.resume().on("end", () => this.onAnswer({ id: one.uuid, status: response.statusCode, at, answeredAt: performance.now() }));
    });
    sent.on("error", (error) => this.onAnswer({ id: one.uuid, status: error.code, at, answeredAt: performance.now() }));
    sent.end(body);
  }
}

if (process.send !== undefined) {
  const [url, key] = process.argv.slice(2);
  const sender = new Sender(url, key);
  let answers = {};
  sender.onAnswer = ({ status }) => (answers[status] = (answers[status] ?? 0) + 1);
  process.on("message", (told) => {
    if (told === "start") sender.start(RATE * TIMES);
    else sender.stop();
    process.send(answers);
    answers = {};
  });
  process.on("disconnect", () => process.exit());
} else {
  await bench();
}

async function bench() {
  const rate = { per_second: 100_000, burst: 1_000_000 };
  const persist = existsSync(MEMORY) ? mkdtempSync(join(MEMORY, "tallymark-neighbour-")) : undefined;
  const world = await startWorld({ persist, tenants: [], assets: false, addressRate: rate, vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
  const url = await world.directUrl();
  const [hook, hanging] = [await Receiver.start(), await Receiver.start()];
  hanging.answer = () => "hang";
  const arrivals = new Map();
  hook.answer = ({ headers }) => {
    if (!arrivals.has(headers["webhook-id"])) arrivals.set(headers["webhook-id"], performance.now());
    return { status: 204 };
  };
  const destinations = (tenant, list) =>
    world.registry.put(`destinations:${tenant.organization_id}`, JSON.stringify(list.map((one) => ({ kind: "webhook", secrets, from: "start", flush_interval_ms: FLUSH_MS, ...one }))));

  const tenants = Array.from({ length: NEIGHBOURS }, (_, n) => newTenant(`neighbour${n}`));
  // Twice what a neighbour sends, or as much as it likes.
  const rates = { "over its rate": { per_second: 2 * RATE, burst: 2 * RATE }, "within its rate": rate };
  const hostiles = Object.entries(rates).map(([kind, browser_key], n) => ({ kind, browser_key, tenant: newTenant(`hostile${n}`) }));
  for (const tenant of [...tenants, ...hostiles.map(({ tenant }) => tenant)]) await enrol(world.registry, tenant, [url]);
  for (const tenant of tenants) await destinations(tenant, [{ name: "hook", url: hook.url }]);
  const dead = `http://127.0.0.1:${await freePort()}`;
  for (const { tenant, browser_key } of hostiles) {
    const limits = { browser_key, events_per_day: 1_000_000_000 };
    await world.registry.put(`settings:${tenant.organization_id}`, JSON.stringify({ limits }));
    await destinations(tenant, [{ name: "refused", url: dead }, { name: "hanging", url: hanging.url }]);
  }

  let answers = [];
  for (const tenant of tenants) {
    const sender = new Sender(url, tenant.browser_key);
    sender.onAnswer = (answer) => answers.push(answer);
    sender.start(RATE);
    await wait(1_000 / RATE / NEIGHBOURS);
  }
  const attackers = Object.fromEntries(
    hostiles.map(({ kind, tenant }) => [kind, fork(new URL(import.meta.url), [url, tenant.browser_key])]),
  );
  const tell = async (attacker, what) => {
    attacker.send(what);
    return (await once(attacker, "message"))[0];
  };

  async function window(kind) {
    const attacker = attackers[kind];
    if (attacker) await tell(attacker, "start");
    await wait(SETTLE_MS);
    answers = [];
    await wait(WINDOW_MS);
    const own = answers.splice(0);
    const hostileAnswers = attacker ? await tell(attacker, "stop") : {};
    await until("what was sent to be delivered", () => own.every(({ id, status }) => status !== 200 || arrivals.has(id)), 60_000);
    const appends = own.map(({ at, answeredAt }) => answeredAt - at);
    const lags = own.filter(({ status }) => status === 200).map(({ id, answeredAt }) => Math.max(0, arrivals.get(id) - answeredAt));
    return {
      failed: own.filter(({ status }) => status !== 200).length,
      "append p50": percentile(appends, 0.5), "append p99": percentile(appends, 0.99),
      "delivery lag p50": percentile(lags, 0.5), "delivery lag p99": percentile(lags, 0.99),
      hostile: hostileAnswers,
    };
  }

  const kinds = ["quiet", ...Object.keys(attackers)];
  // The first of each warms up what it needs.
  for (const kind of kinds) await window(kind);
  const windows = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (let n = 0; n < WINDOWS; n++) for (const kind of kinds) windows[kind].push(await window(kind));

  console.log(`${NEIGHBOURS} tenants at ${RATE} events/s, one at ${RATE * TIMES} with dead destinations; ${WINDOWS} windows of ${WINDOW_MS / 1_000} s of each kind, medians, ms\n`);
  console.log("".padEnd(18) + kinds.map((kind) => kind.padStart(kind === "quiet" ? 9 : 24)).join(""));
  for (const name of ["append p50", "append p99", "delivery lag p50", "delivery lag p99"]) {
    const [quiet, ...loud] = kinds.map((kind) => median(windows[kind].map((one) => one[name])));
    const beside = loud.map((ms) => `${ms.toFixed(1)} (${(ms / quiet).toFixed(2)})`.padStart(24));
    console.log(name.padEnd(18) + quiet.toFixed(1).padStart(9) + beside.join(""));
  }
  for (const kind of Object.keys(attackers)) {
    const sum = (status) => windows[kind].reduce((total, { hostile }) => total + (hostile[status] ?? 0), 0);
    console.log(`\n${kind}: ${sum("200")} of its requests were stored, ${sum("429")} refused`);
  }
  const failed = Object.values(windows).flat().reduce((total, one) => total + one.failed, 0);
  console.log(`requests of the others that failed: ${failed}`);
  for (const attacker of Object.values(attackers)) attacker.disconnect();
  await Promise.all([hook, hanging].map((one) => one.stop()));
  await world.stop();
  if (persist !== undefined) rmSync(persist, { recursive: true });
  process.exit(failed === 0 ? 0 : 1);
}

function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
