/** A log's database without the rest of a log: destinations move by what the test says, at the times that it says. */
import { DurableObject } from "cloudflare:workers";
import { moveProcessed } from "../../collector/worker/log/destinations.ts";
import { migrate } from "../../collector/worker/log/migrate.ts";
import * as whereabouts from "../../collector/worker/log/whereabouts.ts";

/** The slowest destination has everything up to `seq`, since `at`. */
interface Move {
  readonly seq: number;
  readonly at: string;
}

const EVENT = `insert into domain_event (event_id, event_name, occurred_at, received_at, organization_id, source, trust,
    schema_version, properties, context)
  select value, 'e', '', '', 'org', 'server', 'server', 1, '{}', '{}' from json_each(?1)`;
const DESTINATION = `replace into destination (name, fingerprint, cursor, ahead, request_limit, attempts, next_at_ms, lease_until_ms,
    parked_in_a_row, delivered) values ('only', '', ?1, '[]', 0, 0, 0, 0, 0, 0)`;

export class Database extends DurableObject {
  override async fetch(request: Request): Promise<Response> {
    const { events, moves } = (await request.json()) as { events: readonly string[]; moves: readonly Move[] };
    const { storage } = this.ctx;
    const { sql } = storage;
    migrate(storage);
    sql.exec(EVENT, JSON.stringify(events));
    for (const { seq, at } of moves) {
      sql.exec(DESTINATION, seq);
      storage.transactionSync(() => moveProcessed(sql, ["only"], at));
    }
    const rows = sql.exec("select seq, is_processed, processed_at, delivery_attempts from event_delivery order by seq").toArray();
    const { kept } = sql.exec<{ kept: number }>("select count(*) as kept from processed_until").one();
    const { EVENT: found, QUARANTINED, PARKED, DROPPED } = whereabouts;
    const plans = Object.entries({ EVENT: found, QUARANTINED, PARKED, DROPPED }).map(([name, query]) => {
      const bindings = query.includes("?2") ? ["org", events[0]!] : [1];
      const steps = sql.exec<{ detail: string }>(`explain query plan ${query}`, ...bindings).toArray();
      return [name, steps.map(({ detail }) => detail)];
    });
    return Response.json({ rows, kept, plans });
  }
}

export default {
  fetch: (request, { DATABASE }) => DATABASE.getByName("one").fetch(request),
} satisfies ExportedHandler<{ DATABASE: DurableObjectNamespace<Database> }>;
