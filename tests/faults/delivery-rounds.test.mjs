// Whatever happens to workerd and to those who are to have the events, in whatever order: every acknowledged event is in
// every store exactly once, or parked there with its reason, and the books balance. The faults are drawn by a seed:
// SEED=… ROUNDS=… draws the same again, STORES=webhook,postgres for these alone, FAULTS=refuse,cut for these alone, and kills
// of workerd.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { NO_POSTGRES } from "../harness/postgres.mjs";
import { randomFrom } from "../harness/random.mjs";
import { Books } from "./delivery/books.mjs";
import { Collector } from "./delivery/collector.mjs";
import { HttpStore } from "./delivery/http-store.mjs";
import { KINDS } from "./delivery/kinds.mjs";
import { Load } from "./delivery/load.mjs";
import { Outbox } from "./delivery/outbox.mjs";
import { PostgresStore } from "./delivery/postgres-store.mjs";
import { play } from "./delivery/rounds.mjs";

const SEED = Number(process.env.SEED ?? randomBytes(4).readUInt32LE());
const ROUNDS = Number(process.env.ROUNDS ?? 24);
/** Names of those that are to take part, if not all. */
const STORES = process.env.STORES?.split(",") ?? [...Object.keys(KINDS), "postgres"];

const FAULTS = process.env.FAULTS?.split(",");

/** What a deployment has in minutes is here in tens of milliseconds. A lease is three timeouts and a second. */
const QUICK = { from: "start", batch_size: 20, flush_interval_ms: 20, retry_first_ms: 10, retry_cap_ms: 100, timeout_ms: 400 };

test(`${ROUNDS} rounds of faults (SEED=${SEED} ROUNDS=${ROUNDS})`, { timeout: ROUNDS * 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tallymark-faults-"));
  const random = randomFrom(SEED);
  const stores = [];
  let [collector, outbox] = [];
  t.after(async () => {
    await outbox?.stop();
    await Promise.all([collector, ...stores].map((one) => one?.stop()));
    rmSync(folder, { recursive: true, force: true });
  });
  for (const name of STORES) {
    if (name in KINDS) stores.push(await HttpStore.start(name, folder, random));
    else if (NO_POSTGRES) t.diagnostic(`without PostgreSQL: ${NO_POSTGRES}`);
    else stores.push(await PostgresStore.start(process.env.AFTER_MIGRATION));
  }
  collector = await Collector.start(join(folder, "logs"), { ALLOW_PRIVATE_DESTINATIONS: "true" });
  await collector.configure(stores.map(({ record }) => ({ ...QUICK, ...record })));
  const postgres = stores.find((store) => store instanceof PostgresStore);
  const destinations = stores.filter((store) => store !== postgres).map(({ record }) => ({ ...QUICK, ...record }));
  if (postgres !== undefined && destinations.length > 0) {
    const feel = (name, error) => books.feel(`${name}, by dispatch,`, error);
    outbox = new Outbox({ store: postgres, destinations, folder, random: randomFrom(SEED + 2), feel });
  }
  // Of its own: how fast it goes is the machine's affair, and must not change which faults are drawn.
  const load = new Load(collector, randomFrom(SEED + 1));
  const books = new Books(collector, stores, outbox);
  await play({ rounds: ROUNDS, random, collector, stores, outbox, load, books, faults: FAULTS, say: (line) => t.diagnostic(line) });
  t.diagnostic(`${load.acknowledged.size} events; ${load.repeated} batches sent again; ${outbox?.acknowledged.size ?? 0} events of the outbox`);
  for (const [name, errors] of books.felt) t.diagnostic(`${name} felt: ${[...errors].join("; ")}`);
});
