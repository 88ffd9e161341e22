/** A way to a server on loopback that can be broken while connections are open. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { between } from "../../harness/random.mjs";

/** Most bytes that pass before a connection that is to be cut is: in the midst of a greeting, an answer or the next one. */
const MAX_CUT_BYTES = 700;

export class Gate {
  #target;
  #server;
  #open = new Set();
  /** What becomes of what the server says: see `faults`. */
  #how = { slowMs: 0, cutAfter: Infinity, garbage: false };

  /** @param {number} target its port */
  static async start(target) {
    const gate = new Gate();
    gate.#target = target;
    gate.#server = createServer((near) => gate.#pass(near));
    gate.#server.listen(0, "127.0.0.1");
    await once(gate.#server, "listening");
    return gate;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Each begins, and gives what ends it. */
  get faults() {
    return {
      refused: async () => this.#set({ refuses: true }),
      slow: async () => this.#set({ slowMs: 2_000 }, false),
      cut: async (random) => this.#set({ cutAfter: between(random, 0, MAX_CUT_BYTES) }, false),
      garbage: async () => this.#set({ garbage: true }),
    };
  }

  stop() {
    this.#break();
    this.#server.close();
  }

  #set(how, breaks = true) {
    const well = { slowMs: 0, cutAfter: Infinity, garbage: false };
    this.#how = { ...well, ...how };
    if (breaks) this.#break();
    return () => {
      this.#how = well;
      // Whatever is on its way yet comes too late.
      this.#break();
    };
  }

  #break() {
    for (const socket of this.#open) socket.destroy();
  }

  #pass(near) {
    near.on("error", () => {});
    // The port stays ours, lest somebody else is given it meanwhile: whoever comes is turned away at once.
    if (this.#how.refuses) return near.resetAndDestroy();
    if (this.#how.garbage) return near.end("I speak no such protocol\n");
    const far = connect(this.#target, "127.0.0.1");
    let passed = 0;
    far.on("data", async (bytes) => {
      const { slowMs, cutAfter } = this.#how;
      if (slowMs > 0) await wait(slowMs);
      if (near.destroyed) return;
      near.write(bytes.subarray(0, Math.max(0, cutAfter - passed)));
      passed += bytes.length;
      if (passed > cutAfter) near.destroy();
    });
    near.on("data", (bytes) => far.write(bytes));
    for (const [one, other] of [[near, far], [far, near]]) {
      this.#open.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#open.delete(one);
        other.destroy();
      });
    }
  }
}
