// `tallymark migrate`: the tables, in the order of their versions, once, whoever asks how often.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { tallymark } from "../harness/cli.mjs";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { migrated, row, session, store } from "./support.mjs";

const options = { skip: NO_POSTGRES };
let server;
before(async () => {
  if (!NO_POSTGRES) server = await startPostgres({ tcp: true });
});
after(() => server?.stop());

test("makes the tables once, of however many that ask at a time", options, async () => {
  await server.query("create database once");
  const url = server.url("once");
  const runs = await Promise.all(Array.from({ length: 4 }, () => tallymark(["migrate", "--json"], { WAREHOUSE_DATABASE_URL: url })));
  for (const { code, stderr } of runs) assert.equal(code, 0, stderr);
  const applied = runs.map(({ stdout }) => JSON.parse(stdout).result.applied.length).sort();
  assert.deepEqual(applied.slice(0, 3), [0, 0, 0]);
  assert.ok(applied[3] > 0);
  const again = await tallymark(["migrate", "--database-url", url]);
  assert.deepEqual([again.code, again.stdout], [0, "up to date\n"]);
});

test("says what it would run, and runs nothing", options, async () => {
  await server.query("create database dry");
  const url = server.url("dry");
  const { code, stdout } = await tallymark(["migrate", "--dry-run", "--partitioned", "--database-url", url]);
  assert.equal(code, 0);
  assert.deepEqual(await server.query("select count(*) from pg_tables where schemaname = 'public'", "dry"), [["0"]]);
  // What it printed is what it would have run.
  await server.query(stdout, "dry");
  assert.deepEqual(await server.query("select relkind from pg_class where relname = 'domain_event'", "dry"), [["p"]]);
  assert.equal((await tallymark(["migrate", "--database-url", url])).stdout, "up to date\n");
});

test("leaves a database alone that a newer tallymark has migrated", options, async () => {
  await migrated(server, "newer");
  await server.query("insert into tallymark_migration (version, name) values (9999, 'tomorrow')", "newer");
  const { code, stderr } = await tallymark(["migrate", "--database-url", server.url("newer")]);
  assert.equal(code, 2);
  assert.match(stderr, /at version 9999/);
});

test("explains every table and column", options, async () => {
  await migrated(server, "explained");
  const silent = await server.query(
    `select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum >= 0
     where c.relname = 'domain_event' and not attisdropped and col_description(c.oid, a.attnum) is null
     union all select relname, '' from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
       and relname <> 'tallymark_migration' and obj_description(oid) is null`,
    "explained",
  );
  assert.deepEqual(silent, []);
});

test("says what is wrong with an address, and never its password", options, async () => {
  const ask = (url) => tallymark(["migrate", "--database-url", url]);
  const nobody = await tallymark(["migrate"], { WAREHOUSE_DATABASE_URL: "" });
  assert.equal(nobody.code, 2);
  assert.match(nobody.stderr, /WAREHOUSE_DATABASE_URL/);
  for (const url of ["postgres://u:s3cret@127.0.0.1:1/x", "postgres://u:s3cret@h/d?sslmod=x", server.url("none").replace("test@", "test:s3cret@")]) {
    const { code, stdout, stderr } = await ask(url);
    assert.equal(code, 2);
    assert.ok(stderr.length > 20 && !(stdout + stderr).includes("s3cret"), stderr);
  }
});

test("checks the server's certificate where sslmode asks for it", options, async () => {
  await server.query("create database tls");
  const migrate = (query) => tallymark(["migrate", "--database-url", server.url("tls") + query]);
  const stranger = await migrate("?sslmode=verify-full");
  assert.equal(stranger.code, 2);
  assert.match(stranger.stderr, /UnknownIssuer/);
  assert.equal((await migrate(`?sslmode=verify-full&sslrootcert=${server.ca}`)).code, 0);
  assert.equal((await migrate("?sslmode=require")).code, 0);
});

