// The store as the tenant's log has it: in workerd, over a connection that is kept, through everything that befalls a database.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { freePort, line, slowLine } from "../harness/network.mjs";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { until } from "../harness/until.mjs";
import { migrated, row, session } from "./support.mjs";

const options = { skip: NO_POSTGRES, timeout: 120_000 };
const STORED = { sqlstate: "00000", detail: "" };
const PLAIN = "?sslmode=disable";
let server;
let keeper;

before(async () => {
  if (NO_POSTGRES) return;
  server = await startPostgres({ tcp: true, durable: true, settings: { max_connections: 20, superuser_reserved_connections: 3 } });
  // Whom workerd trusts.
  process.env.SSL_CERT_FILE = server.ca;
  const { startKeeper } = await import("./keeper.mjs");
  keeper = await startKeeper();
});
after(async () => {
  await keeper?.stop();
  await server?.stop();
});

const at = (port, name, query = PLAIN) => `postgres://test@localhost:${port}/${name}${query}`;
const count = async (name) => Number((await server.query("select count(*) from domain_event", name))[0][0]);
const rows = (n) => Array.from({ length: n }, () => row());
/** Stores until it is stored, as the log does. */
const insist = (url, batch, timeoutMs) => until("the batch to be stored", async () => (await keeper.store(url, batch, timeoutMs)).sqlstate === "00000");

test("rows are stored once, as they were sent, over one connection", options, async () => {
  const url = (await migrated(server, "kept")) + PLAIN;
  const batch = [...rows(99), row({ properties: '{ "b": 1.0, "a": [] , "b": 2 }' })];
  for (let i = 0; i < 100; i++) assert.deepEqual(await keeper.store(url, batch), STORED);
  assert.equal(await count("kept"), 100);
  assert.deepEqual(await server.query("select properties from domain_event where properties::text <> '{}'", "kept"), [['{ "b": 1.0, "a": [] , "b": 2 }']]);
  assert.deepEqual(await server.query("select count(*) from pg_stat_activity where datname = 'kept' and application_name = 'tallymark'", "postgres"), [["1"]]);
});

test("TLS: the certificate is checked", options, async () => {
  await migrated(server, "sealed");
  assert.deepEqual(await keeper.store(at(server.port, "sealed", "?sslmode=require"), rows(3)), STORED);
  assert.deepEqual(await server.query("select count(*) from pg_stat_ssl join pg_stat_activity using (pid) where datname = 'sealed' and ssl", "postgres"), [["1"]]);
});

test("what the server says of itself and of values comes with its code", options, async () => {
  await server.query("create database bare");
  assert.equal((await keeper.store(at(server.port, "bare"), rows(1))).sqlstate, "42P01", "no tables");
  assert.equal((await keeper.store(at(server.port, "nowhere"), rows(1))).sqlstate, "3D000", "no database");
  const url = (await migrated(server, "values")) + PLAIN;
  assert.equal((await keeper.store(url, [...rows(2), row({ occurred_at: "yesterdayish" })])).sqlstate, "22007");
  assert.equal(await count("values"), 0, "all or nothing");
  assert.deepEqual(await keeper.store(url, rows(2)), STORED, "and the connection goes on");
});

test("statements in a pipeline: each is a transaction of its own, and what is wrong with one is nothing to the others", options, async () => {
  const url = (await migrated(server, "pipe")) + PLAIN;
  const wrong = [3, 4, 17];
  const batches = Array.from({ length: 20 }, (_, n) => [...rows(4), row(wrong.includes(n) ? { occurred_at: "yesterdayish" } : {})]);
  const told = await Promise.all(batches.map((batch) => keeper.store(url, batch)));
  assert.deepEqual(told.map(({ sqlstate }) => sqlstate), batches.map((_, n) => (wrong.includes(n) ? "22007" : "00000")));
  assert.equal(await count("pipe"), 17 * 5);
  assert.deepEqual(await server.query("select count(*) from pg_stat_activity where datname = 'pipe' and application_name = 'tallymark'", "postgres"), [["1"]]);
});

test("nobody listens; then somebody does", options, async () => {
  const port = await freePort();
  const { error } = await keeper.store(at(port, "later"), rows(1));
  assert.equal(error, "unreachable");
  await migrated(server, "later");
  const gate = await line(server.port);
  const url = at(new URL(gate.url).port, "later");
  assert.deepEqual(await keeper.store(url, rows(1)), STORED);
  gate.cut();
  const cut = rows(5);
  assert.equal((await keeper.store(url, cut)).error, "unreachable");
  await gate.mend();
  await insist(url, cut);
  assert.equal(await count("later"), 6);
  gate.cut();
});

