/** Reading a tenant's log: its rows in the order of commit, and its books. */
import type { Ledger, LedgerFigures } from "../api.ts";
import { refusedRequests } from "./refused.ts";

/** A page of rows stops growing here, whatever limit was asked for: an answer must fit in memory twice. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** A gap in a stream that has been silent for this long is no longer under way: it is missing. */
const UNDER_WAY_MS = 24 * 60 * 60 * 1_000;

/** Streams out of balance that an answer names; their sum is exact whatever their number. */
const MAX_GAPS_NAMED = 100;

/** Whose log this is, of whichever row: an alarm is not told the log's name. Undefined while there is none. */
export function organizationOf(sql: SqlStorage): string | undefined {
  for (const table of ["domain_event", "quarantined_event"]) {
    const row = sql.exec<{ organization_id: string }>(`select organization_id from ${table} limit 1`).toArray()[0];
    if (row !== undefined) return row.organization_id;
  }
  return undefined;
}

/** The text of `GET /v1/events`: rows after `after`, as many as `limit` and the page's size allow. */
export function events(sql: SqlStorage, after: number, limit: number): string {
  const page = eventsWhere(sql, "seq > ?1", after, limit);
  return `{"events":[${page.rows.join(",")}],"next_after":${page.next}}`;
}

const TEXTS = [
  "event_id", "event_name", "occurred_at", "received_at", "organization_id", "user_id", "anonymous_id", "session_id",
  "entity_type", "entity_id", "correlation_id", "source", "trust",
];

/**
 * A row of `domain_event` as JSON. SQLite writes it: the crossing of a value costs as much as all that is done to it
 * here, and a row has seventeen. `properties` and `context` are stored as JSON text and spliced in.
 */
const EVENT = `format('{"seq":%d,${TEXTS.map((name) => `"${name}":%s`).join(",")},"schema_version":%d,"properties":%s,"context":%s}',
  seq, ${TEXTS.map((name) => `json_quote(${name})`).join(", ")}, schema_version, properties, context)`;

/** Rows of `domain_event` as JSON, those for which a condition on `?1` holds; as many as `limit` and a page allow. */
export function eventsWhere(sql: SqlStorage, condition: string, value: SqlStorageValue, limit: number) {
  const query = `select seq, ${EVENT} as text from domain_event where ${condition} order by seq limit ?2`;
  return pageOf(sql.exec<Row>(query, value, limit), Number(value), ({ text }) => String(text));
}

/** Bytes of a row as JSON besides its `properties` and `context`, roughly. */
const ROW_BYTES = 600;

/** Of each of the next rows its `seq` and its bytes, roughly, as a JSON array: SQLite writes it all at once. */
export function sizesAfter(sql: SqlStorage, after: number, limit: number): string {
  const size = `octet_length(properties) + octet_length(context) + ${ROW_BYTES}`;
  const rows = `select seq, ${size} as size from domain_event where seq > ?1 order by seq limit ?2`;
  const query = `select json_group_array(json_array(seq, size)) as sizes from (${rows})`;
  return sql.exec<{ sizes: string }>(query, after, limit).one().sizes;
}

/** What the collector itself has written: there is always a value, and nothing in it wants quoting. */
const PLAIN = ["event_id", "occurred_at", "received_at", "source", "trust", "schema_version"];

/** A column's values as the literal of an array of PostgreSQL's. No text of the log's columns holds a NUL (crates/ingest, `text`). */
const literalOf = (name: string) => {
  const quoted = `coalesce('"' || replace(replace(${name}, '\\', '\\\\'), '"', '\\"') || '"', 'NULL')`;
  return `'{' || coalesce(group_concat(${PLAIN.includes(name) ? name : quoted}), '') || '}'`;
};

/** JSON texts of several rows. What is between them can be in none of them. */
const joined = (name: string) => `coalesce(group_concat(${name}, char(0x1e)), '')`;

const COLUMNS = [...[...TEXTS, "schema_version"].map(literalOf), joined("properties"), joined("context")]
  .map((column) => `cast(${column} as blob)`)
  .join(", ");
// In whatever order SQLite reads them, but all columns in the same.
const COLUMNS_BETWEEN = `select ${COLUMNS} from domain_event where seq between ?1 and ?2`;

/**
 * Rows from one `seq` to another by columns, as `insert_columns.sql` of crates/warehouse takes them, in its order. The
 * caller has bounded them by what `sizesAfter` says. As bytes: nobody here reads them.
 */
export function columnsBetween(sql: SqlStorage, first: number, last: number): readonly ArrayBuffer[] {
  // An aggregate is one row, of no rows too.
  return sql.exec(COLUMNS_BETWEEN, first, last).raw<ArrayBuffer[]>().next().value ?? [];
}

/** Links of an id that an answer names. */
const MAX_LINKS_NAMED = 100;

