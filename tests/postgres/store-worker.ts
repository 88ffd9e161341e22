/** An object that keeps connections as a tenant's log does, and stores what it is told to. */
import { DurableObject } from "cloudflare:workers";
import { PostgresStores } from "../../collector/worker/destinations/postgres.ts";

export class Keeper extends DurableObject {
  readonly #stores = new PostgresStores();

  override async fetch(request: Request): Promise<Response> {
    const { url, rows, timeoutMs } = (await request.json()) as { url: string; rows: string; timeoutMs: number };
    return Response.json(await this.#stores.store(url, () => rows, timeoutMs));
  }
}

export default {
  fetch: (request, { KEEPER }) => KEEPER.getByName("one").fetch(request),
} satisfies ExportedHandler<{ KEEPER: DurableObjectNamespace<Keeper> }>;
