/**
 * `cargo xtask bench neighbour`: what a tenant at 100 times its rate, whose destinations are dead, costs the others.
 *
 * In every second window the hostile tenant sends, from a process of its own; one of its destinations refuses connections,
 * one never answers. The others send at their own pace all the time, and their webhooks are timed from the answer to the
 * event to its arrival. Windows alternate within one run; medians over windows are compared.
 *
 * Here all logs and the Worker share one thread of one workerd, and two cores with whoever sends; on the platform each log
 * has its own.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
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
const WINDOWS = quick ? 2 : 6;
const WINDOW_MS = quick ? 4_000 : 10_000;
/** The first moments of a window still belong to the one before. */
const SETTLE_MS = 1_500;

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
  const world = await startWorld({ tenants: [], assets: false, addressRate: rate, vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
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
  const hostile = newTenant("hostile");
  for (const tenant of [...tenants, hostile]) await enrol(world.registry, tenant, [url]);
  for (const tenant of tenants) await destinations(tenant, [{ name: "hook", url: hook.url }]);
  await world.registry.put(`settings:${hostile.organization_id}`, JSON.stringify({ limits: { browser_key: rate, events_per_day: 1_000_000_000 } }));
  const dead = `http://127.0.0.1:${await freePort()}`;
  await destinations(hostile, [{ name: "refused", url: dead }, { name: "hanging", url: hanging.url }]);

  let answers = [];
  for (const tenant of tenants) {
    const sender = new Sender(url, tenant.browser_key);
    sender.onAnswer = (answer) => answers.push(answer);
    sender.start(RATE);
    await wait(1_000 / RATE / NEIGHBOURS);
  }
  const attacker = fork(new URL(import.meta.url), [url, hostile.browser_key]);
  const tell = async (what) => {
    attacker.send(what);
    return (await once(attacker, "message"))[0];
  };

  async function window(isHostile) {
    if (isHostile) await tell("start");
    await wait(SETTLE_MS);
    answers = [];
    await wait(WINDOW_MS);
    const own = answers.splice(0);
    const hostileAnswers = isHostile ? await tell("stop") : {};
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

  // The first of each warms up what it needs.
  for (const isHostile of [false, true]) await window(isHostile);
  const windows = { quiet: [], hostile: [] };
  for (let n = 0; n < WINDOWS; n++) {
    windows.quiet.push(await window(false));
    windows.hostile.push(await window(true));
  }
  const sum = (name) => windows.hostile.reduce((total, { hostile }) => total + (hostile[name] ?? 0), 0);
  console.log(`${NEIGHBOURS} tenants at ${RATE} events/s, one at ${RATE * TIMES}, refused by one destination and kept waiting by another; ${WINDOWS} windows of ${WINDOW_MS / 1_000} s each, medians, ms`);
  console.log(`of the hostile tenant's requests ${sum("200")} were stored, ${sum("429")} refused\n`);
  console.log(`${"".padEnd(20)}${"quiet".padStart(9)}${"hostile".padStart(9)}${"ratio".padStart(8)}`);
  for (const name of ["append p50", "append p99", "delivery lag p50", "delivery lag p99"]) {
    const [quiet, loud] = [windows.quiet, windows.hostile].map((list) => median(list.map((one) => one[name])));
    console.log(`${name.padEnd(20)}${quiet.toFixed(1).padStart(9)}${loud.toFixed(1).padStart(9)}${(loud / quiet).toFixed(2).padStart(8)}`);
  }
  const failed = [...windows.quiet, ...windows.hostile].reduce((total, one) => total + one.failed, 0);
  console.log(`\nrequests of the others that failed: ${failed}`);
  attacker.disconnect();
  await Promise.all([hook, hanging].map((one) => one.stop()));
  await world.stop();
  process.exit(failed === 0 ? 0 : 1);
}

function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
