/** A session with a PostgreSQL that may be killed, stopped or full: what is asked of it is asked again until it is done. */
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

export class Session {
  #url;
  #client;

  constructor(url) {
    this.#url = url;
  }

  /**
   * Does `work` until it has been done without an error, each time over with a session that is none the worse for it.
   * @template T @param {(client: pg.Client) => Promise<T>} work
   * @param {() => boolean} [isVain] whether nobody waits for it any more
   * @returns {Promise<T | undefined>}
   */
  async carryOut(work, isVain = () => false) {
    while (!isVain()) {
      try {
        return await work((this.#client ??= await connected(this.#url)));
      } catch {
        void this.end();
        await wait(20);
      }
    }
    return undefined;
  }

  async end() {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }
}

async function connected(connectionString) {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {}); // The next question finds it broken.
  await client.connect();
  return client;
}
