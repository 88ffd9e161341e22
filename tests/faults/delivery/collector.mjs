/** The collector in real workerd, its logs in a folder, as a test has it in hand. */
import { Client } from "../../harness/client.mjs";
import { newTenant, startWorld } from "../../harness/world.mjs";

export class Collector {
  tenant = newTenant("faults");
  #folder;
  #vars;
  #world;
  /** Resolves when it is there. */
  up = Promise.resolve();

  static async start(folder, vars) {
    const collector = new Collector();
    collector.#folder = folder;
    collector.#vars = vars;
    await collector.#start();
    return collector;
  }

  /** Of the workerd that there is. */
  get client() {
    return new Client(this.#world.url, this.tenant);
  }

  configure(destinations) {
    const key = `destinations:${this.tenant.organization_id}`;
    return this.#world.registry.put(key, JSON.stringify(destinations));
  }

  /** @type {Record<string, Function>} */
  get faults() {
    return {
      killed: async () => {
        let isUp;
        this.up = new Promise((resolve) => (isUp = resolve));
        this.#signal("SIGKILL");
        return async () => {
          await this.#world.stop().catch(() => {}); // Miniflare finds its child gone.
          await this.#start();
          isUp();
        };
      },
      paused: async () => {
        this.#signal("SIGSTOP");
        return () => this.#signal("SIGCONT");
      },
    };
  }

  stop() {
    return this.#world.stop();
  }

  async #start() {
    this.#world = await startWorld({ tenants: [this.tenant], persist: this.#folder, vars: this.#vars, assets: false });
  }

  #signal(name) {
    for (const pid of this.#world.workerd) process.kill(pid, name);
  }
}
