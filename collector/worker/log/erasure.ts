/**
 * Forgetting somebody: every row of the ids that are theirs goes, or stays without anything that says whose it is.
 *
 * An order is a promise before its first row is looked at: in one transaction it finds the ids, lets nothing of theirs in
 * any more (tombstones.ts), and takes who they are and the last wills of their pages. Then nothing of theirs can come
 * beyond the last row of that moment, and the rows up to there are gone through a page a transaction. Whoever is
 * interrupted goes on from the page's end, by the log's alarm.
 *
 * An event is somebody's if its user is, or, without one, its device. Another user's event from a device that was theirs
 * first stays what it is.
 */
import type { ErasureReceipt } from "../api.ts";
import { Brain } from "../brain.ts";
import { note, textOf } from "../journal.ts";
import { DayBooks } from "./books.ts";
import { forgetParked } from "./destinations.ts";
import { pageOf, type Row } from "./read.ts";
import type { Tombstones } from "./tombstones.ts";
import { revokeWill } from "./wills.ts";

/** What is wanted: `tallymark_ingest::ErasureRequest`. */
export interface ErasureRequest {
  readonly verb: "list" | "erase" | "anonymise" | "readmit";
  /** Of `list`. */
  readonly after: number;
  readonly limit: number;
  /** Of the others: one of the subject's ids. */
  readonly id: string;
  readonly dryRun: boolean;
}

/** Most numbers of rows gone through in one transaction: some milliseconds of the object's only thread. */
const PAGE_ROWS = 2_000;

/** Most characters of properties that are rewritten in one transaction. */
const MAX_PAGE_LENGTH = 1024 * 1024;

/** Most pages while somebody waits for the answer: two million rows. The alarm does the rest. */
const MAX_PAGES = 1_000;

/** When the alarm looks after an order that is being carried out, in ms: whoever carries it out may be gone. */
const LOOK_AFTER_MS = 10_000;

/** When it is tried again if a tenant's plan can't be read, in ms: somebody has to correct it. */
const TRY_AGAIN_MS = 60_000;

/** A row of `erasure`. */
type Erasure = {
  seq: number; erasure_id: string; organization_id: string; subject: string; mode: "erase" | "anonymise" | "readmit";
  requested_at: string; completed_at: string | null; ids: number; links: number; wills: number; events: number;
  quarantined: number; event_seq: number; event_end: number; quarantined_seq: number; quarantined_end: number;
};

/** The subject's events between two numbers. `?3`: their ids, a JSON array. */
const EVENTS = `
  from domain_event where seq > ?1 and seq <= ?2 and coalesce(user_id, anonymous_id) in (select value from json_each(?3))`;

const QUARANTINED = `
  from quarantined_event where seq > ?1 and seq <= ?2 and purged_at is null and subject in (select value from json_each(?3))`;

/** Leaves an event its place in every count, and nothing that ties it to another. */
const ANONYMISE = `
  update domain_event set user_id = null, anonymous_id = null, session_id = null, correlation_id = null,
    entity_id = iif(entity_type in ('user', 'person', 'customer'), null, entity_id), properties = ?2,
    context = json_remove(context, '$.stream_id', '$.seq', '$.monotonic_ms', '$.client_timestamp', '$.user_agent')
  where seq = ?1`;

export class Erasures {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #registry: KVNamespace;
  readonly #tombstones: Tombstones;
  #brain: Brain | undefined;
  /** When the alarm is to go on with what is under way; null if nothing is. */
  #dueMs: number | null;
  #orders = 0;

