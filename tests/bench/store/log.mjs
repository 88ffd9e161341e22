/** From a request to the log's commit: how much, and how soon at half of that. */
import { load, median, quantile, steady } from "../load.mjs";
import { HEADERS, configure, postgres, tenantWith, untilDelivered } from "./world.mjs";

const REQUESTS = { 1: 3_000, 10: 1_200, 50: 400, 500: 60 };
/** How long a load at half of the rate goes on. */
const STEADY_SECONDS = 8;

/** @returns by batch size: events/s and µs of CPU of workerd an event, medians */
export async function benchLog(store, sizes, rounds, scale) {
  const { url } = store;
  const pids = store.world.workerd;
  const figures = new Map();
  for (const size of sizes) {
    const requests = REQUESTS[size] / scale;
    const runs = [];
    for (let round = 0; round <= rounds; round++) {
      const { body } = await tenantWith(store);
      const spent = await load({ url, path: "/batch/", headers: HEADERS, makeBody: () => Buffer.from(body(size)), requests, pids });
      // The first round warms up.
      if (round > 0) runs.push(spent);
    }
    figures.set(size, {
      perSecond: median(runs.map(({ seconds }) => (requests * size) / seconds)),
      us: median(runs.map(({ cpuUs }) => cpuUs / requests / size)),
    });
  }
  return figures;
}

/**
 * A steady load at half of what the slower of the two ways takes: ms until the answer, and until the row was committed
 * in PostgreSQL.
 * @param {number} eventsPerSecond
 */
export async function benchHalf(store, size, eventsPerSecond, scale) {
  const tenant = await tenantWith(store);
  const perSecond = eventsPerSecond / 2 / size;
  const requests = Math.max(20, Math.round((perSecond * STEADY_SECONDS) / scale));
  await store.server.query("truncate domain_event", "bench");
  await configure(store, tenant, postgres(store, Math.max(size, 50)));
  const makeBody = () => Buffer.from(tenant.body(size));
  const answers = await steady({ url: store.url, path: "/batch/", headers: HEADERS, makeBody, requests, perSecond });
  await untilDelivered(store, tenant);
  const rows = await store.server.query(
    `select percentile_disc(array[0.5, 0.99]) within group (order by extract(epoch from pg_xact_commit_timestamp(xmin) - received_at)),
       count(*) from domain_event`,
    "bench",
  );
  const [[quantiles, count]] = rows;
  if (Number(count) !== requests * size) throw new Error(`${count} rows of ${requests * size}`);
  const [p50, p99] = quantiles.slice(1, -1).split(",").map((seconds) => Number(seconds) * 1_000);
  return { answer: { p50: quantile(answers, 0.5), p99: quantile(answers, 0.99) }, row: { p50, p99 } };
}
