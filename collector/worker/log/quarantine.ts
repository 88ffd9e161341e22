/**
 * The tenant's quarantine: seen, judged again, emptied.
 *
 * An event in it is accounted for, in the books and in its stream. So whatever becomes of it moves a count from one
 * outcome to another, in the books of the day it was received, and in the transaction of the row; its stream's numbers
 * are as they were.
 */
import { DayBooks } from "./books.ts";
import { enterLinks } from "./identity.ts";
import { pageOf, withMembers, type Row } from "./read.ts";
import { changes, insertEvents } from "./rows.ts";
import type { Tombstones } from "./tombstones.ts";

/** Which events are meant: those for which all hold that are not empty. */
export interface Filter {
  readonly rule: string;
  readonly eventName: string;
  /** A moment: those received before it. */
  readonly before: string;
}

/** What is wanted: `tallymark_ingest::QuarantineRequest`. */
export interface QuarantineRequest {
  readonly verb: "list" | "show" | "replay" | "purge";
  /** Of `show`. */
  readonly eventId: string;
  readonly filter: Filter;
  readonly after: number;
  readonly limit: number;
  readonly dryRun: boolean;
}

/** What the brain says of an event: `tallymark_ingest::Replayed`. */
export type Verdict =
  | readonly [eventId: string, row: string, links: string]
  | readonly [eventId: string, rule: string, path: string, expected: string, got: string, planVersion: number | null];

/** Quarantined events for the brain to judge: four lines each. */
export interface ReplayPage {
  readonly lines: string;
  readonly events: number;
  /** The cursor of the next page. */
  readonly next: number;
}

/** What verdicts have changed: counts of events that were still there. */
export interface Settled {
  readonly stored: number;
  /** By the rule that they break now. */
  readonly quarantined: Record<string, number>;
}

/** What a purge has taken. */
export interface Purged {
  /** By the rule that they broke. */
  readonly purged: Record<string, number>;
  readonly next: number;
}

const COLUMNS = "seq, event_id, event_name, received_at, stream_id, rule, path, expected, got, plan_version, sdk_version";

/**
 * Whether a replay gives a row a verdict: it has its provenance, nothing that a verdict needs was withheld of it, and its body
 * is the event and no excerpt of it (crates/ingest/src/quarantine/replay.rs). A body is parsed only where it may be one.
 */
const IS_REPLAYABLE = `
  case
    when provenance is null or provenance ->> 'is_spoilt' then 0
    when instr(body, '"$bytes"') = 0 then 1
    else (select count(*) <> 2 or sum(key in ('$text', '$bytes')) <> 2 from json_each(body))
  end`;

/** The text of `GET /v1/quarantine`. */
export function quarantineList(sql: SqlStorage, filter: Filter, after: number, limit: number): string {
  const [where, ...bindings] = among(filter, after, limit);
  const cursor = sql.exec<Row>(
    `select ${COLUMNS}, ${IS_REPLAYABLE} as is_replayable from quarantined_event where ${where}`,
    ...bindings,
  );
  const page = pageOf(cursor, after, ({ is_replayable, ...columns }) =>
    withMembers(columns, `"is_replayable":${is_replayable === 1}`),
  );
  return `{"events":[${page.rows.join(",")}],"next_after":${page.next}}`;
}

/** The text of `GET /v1/quarantine/<event_id>`. Bodies that were no objects may stand there as bare texts. */
export function quarantined(sql: SqlStorage, organizationId: string, eventId: string): string | null {
  const row = sql
    .exec<Row>(
      `select ${COLUMNS}, provenance, iif(json_valid(body), body, json_quote(body)) as body
       from quarantined_event where organization_id = ?1 and event_id = ?2 and purged_at is null`,
      organizationId,
      eventId,
    )
    .toArray()[0];
  if (row === undefined) return null;
  const { provenance, body, ...columns } = row;
  return withMembers(columns, `"provenance":${String(provenance)},"body":${String(body)}`);
}

/** Most bytes of events in a page for the brain, in UTF-16 units: what crosses to the Worker and back at once. */
const MAX_PAGE_LENGTH = 4 * 1024 * 1024;

/** The next events to be judged again. */
export function replayPage(sql: SqlStorage, filter: Filter, after: number, limit: number): ReplayPage {
  const [where, ...bindings] = among(filter, after, limit);
  const rows = sql.exec<{ seq: number; lines: string }>(
    `select seq, event_id || char(10) || received_at || char(10) || coalesce(provenance, '') || char(10) || body || char(10)
       as lines
     from quarantined_event where ${where}`,
    ...bindings,
  );
  let [lines, events, next] = ["", 0, after];
  for (const row of rows) {
    if (events > 0 && lines.length + row.lines.length > MAX_PAGE_LENGTH) break;
    lines += row.lines;
    events++;
    next = row.seq;
  }
  return { lines, events, next };
}

