/**
 * Retention: what has been here for longer than the tenant's settings have it kept goes, by the moment of its receipt, a
 * slice a transaction, at the log's alarm.
 *
 * The books stay: what has expired was stored all the same. Its ids stay for a while, so that whoever sends one again
 * changes nothing.
 */
import { Brain } from "../brain.ts";
import { note, textOf } from "../journal.ts";
import { DayBooks } from "./books.ts";
import type { Deliveries } from "./deliver.ts";
import { forgetParked } from "./destinations.ts";
import { organizationOf } from "./read.ts";
import type { Tombstones } from "./tombstones.ts";

/** What is not kept any more: `tallymark_ingest::Retention::cutoffs`. Moments; what was received before goes. */
export interface Cutoffs {
  readonly events_before: string | null;
  readonly quarantined_before: string | null;
  readonly waits_for_destinations: boolean;
}

/** Most rows looked at in one transaction: some milliseconds of the object's only thread. */
const SLICE_ROWS = 500;

/** Most slices of an alarm: then others have their turn. */
const MAX_SLICES = 40;

/** How long what the registry says of settings is believed, and how much at a time expires where events flow, in ms. */
const LOOK_MS = 60 * 60_000;

/** By how much rows may be older than those that were committed before them, in ms: last wills wait that long. */
const DISORDER_MS = 60 * 60_000;

/** How long the id of an event is known after it has expired, in days: longer than any client keeps what it can't send. */
const KEEP_IDS_DAYS = 90;

const DAY_MS = 24 * 60 * 60_000;

const KEEP_ALL: Cutoffs = { events_before: null, quarantined_before: null, waits_for_destinations: true };

/** Up to which row events may go, and whose parked deliveries keep one. */
interface Passed {
  readonly seq: number;
  readonly names: readonly string[];
}

type Expiring = { seq: number; event_id: string; received_at: string; is_kept: number };
type Quarantined = { seq: number; event_id: string; received_at: string; rule: string; is_purged: number };

export class Retention {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #registry: KVNamespace;
  readonly #tombstones: Tombstones;
  readonly #deliveries: Deliveries;
  #brain: Brain | undefined;
  /** What `settings:<organization_id>` of the registry holds; undefined before it was asked. */
  #record: string | null | undefined;
  #askedAtMs = -Infinity;
  /** How often somebody has said what the settings are. */
  #told = 0;
  /** When something is next to be looked at; null if nothing expires. */
  #dueMs: number | null = null;