/** The text of `GET /v1/identities`: ids that have changed after `after`, and whose they are. */
export function identities(sql: SqlStorage, after: number, limit: number): string {
  const cursor = sql.exec<Row>(
    `select seq, id, person_id, trust, (
       select json_group_array(json_object('user_id', user_id, 'kind', kind, 'trust', trust,
         'is_stated', json(iif(is_stated, 'true', 'false')), 'first_at', first_at, 'first_event_id', first_event_id))
       from (select * from identity_link l where l.id = i.id
         order by is_stated desc, trust desc, first_at, first_event_id, user_id limit ?3)) as links
     from identity i where seq > ?1 order by seq limit ?2`,
    after,
    limit,
    MAX_LINKS_NAMED,
  );
  const page = pageOf(cursor, after, ({ links, ...columns }) => withMembers(columns, `"links":${String(links)}`));
  return `{"identities":[${page.rows.join(",")}],"next_after":${page.next}}`;
}

export type Row = Record<string, SqlStorageValue>;

/** A row's columns as a JSON object, with members that are JSON already. */
export const withMembers = (columns: Row, members: string) => `${JSON.stringify(columns).slice(0, -1)},${members}}`;

/** Rows as JSON, until the page is full, and its last `seq`. */
export function pageOf(cursor: Iterable<Row>, after: number, textOf: (row: Row) => string) {
  const page = { rows: [] as string[], next: after };
  let size = 0;
  for (const stored of cursor) {
    const row = textOf(stored);
    if (size + row.length > MAX_PAGE_BYTES && page.rows.length > 0) break;
    size += row.length;
    page.rows.push(row);
    page.next = Number(stored["seq"]);
  }
  return page;
}

type Entry = { day: string; outcome: string; reason: string; count: number };

/** The text of `GET /v1/ledger`: the books of each day of receipt, and whether they balance. */
export function ledger(sql: SqlStorage, organizationId: string, from: string, to: string, nowMs: number): string {
  // What was under way when the first day began is the opening balance of its books.
  let underWay = sql
    .exec<{ n: number }>(
      `select coalesce(sum(case outcome when 'captured' then count when 'duplicate' then 0 else -count end), 0) as n
       from ledger where day < ?1`,
      from,
    )
    .one().n;
  const days = new Map<string, LedgerFigures>();
  const total = emptyBooks();
  const entries = sql.exec<Entry>(
    `select day, outcome, reason, count from ledger where day >= ?1 and day <= ?2 and count <> 0
     order by day, outcome, reason`,
    from,
    to,
  );
  for (const entry of entries) {
    let books = days.get(entry.day);
    if (books === undefined) days.set(entry.day, (books = emptyBooks()));
    enter(books, entry);
    enter(total, entry);
  }
  for (const books of days.values()) {
    underWay += books.captured - books.stored - sum(books.quarantined) - sum(books.dropped);
    books.under_way = underWay;
  }
  total.under_way = underWay;
  const { missing, over } = gaps(sql, nowMs);
  const memoryOnly = sql
    .exec<{ n: number }>(
      `select count(*) as n from stream where memory_only_since is not null and last_received_at >= ?1
         and substr(memory_only_since, 1, 10) <= ?2`,
      from,
      to,
    )
    .one();
  const named = sql
    .exec<Ledger["streams_with_gaps"][number]>(
      `select stream_id, seq_high, seq_high - accounted - dropped as missing, last_received_at from stream
       where seq_high <> accounted + dropped order by last_received_at limit ?1`,
      MAX_GAPS_NAMED,
    )
    .toArray();
  const answer: Ledger = {
    organization_id: organizationId,
    from,
    to,
    days: [...days].map(([day, books]) => ({ day, ...books })),
    total,
    missing,
    over_accounted: over,
    streams_with_gaps: named,
    memory_only_streams: memoryOnly.n,
    refused: refusedRequests(sql, from, to),
    expired: sql
      .exec<{ n: number }>("select coalesce(sum(count), 0) as n from expired_row where day >= ?1 and day <= ?2", from, to)
      .one().n,
    balanced: missing === 0 && over === 0,
  };
  return JSON.stringify(answer);
}

/** What streams say they captured and never came, and what they account for beyond that. */
export function gaps(sql: SqlStorage, nowMs: number): { missing: number; over: number } {
  const silentSince = new Date(nowMs - UNDER_WAY_MS).toISOString();
  return sql
    .exec<{ missing: number; over: number }>(
      `select coalesce(sum(case when seq_high > accounted + dropped and last_received_at < ?1
           then seq_high - accounted - dropped end), 0) as missing,
         coalesce(sum(case when seq_high < accounted + dropped then accounted + dropped - seq_high end), 0) as over
       from stream where seq_high <> accounted + dropped`,
      silentSince,
    )
    .one();
}

function emptyBooks(): LedgerFigures {
  return { captured: 0, stored: 0, quarantined: {}, dropped: {}, duplicate: 0, under_way: 0 };
}

function enter(books: LedgerFigures, { outcome, reason, count }: Entry): void {
  switch (outcome) {
    case "captured":
    case "stored":
    case "duplicate":
      books[outcome] += count;
      break;
    case "quarantined":
    case "dropped":
      books[outcome][reason] = (books[outcome][reason] ?? 0) + count;
      // Booked on one day and taken back on another.
      if (books[outcome][reason] === 0) delete books[outcome][reason];
  }
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}
