/**
 * A copy of a tenant's log that answers SQL. The log answers none from outside: this is a second database of its
 * schema, for rows that were read from it.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./world.mjs";

const contents = `import { DurableObject } from "cloudflare:workers";
export class Copy extends DurableObject {
  query(schema, tables, statement) {
    const { sql } = this.ctx.storage;
    sql.exec(schema);
    for (const [table, rows] of Object.entries(tables)) {
      for (const row of rows) {
        const columns = Object.keys(row);
        const into = \`\${table} (\${columns.join(", ")}) values (\${columns.map(() => "?").join(", ")})\`;
        sql.exec("insert into " + into, ...Object.values(row));
      }
    }
    return sql.exec(statement).toArray();
  }
}
export default { async fetch(request, env) {
  const { name, schema, tables, statement } = await request.json();
  return Response.json(await env.COPY.getByName(name).query(schema, tables, statement));
} }`;

/** Among the `extraWorkers` of a world that is to have a copy. */
export const COPY = {
  name: "copy",
  modules: [{ type: "ESModule", path: "copy.mjs", contents }],
  durableObjects: { COPY: { className: "Copy", useSQLite: true } },
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
};

/** The log's schema, as its migrations make it. */
function schema() {
  const folder = join(ROOT, "collector/worker/log");
  const migrations = readdirSync(folder).filter((name) => name.endsWith(".sql")).sort();
  return migrations.map((name) => readFileSync(join(folder, name), "utf8")).join(";\n");
}

let copies = 0;

/** What `statement` gives of a new copy with these rows, by table. Members that are objects are stored as JSON. */
export async function queryCopy(world, tables, statement) {
  const text = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : value);
  const flat = ([table, rows]) => [
    table,
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, text(value)]))),
  ];
  const { origin } = await world.mf.unsafeGetDirectURL("copy");
  const body = JSON.stringify({
    name: `copy ${copies++}`,
    schema: schema(),
    tables: Object.fromEntries(Object.entries(tables).map(flat)),
    statement,
  });
  const response = await fetch(origin, { method: "POST", body });
  if (!response.ok) throw new Error(`the copy: ${response.status} ${await response.text()}`);
  return response.json();
}
