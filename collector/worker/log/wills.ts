/**
 * Streams' last wills: what is stored as a stream's last event if nothing more is heard of it, since a hidden page may
 * be killed without another word. The caller holds the transaction.
 *
 * A will has the number after its stream's highest, and gives it up as soon as the stream uses it: whatever arrives
 * with that number or a higher one has come after it, and revokes it. So a will that waits is the newest word there
 * is, and what comes late or again can't bring back an older one.
 *
 * An executed will has no number: a page that lives on after all gives that to its next event. The books have it as
 * captured on its own, until the page ends its view in order. That event has the will's id, so it is a duplicate, but
 * its number is the stream's: from then on the row is what came of that number.
 */
import { enterBooks, type Books } from "./books.ts";
import type { Batch } from "./log.ts";
import { changes, insertEvents, insertQuarantined } from "./rows.ts";

/** How long a stream is silent before its will is executed, unless told otherwise, in ms: as a session may idle. */
export const WILL_AFTER_MS = 30 * 60_000;

/**
 * Most wills of a tenant that wait: eleven pages a second that are hidden and neither closed nor seen again, some
 * 30 MB. Beyond, the oldest are executed before they are due.
 */
const MAX_WAITING = 20_000;

/** Most wills executed in one transaction: some milliseconds of the object's only thread. */
const MAX_EXECUTED = 128;

/** An entry of `Batch.wills`: `[stream_id, seq, event_id, occurred_at, is_quarantined, row]`. */
type Will = readonly [string, number, string, string, boolean, string];

/** What execution takes of a row of `will`. */
type Waiting = { stream_id: string; event_id: string; day: string; is_quarantined: number; row: string };

const KEEP = `
  insert into will (stream_id, event_id, occurred_at, due_ms, day, is_quarantined, row)
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
  on conflict (stream_id) do update set event_id = excluded.event_id, occurred_at = excluded.occurred_at,
    due_ms = excluded.due_ms, day = excluded.day, is_quarantined = excluded.is_quarantined, row = excluded.row
  where excluded.occurred_at > occurred_at`;

/** Keeps the wills of a request whose reports and events are entered. */
export function keepWills(sql: SqlStorage, wills: string, day: string, dueMs: number): void {
  for (const [streamId, seq, eventId, occurredAt, isQuarantined, row] of JSON.parse(wills) as Will[]) {
    sql.exec("update stream set will_seq = ?2 where stream_id = ?1 and seq_high < ?2", streamId, seq);
    if (changes(sql) > 0) sql.exec(KEEP, streamId, eventId, occurredAt, dueMs, day, isQuarantined ? 1 : 0, row);
  }
  const { n } = sql.exec<{ n: number }>("select count(*) as n from will").one();
  if (n > MAX_WAITING) execute(sql, Infinity, n - MAX_WAITING);
}

/** The stream goes on. */
export function revokeWill(sql: SqlStorage, streamId: string): void {
  sql.exec("delete from will where stream_id = ?1", streamId);
  sql.exec("update stream set will_seq = null where stream_id = ?1", streamId);
}

/** When the next will is due. */
export function nextWillMs(sql: SqlStorage): number | null {
  return sql.exec<{ due: number | null }>("select min(due_ms) as due from will").one().due;
}

/** Executes wills that are due, as many as one transaction takes. */
export function executeWills(sql: SqlStorage, nowMs: number): void {
  execute(sql, nowMs, MAX_EXECUTED);
}

/**
 * Lets a stream number what was executed for it: events of `batch`, of which some were there before, that are its
 * executed wills. How many those are.
 */
export function numberExecuted(sql: SqlStorage, streamId: string, batch: Batch): number {
  const ids = sql.exec("select event_id from executed_will where stream_id = ?1", streamId).toArray();
  if (ids.length === 0) return 0;
  let numbered = 0;
  for (const rows of [...batch.rows, batch.quarantined]) {
    if (rows === "") continue;
    sql.exec(
      "delete from executed_will where stream_id = ?1 and event_id in (select value->>0 from jsonb_each(?2))",
      streamId,
      rows,
    );
    numbered += changes(sql);
  }
  return numbered;
}

function execute(sql: SqlStorage, nowMs: number, most: number): void {
  const due = sql.exec<Waiting>(
    "select stream_id, event_id, day, is_quarantined, row from will where due_ms <= ?1 order by due_ms limit ?2",
    nowMs,
    most,
  );
  for (const will of due.toArray()) {
    revokeWill(sql, will.stream_id);
    const outcome = store(sql, will);
    if (outcome === undefined) continue;
    sql.exec("insert or ignore into executed_will (stream_id, event_id) values (?1, ?2)", will.stream_id, will.event_id);
    enterBooks(sql, will.day, [["captured", "", 1], outcome]);
  }
}

/** Stores a will's row as if it had arrived as an event; what came of it, unless its event was there already. */
function store(sql: SqlStorage, { is_quarantined, row }: Waiting): Books[number] | undefined {
  const rows = `[${row}]`;
  if (is_quarantined === 0) return insertEvents(sql, rows) > 0 ? ["stored", "", 1] : undefined;
  if (insertQuarantined(sql, rows) === 0) return undefined;
  return ["quarantined", sql.exec<{ rule: string }>("select ?1->>5 as rule", row).one().rule, 1];
}