test("a connection that is cut in the midst of each answer", options, async () => {
  await migrated(server, "torn");
  // Lets so many bytes of the server's pass, and breaks the connection then.
  let allowed = Infinity;
  const proxy = createServer((near) => {
    const far = connect(server.port, "127.0.0.1");
    let passed = 0;
    far.on("data", (bytes) => {
      const room = Math.max(0, allowed - passed);
      passed += bytes.length;
      near.write(bytes.subarray(0, room));
      if (passed > allowed) near.destroy(), far.destroy();
    });
    near.on("data", (bytes) => far.write(bytes));
    for (const [one, other] of [[near, far], [far, near]]) one.on("error", () => {}).on("close", () => other.destroy());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = at(proxy.address().port, "torn");
  const batch = rows(20);
  const outcomes = new Set();
  for (allowed = 0; allowed < 700; allowed += 7) {
    const outcome = await keeper.store(url, batch, 1_000);
    outcomes.add(outcome.sqlstate ?? outcome.error);
  }
  assert.ok(outcomes.has("unreachable"), [...outcomes].join());
  allowed = Infinity;
  await insist(url, batch);
  assert.equal(await count("torn"), 20);
  proxy.close();
});

test("a server that is frozen is left, and the batch is stored when it goes on", options, async () => {
  const url = (await migrated(server, "frozen")) + PLAIN;
  assert.deepEqual(await keeper.store(url, rows(1)), STORED);
  const [[pid]] = await server.query("select pid from pg_stat_activity where datname = 'frozen' and application_name = 'tallymark'", "postgres");
  process.kill(Number(pid), "SIGSTOP");
  const batch = rows(10);
  assert.equal((await keeper.store(url, batch, 300)).error, "timed_out");
  assert.deepEqual(await keeper.store(url, batch), STORED, "over another connection");
  process.kill(Number(pid), "SIGCONT");
  assert.deepEqual(await keeper.store(url, batch), STORED);
  assert.equal(await count("frozen"), 11);
});

test("an answer that is slower than is waited for", options, async () => {
  await migrated(server, "slow");
  const slow = await slowLine(server.port, 400);
  const url = at(slow.port, "slow");
  const batch = rows(10);
  assert.equal((await keeper.store(url, batch, 300)).error, "timed_out");
  await insist(url, batch, 10_000);
  assert.equal(await count("slow"), 10);
  slow.stop();
});

test("sessions that an administrator ends, too many connections, a read-only server, a lock", options, async (t) => {
  const url = (await migrated(server, "trouble")) + PLAIN;
  const admin = await session(t, url);
  assert.deepEqual(await keeper.store(url, rows(1)), STORED);
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tallymark' and datname = 'trouble'");
  await insist(url, rows(1));

  await admin.query("alter database trouble set default_transaction_read_only = on");
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tallymark' and datname = 'trouble'");
  const batch = rows(3);
  await until("the new default", async () => (await keeper.store(url, batch)).sqlstate === "25006");
  await admin.query("set default_transaction_read_only = off; alter database trouble reset default_transaction_read_only");
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tallymark' and datname = 'trouble'");
  await insist(url, batch);

  await admin.query("alter role test connection limit 0; create role crowd login; grant tallymark_service to crowd; alter role crowd connection limit 0");
  const crowded = url.replace("test@", "crowd@");
  assert.equal((await keeper.store(crowded, rows(1))).sqlstate, "53300");
  await admin.query("alter role crowd connection limit -1");
  await insist(crowded, rows(1));

  await admin.query("begin; lock table domain_event in access exclusive mode");
  const locked = rows(2);
  assert.equal((await keeper.store(url, locked, 300)).error, "timed_out");
  await admin.query("rollback");
  await insist(url, locked);
  assert.equal(await count("trouble"), 8);
});

test("kill -9 of the server in the midst of a load, three times", options, async () => {
  const url = (await migrated(server, "killed")) + PLAIN;
  const batches = Array.from({ length: 60 }, () => rows(50));
  const outcomes = {};
  let up = Promise.resolve();
  for (const [i, batch] of batches.entries()) {
    // In the midst of this batch, or just before or behind it.
    if (i % 20 === 10) {
      // On a busy machine the last time may not be over yet.
      await up;
      up = server.kill().then(() => server.start());
    }
    for (let stored = false; !stored; ) {
      const outcome = await keeper.store(url, batch);
      const how = outcome.sqlstate ?? outcome.error;
      outcomes[how] = (outcomes[how] ?? 0) + 1;
      stored = how === "00000";
      if (!stored) await up;
    }
  }
  await up;
  assert.ok(Object.keys(outcomes).some((how) => how !== "00000"), JSON.stringify(outcomes));
  assert.equal(await count("killed"), 3_000);
  assert.deepEqual(await server.query("select count(distinct event_id) from domain_event", "killed"), [["3000"]]);
});
