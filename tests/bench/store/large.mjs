/** What size does to it: an append to a log of a million rows, an insert into a `domain_event` of ten million. */
import { load } from "../load.mjs";
import { growingTable } from "./table.mjs";
import { HEADERS, startStore, tenantWith } from "./world.mjs";

const LOG_ROWS = 1_000_000;
const TABLE_ROWS = 10_000_000;
const BATCH = 500;
const TARGET = 1.2;

/** `scale`: so many times fewer rows. */
export async function large(scale) {
  const store = await startStore();
  try {
    console.log(`${"µs of CPU an event".padEnd(44)}${"first".padStart(10)}${"last".padStart(10)}${"ratio".padStart(8)}`);
    await growingLog(store, LOG_ROWS / scale);
  } finally {
    await store.stop();
  }
  await growingTable(TABLE_ROWS / scale, TARGET);
}

function told(what, first, last) {
  const ratio = last / first;
  const verdict = ratio <= TARGET ? "" : `   more than ${TARGET}`;
  console.log(`${what.padEnd(44)}${first.toFixed(1).padStart(10)}${last.toFixed(1).padStart(10)}${ratio.toFixed(2).padStart(8)}${verdict}`);
}

/** Parts of a tenth of the rows each, after one that warms up. */
async function growingLog(store, rows) {
  const { url, world } = store;
  const append = async (tenant, count) => {
    const makeBody = () => Buffer.from(tenant.body(BATCH));
    const { cpuUs: spent } = await load({ url, path: "/batch/", headers: HEADERS, makeBody, requests: count / BATCH, pids: world.workerd });
    return spent / count;
  };
  await append(await tenantWith(store), rows / 20);
  const tenant = await tenantWith(store);
  const costs = [];
  for (let part = 0; part < 20; part++) costs.push(await append(tenant, rows / 20));
  // Two parts are a tenth; the better of them, since others use the machine too.
  told(`append to a log of ${rows} rows, workerd`, Math.min(...costs.slice(0, 2)), Math.min(...costs.slice(-2)));
}
