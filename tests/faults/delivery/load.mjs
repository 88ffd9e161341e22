/** Senders of events, each of which tries a batch again until it is acknowledged, as the SDK does. */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { event, uuidv7 } from "../../harness/client.mjs";
import { between } from "../../harness/random.mjs";

const SENDERS = 4;
const MAX_EVENTS = 8;
/** Between batches of a sender, at the most: some hundred events a second in all, which receivers can keep up with. */
const MAX_PAUSE_MS = 60;

export class Load {
  /** Ids of all events that the collector has answered for. @type {Set<string>} */
  acknowledged = new Set();
  /** Batches whose sender had no answer, or a failure's, and sent them again. */
  repeated = 0;
  #collector;
  #random;
  #n = 0;
  #streams = Array.from({ length: SENDERS }, () => ({ id: uuidv7(), seq: 0 }));

  constructor(collector, random) {
    this.#collector = collector;
    this.#random = random;
  }

  /** Sends for `ms`, and until what was begun is acknowledged. */
  async run(ms) {
    const end = Date.now() + ms;
    await Promise.all(
      this.#streams.map(async (stream) => {
        do {
          await this.#send(this.#batch(stream));
          await wait(this.#random() * MAX_PAUSE_MS);
        } while (Date.now() < end);
      }),
    );
  }

  #batch(stream) {
    return Array.from({ length: between(this.#random, 1, MAX_EVENTS) }, () =>
      event("order_paid", { stream: stream.id, seq: ++stream.seq, properties: { n: this.#n++ } }),
    );
  }

  async #send(events) {
    for (;;) {
      await this.#collector.up;
      try {
        const response = await this.#collector.client.batch(events);
        await response.arrayBuffer();
        if (response.status === 200) {
          for (const { uuid } of events) this.acknowledged.add(uuid);
          return;
        }
        assert.ok([429, 503].includes(response.status), `${response.status}: only what invites another try`);
      } catch (error) {
        if (error.code === "ERR_ASSERTION") throw error;
      }
      this.repeated++;
      await wait(10);
    }
  }
}