  constructor(storage: DurableObjectStorage, registry: KVNamespace, tombstones: Tombstones) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#registry = registry;
    this.#tombstones = tombstones;
    this.#dueMs = this.#underWay() === undefined ? null : Date.now();
  }

  get dueMs(): number | null {
    return this.#dueMs;
  }

  /** Orders that were given since this object is here: a change says that what was read before may be somebody's no more. */
  get orders(): number {
    return this.#orders;
  }

  /** The last `seq` that an order which is being carried out may still reach; 0 if there is none. */
  get reach(): number {
    return this.#sql
      .exec<{ seq: number }>(
        "select coalesce(max(event_end), 0) as seq from erasure where completed_at is null and event_seq < event_end",
      )
      .one().seq;
  }

  /** Takes an order: durable, and nothing of theirs comes in any more, when this returns. The order's `seq`. */
  order(organizationId: string, verb: Erasure["mode"], id: string): number {
    return this.#storage.transactionSync(() => {
      if (verb === "readmit") return this.#readmit(organizationId, id);
      const known = this.#tombstones.erasureOf(id);
      if (known !== undefined && this.#read(known).mode === verb) return known;
      this.#dueMs = Date.now() + LOOK_AFTER_MS;
      this.#orders++;
      return this.#begin(organizationId, verb, id);
    });
  }

  /** Carries an order out, a page after the other, so that others have their turn. */
  async carryOut(seq: number, maxPages = MAX_PAGES): Promise<void> {
    let plan: string | null | undefined;
    for (let pages = 0; pages < maxPages; pages++) {
      const { mode, completed_at, organization_id } = this.#read(seq);
      if (completed_at !== null) break;
      if (mode === "anonymise") {
        plan ??= await this.#registry.get(`plan:${organization_id}`);
        this.#brain ??= new Brain([], "");
        this.#brain.learn(`plan:${organization_id}`, plan);
      }
      this.#storage.transactionSync(() => this.#page(this.#read(seq)));
      await scheduler.wait(0);
    }
    if (this.#underWay() === undefined) this.#dueMs = null;
  }

  /** Goes on with what is under way, at the alarm; unless it goes off for something else. */
  async proceed(): Promise<void> {
    if (this.#dueMs !== null && Date.now() < this.#dueMs) return;
    const seq = this.#underWay();
    if (seq === undefined) return;
    this.#dueMs = Date.now();
    try {
      await this.carryOut(seq);
    } catch (error) {
      this.#dueMs = Date.now() + TRY_AGAIN_MS;
      note("error", "erasure.failed", { error: textOf(error) });
    }
  }

  /** What an order would do. */
  async foresee(verb: Erasure["mode"], id: string): Promise<string> {
    const ids = idsOf(this.#sql, id);
    const list = JSON.stringify(ids);
    const { end } = this.#sql.exec<{ end: number }>(`select max(
      (select coalesce(max(seq), 0) from domain_event), (select coalesce(max(seq), 0) from quarantined_event)) as end`).one();
    let [events, quarantined] = [0, 0];
    for (let from = 0; verb !== "readmit" && from < end; from += PAGE_ROWS) {
      const count = (rows: string) =>
        this.#sql.exec<{ n: number }>(`select count(*) as n ${rows}`, from, from + PAGE_ROWS, list).one().n;
      events += count(EVENTS);
      quarantined += count(QUARANTINED);
      await scheduler.wait(0);
    }
    const [subject] = this.#storage.transactionSync(() => this.#tombstones.pseudonyms([id]));
    const receipt: ErasureReceipt = {
      seq: null, erasure_id: null, subject: subject!, mode: verb, dry_run: true, requested_at: new Date().toISOString(),
      completed_at: null, is_complete: false, ids: ids.length, links: linksOf(this.#sql, list),
      wills: willsOf(this.#sql, list).length, events, quarantined,
    };
    return JSON.stringify(receipt);
  }

  /** The text of `POST /v1/erasures`. */
  receipt(seq: number): string {
    return JSON.stringify(receiptOf(this.#read(seq)));
  }

  /** The text of `GET /v1/erasures`. */
  list(after: number, limit: number): string {
    const rows = this.#sql.exec<Row>("select * from erasure where seq > ?1 order by seq limit ?2", after, limit);
    const page = pageOf(rows, after, (row) => JSON.stringify(receiptOf(row as unknown as Erasure)));
    return `{"erasures":[${page.rows.join(",")}],"next_after":${page.next}}`;
  }

  #begin(organizationId: string, mode: Erasure["mode"], id: string): number {
    const ids = idsOf(this.#sql, id);
    const list = JSON.stringify(ids);
    const streams = willsOf(this.#sql, list);
    const seq = this.#enter(organizationId, mode, id, {
      ids: ids.length,
      links: linksOf(this.#sql, list),
      wills: streams.length,
    });
    this.#tombstones.add(seq, ids);
    for (const stream of streams) revokeWill(this.#sql, stream);
    this.#sql.exec("insert into erasure_id (erasure_seq, id) select ?1, value from json_each(?2)", seq, list);
    const among = "in (select value from json_each(?1))";
    this.#sql.exec(`delete from identity_link where id ${among}`, list);
    this.#sql.exec(`delete from identity_link where user_id ${among}`, list);
    this.#sql.exec(`delete from identity where id ${among}`, list);
    return seq;
  }

  #readmit(organizationId: string, id: string): number {
    const ids = this.#tombstones.remove(id);
    const seq = this.#enter(organizationId, "readmit", id, { ids, links: 0, wills: 0 });
    this.#sql.exec("update erasure set completed_at = requested_at where seq = ?1", seq);
    return seq;
  }

  #enter(organizationId: string, mode: string, id: string, found: { ids: number; links: number; wills: number }): number {
    return this.#sql
      .exec<{ seq: number }>(
        `insert into erasure (erasure_id, organization_id, subject, mode, requested_at, ids, links, wills, event_end,
           quarantined_end)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (select coalesce(max(seq), 0) from domain_event),
           (select coalesce(max(seq), 0) from quarantined_event))
         returning seq`,
        crypto.randomUUID(),
        organizationId,
        this.#tombstones.pseudonyms([id])[0]!,
        mode,
        new Date().toISOString(),
        found.ids,
        found.links,
        found.wills,
      )
      .one().seq;
  }

  /** The next rows of an order, in the caller's transaction. */
  #page(erasure: Erasure): void {
    if (erasure.completed_at !== null) return;
    const { seq } = erasure;
    const rows = this.#sql.exec<{ id: string }>("select id from erasure_id where erasure_seq = ?1", seq).toArray();
    const ids = JSON.stringify(rows.map(({ id }) => id));
    const books = new DayBooks();
    if (erasure.event_seq < erasure.event_end) {
      const upTo = Math.min(erasure.event_seq + PAGE_ROWS, erasure.event_end);
      const [count, done] =
        erasure.mode === "erase"
          ? [this.#erase(erasure.event_seq, upTo, ids, books), upTo]
          : this.#anonymise(erasure, upTo, ids);
      this.#sql.exec("update erasure set events = events + ?2, event_seq = ?3 where seq = ?1", seq, count, done);
    } else if (erasure.quarantined_seq < erasure.quarantined_end) {
      // What breaks a rule can't be made anonymous: there is no telling what is where in it.
      const upTo = Math.min(erasure.quarantined_seq + PAGE_ROWS, erasure.quarantined_end);
      const count = this.#eraseQuarantined(erasure.quarantined_seq, upTo, ids, books);
      this.#sql.exec("update erasure set quarantined = quarantined + ?2, quarantined_seq = ?3 where seq = ?1", seq, count, upTo);
    } else {
      this.#sql.exec("update erasure set completed_at = ?2 where seq = ?1", seq, new Date().toISOString());
      this.#sql.exec("delete from erasure_id where erasure_seq = ?1", seq);
    }
    books.enter(this.#sql);
  }

  #erase(from: number, upTo: number, ids: string, books: DayBooks): number {
    const rows = this.#sql
      .exec<{ seq: number; event_id: string; day: string }>(
        `select seq, event_id, substr(received_at, 1, 10) as day ${EVENTS}`,
        from,
        upTo,
        ids,
      )
      .toArray();
    for (const { day } of rows) books.move(day, ["stored", ""], ["dropped", "erased"]);
    this.#remove("domain_event", rows);
    return rows.length;
  }

  #eraseQuarantined(from: number, upTo: number, ids: string, books: DayBooks): number {
    const rows = this.#sql
      .exec<{ seq: number; event_id: string; rule: string; day: string }>(
        `select seq, event_id, rule, substr(received_at, 1, 10) as day ${QUARANTINED}`,
        from,
        upTo,
        ids,
      )
      .toArray();
    for (const { day, rule } of rows) books.move(day, ["quarantined", rule], ["dropped", "erased"]);
    this.#remove("quarantined_event", rows);
    return rows.length;
  }

  /** Removes rows. Their ids stay: a retry is a duplicate of what is not there. */
  #remove(table: "domain_event" | "quarantined_event", rows: readonly { seq: number; event_id: string }[]): void {
    const [seqs, ids] = [rows.map(({ seq }) => seq), rows.map(({ event_id }) => event_id)];
    this.#sql.exec(`delete from ${table} where seq in (select value from json_each(?1))`, JSON.stringify(seqs));
    if (table === "domain_event") forgetParked(this.#sql, seqs);
    this.#sql.exec("insert or ignore into erased_event (event_id) select value from json_each(?1)", JSON.stringify(ids));
  }

  /** How many rows, and up to which: fewer than asked for where they are large. */
  #anonymise({ organization_id, event_seq }: Erasure, upTo: number, ids: string): [count: number, done: number] {
    const found: { seq: number; event_name: string; properties: string }[] = [];
    let [length, done] = [0, upTo];
    const rows = this.#sql.exec<{ seq: number; event_name: string; properties: string }>(
      `select seq, event_name, properties ${EVENTS} order by seq`,
      event_seq,
      upTo,
      ids,
    );
    for (const row of rows) {
      length += row.properties.length;
      if (found.length > 0 && length > MAX_PAGE_LENGTH) {
        done = row.seq - 1;
        break;
      }
      found.push(row);
    }
    const pairs = found.map(({ event_name, properties }) => [event_name, properties] as const);
    const kept = this.#brain?.anonymise(organization_id, pairs);
    if (kept === undefined) throw new Error(`the plan of ${organization_id} can't be read: what is personal is not known`);
    found.forEach(({ seq }, i) => this.#sql.exec(ANONYMISE, seq, kept[i]!));
    // A receiver's answer may repeat what it was sent.
    this.#sql.exec(
      "update parked_delivery set detail = '' where seq in (select value from json_each(?1))",
      JSON.stringify(found.map(({ seq }) => seq)),
    );
    return [found.length, done];
  }

  #read(seq: number): Erasure {
    return this.#sql.exec<Erasure>("select * from erasure where seq = ?1", seq).one();
  }

  #underWay(): number | undefined {
    return this.#sql
      .exec<{ seq: number }>("select seq from erasure where completed_at is null order by seq limit 1")
      .toArray()[0]?.seq;
  }
}

