import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { append } from "./append.ts";
import { Deliveries } from "./deliver.ts";
import { Erasures, type ErasureRequest } from "./erasure.ts";
import { CommitTimes } from "./commit-times.ts";
import { figures, type LogFigures } from "./figures.ts";
import { GroupCommit } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import { destinationsAnswer, parkedList, sweepParked, type ParkedSwept, type DeliveryRequest } from "./parked.ts";
import { purge, quarantineList, quarantined, replayPage, settle } from "./quarantine.ts";
import type { Filter, Purged, ReplayPage, Settled, Verdict } from "./quarantine.ts";
import { OVER_QUOTA, Quota } from "./quota.ts";
import { events, identities, ledger } from "./read.ts";
import { enterRefused } from "./refused.ts";
import { Retention } from "./retention.ts";
import { Tombstones } from "./tombstones.ts";
import { deliveriesOf, isQuarantined, storedEvent, type Whereabouts } from "./whereabouts.ts";
import { WILL_AFTER_MS, executeWills, nextWillMs } from "./wills.ts";

/**
 * How late an alarm may be, in ms, until it is taken for lost and set anew. workerd was seen to keep one in storage for seconds
 * without running it (tests/faults/lost-alarm.test.mjs): everything behind it would wait as long, or for good.
 */
const ALARM_LOST_MS = 200;

/** Alarms as near as this, in ms, are watched by a timer; of others the next append sees that they are late. */
const WATCHED_MS = 10_000;

/** What the brain made of one request: `tallymark_ingest::Append`. */
export interface Batch {
  /** UTC day of receipt, `2026-11-21`. */
  readonly day: string;
  /** JSON arrays of rows, each small enough for one bound value. */
  readonly rows: readonly string[];
  /** Rows in all of them. */
  readonly events: number;
  /** JSON array of quarantined rows, or empty. */
  readonly quarantined: string;
  readonly quarantinedCount: number;
  /** JSON array of what streams report (streams.ts), or empty. */
  readonly streams: string;
  /** JSON array of streams' last wills (wills.ts), or empty. */
  readonly wills: string;
  /** JSON array of what the events say of who is who (identity.ts), or empty. */
  readonly links: string;
  /** Events of this request that belong to no stream. */
  readonly unsequenced: number;
  /** How many events the tenant's day may have. */
  readonly eventsPerDay: number;
}

/** What the log made of it: counts of what is new. */
export interface Receipt {
  readonly stored: number;
  readonly duplicates: number;
  readonly quarantined: number;
}

/**
 * The durable heart: one organization's events, quarantine and books, in a SQLite database of its own.
 *
 * Architecture invariant: what writes does so in one transaction, without awaiting in its midst, and the
 * platform holds every answer back until what was written before it is durable.
 */
