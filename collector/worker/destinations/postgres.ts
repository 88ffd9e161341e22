/**
 * A PostgreSQL as a destination: one statement a batch, over a connection that the tenant's log keeps. Several may be
 * under way in a pipeline, each a transaction of its own; what goes wrong with one is nothing to the others.
 *
 * The driver is node-postgres and not a Rust one: tokio-postgres, through Hyperdrive, was seen to mix answers up
 * (docs/POSTGRES.md). This file is a module of its own, which an isolate loads when the first tenant needs it.
 *
 * Architecture invariant: an outcome says `00000` only if the server has said that the statement is committed. A
 * connection that has failed in any other way than by an answer of the server is not used again.
 */
import pg from "pg";
import INSERT from "../../../crates/warehouse/src/postgres/insert.sql";
import INSERT_COLUMNS from "../../../crates/warehouse/src/postgres/insert_columns.sql";
import { PacketSocket } from "./packet-socket.ts";

/** `tallymark_delivery::Outcome`, of a database. */
export type Stated =
  | { readonly sqlstate: string; readonly detail: string }
  | { readonly error: "timed_out" | "unreachable"; readonly detail: string };

/** A JSON array of rows, as text; or the parameters of `insert_columns.sql` as bytes, which is less work for the server. */
export type Rows = string | readonly ArrayBuffer[];

/** A connection that nothing was sent over for this long is closed: a server has some hundreds for all. */
const IDLE_MS = 60_000;

/** What tells a server's answer from a failure on the way there. */
interface ServerError extends Error {
  readonly code: string;
  readonly severity: string;
}

export class PostgresStores {
  readonly #connections = new Map<string, Connection>();

  /**
   * Stores rows, which are asked for when they can be sent. Doing so again changes nothing. Undefined if there are none any
   * more.
   */
  async store(url: string, rows: () => Rows | undefined, timeoutMs: number): Promise<Stated | undefined> {
    let connection = this.#connections.get(url);
    if (connection === undefined) {
      connection = new Connection(url, () => this.#forget(url, connection!));
      this.#connections.set(url, connection);
    }
    try {
      return (await connection.insert(rows, timeoutMs)) ? { sqlstate: "00000", detail: "" } : undefined;
    } catch (error) {
      const stated = isServerError(error) ? error : undefined;
      // Unless it was an answer, whatever may still come over it is none to what comes next.
      if (stated?.severity !== "ERROR") this.#forget(url, connection);
      if (stated !== undefined) return { sqlstate: stated.code, detail: stated.message };
      if (error instanceof Late) return { error: "timed_out", detail: "" };
      return { error: "unreachable", detail: error instanceof Error ? error.message : String(error) };
    }
  }

  #forget(url: string, connection: Connection): void {
    if (this.#connections.get(url) !== connection) return;
    this.#connections.delete(url);
    connection.close();
  }
}

/** A statement that is not answered. */
interface UnderWay {
  readonly dueMs: number;
  readonly fail: (error: Error) => void;
}

/** A connection, and what is under way over it. */
class Connection {
  readonly #client: pg.Client;
  readonly #ready: Promise<void>;
  readonly #underWay = new Set<UnderWay>();
  readonly #over: () => void;
  /** Since when nothing is under way. */
  #idleSinceMs = Date.now();
  /** One for all that are under way: setting one for each costs half as much as sending a statement. */
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerMs = Infinity;

  /** `over`: told when it can't be used any more, or nobody uses it. */
  constructor(url: string, over: () => void) {
    const address = addressOf(url);
    const stream = () => new PacketSocket(address.ssl);
    this.#over = over;
    this.#client = new pg.Client({ ...address, application_name: "tallymark", pipeline: true, stream });
    this.#ready = this.#client.connect();
    // Between two batches, too: the next one is to find a new connection.
    this.#client.on("error", over);
    this.#client.on("end", over);
    // Whoever waits for it hears of it; if nobody does any more, it is no error.
    this.#ready.catch(() => {});
  }

  /** Whether there was anything to be stored. Rejects with the server's error, with `Late`, or with what became of the connection. */
  async insert(rows: () => Rows | undefined, timeoutMs: number): Promise<boolean> {
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    const one: UnderWay = { dueMs: Date.now() + timeoutMs, fail };
    this.#underWay.add(one);
    this.#watchFor(one.dueMs);
    try {
      return await Promise.race([this.#store(rows), failed]);
    } finally {
      this.#underWay.delete(one);
      this.#idleSinceMs = Date.now();
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timerMs = -Infinity;
    this.#client.end().catch(() => {});
  }

  async #store(rows: () => Rows | undefined): Promise<boolean> {
    await this.#ready;
    const stored = rows();
    if (stored === undefined) return false;
    await this.#client.query(statementOf(stored));
    return true;
  }

  /** Has the timer look at that time, if it does not before. */
  #watchFor(ms: number): void {
    if (this.#timerMs <= ms) return;
    clearTimeout(this.#timer);
    this.#timerMs = ms;
    this.#timer = setTimeout(() => this.#look(), Math.max(ms - Date.now(), 1));
  }

  /** Fails what is late, and ends what is idle. */
  #look(): void {
    this.#timerMs = Infinity;
    const now = Date.now();
    const idleMs = this.#idleSinceMs + IDLE_MS;
    if (this.#underWay.size === 0 && idleMs <= now) return this.#over();
    for (const { dueMs, fail } of this.#underWay) {
      if (dueMs <= now) fail(new Late());
      else this.#watchFor(dueMs);
    }
    if (this.#underWay.size === 0) this.#watchFor(idleMs);
  }
}

/** Named: the server plans it once a connection. */
function statementOf(rows: Rows): pg.QueryConfig {
  if (typeof rows === "string") return { name: "store", text: INSERT, values: [rows] };
  return { name: "store_columns", text: INSERT_COLUMNS, values: rows.map((column) => Buffer.from(column)) };
}

class Late extends Error {}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "severity" in error && "code" in error;
}

/** What of the URL counts: the brain has refused others (crates/delivery, `guard`). Read here, lest the driver finds more in it. */
function addressOf(url: string): pg.ClientConfig & { ssl: boolean } {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  return {
    host: hostname,
    port: port === "" ? 5432 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    // The platform checks the certificate and its name.
    ssl: searchParams.get("sslmode") !== "disable",
  };
}
