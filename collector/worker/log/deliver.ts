/**
 * Carrying events on from the log to where they are wanted. The brain decides what is due and what an answer means
 * (crates/delivery); here the lease is taken, rows are read, requests sent, and what came of them is written down.
 *
 * Architecture invariant: nothing is awaited between reading a state and writing it, and no capture waits for anything
 * in here. Whoever is interrupted between lease and settlement leaves a lease that runs out: the same events go out
 * again, under the same ids.
 */
import type { Env } from "../env.ts";
import { Stores } from "../stores.ts";
import { note, textOf } from "../journal.ts";
import { DeliverBrain, type Plan, type Standing, type State } from "./deliver-brain.ts";
import {
  MAX_RETRIED, enterSettled, hasRetries, headOf, moveProcessed, pendingOf, pruneFormer, stateNamed, states, writeStates,
} from "./destinations.ts";
import type { Erasures } from "./erasure.ts";
import { columnsBetween, eventsWhere, organizationOf, sizesAfter } from "./read.ts";
import { isStatement, sendAll, type Request, type Sent } from "./send.ts";

/** How long what the registry says of destinations is believed, in ms. */
const CONFIGURATION_MS = 60_000;

/** Requests of one destination until it makes room for another alarm: the platform bounds those of one. */
const MAX_REQUESTS_IN_A_ROW = 200;

/** Attempts of one destination in a row: those that find nothing to send make no request. */
const MAX_ATTEMPTS_IN_A_ROW = 100;

/** When a destination is looked at again whose next rows an erasure may be about to change, in ms. */
const HELD_UP_MS = 1_000;

/** An attempt under way. */
interface Attempt {
  readonly id: string;
  readonly state: State;
  readonly requests: readonly Request[];
  readonly through: number;
  /** Requests at a time. */
  readonly concurrency: number;
  /** Its rows had been parked. */
  readonly isRetry: boolean;
}

export class Deliveries {
  readonly #ctx: DurableObjectState;
  readonly #registry: KVNamespace;
  readonly #brain: DeliverBrain;
  readonly #stores = new Stores();
  /** Sets the log's alarm to a time, unless it is set to an earlier one. */
  readonly #wakeAt: (ms: number) => void;
  readonly #erasures: Erasures;
  /** When the registry was last asked for destinations. */
  #askedAtMs = -Infinity;
  #configuring: Promise<void> | undefined;
  /** Whether it has answered so far. */
  #isConfigured = false;
  /** What holds for appends: null if nobody waits for them. */
  #rule: { batchSize: number; flushMs: number } | null = null;
  /**
   * The log's last `seq` before anything was stored by who did not know yet of the destinations of now. Whichever wants
   * events "from now on" gets those behind it, and none falls between its making and the first look at it.
   */
  #newcomersFrom: number;
  /** The same of whichever is made after the last look. */
  #headAtLook: number;
  /** The destinations of the last plan. */
  #names: readonly string[] = [];
  /** Rows since the last plan, which saw to all before. */
  #fresh = 0;
  readonly #underWay = new Set<string>();

  constructor(ctx: DurableObjectState, env: Env, erasures: Erasures, wakeAt: (ms: number) => void) {
    this.#ctx = ctx;
    this.#registry = env.REGISTRY;
    this.#brain = new DeliverBrain(env);
    this.#erasures = erasures;
    this.#wakeAt = wakeAt;
    this.#newcomersFrom = this.#headAtLook = headOf(ctx.storage.sql);
  }

