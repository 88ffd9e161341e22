/** What the log keeps of its destinations. The caller holds the transaction. */
import type { Pending, Settled, State } from "./deliver-brain.ts";

type StoredState = Record<string, SqlStorageValue> & { ahead: string };

const COLUMNS = [
  "name", "fingerprint", "cursor", "begun_after", "ahead", "request_limit", "attempts", "address", "failing_since_ms", "next_at_ms", "lease_id",
  "lease_until_ms", "parked_in_a_row", "paused_reason", "last_error", "last_error_at_ms", "last_delivered_at_ms",
  "delivered",
];

const SELECT = `select ${COLUMNS.join(", ")} from destination`;
const WRITE = `replace into destination (${COLUMNS.join(", ")})
  select ${COLUMNS.map((column) => `value->>'${column}'`).join(", ")} from json_each(?1)`;

/** Most rows that one attempt at parked deliveries takes. */
export const MAX_RETRIED = 25;

/** What was erased while it was under way is not kept for another try. */
const PARK = `
  insert into parked_delivery (destination, seq, reason, status, detail, attempts, parked_at)
  select ?1, value->>'seq', value->>'reason', value->>'status', value->>'detail', value->>'attempts', ?3 from json_each(?2)
  where value->>'seq' in (select seq from domain_event)
  on conflict (destination, seq) do update set reason = excluded.reason, status = excluded.status,
    detail = excluded.detail, attempts = attempts + excluded.attempts, is_due = 0`;

const stateOf = (row: StoredState) => ({ ...row, ahead: JSON.parse(row.ahead) }) as unknown as State;

/** All that are known, configured or not. */
export function states(sql: SqlStorage): State[] {
  return sql.exec<StoredState>(`${SELECT} order by name`).toArray().map(stateOf);
}

export function stateNamed(sql: SqlStorage, name: string): State | undefined {
  return sql.exec<StoredState>(`${SELECT} where name = ?1`, name).toArray().map(stateOf)[0];
}

export function writeStates(sql: SqlStorage, written: readonly State[]): void {
  if (written.length > 0) sql.exec(WRITE, JSON.stringify(written));
}

/** The last `seq` that was given, were its row erased since. */
export function headOf(sql: SqlStorage): number {
  return sql.exec<{ seq: number }>("select coalesce(max(seq), 0) as seq from sqlite_sequence where name = 'domain_event'").one().seq;
}

/** What a destination has yet to be given: the rows behind its cursor, and what it is to be given again. */
export function pendingOf(sql: SqlStorage, { name, cursor, ahead }: State, head: number): Pending | null {
  // What waits for another try has waited long enough.
  if (hasRetries(sql, name)) return { rows: Number.MAX_SAFE_INTEGER, oldest_ms: 0 };
  const oldest = sql
    .exec<{ received_at: string }>("select received_at from domain_event where seq > ?1 order by seq limit 1", cursor)
    .toArray()[0];
  return oldest === undefined ? null : { rows: head - cursor - ahead.length, oldest_ms: Date.parse(oldest.received_at) };
}

export function hasRetries(sql: SqlStorage, name: string): boolean {
  return sql.exec("select 1 from parked_delivery where destination = ?1 and is_due = 1 limit 1", name).toArray().length > 0;
}

/** Books what an attempt has left behind, but for its state. `isRetry`: its rows had been parked. */
export function enterSettled(sql: SqlStorage, name: string, settled: Settled, isRetry: boolean, nowText: string): void {
  const { done, parked, attempts } = settled;
  if (parked.length > 0) {
    sql.exec(PARK, name, JSON.stringify(parked), nowText);
    countAttempts(sql, parked.map(({ seq }) => seq), Math.max(...parked.map((one) => one.attempts)));
  }
  if (attempts > 1) countAttempts(sql, done, attempts);
  if (isRetry && done.length > 0) {
    unpark(sql, name, done, nowText);
    // Who gave it up while it was under way was too late.
    sql.exec(
      "delete from dropped_delivery where destination = ?1 and seq in (select value from json_each(?2))",
      name,
      JSON.stringify(done),
    );
  }
}

/** Gives up rows that have been parked. */
export function dropParked(sql: SqlStorage, name: string, seqs: readonly number[], nowText: string): void {
  sql.exec(
    "insert or replace into dropped_delivery (destination, seq, dropped_at) select ?1, value, ?3 from json_each(?2)",
    name,
    JSON.stringify(seqs),
    nowText,
  );
  unpark(sql, name, seqs, nowText);
}

/** Rows that have been parked are so no more; those that nobody else has parked are processed. */
function unpark(sql: SqlStorage, name: string, seqs: readonly number[], nowText: string): void {
  const list = JSON.stringify(seqs);
  sql.exec("delete from parked_delivery where destination = ?1 and seq in (select value from json_each(?2))", name, list);
  sql.exec(
    `update domain_event set processed_at = ?2
     where seq in (select value from json_each(?1))
       and seq <= (select seq from processed) and not exists (select 1 from parked_delivery p where p.seq = domain_event.seq)`,
    list,
    nowText,
  );
}

/** Rows that are no more are no destination's to have. */
export function forgetParked(sql: SqlStorage, seqs: readonly number[]): void {
  for (const table of ["parked_delivery", "dropped_delivery"]) {
    sql.exec(`delete from ${table} where seq in (select value from json_each(?1))`, JSON.stringify(seqs));
  }
}

/** Most destinations that are remembered though they are no longer configured: as many as may be configured. */
const MAX_FORMER = 32;

/** Forgets destinations that are no longer configured, but for those that were last delivered to. */
export function pruneFormer(sql: SqlStorage, configured: readonly string[]): void {
  const names = JSON.stringify(configured);
  const gone = sql.exec<{ name: string }>(
    `delete from destination where name in (
       select name from destination where name not in (select value from json_each(?1))
       order by coalesce(last_delivered_at_ms, 0) desc, name limit -1 offset ?2)
     returning name`,
    names,
    MAX_FORMER,
  );
  for (const { name } of gone.toArray()) {
    for (const table of ["parked_delivery", "dropped_delivery"]) sql.exec(`delete from ${table} where destination = ?1`, name);
  }
}

/** An event's attempts are those of the destination that needed the most. One that took the first is not written for each. */
function countAttempts(sql: SqlStorage, seqs: readonly number[], attempts: number): void {
  sql.exec(
    "update domain_event set delivery_attempts = max(delivery_attempts, ?2) where seq in (select value from json_each(?1))",
    JSON.stringify(seqs),
    attempts,
  );
}

/**
 * Notes how far the slowest destination is: everything up to there is processed, but for what is parked (the view
 * `event_delivery`). A row a settlement, or a second: marking every event would cost more than storing it does.
 */
export function moveProcessed(sql: SqlStorage, names: readonly string[], nowText: string): void {
  if (names.length === 0) return;
  const { from, to } = sql
    .exec<{ from: number; to: number | null }>(
      `select (select seq from processed) as "from",
         (select min(cursor) from destination where name in (select value from json_each(?1))) as "to"`,
      JSON.stringify(names),
    )
    .one();
  if (to === null || to <= from) return;
  sql.exec("update processed set seq = ?1", to);
  // The last one of this second: each is told to be since at most as long too late.
  sql.exec("delete from processed_until where seq = ?1 and substr(at, 1, 19) = substr(?2, 1, 19)", from, nowText);
  sql.exec("delete from processed_until where seq < (select min(seq) from domain_event)");
  sql.exec("insert into processed_until (seq, at) values (?1, ?2)", to, nowText);
}
