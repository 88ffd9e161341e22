/** Delivery's brain (crates/delivery): what is due, what is sent, what answers mean. The shapes are collector/src/deliver.rs's. */
import { Brain } from "../brain.ts";
import type { Env } from "../env.ts";
import type { Request, Sent } from "./send.ts";

/** A row of the table `destination`, with `ahead` as a list. */
export interface State {
  readonly name: string;
  readonly cursor: number;
  readonly ahead: readonly number[];
  readonly attempts: number;
  readonly failing_since_ms: number | null;
  readonly next_at_ms: number;
  readonly lease_id: string | null;
  readonly paused_reason: string | null;
  readonly last_error: string | null;
  readonly last_error_at_ms: number | null;
  readonly last_delivered_at_ms: number | null;
  readonly delivered: number;
}

/** What lies behind a cursor. */
export interface Pending {
  readonly rows: number;
  readonly oldest_ms: number;
}

export interface Planned {
  readonly kind: string;
  readonly state: State;
  readonly has_changed: boolean;
  readonly due_ms: number | null;
  readonly batch_size: number;
  readonly flush_interval_ms: number;
  readonly timeout_ms: number;
}

export interface Plan {
  readonly destinations: readonly Planned[];
  readonly problems: readonly { path: string; detail: string }[];
}

export interface Settled {
  readonly done: readonly number[];
  readonly parked: readonly { seq: number; reason: string; status: number | null; detail: string; attempts: number }[];
  readonly attempts: number;
}

type After = { state: State; settled: Settled };

/** What has become of a row at a destination, but for whether it is parked: `Standing` of crates/delivery. */
export type Standing =
  | { readonly is: "unwanted"; readonly by: "from" | "events" | "kind" | "consent" }
  | { readonly is: "settled" | "pending" };

/** What an attempt may read and send. */
export interface Lease {
  readonly after: number;
  readonly rows: number;
  readonly concurrency: number;
  /** The brain needs not see the rows themselves. */
  readonly is_verbatim: boolean;
}

interface Attempt {
  readonly requests: readonly Request[];
  readonly through: number;
}

/**
 * One for all logs of an isolate: it remembers nothing but configurations. Gone after a trap, since its memory can't be
 * trusted then.
 */
let shared: Brain | undefined;

/** The brain, with a tenant's record and the deployment's environment before it. */
export class DeliverBrain {
  readonly #env: Env;
  /** What `destinations:<organization_id>` of the registry holds. */
  record: string | null = null;

  constructor(env: Env) {
    this.#env = env;
  }

  plan(known: readonly { state: State; pending: Pending | null }[], head: number): Plan {
    return this.#ask({ verb: "plan", known, head }) as Plan;
  }

  lease(state: State, id: string, head: number): { state: State; lease: Lease } | null {
    return this.#ask({ verb: "lease", state, id, head }) as ReturnType<DeliverBrain["lease"]>;
  }

  compose(state: State, page: string): Attempt | null {
    return this.#ask({ verb: "compose", state }, page) as Attempt | null;
  }

  /** `sizes`: a JSON array of `[seq, bytes]`. */
  outline(state: State, sizes: string): Attempt | null {
    return this.#ask({ verb: "outline", state }, sizes) as Attempt | null;
  }

  retry(state: State, page: string): readonly Request[] | null {
    return this.#ask({ verb: "retry", state }, page) as readonly Request[] | null;
  }

  settle(state: State, id: string, through: number, sent: readonly Sent[]): After | null {
    return this.#ask({ verb: "settle", state, id, through, sent, random: random64() }) as After | null;
  }

  settleRetry(state: State, id: string, sent: readonly Sent[]): After | null {
    return this.#ask({ verb: "settle_retry", state, id, sent, random: random64() }) as After | null;
  }

  /** Whether nothing of a request got through. */
  hasFailed(name: string, sent: Sent): boolean {
    return this.#ask({ verb: "has_failed", name, sent }) as boolean;
  }

  /** Of a page of one row, at the destination of each of these states. */
  standings(states: readonly State[], page: string): Standing[] {
    return this.#ask({ verb: "standings", states }, page) as Standing[];
  }

  resume(state: State): State {
    return this.#ask({ verb: "resume", state }) as State;
  }

  #ask(command: object, page = ""): unknown {
    try {
      if (shared === undefined) {
        shared = new Brain([], "");
        shared.configureDelivery(variablesOf(this.#env));
      }
      return JSON.parse(shared.deliver(this.record, JSON.stringify(command), page));
    } catch (error) {
      shared = undefined;
      throw error;
    }
  }
}

/** The environment's variables as a JSON object of texts: in wrangler.toml one may be a number or a boolean. */
function variablesOf(env: Env): string {
  const isVariable = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);
  const variables = Object.entries(env).filter(([, value]) => isVariable(value));
  return JSON.stringify(Object.fromEntries(variables.map(([name, value]) => [name, String(value)])));
}

function random64(): string {
  return String(crypto.getRandomValues(new BigUint64Array(1))[0]);
}
