/** A `domain_event` that grows: what an event costs PostgreSQL in the first tenth of the rows, and in the last. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import pg from "pg";
import { tallymark } from "../../harness/cli.mjs";
import { startPostgres } from "../../harness/postgres.mjs";
import { INSERT_COLUMNS, columnsOf, migrated } from "../../postgres/support.mjs";
import { cpuUs } from "../load.mjs";
import { history } from "./history.mjs";

const BATCH = 500;
/** Of a server with 4 GB, a quarter; and a log of writes that allows for minutes between checkpoints at full load. */
const SETTINGS = { shared_buffers: "1GB", max_wal_size: "4GB" };
/** Over which they happened: a quarter of a year. */
const DAYS = 91;
/** Of the user's and the system's time in /proc/<pid>/stat. */
const TICK_US = 10_000;
const COLUMNS = ["µs of CPU", "of its server", "µs in all", "bytes of WAL", "full pages", "blocks read"];

/**
 * `rows` of them in one table, then in partitions. What the last tenth costs is measured beside the first of another
 * table, each in a server of its own, a batch here and a batch there: what else the machine does meanwhile is the same
 * for both. Neither waits for the disk, which would hide what rows cost.
 */
export async function growingTable(rows, target) {
  const now = new Date();
  // What is there when a table is partitioned stays one partition; months are made of this one on.
  const layouts = [
    { name: "", from: new Date(now - DAYS * 86_400_000), flags: [] },
    { name: ", by months", from: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth())), flags: ["--partitioned"] },
  ];
  for (const layout of layouts.slice(1)) {
    const full = await Table.start(rows, layout);
    try {
      await grow(full, rows / 10, layout, target);
      if (layout === layouts[0]) console.log(`partitioned in ${(await full.partition()).toFixed(1)} s`);
    } finally {
      await full.stop();
    }
  }
}

async function grow(full, tenth, layout, target) {
  line(`\n${10 * tenth} rows${layout.name}; an event's`, COLUMNS);
  for (let part = 1; part < 10; part++) {
    await full.store(tenth);
    line(`  ${part * tenth}`, figures(await full.costs()));
  }
  await beside(full, await Table.start(10 * tenth, layout), tenth, target);
  console.log(`MB: ${await full.sizes()}`);
}

/** What a tenth costs a table that is full and one that was empty, which ends with this. */
async function beside(full, empty, tenth, target) {
  let first;
  let last;
  try {
    for (let stored = 0; stored < tenth; stored += BATCH) for (const table of [empty, full]) await table.store(BATCH);
    [first, last] = [await empty.costs(), await full.costs()];
  } finally {
    await empty.stop();
  }
  const ratios = last.map((cost, column) => cost / first[column]);
  line("first tenth", figures(first));
  line("last tenth", figures(last));
  line("ratio", figures(ratios));
  if (ratios[0] > target) console.log(`more than ${target}`);
}

const line = (name, cells) => console.log(name.padEnd(31) + cells.map((cell) => cell.padStart(15)).join(""));
/** Nothing where there is nothing to compare with. */
const figures = (values) => values.map((value) => (Number.isFinite(value) ? value.toFixed(2) : ""));

/** A `domain_event` in a server of its own, and a session that stores a history in it. */
class Table {
  #server;
  #client;
  #pid;
  #history;
  /** Its next batch. */
  #next;
  #stored = 0;
  #waited = 0;
  #before;

  /** For so many rows from that day on, and some more. */
  static async start(rows, { from, flags }) {
    const table = new Table();
    table.#server = await startPostgres({ tcp: true, settings: SETTINGS });
    table.#history = history({ perDay: rows / DAYS, batch: BATCH, from, days: DAYS * 1.2 });
    table.#next = columnsOf(table.#history.next().value);
    try {
      await migrated(table.#server, "grows", ...flags);
      await table.#connect();
      table.#before = await table.#counters();
    } catch (error) {
      await table.#server.stop();
      throw error;
    }
    return table;
  }

  async #connect() {
    this.#client = new pg.Client({ connectionString: this.#server.url("grows") });
    // Whatever goes wrong ends the server while this is open; what went wrong is what is to be told.
    this.#client.on("error", () => {});
    await this.#client.connect();
    this.#pid = (await this.#client.query("select pg_backend_pid() as pid")).rows[0].pid;
  }

  async stop() {
    await this.#client.end();
    await this.#server.stop();
  }

  /** So many more rows of the history, by the collector's own statement. */
  async store(rows) {
    for (let stored = 0; stored < rows; stored += BATCH) {
      const start = performance.now();
      const answer = this.#client.query({ name: "store", text: INSERT_COLUMNS, values: this.#next });
      // Made while the server is at work, which takes longer.
      this.#next = columnsOf(this.#history.next().value);
      const { rowCount } = await answer;
      if (rowCount !== BATCH) throw new Error(`${rowCount} rows of ${BATCH}`);
      this.#waited += performance.now() - start;
      this.#stored += BATCH;
    }
  }

  /** What an event has cost since this was last asked: COLUMNS. */
  async costs() {
    const after = await this.#counters();
    const costs = after.map((value, counter) => (value - this.#before[counter]) / this.#stored);
    this.#before = await this.#counters();
    this.#stored = 0;
    return costs;
  }

  async #counters() {
    // Written by the session when it is idle, at most once a second.
    await this.#client.query("select pg_stat_force_next_flush()");
    const { rows: [row] } = await this.#client.query(
      `select wal_bytes, wal_fpi, (select blks_read from pg_stat_database where datname = current_database()) from pg_stat_wal`,
    );
    return [cpuUs([this.#pid]), this.#serverUs(), this.#waited * 1_000, ...Object.values(row).map(Number)];
  }

  /** CPU time of all of the server's processes, those that have ended included. */
  #serverUs() {
    const { pid } = this.#server;
    const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)]).toString().trim().split(/\s+/);
    // From the third field on; the 16th and the 17th are those of children that have ended.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return cpuUs([pid, ...children]) + (Number(fields[13]) + Number(fields[14])) * TICK_US;
  }

  /** Of the table and of each index, its partitions together. */
  async sizes() {
    const rows = await this.#server.query(
      `select regexp_replace(relname, '_(before|default|20\\d\\d_\\d\\d)', ''), round(sum(pg_relation_size(oid)) / 1e6)
       from pg_class where relname like 'domain_event%' and relkind in ('r', 'i') group by 1 having sum(pg_relation_size(oid)) > 1e6 order by 2 desc`,
      "grows",
    );
    return rows.map(([name, size]) => `${name} ${size}`).join(", ");
  }

  /** Partitions it; how many seconds that took. */
  async partition() {
    const start = performance.now();
    const { code, stderr } = await tallymark(["migrate", "--partitioned", "--database-url", this.#server.url("grows")]);
    if (code !== 0) throw new Error(stderr);
    return (performance.now() - start) / 1_000;
  }
}
