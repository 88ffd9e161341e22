/** What the tests of the backend's store share: a migrated database, the command line, rows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { tallymark } from "../harness/cli.mjs";
import { uuidv7 } from "../harness/client.mjs";
import { ROOT } from "../harness/world.mjs";

/** The one statement that stores a batch: `$1` is a JSON array of rows, as text. */
export const INSERT = readFileSync(join(ROOT, "crates/warehouse/src/postgres/insert.sql"), "utf8");

/** What does the same with rows by columns: see `columnsOf`. */
export const INSERT_COLUMNS = readFileSync(join(ROOT, "crates/warehouse/src/postgres/insert_columns.sql"), "utf8");

const COLUMNS = [
  "event_id", "event_name", "occurred_at", "received_at", "organization_id", "user_id", "anonymous_id", "session_id",
  "entity_type", "entity_id", "correlation_id", "source", "trust", "schema_version",
];

/** Rows, whose `properties` and `context` are objects, as the parameters of `INSERT_COLUMNS`. */
export function columnsOf(rows) {
  const literal = (value) => (value === null ? "NULL" : `"${String(value).replace(/[\\"]/g, "\\$&")}"`);
  const json = (column) => rows.map((row) => JSON.stringify(row[column])).join("\x1e");
  return [...COLUMNS.map((column) => `{${rows.map((row) => literal(row[column]))}}`), json("properties"), json("context")];
}

/** A new database of this server's, migrated; its URL. */
export async function migrated(server, name, ...flags) {
  await server.query(`create database ${name}`);
  const { code, stderr } = await tallymark(["migrate", "--database-url", server.url(name), ...flags]);
  if (code !== 0) throw new Error(`tallymark migrate: ${stderr}`);
  return server.url(name);
}

/** A session; ended with the test. */
export async function session(t, url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  return client;
}

/** A row as `GET /v1/events` gives it; `properties` and `context` may be JSON text, which stays as it is. */
export function row(fields = {}) {
  const { properties = "{}", context = "{}", ...columns } = fields;
  const now = new Date().toISOString();
  const all = {
    seq: 1, event_id: uuidv7(), event_name: "batch_started", occurred_at: now, received_at: now,
    organization_id: "org_1", user_id: null, anonymous_id: null, session_id: null, entity_type: null,
    entity_id: null, correlation_id: null, source: "browser", trust: "origin", schema_version: 1, ...columns,
  };
  const text = (json) => (typeof json === "string" ? json : JSON.stringify(json));
  return `${JSON.stringify(all).slice(0, -1)},"properties":${text(properties)},"context":${text(context)}}`;
}

/** Stores rows; how many of them are new. */
export async function store(client, rows) {
  return (await client.query({ name: "insert", text: INSERT, values: [`[${rows.join(",")}]`] })).rowCount;
}
