/** A receiver in a process of its own (receiver-process.mjs), as a test has it in hand. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { between } from "../../harness/random.mjs";
import { KINDS } from "./kinds.mjs";

/**
 * @typedef {object} Behaviour
 * @property {string} fault a status, "hang", "reset", "garbage", "cut", "refuse" (422, if one of its
 *   events is odd), "partly" (takes all but some, and says which), "torn" (the same, and breaks off
 *   before it has said it) or "none"
 * @property {number} share of its requests that fail
 * @property {number} slowMs longest that it takes for a request
 * @property {boolean} takes whether some of those that fail are taken
 */

const PROCESS = new URL("./receiver-process.mjs", import.meta.url);
const ANSWERS = ["500", "503", "429", "507", "hang", "reset", "garbage", "cut", "refuse"];

export class HttpStore {
  name;
  #kind;
  #port;
  #file;
  #seed;
  #process;
  #ended;

  /** @param {keyof typeof KINDS} kind @param {string} folder where it keeps what it takes @param {() => number} random */
  static async start(kind, folder, random) {
    const store = new HttpStore();
    store.name = kind;
    store.#kind = KINDS[kind];
    store.#file = join(folder, `${kind}.txt`);
    store.#seed = between(random, 1, 1_000_000);
    store.#port = await portBelowEphemeral(random);
    await store.#start();
    return store;
  }

  /** Its record among the tenant's destinations. */
  get record() {
    return { name: this.name, ...this.#kind.record(`http://127.0.0.1:${this.#port}`) };
  }

  /** What can go wrong with it: each begins, and gives what ends it. @type {Record<string, Function>} */
  get faults() {
    return {
      killed: async () => {
        await this.stop();
        return () => this.#start();
      },
      paused: async () => {
        this.#process.kill("SIGSTOP");
        return () => void this.#process.kill("SIGCONT");
      },
      refused: async () => {
        await this.#tell({ refuses: true });
        return () => this.#tell({ refuses: false });
      },
      slow: async () => this.#behave({ fault: "none", share: 0, slowMs: 2_000, takes: true }),
      ...Object.fromEntries(
        [...ANSWERS, ...(this.#kind.partly ? ["partly", "torn"] : [])].map((fault) => [
          fault,
          (random) => this.#behave({ fault, share: random() < 0.5 ? 1 : 0.3, slowMs: 0, takes: random() < 0.7 }),
        ]),
      ),
    };
  }

  /** How often it has each event. @returns {Promise<Map<string, number>>} */
  async counts() {
    const counts = new Map();
    const text = existsSync(this.#file) ? readFileSync(this.#file, "utf8") : "";
    for (const line of text.split("\n").slice(0, -1)) {
      const eventId = line.split(" ")[1];
      counts.set(eventId, (counts.get(eventId) ?? 0) + 1);
    }
    return counts;
  }

  async stop() {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  async #start() {
    this.#process = fork(PROCESS, [this.name, this.#port, this.#file, this.#seed++].map(String));
    this.#ended = once(this.#process, "exit");
    await this.#done();
  }

  async #behave(behaviour) {
    await this.#tell({ behaviour });
    return () => this.#tell({ behaviour: null });
  }

  async #tell(message) {
    const done = this.#done();
    this.#process.send(message);
    await done;
  }

  /** It has carried out what it was told, and says so. */
  async #done() {
    const [said] = await Promise.race([once(this.#process, "message"), this.#ended]);
    if (said !== "done") throw new Error(`the receiver ${this.name} ended: ${said}`);
  }
}

/** A port that no connection of somebody else's is given while its owner is dead. */
async function portBelowEphemeral(random) {
  for (;;) {
    const port = between(random, 20_000, 30_000);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
