/**
 * Enters what streams report. The caller holds the transaction.
 *
 * Reports come late, repeated and out of order, from the page itself and from pages that send what it has left. So
 * each figure is kept at the highest that was reported, and what the books hold of a stream follows from those
 * figures alone: the same reports and events give the same books in any order.
 */
import type { Books } from "./books.ts";
import { revokeWill } from "./wills.ts";

/** `[reason, dropped so far, whether such an event may have arrived]` */
type ReportedDrop = readonly [string, number, boolean];

/** `[stream_id, seq_high, accounted_here, drops, is_memory_only]`: an entry of `Batch.streams`. */
export type StreamReport = readonly [string, number, number, readonly ReportedDrop[], boolean];

/** A row of `stream`, and whether any drop of it was ever reported. */
type Stream = { seq_high: number; accounted: number; dropped: number; has_drops: number; will_seq: number | null };

const UNHEARD_OF: Stream = { seq_high: 0, accounted: 0, dropped: 0, has_drops: 0, will_seq: null };

const KNOWN = `
  select seq_high, accounted, dropped, will_seq,
    exists (select 1 from stream_drop d where d.stream_id = s.stream_id) as has_drops
  from stream s where stream_id = ?1`;

const ENTER = `
  insert into stream (stream_id, seq_high, accounted, dropped, last_received_at, memory_only_since)
  values (?1, ?2, ?3, ?4, ?5, iif(?6, ?5, null))
  on conflict (stream_id) do update set seq_high = excluded.seq_high, accounted = excluded.accounted,
    dropped = excluded.dropped, last_received_at = excluded.last_received_at,
    memory_only_since = coalesce(memory_only_since, excluded.memory_only_since)`;

const ENTER_DROP = `
  insert into stream_drop (stream_id, reason, count, may_have_arrived) values (?1, ?2, ?3, ?4)
  on conflict (stream_id, reason) do update set count = excluded.count, may_have_arrived = excluded.may_have_arrived
  where excluded.count > count`;

/** Enters a stream's report; adds to `books` what it changes of drops, returns how many more it says it captured. */
export function enterReport(sql: SqlStorage, report: StreamReport, books: Books): number {
  const [id, seqHigh, accountedHere, drops, isMemoryOnly] = report;
  const known = sql.exec<Stream>(KNOWN, id).toArray()[0] ?? UNHEARD_OF;
  const high = Math.max(known.seq_high, seqHigh);
  const accounted = known.accounted + accountedHere;
  for (const [reason, count, mayHaveArrived] of drops) sql.exec(ENTER_DROP, id, reason, count, mayHaveArrived ? 1 : 0);
  const hasDrops = drops.length > 0 || known.has_drops === 1;
  const dropped = hasDrops ? bookDrops(sql, id, high - accounted, books) : 0;
  sql.exec(ENTER, id, high, accounted, dropped, new Date().toISOString(), isMemoryOnly ? 1 : 0);
  if (known.will_seq !== null && high >= known.will_seq) revokeWill(sql, id);
  return high - known.seq_high;
}

/**
 * Brings the books up to a stream's drops, of which `open` numbers are left, and returns how many they now hold.
 *
 * A page gives up what it had no answer for, and may be wrong: the event had arrived, or another page brings it. Then
 * its number is there twice. It is stored, so it is no drop, and is taken off one of the reasons for which an event
 * may have been sent; off which of them, no report tells. An excess beyond those is none of a page's errors.
 */
function bookDrops(sql: SqlStorage, id: string, open: number, books: Books): number {
  const rows = sql
    .exec<{ reason: string; count: number; booked: number; may_have_arrived: number }>(
      "select reason, count, booked, may_have_arrived from stream_drop where stream_id = ?1 order by reason",
      id,
    )
    .toArray();
  let excess = Math.max(0, rows.reduce((sum, { count }) => sum + count, 0) - open);
  let dropped = 0;
  for (const { reason, count, booked, may_have_arrived } of rows) {
    const arrived = may_have_arrived === 1 ? Math.min(excess, count) : 0;
    excess -= arrived;
    const lost = count - arrived;
    dropped += lost;
    if (lost === booked) continue;
    sql.exec("update stream_drop set booked = ?3 where stream_id = ?1 and reason = ?2", id, reason, lost);
    books.push(["dropped", reason, lost - booked]);
  }
  return dropped;
}
