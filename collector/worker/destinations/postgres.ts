/**
 * A PostgreSQL as a destination: one statement a batch, over a connection that the tenant's log keeps.
 *
 * The driver is node-postgres and not a Rust one: tokio-postgres, through Hyperdrive, was seen to mix answers up
 * (docs/POSTGRES.md). This file is a module of its own, which an isolate loads when the first tenant needs it.
 *
 * Architecture invariant: an outcome says `00000` only if the server has said that the statement is committed. A
 * connection that has failed in any other way than by an answer of the server is not used again.
 */
import pg from "pg";
import INSERT from "../../../crates/warehouse/src/postgres/insert.sql";

/** `tallymark_delivery::Outcome`, of a database. */
export type Stated =
  | { readonly sqlstate: string; readonly detail: string }
  | { readonly error: "timed_out" | "unreachable"; readonly detail: string };

/** A connection that nothing was sent over for this long is closed: a server has some hundreds for all. */
const IDLE_MS = 60_000;

/** What tells a server's answer from a failure on the way there. */
interface ServerError extends Error {
  readonly code: string;
  readonly severity: string;
}

interface Connection {
  readonly client: pg.Client;
  /** Resolves once it can be used. */
  readonly ready: Promise<void>;
  idle: ReturnType<typeof setTimeout> | null;
}

export class PostgresStores {
  readonly #connections = new Map<string, Connection>();

  /** Stores a JSON array of rows, as text. Doing so again changes nothing. */
  async store(url: string, rows: string, timeoutMs: number): Promise<Stated> {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Late()), timeoutMs)));
    const connection = this.#connections.get(url) ?? this.#connect(url);
    clearTimeout(connection.idle);
    try {
      await Promise.race([this.#insert(connection, rows), late]);
      connection.idle = setTimeout(() => this.#forget(url, connection), IDLE_MS);
      return { sqlstate: "00000", detail: "" };
    } catch (error) {
      const stated = isServerError(error) ? error : undefined;
      // Unless it was an answer, whatever may still come over it is none to what comes next.
      if (stated?.severity !== "ERROR") this.#forget(url, connection);
      if (stated !== undefined) return { sqlstate: stated.code, detail: stated.message };
      if (error instanceof Late) return { error: "timed_out", detail: "" };
      return { error: "unreachable", detail: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  async #insert({ client, ready }: Connection, rows: string): Promise<void> {
    await ready;
    // Named: the server plans it once a connection.
    await client.query({ name: "store", text: INSERT, values: [rows] });
  }

  #connect(url: string): Connection {
    const client = new pg.Client({ ...addressOf(url), application_name: "tallymark" });
    const connection: Connection = { client, ready: client.connect(), idle: null };
    // Between two batches, too: the next one is to find a new connection.
    client.on("error", () => this.#forget(url, connection));
    client.on("end", () => this.#forget(url, connection));
    // Whoever waits for it hears of it; if nobody does any more, it is no error.
    connection.ready.catch(() => {});
    this.#connections.set(url, connection);
    return connection;
  }

  #forget(url: string, connection: Connection): void {
    clearTimeout(connection.idle);
    if (this.#connections.get(url) !== connection) return;
    this.#connections.delete(url);
    connection.client.end().catch(() => {});
  }
}

class Late extends Error {}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "severity" in error && "code" in error;
}

/** What of the URL counts: the brain has refused others (crates/delivery, `guard`). Read here, lest the driver finds more in it. */
function addressOf(url: string): pg.ClientConfig {
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
