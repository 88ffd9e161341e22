/** Appends a request's rows and its books. The caller holds the transaction. */
import { enterBooks, type Books } from "./books.ts";
import { enterLinks } from "./identity.ts";
import type { Batch, Receipt } from "./log.ts";
import { insertEvents, insertQuarantined } from "./rows.ts";
import { enterReport, type StreamReport } from "./streams.ts";
import type { Tombstones } from "./tombstones.ts";
import { keepWills, numberExecuted } from "./wills.ts";

/** `willsDueMs`: when this request's last wills are to be executed. */
export function append(sql: SqlStorage, given: Batch, willsDueMs: number, tombstones: Tombstones): Receipt {
  const { batch, erased, ...refused } = tombstones.admit(given);
  let stored = 0;
  for (const rows of batch.rows) stored += insertEvents(sql, rows);
  const quarantined = batch.quarantinedCount > 0 ? insertQuarantined(sql, batch.quarantined) : 0;
  const duplicates = batch.events + batch.quarantinedCount - stored - quarantined + refused.duplicates;

  let reports = batch.streams === "" ? [] : (JSON.parse(batch.streams) as StreamReport[]);
  let unsequenced = batch.unsequenced;
  let executed = 0;
  if (duplicates > 0) {
    // Some rows were there already: count for each stream what is really new.
    const fresh = freshByStream(sql, stored, quarantined);
    for (const [id, n] of refused.erasedByStream) fresh.set(id, (fresh.get(id) ?? 0) + n);
    reports = reports.map(([id, high, , ...rest]) => [id, high, fresh.get(id) ?? 0, ...rest]);
    unsequenced = stored + quarantined + erased - reports.reduce((sum, report) => sum + report[2], 0);
    // What was executed of a stream's wills counts for the stream from here on, and no longer on its own.
    reports = reports.map(([id, high, accounted, ...rest]) => {
      const numbered = numberExecuted(sql, id, batch);
      executed += numbered;
      return [id, high, accounted + numbered, ...rest];
    });
  }
  const books: Books = [["stored", "", stored]];
  if (erased > 0) books.push(["dropped", "erased", erased]);
  if (duplicates > 0) books.push(["duplicate", "", duplicates]);
  if (quarantined > 0) books.push(...brokenRules(sql, quarantined));
  let captured = unsequenced - executed;
  for (const report of reports) captured += enterReport(sql, report, books);
  books.push(["captured", "", captured]);
  enterBooks(sql, batch.day, books);
  if (batch.links !== "") enterLinks(sql, batch.links);
  if (batch.wills !== "") keepWills(sql, batch.wills, batch.day, willsDueMs);
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
