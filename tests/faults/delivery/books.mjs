/** What must hold whenever the collector has come to rest, whatever has happened to it and to its receivers before. */
import assert from "node:assert/strict";
import { until } from "../../harness/until.mjs";

/** Met by an event: far longer than anything takes on two cores that others use as well. */
export const REST_MS = 60_000;

/** Most deliveries that one order has retried, or one page has: `MAX_QUARANTINE_BATCH` of crates/ingest. */
const PAGE = 100;

export class Books {
  #collector;
  #stores;
  #outbox;
  /** Where the log has been read to, and what was in it. */
  #after = 0;
  #logged = new Set();
  /** What failed, in words, by store: whether the faults were felt. @type {Map<string, Set<string>>} */
  felt = new Map();

  /** @param {import("./outbox.mjs").Outbox} [outbox] whose events the stores get as well, but for the PostgreSQL that it is in */
  constructor(collector, stores, outbox) {
    this.#collector = collector;
    this.#stores = stores;
    this.#outbox = outbox;
  }

  get events() {
    return this.#logged.size;
  }

  /** Waits until every destination has gone past all that is stored, and lets those go on that gave up. */
  async rest() {
    let states;
    const isAtRest = async () => {
      ({ destinations: states } = await this.#read("/v1/destinations"));
      for (const { name, status } of states) {
        if (status === "paused") await this.#order(`/v1/destinations/${name}/resume`, {});
      }
      return states.length === this.#stores.length && states.every(({ lag_events }) => lag_events === 0);
    };
    await until("every destination to be at the log's end", isAtRest, REST_MS).catch((error) => {
      const behind = states?.filter(({ lag_events }) => lag_events > 0);
      error.message += `: ${new Date().toISOString()} ${JSON.stringify(behind)}`;
      throw error;
    });
    await this.#outbox?.rest();
  }

  /** Has what is parked tried again, until nothing is. */
  async empty() {
    await until("nothing to be parked", async () => {
      const parked = await this.#parked();
      const waiting = parked.filter(({ is_due }) => !is_due);
      if (waiting.length > 0) await this.#retryAll();
      if (parked.length > 0) await this.rest();
      return parked.length === 0;
    }, REST_MS);
    await this.#outbox?.empty();
  }

  /** @param {Set<string>} acknowledged */
  async check(acknowledged) {
    await this.#checkLog(acknowledged);
    const parked = await this.#parked();
    for (const one of parked) {
      assert.ok(["refused", "faulted"].includes(one.reason) && one.detail.length > 0 && one.attempts > 0, `parked without a reason: ${JSON.stringify(one)}`);
    }
    const parkedOfOutbox = (await this.#outbox?.check()) ?? [];
    const { destinations } = await this.#read("/v1/destinations");
    for (const store of this.#stores) {
      const idsOf = (all) => all.filter(({ destination }) => destination === store.name).map(({ event_id }) => event_id);
      const own = new Set(idsOf(parked));
      const { delivered, last_error } = destinations.find(({ name }) => name === store.name);
      if (last_error !== null) this.feel(store.name, last_error);
      assert.equal(delivered + own.size, this.#logged.size, `${store.name}: each event is counted once, as delivered or as parked`);
      this.#checkStore(store.name, await store.counts(), new Set([...own, ...idsOf(parkedOfOutbox)]));
    }
  }

  feel(name, error) {
    // Without what differs each time: names of files, ports.
    this.felt.set(name, (this.felt.get(name) ?? new Set()).add(error.replaceAll(/\d{4,}|"[^"]*"/g, "…").slice(0, 80)));
  }

  async #checkLog(acknowledged) {
    for (;;) {
      const { events, next_after } = await this.#read(`/v1/events?after=${this.#after}&limit=1000`);
      if (events.length === 0) break;
      this.#after = next_after;
      for (const { event_id } of events) {
        assert.ok(!this.#logged.has(event_id), `twice in the log: ${event_id}`);
        this.#logged.add(event_id);
      }
    }
    const lost = [...acknowledged].filter((id) => !this.#logged.has(id));
    assert.deepEqual(lost, [], "acknowledged, and not in the log");
    assert.equal(this.#logged.size, acknowledged.size, "in the log, and never sent");
    const { total, balanced } = await this.#read("/v1/ledger");
    const { captured, stored, under_way } = total;
    assert.deepEqual({ captured, stored, under_way, balanced }, {
      captured: acknowledged.size, stored: acknowledged.size, under_way: 0, balanced: true,
    }, "the ledger balances");
  }

  /** A parked event may be there as well: its receiver has taken it, and said that it has not. */
  #checkStore(name, counts, parked) {
    const all = new Set([...this.#logged, ...(this.#outbox?.acknowledged ?? [])]);
    const missing = [...all].filter((id) => !counts.has(id) && !parked.has(id));
    assert.deepEqual(missing, [], `delivered, and not in ${name}`);
    const twice = [...counts].filter(([, count]) => count > 1).map(([id]) => id);
    assert.deepEqual(twice, [], `twice in ${name}`);
    const unknown = [...counts.keys()].filter((id) => !all.has(id));
    assert.deepEqual(unknown, [], `in ${name}, and in neither log nor outbox`);
  }

  /** Every parked delivery. */
  async #parked() {
    const all = [];
    for (let after = 0; ; ) {
      const { deliveries, next_after } = await this.#read(`/v1/deliveries/parked?after=${after}&limit=${PAGE}`);
      if (deliveries.length === 0) return all;
      all.push(...deliveries);
      after = next_after;
    }
  }

  async #retryAll() {
    for (let after = 0; ; ) {
      const { next_after, is_complete } = await this.#order("/v1/deliveries/retry", { after, limit: PAGE });
      if (is_complete) return;
      after = next_after;
    }
  }

  #read(path) {
    return this.#collector.client.read(path);
  }

  async #order(path, body) {
    const { url, tenant } = this.#collector.client;
    const headers = { authorization: `Bearer ${tenant.server_key}`, "content-type": "application/json" };
    const response = await fetch(url + path, { method: "POST", body: JSON.stringify(body), headers });
    assert.equal(response.status, 200, path);
    return response.json();
  }
}
