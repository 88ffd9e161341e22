/**
 * `cargo xtask bench store`: what it takes an event to get into the tenant's log, and from there to PostgreSQL and to a
 * webhook, beside native clients and a bare loop that do the same.
 *
 * All take turns within one run, several rounds; the median round is printed. CPU time is that of workerd, of the native
 * client, and of PostgreSQL's session. Ratios travel between machines, figures don't.
 *
 * `--prove`: 200,000 events through 32 connections, each row compared with what was sent. `--large`: what a row costs
 * when ten million are there already, and an append to a log of a million.
 */
import { large } from "./store/large.mjs";
import { benchHalf, benchLog } from "./store/log.mjs";
import { OURS, PEERS, benchPostgres } from "./store/postgres.mjs";
import { prove } from "./store/prove.mjs";
import { BARE_LOOP, benchWebhooks } from "./store/webhooks.mjs";
import { startStore } from "./store/world.mjs";

const SIZES = [1, 10, 50, 500];
const is = (flag) => process.argv.includes(flag);
const [ROUNDS, SCALE] = is("--quick") ? [3, 5] : [7, 1];
/** Log → Postgres is to reach this part of the native client's multi-row `INSERT`. */
const TARGET = 0.5;

if (is("--prove")) await prove(200_000 / SCALE);
else if (is("--large")) await large(SCALE);
else await ratios();

async function ratios() {
  const store = await startStore({ extraWorkers: [BARE_LOOP] });
  try {
    await report(store);
  } finally {
    await store.stop();
  }
}

async function report(store) {
  const log = await benchLog(store, SIZES, ROUNDS, SCALE);
  const postgres = await benchPostgres(store, SIZES, ROUNDS, SCALE);
  const webhooks = await benchWebhooks(store, ROUNDS, SCALE);

  const row = (name, ...cells) => console.log(name.padEnd(30) + cells.map((cell) => cell.padStart(14)).join(""));
  const round = (value) => value.toFixed(0);
  const us = (value) => value.toFixed(1);
  console.log(`${ROUNDS} rounds, medians; PostgreSQL waits for no disk\n`);
  row("", "batch", "events/s", "µs CPU/event", "of its server");
  for (const size of SIZES) {
    const { perSecond, us: cpu } = log.get(size);
    row("request → log's commit", String(size), round(perSecond), us(cpu));
  }
  for (const size of SIZES) {
    for (const name of [...PEERS, OURS]) {
      const { perSecond, clientUs, serverUs } = postgres.get(`${name} ${size}`);
      row(name, String(size), round(perSecond), us(clientUs), us(serverUs));
    }
  }
  row("webhooks", "1", round(webhooks.log.perSecond), us(webhooks.log.us));
  row("a bare loop of the same", "1", round(webhooks.loop.perSecond), us(webhooks.loop.us));

  console.log("\nat half of the slower rate, ms:\n");
  row("", "batch", "p50 answer", "p99 answer", "p50 committed", "p99 committed");
  for (const size of SIZES) {
    const rate = Math.min(log.get(size).perSecond, postgres.get(`${OURS} ${Math.max(size, 50)}`).perSecond);
    const { answer, row: stored } = await benchHalf(store, size, rate, SCALE);
    row("", String(size), us(answer.p50), us(answer.p99), us(stored.p50), us(stored.p99));
  }
  const ratio = (size) => postgres.get(`${OURS} ${size}`).perSecond / postgres.get(`multi-row INSERT ${size}`).perSecond;
  console.log(`
log → Postgres / native multi-row INSERT: ${SIZES.map((size) => `${ratio(size).toFixed(2)} at ${size}`).join(", ")} (target ${TARGET})
webhooks / bare loop: ${(webhooks.log.perSecond / webhooks.loop.perSecond).toFixed(2)}`);
}
