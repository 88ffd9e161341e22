/**
 * The outbox in the PostgreSQL that has the tenant's log as well: services write events there in transactions of their
 * own, and two dispatchers carry them to the receivers that the collector delivers to, each by the same faulty ways.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { tallymark } from "../../harness/cli.mjs";
import { uuidv7 } from "../../harness/client.mjs";
import { between } from "../../harness/random.mjs";
import { until } from "../../harness/until.mjs";
import { REST_MS } from "./books.mjs";
import { Dispatcher } from "./dispatcher.mjs";
import { Session } from "./session.mjs";

const WRITERS = 2;
const MAX_EVENTS = 3;
/** Between transactions of a writer, at the most. */
const MAX_PAUSE_MS = 200;
/** Of transactions that are rolled back: their events have never been. */
const ROLLED_BACK = 0.2;

/** Other than any in the collector's log. */
const EVENT = "batch_started";
const EMIT = `select emit_domain_event('${EVENT}', $1::json, 'org_faults', user_id => 'user-1', event_id => $2)`;

/**
 * A dispatcher's lease is three minutes, here some seconds: those of longer ago are taken for run out, whether their
 * dispatchers are dead or merely slow.
 */
const LEASE_MS = 2_000;
const LAPSE = `update domain_event set next_attempt_at = now()
  where lease is not null and not is_processed and next_attempt_at < now() + interval '3 minutes' - interval '${LEASE_MS} ms'`;
const LAPSE_EVERY_MS = 250;

const PENDING = `select count(*)::int as rows, min(next_attempt_at) as next_attempt_at, array_agg(distinct delivered_to::text) as done_with
  from domain_event where not is_processed`;

export class Outbox {
  /** Ids of events whose transactions have committed. @type {Set<string>} */
  acknowledged = new Set();
  /** @type {Dispatcher[]} */
  dispatchers;
  #random;
  #args;
  #sessions;
  #asking;
  #clock;
  #isStopped = false;
  #n = 0;

  /**
   * @param {object} given
   * @param {import("./postgres-store.mjs").PostgresStore} given.store
   * @param {object[]} given.destinations
   * @param {string} given.folder
   * @param {() => number} given.random
   * @param {(name: string, error: string) => void} given.feel hears what failed
   */
  constructor({ store, destinations, folder, random, feel }) {
    const file = join(folder, "destinations.json");
    writeFileSync(file, JSON.stringify(destinations));
    this.#random = random;
    const dispatch = (url) => ["dispatch", "--destinations", file, "--database-url", url];
    this.#args = dispatch(store.url);
    this.dispatchers = ["--watch", "--once"].map((mode) => new Dispatcher(`dispatch ${mode}`, [...dispatch(store.gatedUrl), mode], feel));
    this.#sessions = Array.from({ length: WRITERS }, () => new Session(store.url));
    this.#asking = new Session(store.url);
    this.#clock = this.#lapse(new Session(store.url));
  }

  /** Writes for `ms`, and until what was begun is written. */
  async run(ms) {
    const end = Date.now() + ms;
    await Promise.all(
      this.#sessions.map(async (session) => {
        do {
          await this.#write(session);
          await wait(this.#random() * MAX_PAUSE_MS);
        } while (Date.now() < end);
      }),
    );
  }

  /** Waits until the dispatchers have nothing left to do. */
  async rest() {
    let state;
    await until("the outbox to be empty", async () => {
      [state] = await this.#ask(PENDING);
      return state.rows === 0;
    }, REST_MS).catch((error) => {
      error.message += `: ${JSON.stringify(state)}`;
      throw error;
    });
  }

  /** Has what is parked tried again, until nothing is. */
  async empty() {
    await until("nothing of the outbox to be parked", async () => {
      const parked = await this.#parked();
      if (parked.length > 0) await tallymark([...this.#args, "--retry-parked"]);
      await this.rest();
      return parked.length === 0;
    }, REST_MS);
  }

  /** What holds when it is at rest. @returns {Promise<{ destination: string, event_id: string }[]>} what is parked */
  async check() {
    const rows = await this.#ask(`select event_id, is_processed and processed_at is not null and lease is null and delivery_attempts > 0 as is_done
      from domain_event where event_name = '${EVENT}'`);
    const ids = new Set(rows.map(({ event_id }) => event_id));
    assert.deepEqual([...this.acknowledged].filter((id) => !ids.has(id)), [], "committed, and not in the outbox");
    assert.deepEqual(rows.filter(({ event_id }) => !this.acknowledged.has(event_id)), [], "in the outbox, and never committed");
    assert.deepEqual(rows.filter(({ is_done }) => !is_done), [], "in the outbox, and neither pending nor done");
    const parked = await this.#parked();
    for (const one of parked) assert.ok(one.reason.length > 0 && one.attempts > 0, `parked without a reason: ${JSON.stringify(one)}`);
    return parked;
  }

  async stop() {
    this.#isStopped = true;
    await Promise.all([this.#clock, ...this.dispatchers.map((one) => one.stop())]);
    await Promise.all([this.#asking, ...this.#sessions].map((one) => one.end()));
  }

  async #write(session) {
    const events = Array.from({ length: between(this.#random, 1, MAX_EVENTS) }, () => [JSON.stringify({ n: this.#n++ }), uuidv7()]);
    const isKept = this.#random() >= ROLLED_BACK;
    // Again under the same ids: whether a commit that was not answered has been one is not known.
    await session.carryOut(async (client) => {
      await client.query("begin");
      for (const event of events) await client.query(EMIT, event);
      await client.query(isKept ? "commit" : "rollback");
    });
    if (isKept) for (const [, id] of events) this.acknowledged.add(id);
  }

  #parked() {
    return this.#ask("select destination, event_id, reason, attempts from parked_delivery");
  }

  #ask(question) {
    return this.#asking.carryOut(async (client) => (await client.query(question)).rows);
  }

  async #lapse(session) {
    while (!this.#isStopped) {
      await session.carryOut((client) => client.query(LAPSE), () => this.#isStopped);
      await wait(LAPSE_EVERY_MS);
    }
    await session.end();
  }
}
