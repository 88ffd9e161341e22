/**
 * The collector's Worker with instruments: what the platform would bill is counted, what it gives can be made to fail, and
 * its clock goes ahead, or stands still, when told. It runs in place of index.js, which it imports; `/__instruments` is the
 * way to it.
 */
import worker, { TenantLog as Log } from "./index.js";

/** Logs that have been asked for. */
const logs = new Set();
let counts = emptyCounts();
let points = [];
/** What fails, and how: `registry`, `log` or `brain` → `throw` or `hang`; `alarm` → `lose`. */
let faults = {};
let aheadMs = 0;
/** When the clock stands still. */
let stillMs;

function emptyCounts() {
  return { requests: 0, log_requests: 0, registry_reads: 0 };
}

const emptyAlarms = () => ({ alarms_set: 0, alarms_run: 0 });

const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length > 0 ? given : [Date.now()]));
  }

  static now() {
    return stillMs ?? RealDate.now() + aheadMs;
  }
};

const realSetTimeout = setTimeout;
// Where no time passes no timer goes off: how late an alarm is does not show.
globalThis.setTimeout = (call, ms) => realSetTimeout(() => (stillMs === undefined ? call() : undefined), ms);

const RealInstance = WebAssembly.Instance;
WebAssembly.Instance = function (...given) {
  if (faults.brain !== undefined) throw new WebAssembly.RuntimeError("unreachable");
  return new RealInstance(...given);
};

export class TenantLog extends Log {
  /** Asked at the end: a cursor's figures are whole only when it has been read. */
  #cursors = [];
  #alarms = emptyAlarms();
  #alarmsUnderWay = 0;
  /** The platform's own, which counts nothing. */
  #uncounted;

  constructor(state, env) {
    const { storage } = state;
    const { sql } = storage;
    const cursors = [];
    const alarms = emptyAlarms();
    const exec = (...given) => {
      const cursor = sql.exec(...given);
      cursors.push(cursor);
      return cursor;
    };
    const counted = new Proxy(sql, { get: (target, name) => (name === "exec" ? exec : target[name]) });
    Object.defineProperty(storage, "sql", { value: counted });
    const setAlarm = storage.setAlarm.bind(storage);
    Object.defineProperty(storage, "setAlarm", {
      value: (...given) => {
        alarms.alarms_set++;
        return faults.alarm === "lose" ? Promise.resolve() : setAlarm(...given);
      },
    });
    super(state, instrumented(env));
    this.#cursors = cursors;
    this.#alarms = alarms;
    this.#uncounted = sql;
  }

  /**
   * Its alarms, and what its statements have read and written: only it may ask its cursors. Also whether an alarm is due or
   * under way, and whether a destination has yet to be given something.
   */
  async billed(isReset) {
    const sum = (name) => this.#cursors.reduce((total, cursor) => total + cursor[name], 0);
    const read = { ...this.#alarms, statements: this.#cursors.length, rows_read: sum("rowsRead"), rows_written: sum("rowsWritten") };
    if (isReset) {
      this.#cursors.length = 0;
      Object.assign(this.#alarms, emptyAlarms());
    }
    const isDue = ((await this.ctx.storage.getAlarm()) ?? Infinity) <= Date.now();
    const behind = "select 1 from destination where cursor < (select max(seq) from domain_event) limit 1";
    const isBehind = this.#uncounted.exec(behind).toArray().length > 0;
    return { ...read, alarms_due: Number(isDue) + this.#alarmsUnderWay, logs_behind: Number(isBehind) };
  }

  async alarm(...given) {
    this.#alarms.alarms_run++;
    this.#alarmsUnderWay++;
    try {
      return await super.alarm(...given);
    } finally {
      this.#alarmsUnderWay--;
    }
  }
}

/** What the platform does when it fails in that way. */
async function fault(how) {
  if (how === "hang") await new Promise(() => undefined);
  throw new Error("Network connection lost.");
}

function instrumented(env) {
  const REGISTRY = new Proxy(env.REGISTRY, {
    get: (target, name) => (...given) => {
      counts.registry_reads++;
      return faults.registry === undefined ? target[name](...given) : fault(faults.registry);
    },
  });
  const LOG = {
    getByName(name) {
      logs.add(name);
      const stub = env.LOG.getByName(name);
      return new Proxy(stub, {
        get: (target, method) => (...given) => {
          counts.log_requests++;
          return faults.log === undefined ? target[method](...given) : fault(faults.log);
        },
      });
    },
  };
  return { ...env, REGISTRY, LOG, ANALYTICS: { writeDataPoint: (point) => points.push(point) } };
}

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== "/__instruments") {
      counts.requests++;
      return worker.fetch(request, instrumented(env), context);
    }
    const order = request.method === "POST" ? await request.json() : {};
    const read = { ...counts, ...emptyAlarms(), points, statements: 0, rows_read: 0, rows_written: 0, alarms_due: 0, logs_behind: 0 };
    for (const name of order.log === undefined ? logs : [order.log]) {
      for (const [what, n] of Object.entries(await env.LOG.getByName(name).billed(order.reset))) read[what] += n;
    }
    if (order.reset) [counts, points] = [emptyCounts(), []];
    faults = order.faults ?? faults;
    aheadMs += order.advance_ms ?? 0;
    if (order.is_still !== undefined) stillMs = order.is_still ? Date.now() : undefined;
    return Response.json(read);
  },
};