  /** Rows have been stored. Costs a tenant without destinations a look at the clock, and a minute's look-up now and then. */
  stored(rows: number): void {
    if (Date.now() - this.#askedAtMs > CONFIGURATION_MS) return this.#background(this.run());
    if (this.#rule === null) return;
    this.#fresh += rows;
    this.#wakeAt(this.#fresh >= this.#rule.batchSize ? Date.now() : Date.now() + this.#rule.flushMs);
  }

  /** This is the tenant's record now, which the registry may give to us a minute late; what is due is begun. */
  async changed(record: string | null): Promise<void> {
    // One that is being looked up may be the one before.
    await this.#configuring;
    this.#headAtLook = headOf(this.#ctx.storage.sql);
    this.#goBy(record, this.#headAtLook);
    await this.run();
  }

  /** Begins what is due, and has the log woken for what comes next. What it begins goes on without it. */
  async run(): Promise<void> {
    await this.#configure();
    const now = Date.now();
    for (const { due_ms, timeout_ms, state } of this.#plan().destinations) {
      if (due_ms !== null && due_ms <= now && !this.#underWay.has(state.name)) this.#background(this.#serve(state.name, timeout_ms));
    }
  }

  /** Brings the destinations up to date with their configuration, and says when each is due. */
  plan(): Plan {
    return this.#plan();
  }

  /** What has become of a row at each destination of a plan. */
  standings({ destinations }: Plan, seq: number): Standing[] {
    const { rows } = eventsWhere(this.#ctx.storage.sql, "seq = ?1", seq, 1);
    return this.#brain.standings(destinations.map(({ state }) => state), arrayOf(rows));
  }

  /**
   * Up to which `seq` every destination has everything but what is parked for it, and their names. Null while it is not
   * known who they are, or one of them can't be read.
   */
  passed(): { seq: number; names: string[] } | null {
    if (!this.#isConfigured) return null;
    const { destinations, problems } = this.#plan();
    if (problems.length > 0) return null;
    const states = destinations.map(({ state }) => state);
    const seq = Math.min(Number.MAX_SAFE_INTEGER, ...states.map(({ cursor }) => cursor));
    return { seq, names: states.map(({ name }) => name) };
  }

  /** Asks the registry for what a plan goes by, unless it has been asked in the last minute. */
  async configure(): Promise<void> {
    await this.#configure();
  }

  /**
   * Lets a destination go on at once, by its configuration of now: whoever resumes it may just have mended that. False
   * if there is none of that name.
   */
  async resume(name: string): Promise<boolean> {
    const { storage } = this.#ctx;
    this.#askedAtMs = -Infinity;
    await this.#configure();
    this.#plan();
    const isKnown = storage.transactionSync(() => {
      const state = stateNamed(storage.sql, name);
      if (state !== undefined) writeStates(storage.sql, [this.#brain.resume(state)]);
      return state !== undefined;
    });
    if (isKnown) this.#background(this.run());
    return isKnown;
  }

  #configure(): Promise<void> {
    return (this.#configuring ??= this.#askRegistry().finally(() => (this.#configuring = undefined)));
  }

  async #askRegistry(): Promise<void> {
    const now = Date.now();
    if (now - this.#askedAtMs <= CONFIGURATION_MS) return;
    const organizationId = organizationOf(this.#ctx.storage.sql);
    if (organizationId === undefined) return;
    this.#askedAtMs = now;
    const head = headOf(this.#ctx.storage.sql);
    try {
      this.#goBy(await this.#registry.get(`destinations:${organizationId}`), head);
    } catch (error) {
      // By what was known before; the next append or alarm asks again.
      this.#askedAtMs = -Infinity;
      note("error", "delivery.registry_failed", { error: textOf(error) });
    }
  }

  /** Goes by a record that was looked up when the log's last `seq` was `head`. */
  #goBy(record: string | null, head: number): void {
    this.#askedAtMs = Date.now();
    this.#brain.record = record;
    this.#isConfigured = true;
    this.#newcomersFrom = this.#headAtLook;
    this.#headAtLook = head;
  }

  #plan(): Plan {
    const { storage } = this.#ctx;
    const plan = storage.transactionSync(() => {
      const { sql } = storage;
      const head = headOf(sql);
      const before = states(sql);
      const made = this.#brain.plan(before.map((state) => ({ state, pending: pendingOf(sql, state, head) })), this.#newcomersFrom);
      const changed = made.destinations.filter(({ has_changed }) => has_changed).map(({ state }) => state);
      writeStates(sql, changed);
      if (changed.length > 0) pruneFormer(sql, made.destinations.map(({ state }) => state.name));
      // What was there before the first destination is no business of any.
      if (before.length === 0 && changed.length > 0) {
        sql.exec("update processed set seq = max(seq, ?1)", Math.min(...changed.map(({ cursor }) => cursor)));
      }
      return made;
    });
    this.#fresh = 0;
    this.#rule = ruleOf(plan);
    this.#names = plan.destinations.map(({ state }) => state.name);
    const now = Date.now();
    const times = plan.destinations.map(({ due_ms, has_changed, state }) => {
      if (has_changed) return now;
      // Who is told at the order's end: see below.
      if (this.#isHeldUp(state)) return now + HELD_UP_MS;
      // One that is under way goes on by itself, or else when its lease has run out.
      return due_ms === null || (due_ms <= now && this.#underWay.has(state.name)) ? Infinity : Math.max(due_ms, now);
    });
    const next = Math.min(...times);
    if (next < Infinity) this.#wakeAt(next);
    return plan;
  }

  /** Serves a destination until it has everything, fails or must let others have their turn. */
  async #serve(name: string, timeoutMs: number): Promise<void> {
    this.#underWay.add(name);
    try {
      let requests = 0;
      for (let attempts = 0; attempts < MAX_ATTEMPTS_IN_A_ROW && requests < MAX_REQUESTS_IN_A_ROW; attempts++) {
        const attempt = this.#begin(name);
        if (attempt === undefined) break;
        const { orders } = this.#erasures;
        const sent = await sendAll(attempt.requests, {
          concurrency: attempt.concurrency,
          timeoutMs,
          stores: this.#stores,
          columnsOf: ([first, last]) => columnsBetween(this.#ctx.storage.sql, first, last),
          maySend: () => this.#erasures.orders === orders,
          hasFailed: (one) => this.#brain.hasFailed(name, one),
        });
        this.#settle(name, attempt, sent);
        requests += attempt.requests.filter((request) => !isStatement(request)).length;
        const due = this.#plan().destinations.find(({ state }) => state.name === name)?.due_ms ?? null;
        if (due === null || due > Date.now()) break;
      }
    } catch (error) {
      // Its lease runs out, and then it is tried again.
      note("error", "delivery.failed", { destination: name, error: textOf(error) });
    } finally {
      this.#underWay.delete(name);
      this.#plan();
    }
  }

  /** Takes the lease and reads what is to be sent, in one transaction. */
  #begin(name: string): Attempt | undefined {
    const { storage } = this.#ctx;
    return storage.transactionSync(() => {
      const { sql } = storage;
      const id = crypto.randomUUID();
      const known = stateNamed(sql, name);
      const leased = known === undefined || this.#isHeldUp(known) ? null : this.#brain.lease(known, id, headOf(sql));
      if (leased === null) return undefined;
      const { state, lease } = leased;
      const { concurrency } = lease;
      writeStates(sql, [state]);
      if (hasRetries(sql, name)) {
        const due = "seq in (select seq from parked_delivery where destination = ?1 and is_due = 1)";
        const requests = this.#brain.retry(state, arrayOf(eventsWhere(sql, due, name, MAX_RETRIED).rows));
        return requests === null ? undefined : { id, state, isRetry: true, requests, through: state.cursor, concurrency };
      }
      const composed = lease.is_verbatim
        ? this.#brain.outline(state, sizesAfter(sql, lease.after, lease.rows))
        : this.#brain.compose(state, arrayOf(eventsWhere(sql, "seq > ?1", lease.after, lease.rows).rows));
      return composed === null ? undefined : { id, state, isRetry: false, ...composed, concurrency };
    });
  }

  /**
   * Whether an order is being carried out on rows that a destination has yet to be given. It waits for that, mostly some
   * milliseconds: nothing of somebody's goes out once their erasure is ordered.
   */
  #isHeldUp({ name, cursor }: State): boolean {
    const { reach } = this.#erasures;
    return reach > 0 && (cursor < reach || hasRetries(this.#ctx.storage.sql, name));
  }

  #settle(name: string, attempt: Attempt, sent: readonly Sent[]): void {
    const { storage } = this.#ctx;
    storage.transactionSync(() => {
      const { sql } = storage;
      const state = stateNamed(sql, name);
      if (state === undefined) return;
      const after = attempt.isRetry
        ? this.#brain.settleRetry(state, attempt.id, sent)
        : this.#brain.settle(state, attempt.id, attempt.through, sent);
      if (after === null) return;
      const now = new Date().toISOString();
      writeStates(sql, [after.state]);
      enterSettled(sql, name, after.settled, attempt.isRetry, now);
      moveProcessed(sql, this.#names, now);
    });
  }

  #background(work: Promise<void>): void {
    this.#ctx.waitUntil(work.catch((error: unknown) => note("error", "delivery.failed", { error: textOf(error) })));
  }
}

const arrayOf = (rows: readonly string[]) => `[${rows.join(",")}]`;

/** When appends are to wake the log: as soon as the most eager of the destinations wants them. */
function ruleOf({ destinations }: Plan): { batchSize: number; flushMs: number } | null {
  const eager = destinations.filter(({ state }) => state.paused_reason === null);
  if (eager.length === 0) return null;
  return {
    batchSize: Math.min(...eager.map(({ batch_size }) => batch_size)),
    flushMs: Math.min(...eager.map(({ flush_interval_ms }) => flush_interval_ms)),
  };
}
