// docs/OUTBOX.md: its own text runs here, in Python with psycopg and in TypeScript with node-postgres.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { cached } from "../harness/cache.mjs";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { ROOT } from "../harness/world.mjs";
import { migrated, session } from "./support.mjs";

const run = promisify(execFile);
const options = { skip: NO_POSTGRES, timeout: 240_000 };
const DOCS = readFileSync(join(ROOT, "docs/OUTBOX.md"), "utf8");
const block = (language) => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(DOCS)[1];
const PYTHON = process.env.PYTHON ?? "python3";
let server;
before(async () => {
  if (!NO_POSTGRES) server = await startPostgres({ tcp: true });
});
after(() => server?.stop());

const BATCHES = "create table batch (id integer primary key, status text); insert into batch values (7, 'planned')";
const STORED = "select event_name, organization_id, entity_type, entity_id, properties, correlation_id from domain_event order by seq";

test("SQL", options, async (t) => {
  const client = await session(t, await migrated(server, "docs_sql"));
  await client.query(BATCHES);
  await client.query(block("sql"));
  const { rows } = await client.query(STORED);
  assert.deepEqual(rows.map(Object.values), [["batch_started", "org_1", "batch", "7", { recipe_id: 12, scale: 1.5 }, "request-7f3a"]]);
});

test("Python", options, async (t) => {
  const url = await migrated(server, "docs_python");
  const client = await session(t, url);
  await client.query(BATCHES);
  const requirements = join(ROOT, "tests/postgres/requirements.txt");
  const { stdout: version } = await run(PYTHON, ["-VV"]);
  const folder = await cached("postgres-python", [requirements], async (fresh) => {
    await run(PYTHON, ["-m", "venv", join(fresh, "venv")]);
    const pip = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--only-binary", ":all:"];
    await run(join(fresh, "venv/bin/python"), [...pip, "--requirement", requirements]);
  }, version);
  const script = `${block("python")}
import sys
with psycopg.connect(sys.argv[1]) as connection:
    print(start_batch(connection, "org_1", 7, 12, 1.5))
    try:
        with connection.transaction():
            connection.execute("select set_config('tallymark.organization_id', 'org_1', true)")
            emit(connection, "never_happened", {})
            raise ValueError
    except ValueError:
        pass
`;
  const { stdout } = await run(join(folder, "venv/bin/python"), ["-c", script, url]);
  const { rows } = await client.query(`select event_id, batch.status, d.* from batch, (${STORED}) d, domain_event`);
  assert.equal(rows.length, 1);
  assert.equal(rows[0].event_id, stdout.trim());
  assert.deepEqual([rows[0].status, rows[0].event_name, rows[0].entity_id, rows[0].properties], ["started", "batch_started", "7", { recipe_id: 12, scale: 1.5 }]);
});

test("TypeScript", options, async (t) => {
  const client = await session(t, await migrated(server, "docs_ts"));
  const { code } = await transform(block("ts"), { loader: "ts", format: "esm" });
  const { logEvent } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const id = await logEvent(client, "org_1", "quota_exceeded", { quotaType: "messages", limit: 100, attempted: undefined });
  const { rows } = await client.query("select event_id, event_name, organization_id, properties from domain_event");
  assert.deepEqual(rows.map(Object.values), [[id, "quota_exceeded", "org_1", { quotaType: "messages", limit: 100 }]]);
});
