/** The world of `cargo xtask bench store`: a collector, a PostgreSQL with the tables, tenants with logs that are full. */
import { NO_POSTGRES, startPostgres } from "../../harness/postgres.mjs";
import { enrol, newTenant, startWorld } from "../../harness/world.mjs";
import { migrated } from "../../postgres/support.mjs";
import { featureEvents } from "../feature-events.mjs";
import { cpuUs, load } from "../load.mjs";

export const ORIGIN = "https://shop.example";
export const HEADERS = { "content-type": "text/plain", origin: ORIGIN };
const BACKLOG_REQUEST = 200;
/** How often a log is asked whether it has delivered everything: seldom, since asking takes CPU time of what is measured. */
const ASK_MS = 50;

/**
 * PostgreSQL waits for no disk: it would be the same wait for all, and hide what they cost. (The log does, as ever.)
 * @param {object[]} [extraWorkers] further Workers, as Miniflare takes them
 */
export async function startStore({ extraWorkers = [], settings = {} } = {}) {
  if (NO_POSTGRES) throw new Error(NO_POSTGRES);
  const server = await startPostgres({ tcp: true, settings: { track_commit_timestamp: "on", max_wal_size: "1GB", ...settings } });
  const database = await migrated(server, "bench");
  const world = await startWorld({ tenants: [], assets: false, addressRate: RATE, vars: { ALLOW_PRIVATE_DESTINATIONS: "true" }, extraWorkers });
  return {
    server,
    world,
    database,
    /** Straight to the Worker, without Miniflare's entry in front. */
    url: await world.directUrl(),
    async stop() {
      await world.stop();
      await server.stop();
    },
  };
}

/** The load is one key's, and one address's. */
const RATE = { per_second: 100_000, burst: 1_000_000 };
const LIMITS = { browser_key: RATE, events_per_day: 1_000_000_000 };

let tenants = 0;

/** A tenant whose log holds so many events; none by default. */
export async function tenantWith({ world, url }, backlog = 0) {
  const tenant = newTenant(`bench_${tenants++}`);
  await enrol(world.registry, tenant, [ORIGIN]);
  await world.registry.put(`settings:${tenant.organization_id}`, JSON.stringify({ limits: LIMITS }));
  const { body } = featureEvents(tenant.browser_key);
  const requests = Math.ceil(backlog / BACKLOG_REQUEST);
  const size = (i) => Math.min(BACKLOG_REQUEST, backlog - i * BACKLOG_REQUEST);
  await load({ url, path: "/batch/", headers: HEADERS, makeBody: (i) => Buffer.from(body(size(i))), requests, pids: [] });
  return { ...tenant, body };
}

/** Gives a tenant a destination. A log that has nothing yet learns of it with its first event. */
export async function configure({ world }, { organization_id }, destination) {
  const record = { name: "bench", flush_interval_ms: 0, from: "start", ...destination };
  await world.registry.put(`destinations:${organization_id}`, JSON.stringify([record]));
}

/** The destination that takes a tenant's events to the bench's PostgreSQL. */
export function postgres({ database }, batchSize) {
  return { kind: "postgres", url: `${database}?sslmode=disable`, batch_size: batchSize };
}

/** Has a log that holds events begin to deliver them. */
async function begin({ url }, { server_key }) {
  const headers = { authorization: `Bearer ${server_key}` };
  const response = await fetch(`${url}/v1/destinations/bench/resume`, { method: "POST", headers });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

/** Resolves when the destination has everything: to when it had. */
export async function untilDelivered({ url }, { read_key }) {
  for (;;) {
    const response = await fetch(`${url}/v1/destinations`, { headers: { authorization: `Bearer ${read_key}` } });
    const { destinations, problems } = await response.json();
    const [state] = destinations;
    if (state === undefined || state.status !== "working") throw new Error(JSON.stringify({ destinations, problems }));
    if (state.lag_events === 0) return Date.parse(state.last_delivered_at);
    await new Promise((done) => setTimeout(done, ASK_MS));
  }
}

/** Delivers what a log holds: seconds, and CPU time of workerd. */
export async function drain(store, tenant, destination) {
  const { workerd } = store.world;
  await configure(store, tenant, destination);
  const cpu = cpuUs(workerd);
  const start = Date.now();
  await begin(store, tenant);
  const seconds = ((await untilDelivered(store, tenant)) - start) / 1_000;
  return { seconds, cpuUs: cpuUs(workerd) - cpu };
}