/** All ids of the person that one of them names. */
function idsOf(sql: SqlStorage, id: string): string[] {
  const rows = sql.exec<{ id: string }>(
    "select id from identity where person_id = (select person_id from identity where id = ?1) union select ?1 order by id",
    id,
  );
  return [...rows].map(({ id }) => id);
}

function linksOf(sql: SqlStorage, ids: string): number {
  const among = "in (select value from json_each(?1))";
  return sql
    .exec<{ n: number }>(
      `select count(*) as n from (select id, user_id from identity_link where id ${among}
         union select id, user_id from identity_link where user_id ${among})`,
      ids,
    )
    .one().n;
}

/** Streams whose last will is of one of these ids. */
function willsOf(sql: SqlStorage, ids: string): string[] {
  const rows = sql.exec<{ stream_id: string }>(
    `select stream_id from will
     where iif(is_quarantined, row->>13, coalesce(row->>5, row->>6)) in (select value from json_each(?1))`,
    ids,
  );
  return [...rows].map(({ stream_id }) => stream_id);
}

/** An order as whoever has given it may keep it. */
function receiptOf(erasure: Erasure): ErasureReceipt {
  const { seq, erasure_id, subject, mode, requested_at, completed_at, ids, links, wills, events, quarantined } = erasure;
  return {
    seq, erasure_id, subject, mode, dry_run: false, requested_at, completed_at, is_complete: completed_at !== null, ids,
    links, wills, events, quarantined,
  };
}
