/** Modules that speak to stores, loaded when a tenant first needs them: no other pays for their start. */
import type { PostgresStores, Rows, Stated } from "./destinations/postgres.ts";

/** The databases of one tenant's log. */
export class Stores {
  #postgres: Promise<PostgresStores> | undefined;

  /** Stores rows in the PostgreSQL of that URL; doing so again changes nothing. `rows`: see there. */
  async postgres(url: string, rows: () => Rows | undefined, timeoutMs: number): Promise<Stated | undefined> {
    this.#postgres ??= import("./destinations/postgres.js").then(({ PostgresStores }) => new PostgresStores());
    return (await this.#postgres).store(url, rows, timeoutMs);
  }
}
