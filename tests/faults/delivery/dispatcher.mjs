/** `tallymark dispatch` as a process that is started again whenever it has ended, as a supervisor does, or cron. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { BINARY } from "../../harness/cli.mjs";

/** Until it is started again: what is a minute of cron's. */
const PAUSE_MS = 250;

export class Dispatcher {
  name;
  #args;
  #process;
  #ended;
  #isStopped = false;
  /** Resolves when it may be started again. */
  #allowed = Promise.resolve();
  #allow = () => {};
  /** What failed, in words, by destination. @type {(name: string, error: string) => void} */
  #feel;

  /** @param {string[]} args what it is told @param {(name: string, error: string) => void} feel */
  constructor(name, args, feel) {
    this.name = name;
    this.#args = args;
    this.#feel = feel;
    this.#ended = this.#supervise();
  }

  /** What can go wrong with it: each begins, and gives what ends it. @type {Record<string, Function>} */
  get faults() {
    return {
      killed: async () => {
        this.#allowed = new Promise((resolve) => (this.#allow = resolve));
        this.#process.kill("SIGKILL");
        return () => this.#allow();
      },
      paused: async () => {
        const stopped = this.#process;
        stopped.kill("SIGSTOP");
        return () => void stopped.kill("SIGCONT");
      },
    };
  }

  async stop() {
    this.#isStopped = true;
    this.#process.kill("SIGKILL");
    this.#allow();
    await this.#ended;
  }

  async #supervise() {
    while (!this.#isStopped) {
      this.#process = spawn(BINARY, [...this.#args, "--json"], { stdio: ["ignore", "pipe", "ignore"] });
      this.#listen(this.#process.stdout);
      await once(this.#process, "exit");
      await wait(PAUSE_MS);
      await this.#allowed;
    }
  }

  /** An object a line for each round, or one on several lines at the end. */
  #listen(input) {
    let text = "";
    createInterface({ input }).on("line", (line) => {
      text += line;
      if (line !== "}" && (line !== text || line === "{")) return;
      const { failures, result } = JSON.parse(text);
      text = "";
      for (const [name, error] of Object.entries({ ...failures, ...result?.failures })) this.#feel(name, error);
    });
  }
}
