/**
 * Of whom the log takes nothing any more. The caller holds the transaction.
 *
 * Ids are known by pseudonyms alone, hashed under a salt that never leaves the log: a list of those who wanted to be
 * forgotten must not be one of who they were.
 */
import { Brain } from "../brain.ts";
import type { Batch } from "./log.ts";

/** What is taken of a batch, and what became of the rest. */
export interface Admitted {
  /** Without what is refused. */
  readonly batch: Batch;
  /** Events that are refused now: dropped. */
  readonly erased: number;
  /** Of those, how many of which stream. */
  readonly erasedByStream: ReadonlyMap<string, number>;
  /** Events that are there, were erased, or were refused before. */
  readonly duplicates: number;
}

/** Whose a row of a batch is: by column in `domain_event`, in `quarantined_event`. */
const SUBJECT_OF_EVENT = "coalesce(value->>5, value->>6)";
const SUBJECT_OF_QUARANTINED = "value->>13";

/** An event's stream, by the rule of append.ts, of a row of either kind. */
const STREAM_OF_EVENT =
  "iif(typeof(value->15->>'seq') = 'integer' and value->15->>'seq' > 0, value->15->>'stream_id', null)";
const STREAM_OF_QUARANTINED = "value->>4";

export class Tombstones {
  readonly #sql: SqlStorage;
  /** Only where there are tombstones, which most tenants never have. */
  #brain: Brain | undefined;
  #isEmpty: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#isEmpty = isEmpty(sql);
  }

  /** Lets nothing more in of whom these ids are; what stands for the first of them. */
  add(erasureSeq: number, ids: readonly string[]): void {
    this.#sql.exec(
      "insert or replace into tombstone (pseudonym, erasure_seq) select value, ?1 from json_each(?2)",
      erasureSeq,
      JSON.stringify(this.pseudonyms(ids)),
    );
    this.#isEmpty = false;
  }

  /** Has events that are gone known as such, up to a UTC day. */
  keepIds(eventIds: readonly string[], forgetOn: string): void {
    if (eventIds.length === 0) return;
    this.#sql.exec(
      "insert or ignore into erased_event (event_id, forget_on) select value, ?2 from json_each(?1)",
      JSON.stringify(eventIds),
      forgetOn,
    );
    this.#isEmpty = false;
  }

  /** Lets those in again who were forgotten together with this one: how many ids. */
  remove(id: string): number {
    const [pseudonym] = this.pseudonyms([id]);
    const ids = this.#sql
      .exec(
        `delete from tombstone where erasure_seq = (select erasure_seq from tombstone where pseudonym = ?1) returning 1`,
        pseudonym!,
      )
      .toArray().length;
    return ids;
  }

  /** Where events have expired, and nobody was forgotten, no id is worth a hash. */
  get #hasStones(): boolean {
    return this.#sql.exec<{ n: number }>("select exists (select 1 from tombstone) as n").one().n === 1;
  }

  /** What stands for ids. */
  pseudonyms(ids: readonly string[]): string[] {
    this.#brain ??= new Brain([], "");
    return this.#brain.pseudonyms(this.#salt(), ids);
  }

  /** The erasure that an id is under. */
  erasureOf(id: string): number | undefined {
    if (this.#isEmpty) return undefined;
    return this.#sql
      .exec<{ seq: number }>("select erasure_seq as seq from tombstone where pseudonym = ?1", this.pseudonyms([id])[0]!)
      .toArray()[0]?.seq;
  }

  /** Of a row as the brain writes it: whether it may be stored. */
  admits(row: string): boolean {
    if (this.#isEmpty) return true;
    const { id } = this.#sql.exec<{ id: string | null }>("select coalesce(?1->>5, ?1->>6) as id", row).one();
    return id === null || this.#among([id]).length === 0;
  }

  /** Leaves out of a batch what is of those who were forgotten. */
  admit(batch: Batch): Admitted {
    const nothing = { batch, erased: 0, erasedByStream: new Map<string, number>(), duplicates: 0 };
    if (this.#isEmpty) return nothing;
    const refused = this.#hasStones ? this.#among(this.#idsOf(batch)) : [];
    const ids = JSON.stringify(refused);
    const erasedByStream = new Map<string, number>();
    const counts = { erased: 0, duplicates: 0, events: 0, quarantined: 0 };
    const without = (rows: string, subject: string, stream: string): [kept: string, left: number] => {
      const isRefused = `(coalesce(${subject} in (select value from json_each(?2)), 0)
        or value->>0 in (select event_id from erased_event))`;
      const gone = this.#sql
        .exec<{ event_id: string; stream: string | null }>(
          `select value->>0 as event_id, ${stream} as stream from jsonb_each(?1) where ${isRefused}`,
          rows,
          ids,
        )
        .toArray();
      if (gone.length === 0) return [rows, 0];
      const { kept } = this.#sql
        .exec<{ kept: string }>(
          `select json_group_array(json(value)) as kept from json_each(?1) where not ${isRefused}`,
          rows,
          ids,
        )
        .one();
      for (const { event_id, stream } of gone) {
        if (!this.#refuse(event_id)) counts.duplicates++;
        else {
          counts.erased++;
          if (stream !== null) erasedByStream.set(stream, (erasedByStream.get(stream) ?? 0) + 1);
        }
      }
      return [kept === "[]" ? "" : kept, gone.length];
    };
    const rows: string[] = [];
    for (const chunk of batch.rows) {
      const [kept, gone] = without(chunk, SUBJECT_OF_EVENT, STREAM_OF_EVENT);
      if (kept !== "") rows.push(kept);
      counts.events += gone;
    }
    let { quarantined } = batch;
    if (quarantined !== "") {
      [quarantined, counts.quarantined] = without(quarantined, SUBJECT_OF_QUARANTINED, STREAM_OF_QUARANTINED);
    }
    return {
      batch: {
        ...batch,
        rows,
        events: batch.events - counts.events,
        quarantined,
        quarantinedCount: batch.quarantinedCount - counts.quarantined,
        wills: this.#without(batch.wills, (will) => subjectOfWill(this.#sql, will), refused),
        links: this.#withoutLinks(batch.links, refused),
      },
      erased: counts.erased,
      erasedByStream,
      duplicates: counts.duplicates,
    };
  }

  /** Notes an event that is refused; false if it is none of the log's first. */
  #refuse(eventId: string): boolean {
    return (
      this.#sql
        .exec(
          `insert into erased_event (event_id) select ?1
           where not exists (select 1 from domain_event where event_id = ?1)
             and not exists (select 1 from quarantined_event where event_id = ?1)
           on conflict do nothing returning 1`,
          eventId,
        )
        .toArray().length > 0
    );
  }

  /** Every id that anything in a batch is of. */
  #idsOf(batch: Batch): string[] {
    const ids = new Set<string>();
    const add = (id: unknown) => typeof id === "string" && ids.add(id);
    const idsIn = (rows: string, subject: string) =>
      this.#sql.exec<{ id: string | null }>(`select distinct ${subject} as id from jsonb_each(?1)`, rows);
    for (const rows of batch.rows) for (const { id } of idsIn(rows, SUBJECT_OF_EVENT)) add(id);
    if (batch.quarantined !== "") for (const { id } of idsIn(batch.quarantined, SUBJECT_OF_QUARANTINED)) add(id);
    if (batch.wills !== "") for (const will of parsed(batch.wills)) add(subjectOfWill(this.#sql, will));
    if (batch.links !== "") for (const [, id, userId] of parsed(batch.links)) (add(id), add(userId));
    return [...ids];
  }

  /** Which of these ids are under a stone. */
  #among(ids: readonly string[]): string[] {
    const pseudonyms = this.pseudonyms(ids);
    const found = this.#sql.exec<{ pseudonym: string }>(
      "select pseudonym from tombstone where pseudonym in (select value from json_each(?1))",
      JSON.stringify(pseudonyms),
    );
    const known = new Set([...found].map(({ pseudonym }) => pseudonym));
    return ids.filter((_, i) => known.has(pseudonyms[i]!));
  }

  #without(entries: string, idOf: (entry: readonly unknown[]) => string | null, refused: readonly string[]): string {
    if (entries === "" || refused.length === 0) return entries;
    const all = parsed(entries);
    const kept = all.filter((entry) => !refused.includes(idOf(entry) ?? ""));
    if (kept.length === all.length) return entries;
    return kept.length === 0 ? "" : JSON.stringify(kept);
  }

  #withoutLinks(links: string, refused: readonly string[]): string {
    const withoutIds = this.#without(links, (link) => link[1] as string, refused);
    return this.#without(withoutIds, (link) => link[2] as string, refused);
  }

  #salt(): string {
    const known = this.#sql.exec<{ salt: string }>("select salt from erasure_salt").toArray()[0];
    if (known !== undefined) return known.salt;
    const salt = crypto.randomUUID() + crypto.randomUUID();
    this.#sql.exec("insert into erasure_salt (salt) values (?1)", salt);
    return salt;
  }
}

function isEmpty(sql: SqlStorage): boolean {
  return sql
    .exec<{ n: number }>("select exists (select 1 from tombstone) or exists (select 1 from erased_event) as n")
    .one().n === 0;
}

/** Entries of `Batch.wills` or `Batch.links`: texts and small numbers, which survive being parsed. */
function parsed(entries: string): unknown[][] {
  return JSON.parse(entries) as unknown[][];
}

/** Whose event a will is: an entry of `Batch.wills`. */
function subjectOfWill(sql: SqlStorage, [, , , , isQuarantined, row]: readonly unknown[]): string | null {
  const subject = isQuarantined === true ? "?1->>13" : "coalesce(?1->>5, ?1->>6)";
  return sql.exec<{ id: string | null }>(`select ${subject} as id`, row as string).one().id;
}