export class TenantLog extends DurableObject<Env> {
  readonly #appends: GroupCommit<Batch, Receipt | typeof OVER_QUOTA>;
  readonly #quota: Quota;
  readonly #commitTimes = new CommitTimes();
  readonly #tombstones: Tombstones;
  readonly #erasures: Erasures;
  readonly #deliveries: Deliveries;
  readonly #retention: Retention;
  /** When the alarm goes off; null if it is not set. */
  #alarmMs: number | null = null;
  /** The timer that looks whether it did. */
  #watch: number | null = null;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const { storage } = state;
    migrate(storage);
    this.#quota = new Quota(storage.sql);
    // Set before this object was here.
    void state.blockConcurrencyWhile(async () => {
      this.#alarmMs = await storage.getAlarm();
    });
    const willAfterMs = env.WILL_AFTER_MS ?? WILL_AFTER_MS;
    const tombstones = new Tombstones(storage.sql);
    this.#tombstones = tombstones;
    this.#erasures = new Erasures(storage, env.REGISTRY, tombstones);
    this.#deliveries = new Deliveries(state, env, this.#erasures, (ms) => this.#wakeAt(ms));
    this.#retention = new Retention(storage, env.REGISTRY, tombstones, this.#deliveries);
    this.#appends = new GroupCommit(
      storage,
      (batch) => this.#take(batch, Date.now() + willAfterMs),
      this.#commitTimes,
    );
  }

  async append(batch: Batch): Promise<Receipt | typeof OVER_QUOTA> {
    const receipt = await this.#appends.add(batch);
    if (receipt === OVER_QUOTA) return receipt;
    if (batch.wills !== "") this.#wakeForOwn();
    if (this.#retention.isStale) this.ctx.waitUntil(this.#retention.look().then(() => this.#wakeForOwn()));
    if (receipt.stored > 0) this.#deliveries.stored(receipt.stored);
    return receipt;
  }

  /** What the log does at its own time. May run again after a failure: what is done is done once. */
  override async alarm(): Promise<void> {
    this.#alarmMs = null;
    const { storage } = this.ctx;
    storage.transactionSync(() => executeWills(storage.sql, Date.now()));
    this.#quota.forget();
    // Before anything goes out: who is to be forgotten holds up deliveries.
    await this.#erasures.proceed();
    await this.#deliveries.run();
    await this.#retention.run();
    this.#wakeForOwn();
  }

  /** The text of `GET /v1/destinations`. */
  async destinations(): Promise<string> {
    await this.#deliveries.configure();
    return destinationsAnswer(this.ctx.storage.sql, this.#deliveries.plan(), Date.now());
  }

  /** The tenant's destinations have changed: to this record of the registry, or to none. */
  async destinationsChanged(record: string | null): Promise<void> {
    await this.#deliveries.changed(record);
  }

  /** The tenant's settings have changed, to this record. */
  settingsChanged(record: string | null): void {
    this.#retention.settingsChanged(record);
    this.#wakeForOwn();
  }

  /** Lets a destination go on; false if there is none of that name. */
  resumeDestination(name: string): Promise<boolean> {
    return this.#deliveries.resume(name);
  }

  /** The text of `GET /v1/deliveries/parked`. */
  parkedDeliveries(request: DeliveryRequest): string {
    return parkedList(this.ctx.storage.sql, request);
  }

  /** For `GET /v1/deliveries/<event_id>`. */
  async whereabouts(organizationId: string, eventId: string): Promise<Whereabouts> {
    await this.#deliveries.configure();
    const { sql } = this.ctx.storage;
    const event = storedEvent(sql, organizationId, eventId);
    if (event === undefined) return { is: isQuarantined(sql, organizationId, eventId) ? "quarantined" : "unknown" };
    const plan = this.#deliveries.plan();
    return { is: "stored", text: deliveriesOf(sql, event, plan, this.#deliveries.standings(plan, event.seq), Date.now()) };
  }

  /** Has parked deliveries tried again, or gives them up. */
  async sweepParked(request: DeliveryRequest): Promise<ParkedSwept> {
    const { storage } = this.ctx;
    const swept = storage.transactionSync(() => sweepParked(storage.sql, request, new Date().toISOString()));
    if (!request.dryRun) await this.#deliveries.run();
    return swept;
  }

  /** That the log answers: its database is open, and in the newest schema. */
  ping(): void {
    this.ctx.storage.sql.exec("select 1 from schema_migration limit 1");
  }

  /** For `/metrics`. */
  async figures(): Promise<LogFigures> {
    return figures(this.ctx.storage.sql, this.#commitTimes.figures(), await this.destinations(), Date.now());
  }

  events(after: number, limit: number): string {
    return events(this.ctx.storage.sql, after, limit);
  }

  identities(after: number, limit: number): string {
    return identities(this.ctx.storage.sql, after, limit);
  }

  ledger(organizationId: string, from: string, to: string): string {
    return ledger(this.ctx.storage.sql, organizationId, from, to, Date.now());
  }

  /** Adds to how many requests of a day were refused; `counts`: a JSON array of `[code, requests]`. */
  refused(day: string, counts: string): void {
    enterRefused(this.ctx.storage.sql, day, counts);
  }

  quarantineList(filter: Filter, after: number, limit: number): string {
    return quarantineList(this.ctx.storage.sql, filter, after, limit);
  }

  /** The text of `GET /v1/quarantine/<event_id>`; null if there is none. */
  quarantined(organizationId: string, eventId: string): string | null {
    return quarantined(this.ctx.storage.sql, organizationId, eventId);
  }

  replayPage(filter: Filter, after: number, limit: number): ReplayPage {
    return replayPage(this.ctx.storage.sql, filter, after, limit);
  }

  settle(organizationId: string, verdicts: readonly Verdict[]): Settled {
    const { storage } = this.ctx;
    const settled = storage.transactionSync(() => settle(storage.sql, organizationId, verdicts, this.#tombstones));
    if (settled.stored > 0) this.#deliveries.stored(settled.stored);
    return settled;
  }

  purge(filter: Filter, after: number, limit: number, dryRun: boolean): Purged {
    const { storage } = this.ctx;
    this.#quota.forget();
    return storage.transactionSync(() => purge(storage.sql, filter, after, limit, dryRun));
  }

  /** Has somebody forgotten, or let in again. The text of the receipt; `maxPages`: see erasure.ts. */
  async erase(organizationId: string, request: ErasureRequest, maxPages?: number): Promise<string> {
    const { verb, id, dryRun } = request;
    if (verb === "list") return this.erasures(request.after, request.limit);
    if (dryRun) return this.#erasures.foresee(verb, id);
    const seq = this.#erasures.order(organizationId, verb, id);
    this.#wakeForOwn();
    await this.#erasures.carryOut(seq, maxPages);
    return this.#erasures.receipt(seq);
  }

  erasures(after: number, limit: number): string {
    return this.#erasures.list(after, limit);
  }

  /** In a transaction. */
  #take(batch: Batch, willsDueMs: number): Receipt | typeof OVER_QUOTA {
    try {
      if (this.#quota.isFull(batch)) return OVER_QUOTA;
      const receipt = append(this.ctx.storage.sql, batch, willsDueMs, this.#tombstones);
      this.#quota.enter(receipt);
      return receipt;
    } catch (error) {
      this.#quota.forget();
      throw error;
    }
  }

  /** Sets the alarm for the wills, erasures and expiries of this log; deliveries ask on their own. */
  #wakeForOwn(): void {
    for (const ms of [nextWillMs(this.ctx.storage.sql), this.#erasures.dueMs, this.#retention.dueMs]) if (ms !== null) this.#wakeAt(ms);
  }

  /** Not awaited: whatever is answered waits for all writes, this one too. An alarm that comes too early does no harm. */
  #wakeAt(ms: number): void {
    if (this.#alarmMs !== null && this.#alarmMs <= ms && Date.now() < this.#alarmMs + ALARM_LOST_MS) return;
    this.#alarmMs = ms;
    void this.ctx.storage.setAlarm(ms);
    clearTimeout(this.#watch);
    const lostInMs = ms - Date.now() + ALARM_LOST_MS;
    if (lostInMs <= WATCHED_MS) this.#watch = setTimeout(() => this.#lookAfter(ms), lostInMs);
  }

  /**
   * If the alarm of this time has not come: sets it anew, for what the log does at its own time, and runs deliveries at once,
   * which somebody waits for. Should it come all the same, it finds less to do.
   */
  #lookAfter(ms: number): void {
    if (this.#alarmMs !== ms) return;
    this.#alarmMs = null;
    this.#wakeForOwn();
    this.ctx.waitUntil(this.#deliveries.run());
  }
}
