/** A PostgreSQL that keeps the tenant's log, behind a gate, as a test has it in hand. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startPostgres } from "../../harness/postgres.mjs";
import { migrated } from "../../postgres/support.mjs";
import { Gate } from "./gate.mjs";

const DATABASE = "faults";
/** More than the events of a hundred rounds need, and soon filled. */
const DISK_MB = 96;

export class PostgresStore {
  name = "postgres";
  #server;
  #gate;
  #disk;

  /** @param {string} [further] statements for its database, once it is made */
  static async start(further = "") {
    const store = new PostgresStore();
    store.#server = await startPostgres({ tcp: true, durable: true });
    store.#gate = await Gate.start(store.#server.port);
    store.#disk = smallDisk();
    try {
      await migrated(store.#server, DATABASE);
      if (store.#disk !== undefined) await store.#server.query(moveTo(store.#disk), DATABASE);
      if (further !== "") await store.#server.query(further, DATABASE);
    } catch (error) {
      await store.stop();
      throw error;
    }
    return store;
  }

  /** Its database: by the gate, as the collector and the dispatchers have it, and past it, as services beside it do. */
  get gatedUrl() {
    return `postgres://test@localhost:${this.#gate.port}/${DATABASE}?sslmode=disable`;
  }

  get url() {
    return this.#server.url(DATABASE);
  }

  get record() {
    // Its faults last longer than a webhook's, and what is slow must be told from what is not.
    return { name: this.name, kind: "postgres", url: this.gatedUrl, timeout_ms: 800 };
  }

  /** What can go wrong with it: each begins, and gives what ends it. @type {Record<string, Function>} */
  get faults() {
    return {
      ...this.#gate.faults,
      killed: async () => {
        await this.#server.kill();
        return () => this.#server.start();
      },
      paused: async () => {
        const pids = processes(this.#server.pid);
        for (const pid of pids) signal(pid, "SIGSTOP");
        return () => pids.forEach((pid) => signal(pid, "SIGCONT"));
      },
      terminated: async () => {
        await this.#server.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tallymark%'");
        return () => {};
      },
      locked: async () => {
        const session = new pg.Client({ connectionString: this.url });
        session.on("error", () => {}); // The server may be killed in the same round.
        await session.connect();
        await session.query("begin; lock table domain_event in access exclusive mode");
        return () => session.end().catch(() => {});
      },
      ...(this.#disk !== undefined && {
        "disk full": async () => {
          const ballast = join(this.#disk, "ballast");
          fill(ballast);
          return () => rmSync(ballast);
        },
      }),
    };
  }

  /** Whether its disk could be made small enough to be filled: only root may. */
  get hasDisk() {
    return this.#disk !== undefined;
  }

  /** How often it has each event. @returns {Promise<Map<string, number>>} */
  async counts() {
    const rows = await this.#server.query("select event_id, count(*) from domain_event group by 1", DATABASE);
    return new Map(rows.map(([id, n]) => [id, Number(n)]));
  }

  async stop() {
    this.#gate.stop();
    await this.#server.stop();
    if (this.#disk === undefined) return;
    execFileSync("umount", [this.#disk]);
    rmSync(this.#disk, { recursive: true });
  }
}

/** A file system in memory for a table and its indexes; the server's own files stay where they are. */
function smallDisk() {
  if (process.getuid() !== 0) return undefined;
  const id = (flag) => execFileSync("id", [flag, "postgres"]).toString().trim();
  const folder = mkdtempSync(join(tmpdir(), "tallymark-disk-"));
  try {
    const options = `size=${DISK_MB}m,uid=${id("-u")},gid=${id("-g")}`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tallymark-faults", folder], { stdio: "ignore" });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined; // A container that may not mount.
  }
  return folder;
}

function moveTo(folder) {
  return `create tablespace small location '${folder}';
    set default_tablespace = small;
    alter table domain_event set tablespace small;
    do $$ declare index regclass; begin
      for index in select indexrelid::regclass from pg_index where indrelid = 'domain_event'::regclass loop
        execute format('alter index %s set tablespace small', index);
      end loop;
    end $$;`;
}

/** Writes until there is no room. */
function fill(path) {
  const file = openSync(path, "w");
  try {
    for (const zeroes of [Buffer.alloc(1 << 20), Buffer.alloc(1 << 12)]) {
      try {
        for (;;) if (writeSync(file, zeroes) < zeroes.length) break;
      } catch (error) {
        if (error.code !== "ENOSPC") throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** A server and its children. */
function processes(pid) {
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)]).toString();
  return [pid, ...children.trim().split(/\s+/).map(Number)];
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error; // It has ended by itself.
  }
}