/** Does what the brain says of events, as far as they are still in quarantine: twice is the same as once. */
export function settle(
  sql: SqlStorage,
  organizationId: string,
  verdicts: readonly Verdict[],
  tombstones: Tombstones,
): Settled {
  const books = new DayBooks();
  const settled = { stored: 0, quarantined: {} as Record<string, number> };
  for (const verdict of verdicts) {
    const known = sql
      .exec<{ seq: number; rule: string; day: string }>(
        `select seq, rule, substr(received_at, 1, 10) as day from quarantined_event
         where organization_id = ?1 and event_id = ?2 and purged_at is null`,
        organizationId,
        verdict[0],
      )
      .toArray()[0];
    if (known === undefined) continue;
    if (verdict.length === 3) {
      const [eventId, row, links] = verdict;
      sql.exec("delete from quarantined_event where seq = ?1", known.seq);
      // Of somebody who is being forgotten at this moment: their quarantine has not been reached yet.
      if (!tombstones.admits(row)) {
        sql.exec("insert into erased_event (event_id) values (?1)", eventId);
        books.move(known.day, ["quarantined", known.rule], ["dropped", "erased"]);
        continue;
      }
      if (insertEvents(sql, `[${row}]`) !== 1) throw new Error(`${eventId} is stored and in quarantine at once`);
      // Retention goes by the moment of receipt.
      sql.exec(
        `insert into replayed_event (seq, received_at)
         select seq, received_at from domain_event where organization_id = ?1 and event_id = ?2`,
        organizationId,
        eventId,
      );
      if (links !== "") enterLinks(sql, links);
      books.move(known.day, ["quarantined", known.rule], ["stored", ""]);
      settled.stored++;
    } else {
      const [, rule, path, expected, got, planVersion] = verdict;
      sql.exec(
        `update quarantined_event set rule = ?2, path = ?3, expected = ?4, got = ?5, plan_version = ?6 where seq = ?1`,
        known.seq,
        rule,
        path,
        expected,
        got,
        planVersion,
      );
      books.move(known.day, ["quarantined", known.rule], ["quarantined", rule]);
      settled.quarantined[rule] = (settled.quarantined[rule] ?? 0) + 1;
    }
  }
  books.enter(sql);
  return settled;
}

/** Gives events up for good: nothing stays of them but their ids. */
export function purge(sql: SqlStorage, filter: Filter, after: number, limit: number, dryRun: boolean): Purged {
  const books = new DayBooks();
  const purged: Record<string, number> = {};
  let next = after;
  const [where, ...bindings] = among(filter, after, limit);
  const rows = sql
    .exec<{ seq: number; rule: string; day: string }>(
      `select seq, rule, substr(received_at, 1, 10) as day from quarantined_event where ${where}`,
      ...bindings,
    )
    .toArray();
  for (const { seq, rule, day } of rows) {
    purged[rule] = (purged[rule] ?? 0) + 1;
    next = seq;
    books.move(day, ["quarantined", rule], ["dropped", "purged"]);
  }
  if (dryRun || rows.length === 0) return { purged, next };
  sql.exec(
    `update quarantined_event set purged_at = ?1, event_name = null, path = '', expected = '', got = '',
       sdk_version = null, body = 'null', provenance = null, subject = null
     where seq in (select value from json_each(?2))`,
    new Date().toISOString(),
    JSON.stringify(rows.map(({ seq }) => seq)),
  );
  if (changes(sql) !== rows.length) throw new Error("not all that is to be purged is there");
  books.enter(sql);
  return { purged, next };
}

/** The condition of a page of events, its order and its bindings. Built, not fixed: an index serves what is asked for. */
function among(filter: Filter, after: number, limit: number): [where: string, ...bindings: (string | number)[]] {
  let where = "purged_at is null and seq > ?1";
  const bindings: (string | number)[] = [after, limit];
  for (const [condition, value] of [
    ["rule =", filter.rule],
    ["event_name =", filter.eventName],
    ["received_at <", filter.before],
  ] as const) {
    if (value !== "") where += ` and ${condition} ?${bindings.push(value)}`;
  }
  return [`${where} order by seq limit ?2`, ...bindings];
}