for (const layout of ["plain", "partitioned"]) {
  const flags = layout === "partitioned" ? ["--partitioned"] : [];

  test(`${layout}: an event is stored once, whoever sends it how often with which times`, options, async (t) => {
    const client = await session(t, await migrated(server, `unique_${layout}`, ...flags));
    const event_id = "0193c1a2-7b1c-7def-8123-456789abcdef";
    const times = ["2026-11-21T00:00:00.000Z", "2019-01-01T00:00:00.000Z", "2031-01-01T00:00:00.000Z"];
    const rows = times.map((occurred_at) => row({ event_id, occurred_at }));
    assert.equal(await store(client, rows), 1);
    for (const one of rows) assert.equal(await store(client, [one]), 0);
    assert.equal(await store(client, [row({ event_id, organization_id: "org_2" })]), 1, "another tenant's");
    await client.query("insert into domain_event (organization_id, event_id, event_name, occurred_at) values ('org_1', $1, 'x', now()) on conflict do nothing", [event_id]);
    const { rows: stored } = await client.query("select organization_id from domain_event order by 1");
    assert.deepEqual(stored.map((r) => r.organization_id), ["org_1", "org_2"]);
    // Sixteen at once, each with the same hundred in another order.
    const hundred = Array.from({ length: 100 }, (_, i) => row({ occurred_at: times[i % 3] }));
    const sessions = await Promise.all(Array.from({ length: 16 }, () => session(t, server.url(`unique_${layout}`))));
    const counts = await Promise.all(sessions.map((s, i) => store(s, [...hundred.slice(i * 6), ...hundred.slice(0, i * 6)])));
    assert.equal(counts.reduce((a, b) => a + b), 100);
    const { rows: [{ n }] } = await client.query("select count(*)::int as n from domain_event");
    assert.equal(n, 102);
  });

  test(`${layout}: properties and context are stored byte for byte`, options, async (t) => {
    const client = await session(t, await migrated(server, `bytes_${layout}`, ...flags));
    const texts = [
      '{"b":1,"a":2,"b":3}',
      '{ "a" : [ 1.0, 1e2, -0, 1E+400, 12345678901234567890.10 ] }',
      '{"\\u0061":"\\ud83d\\ude00\\/\\n","é":"😀","z":"\\\\u0000"}',
      `{"deep":${"[".repeat(60)}${"]".repeat(60)}}`,
    ];
    assert.equal(await store(client, texts.map((properties) => row({ properties, context: properties }))), texts.length);
    const { rows } = await client.query("select properties::text as p, context::text as c from domain_event order by seq");
    assert.deepEqual(new Set(rows.map(({ p }) => p)), new Set(texts));
    assert.ok(rows.every(({ p, c }) => p === c));
  });

  test(`${layout}: a NUL, which no text can hold, breaks no query`, options, async (t) => {
    const client = await session(t, await migrated(server, `nul_${layout}`, ...flags));
    await store(client, [row({ properties: '{"a":"\\u0000\\u0000x\\\\\\u0000","b":"\\\\u0000"}' })]);
    const { rows } = await client.query("select properties->>'a' as a, properties->>'b' as b from domain_event");
    assert.deepEqual(rows, [{ a: "\ufffd\ufffdx\\\ufffd", b: "\\u0000" }]);
  });

  test(`${layout}: every time that an event may have is kept`, options, async (t) => {
    const client = await session(t, await migrated(server, `times_${layout}`, ...flags));
    const times = ["0000-02-29T00:00:00.000Z", "0001-01-01T00:00:00.000Z", "2026-11-21T12:00:00.123Z", "9999-12-31T23:59:59.999Z"];
    await store(client, times.map((occurred_at) => row({ occurred_at })));
    const { rows } = await client.query(`select extract(year from occurred_at at time zone 'UTC')::int as y,
      to_char(occurred_at at time zone 'UTC', 'MM-DD"T"HH24:MI:SS.MS"Z"') as rest from domain_event order by occurred_at`);
    assert.deepEqual(rows.map(({ y, rest }) => `${String(y === -1 ? 0 : y).padStart(4, "0")}-${rest}`), times);
  });
}

test("a table with rows is partitioned where it stands, with its rights and its rows, and stays unique", options, async (t) => {
  const url = await migrated(server, "turned");
  const client = await session(t, url);
  await client.query("create role metabase; grant select on domain_event to metabase");
  const rows = Array.from({ length: 500 }, (_, i) => row({ occurred_at: new Date(Date.now() - i * 86_400_000).toISOString() }));
  rows.push(row({ occurred_at: new Date(Date.now() + 45 * 86_400_000).toISOString() }));
  assert.equal(await store(client, rows), 501);
  const { stdout } = await tallymark(["migrate", "--partitioned", "--database-url", url]);
  assert.match(stdout, /partitioned domain_event by month/);
  assert.equal(await store(client, rows), 0, "all are known");
  assert.equal(await store(client, [row()]), 1);
  const { rows: [{ n, seqs }] } = await client.query("select count(*)::int as n, count(distinct seq)::int as seqs from domain_event");
  assert.deepEqual([n, seqs], [502, 502]);
  const { rows: [{ is_allowed }] } = await client.query("select has_table_privilege('metabase', 'domain_event', 'select') as is_allowed");
  assert.ok(is_allowed);
  assert.equal((await tallymark(["migrate", "--partitioned", "--database-url", url])).stdout, "up to date\n");
});

test("a view on the table is named rather than left behind when it is partitioned", options, async (t) => {
  const url = await migrated(server, "viewed");
  const client = await session(t, url);
  await client.query("create view recent as select * from domain_event");
  const { code, stderr } = await tallymark(["migrate", "--partitioned", "--database-url", url]);
  assert.equal(code, 2);
  assert.match(stderr, /view recent/);
  assert.equal(await store(client, [row()]), 1);
});

test("months are added, take what came before them, and are dropped with their ids", options, async (t) => {
  const url = await migrated(server, "months", "--partitioned");
  const client = await session(t, url);
  const later = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 5, 15));
  const ahead = row({ occurred_at: later.toISOString() });
  await store(client, [ahead]);
  const where = async () => (await client.query("select tableoid::regclass::text as name from domain_event")).rows.map((r) => r.name);
  assert.deepEqual(await where(), ["domain_event_default"]);
  const { rows: [{ made }] } = await client.query("select tallymark_add_months(6) as made");
  assert.equal(made, 3);
  const name = `domain_event_${later.toISOString().slice(0, 7).replace("-", "_")}`;
  assert.deepEqual(await where(), [name]);
  assert.equal(await store(client, [ahead]), 0);
  // An event whose time is put right moves to another month, and stays one.
  await client.query("update domain_event set occurred_at = now()");
  assert.deepEqual(await where(), ["domain_event_before"]);
  assert.equal(await store(client, [ahead]), 0);
  await client.query("update domain_event set occurred_at = $1", [later]);
  const { rows: [{ gone }] } = await client.query("select tallymark_drop_partition($1)::int as gone", [name]);
  assert.equal(gone, 1);
  assert.deepEqual(await where(), []);
  assert.equal(await store(client, [ahead]), 1, "its id went with it");
});
