/**
 * Appends a request's rows and its books. The caller holds the transaction.
 *
 * The rows cross as one text a chunk and are unpacked by SQLite itself. `jsonb_each`, not `json_each`: it hands
 * each row on as parsed, where the other writes it out as text again for every column to parse (24 µs an event
 * instead of 33, in batches of 50).
 */
import type { Batch, Receipt } from "./log.ts";
import { enterReport, type Books, type StreamReport } from "./streams.ts";

const ROW = Array.from({ length: 16 }, (_, i) => `value->>${i}`).join(", ");
const QUARANTINED_ROW = Array.from({ length: 11 }, (_, i) => `value->>${i}`).join(", ");

/** An id that is quarantined is accounted for already: it becomes a row by a replay, not by a retry. */
const INSERT_EVENTS = `
  insert into domain_event (event_id, event_name, occurred_at, received_at, organization_id, user_id, anonymous_id,
    session_id, entity_type, entity_id, correlation_id, source, trust, schema_version, properties, context)
  select ${ROW} from jsonb_each(?1)
  where not exists (select 1 from quarantined_event q where q.organization_id = value->>4 and q.event_id = value->>0)
  on conflict do nothing`;

const INSERT_QUARANTINED = `
  insert into quarantined_event (event_id, event_name, received_at, organization_id, stream_id, rule, path, expected,
    got, sdk_version, body)
  select ${QUARANTINED_ROW} from jsonb_each(?1)
  where not exists (select 1 from domain_event e where e.organization_id = value->>3 and e.event_id = value->>0)
  on conflict do nothing`;

const COUNT = `
  insert into ledger (day, outcome, reason, count)
  select ?1, value->>0, value->>1, value->>2 from json_each(?2) where value->>2 <> 0
  on conflict (day, outcome, reason) do update set count = count + excluded.count`;

export function append(sql: SqlStorage, batch: Batch): Receipt {
  let stored = 0;
  for (const rows of batch.rows) {
    sql.exec(INSERT_EVENTS, rows);
    stored += changes(sql);
  }
  let quarantined = 0;
  if (batch.quarantinedCount > 0) {
    sql.exec(INSERT_QUARANTINED, batch.quarantined);
    quarantined = changes(sql);
  }
  const duplicates = batch.events + batch.quarantinedCount - stored - quarantined;

  let reports = batch.streams === "" ? [] : (JSON.parse(batch.streams) as StreamReport[]);
  let unsequenced = batch.unsequenced;
  if (duplicates > 0) {
    // Some rows were there already: count for each stream what is really new.
    const fresh = freshByStream(sql, stored, quarantined);
    reports = reports.map(([id, high, , ...rest]) => [id, high, fresh.get(id) ?? 0, ...rest]);
    unsequenced = stored + quarantined - reports.reduce((sum, report) => sum + report[2], 0);
  }
  const books: Books = [["stored", "", stored]];
  if (duplicates > 0) books.push(["duplicate", "", duplicates]);
  if (quarantined > 0) books.push(...brokenRules(sql, quarantined));
  let captured = unsequenced;
  for (const report of reports) captured += enterReport(sql, report, books);
  books.push(["captured", "", captured]);
  sql.exec(COUNT, batch.day, JSON.stringify(books));
  return { stored, duplicates, quarantined };
}

/**
 * Rows per stream among the newest `stored` and `quarantined`, which are those of this transaction. What a row says of
 * its stream is the client's own: without a whole number from 1 it has no place in one, and wasn't counted for it.
 */
function freshByStream(sql: SqlStorage, stored: number, quarantined: number): Map<string, number> {
  const rows = sql.exec<{ id: string | null; n: number }>(
    `select id, count(*) as n from (
       select * from (
         select iif(typeof(context->>'seq') = 'integer' and context->>'seq' > 0, context->>'stream_id', null) as id
         from domain_event order by seq desc limit ?1)
       union all
       select * from (select stream_id as id from quarantined_event order by seq desc limit ?2))
     where id is not null group by id`,
    stored,
    quarantined,
  );
  return new Map([...rows].map(({ id, n }) => [id!, n]));
}

/** Which rules the newest `quarantined` rows broke. */
function brokenRules(sql: SqlStorage, quarantined: number): Books {
  const rows = sql.exec<{ rule: string; n: number }>(
    `select rule, count(*) as n from (select rule from quarantined_event order by seq desc limit ?1) group by rule`,
    quarantined,
  );
  return [...rows].map(({ rule, n }) => ["quarantined", rule, n]);
}

function changes(sql: SqlStorage): number {
  return sql.exec<{ n: number }>("select changes() as n").one().n;
}