  constructor(storage: DurableObjectStorage, registry: KVNamespace, tombstones: Tombstones, deliveries: Deliveries) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#registry = registry;
    this.#tombstones = tombstones;
    this.#deliveries = deliveries;
  }

  get dueMs(): number | null {
    return this.#dueMs;
  }

  /** Whether the settings are to be asked for again. Costs an append a look at the clock. */
  get isStale(): boolean {
    return Date.now() - this.#askedAtMs > LOOK_MS;
  }

  /** Asks for the settings, unless that was done within the hour. */
  async look(): Promise<void> {
    if (!this.isStale) return;
    const organizationId = organizationOf(this.#sql);
    if (organizationId === undefined) return;
    this.#askedAtMs = Date.now();
    const told = this.#told;
    try {
      const record = await this.#registry.get(`settings:${organizationId}`);
      // Who was told in the meantime knows better.
      if (told === this.#told) this.#heed(record);
    } catch (error) {
      // By what was known before; the next append or alarm asks again.
      this.#askedAtMs = -Infinity;
      note("error", "retention.registry_failed", { error: textOf(error) });
    }
  }

  /** Takes settings that somebody has just written: what has expired by them goes at once. */
  settingsChanged(record: string | null): void {
    this.#told++;
    this.#askedAtMs = Date.now();
    this.#heed(record);
  }

  /** Lets go of what has expired, as much as one alarm may. */
  async run(): Promise<void> {
    await this.look();
    if (this.#dueMs === null || Date.now() < this.#dueMs) return;
    const cutoffs = this.#cutoffs();
    const slices = [this.#ids(), this.#quarantined(cutoffs), this.#replayed(cutoffs), this.#events(cutoffs)];
    for (let taken = 0; taken < MAX_SLICES && slices.length > 0; taken++) {
      const hasMore = this.#storage.transactionSync(() => slices[0]!());
      if (!hasMore) slices.shift();
      await scheduler.wait(0);
    }
    const now = Date.now();
    const next = this.#nextMs(this.#cutoffs());
    this.#dueMs = slices.length > 0 ? now : next === null ? null : Math.max(next, now + LOOK_MS);
  }

  #heed(record: string | null): void {
    this.#record = record;
    this.#dueMs = this.#nextMs(this.#cutoffs());
  }

  #cutoffs(): Cutoffs {
    const record = this.#record ?? null;
    if (record === null) return KEEP_ALL;
    this.#brain ??= new Brain([], "");
    const cutoffs = this.#brain.retention(record);
    if (cutoffs === undefined) note("error", "retention.settings_invalid", {});
    return cutoffs ?? KEEP_ALL;
  }

  /** When the next row expires. */
  #nextMs({ events_before, quarantined_before }: Cutoffs): number | null {
    const first = (query: string) => this.#sql.exec<{ at: string | null }>(query).toArray()[0]?.at ?? null;
    const now = Date.now();
    const expiry = (at: string | null, before: string | null) =>
      at === null || before === null ? Infinity : Date.parse(at) + now - Date.parse(before);
    const forgetOn = first("select min(forget_on) as at from erased_event where forget_on is not null");
    const next = Math.min(
      expiry(first("select received_at as at from domain_event order by seq limit 1"), events_before),
      expiry(first("select min(received_at) as at from replayed_event"), events_before),
      expiry(first("select received_at as at from quarantined_event order by seq limit 1"), quarantined_before),
      forgetOn === null ? Infinity : Date.parse(forgetOn),
    );
    return next === Infinity ? null : next;
  }

  /** Each of these takes the next slice, in the caller's transaction, and says whether there are more. */
  #events({ events_before: before, waits_for_destinations }: Cutoffs): () => boolean {
    const passed = before === null ? null : this.#passed(waits_for_destinations);
    if (before === null || passed === null) return () => false;
    const end = new Date(Date.parse(before) + DISORDER_MS).toISOString();
    let after = 0;
    return () => {
      const rows = this.#expiring("seq > ?1 and seq <= ?2 order by seq", passed, after);
      const young = rows.findIndex(({ received_at }) => received_at >= end);
      const old = young < 0 ? rows : rows.slice(0, young);
      this.#expire(old.filter(({ received_at, is_kept }) => received_at < before && is_kept === 0));
      after = rows.at(-1)?.seq ?? after;
      return young < 0 && rows.length === SLICE_ROWS;
    };
  }

  /** Rows from replays, which lie among younger ones. */
  #replayed({ events_before: before, waits_for_destinations }: Cutoffs): () => boolean {
    const passed = before === null ? null : this.#passed(waits_for_destinations);
    if (before === null || passed === null) return () => false;
    let after = 0;
    return () => {
      const among = "seq > ?1 and seq <= ?2 and seq in (select seq from replayed_event where received_at < ?4) order by seq";
      const rows = this.#expiring(among, passed, after, before);
      this.#expire(rows.filter(({ is_kept }) => is_kept === 0));
      after = rows.at(-1)?.seq ?? after;
      return rows.length === SLICE_ROWS;
    };
  }

  /** Rows, of `?1` and up to `?2`, and whether somebody has yet to have each. */
  #expiring(where: string, passed: Passed, after: number, ...more: readonly string[]): Expiring[] {
    return this.#sql
      .exec<Expiring>(
        `select seq, event_id, received_at, exists (
           select 1 from parked_delivery p where p.seq = e.seq and p.destination in (select value from json_each(?3))) as is_kept
         from domain_event e where ${where} limit ${SLICE_ROWS}`,
        after,
        passed.seq,
        JSON.stringify(passed.names),
        ...more,
      )
      .toArray();
  }

  #expire(rows: readonly Expiring[]): void {
    if (rows.length === 0) return;
    const seqs = rows.map(({ seq }) => seq);
    const list = JSON.stringify(seqs);
    this.#sql.exec("delete from domain_event where seq in (select value from json_each(?1))", list);
    this.#sql.exec("delete from replayed_event where seq in (select value from json_each(?1))", list);
    forgetParked(this.#sql, seqs);
    this.#sql.exec(
      `insert into expired_row (day, count)
       select substr(value, 1, 10) as day, count(*) from json_each(?1) where true group by day
       on conflict (day) do update set count = count + excluded.count`,
      JSON.stringify(rows.map(({ received_at }) => received_at)),
    );
    this.#keepIds(rows);
  }

  #quarantined({ quarantined_before: before }: Cutoffs): () => boolean {
    if (before === null) return () => false;
    return () => {
      const rows = this.#sql
        .exec<Quarantined>(
          `select seq, event_id, received_at, rule, purged_at is not null as is_purged from quarantined_event
           order by seq limit ${SLICE_ROWS}`,
        )
        .toArray();
      const young = rows.findIndex(({ received_at }) => received_at >= before);
      const old = young < 0 ? rows : rows.slice(0, young);
      const books = new DayBooks();
      for (const { received_at, rule, is_purged } of old) {
        if (is_purged === 0) books.move(received_at.slice(0, 10), ["quarantined", rule], ["dropped", "expired"]);
      }
      books.enter(this.#sql);
      this.#sql.exec(
        "delete from quarantined_event where seq in (select value from json_each(?1))",
        JSON.stringify(old.map(({ seq }) => seq)),
      );
      this.#keepIds(old);
      return young < 0 && rows.length === SLICE_ROWS;
    };
  }

  #keepIds(rows: readonly { event_id: string }[]): void {
    const forgetOn = new Date(Date.now() + KEEP_IDS_DAYS * DAY_MS).toISOString().slice(0, 10);
    this.#tombstones.keepIds(rows.map(({ event_id }) => event_id), forgetOn);
  }

  /** Ids that nobody sends any more. */
  #ids(): () => boolean {
    return () => {
      const forgotten = this.#sql.exec(
        `delete from erased_event where event_id in (
           select event_id from erased_event where forget_on is not null and forget_on <= ?1 limit ${SLICE_ROWS})
         returning 1`,
        new Date().toISOString().slice(0, 10),
      );
      return forgotten.toArray().length === SLICE_ROWS;
    };
  }

  /** Null: nothing may go, since somebody may want it whom the log can't know of. */
  #passed(waitsForDestinations: boolean): Passed | null {
    return waitsForDestinations ? this.#deliveries.passed() : { seq: Number.MAX_SAFE_INTEGER, names: [] };
  }
}
