/** What size does to it: an append to a log of a million rows, an insert into a `domain_event` of ten million. */
import pg from "pg";
import { tallymark } from "../../harness/cli.mjs";
import { uuidv7 } from "../../harness/client.mjs";
import { INSERT, migrated } from "../../postgres/support.mjs";
import { cpuUs, load, median } from "../load.mjs";
import { HEADERS, startStore, tenantWith } from "./world.mjs";

const LOG_ROWS = 1_000_000;
const TABLE_ROWS = 10_000_000;
/** Rows by which a cost is measured, in so many parts whose median counts. */
const SAMPLE = 100_000;
const PARTS = 5;
const BATCH = 500;
const TENANTS = 20;
const TARGET = 1.2;

/** `scale`: so many times fewer rows. */
export async function large(scale) {
  // Some 5 GB: what is measured is not how the disk copes with the log of writes.
  const store = await startStore({ settings: { max_wal_size: "512MB", shared_buffers: "256MB" } });
  try {
    console.log(`${"µs of CPU an event".padEnd(44)}${"first".padStart(10)}${"last".padStart(10)}${"ratio".padStart(8)}`);
    await growingLog(store, LOG_ROWS / scale);
    await growingTable(store, TABLE_ROWS / scale, Math.min(SAMPLE, TABLE_ROWS / scale / 10));
  } finally {
    await store.stop();
  }
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

async function growingTable(store, rows, sample) {
  const { server } = store;
  const plain = await Table.open(server, "plain");
  const partitioned = await Table.open(server, "partitioned", "--partitioned");
  await plain.cost(sample);
  await partitioned.cost(sample);
  const first = { plain: await plain.cost(sample), partitioned: await partitioned.cost(sample) };
  await partitioned.close();
  await plain.fill(rows);
  await plain.cost(sample);
  told(`insert into ${rows} rows, PostgreSQL`, first.plain, await plain.cost(sample));
  await plain.close();
  const { code, stderr } = await tallymark(["migrate", "--partitioned", "--database-url", server.url("plain")]);
  if (code !== 0) throw new Error(stderr);
  const turned = await Table.reopen(server, "plain");
  await turned.cost(sample);
  told("the same, partitioned", first.partitioned, await turned.cost(sample));
  await turned.close();
}

/** A `domain_event`, and a session whose CPU time is what a row costs. */
class Table {
  #server;
  #name;
  #client;
  #pid;

  static async open(server, name, ...flags) {
    await migrated(server, name, ...flags);
    return Table.reopen(server, name);
  }

  static async reopen(server, name) {
    const table = new Table();
    table.#server = server;
    table.#name = name;
    table.#client = new pg.Client({ connectionString: server.url(name) });
    // Whatever goes wrong ends the server while this is open; what went wrong is what is to be told.
    table.#client.on("error", () => {});
    await table.#client.connect();
    table.#pid = (await table.#client.query("select pg_backend_pid() as pid")).rows[0].pid;
    return table;
  }

  close() {
    return this.#client.end();
  }

  /** Rows as those of `cost`, over the last year. */
  async fill(rows) {
    const CHUNK = 500_000;
    for (let from = 0; from < rows; from += CHUNK) {
      await this.#server.query(
        `insert into domain_event (event_id, event_name, occurred_at, received_at, organization_id, user_id, anonymous_id,
           entity_type, entity_id, correlation_id, source, trust, properties, is_processed, processed_at)
         select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
           'event_' || i % 40, at, at, 'org_' || i % ${TENANTS}, case when i % 2 = 0 then 'u' || i % 9973 end, 'v' || i % 99991,
           case when i % 2 = 0 then 'recipe' end, case when i % 2 = 0 then (i % 4999)::text end,
           case when i % 2 = 0 then 'c-' || i / 4 end, 'browser', 'origin', '{"scale":2.5,"unit":"g"}', true, at
         from generate_series(${from + 1}, ${Math.min(rows, from + CHUNK)}) i,
           lateral (select now() - (${rows} - i)::float / ${rows} * interval '365 days' as at, md5(i::text) as hash) as made`,
        this.#name,
      );
    }
    await this.#server.query("vacuum analyze domain_event; checkpoint", this.#name);
  }

  /** CPU of its session in µs a row, for so many rows stored by the collector's own statement. */
  async cost(rows) {
    const costs = [];
    for (let part = 0; part < PARTS; part++) {
      const batches = Array.from({ length: rows / PARTS / BATCH }, (_, n) => batch(n));
      const before = cpuUs([this.#pid]);
      for (const values of batches) {
        const { rowCount } = await this.#client.query({ name: "store", text: INSERT, values: [values] });
        if (rowCount !== BATCH) throw new Error(`${rowCount} rows of ${BATCH}`);
      }
      costs.push((cpuUs([this.#pid]) - before) / (batches.length * BATCH));
    }
    return median(costs);
  }
}

/** A batch of one tenant's, as its log gives it. */
function batch(n) {
  const now = new Date().toISOString();
  const random = (below) => Math.floor(Math.random() * below);
  const row = (_, i) => ({
    seq: i,
    event_id: uuidv7(),
    event_name: `event_${random(40)}`,
    occurred_at: now,
    received_at: now,
    organization_id: `org_${n % TENANTS}`,
    user_id: i % 2 ? null : `u${random(9_973)}`,
    anonymous_id: `v${random(99_991)}`,
    session_id: null,
    entity_type: i % 2 ? null : "recipe",
    entity_id: i % 2 ? null : String(random(4_999)),
    correlation_id: i % 2 ? null : `c-${uuidv7()}`,
    source: "browser",
    trust: "origin",
    schema_version: 1,
    properties: { scale: 2.5, unit: "g" },
    context: {},
  });
  return JSON.stringify(Array.from({ length: BATCH }, row));
}
