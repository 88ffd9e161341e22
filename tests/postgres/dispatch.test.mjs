// The outbox: what services write in their own transactions is delivered if and only if those commit.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { BINARY } from "../harness/cli.mjs";
import { until } from "../harness/until.mjs";
import { drain, emit, options, outbox, receiver } from "./outbox.mjs";

for (const layout of ["plain", "partitioned"]) {
  const flags = layout === "partitioned" ? ["--partitioned"] : [];

  test(`${layout}: an event is delivered if its transaction commits, as it was written`, options, async (t) => {
    const hook = await receiver(t);
    const { client, dispatch } = await outbox(t, `commit_${layout}`, [hook.destination("hook")], ...flags);
    await client.query("begin");
    await emit(client, "never_happened");
    await client.query("rollback");
    await client.query("begin");
    const properties = '{ "b": 1.0, "a": [1, 2] , "b": 2 }';
    const { rows: [{ id }] } = await client.query("select emit_domain_event('batch_started', $1, 'org_1', correlation_id => 'c-1', entity_type => 'batch', entity_id => '7') as id", [properties]);
    assert.equal((await dispatch()).result.processed, 0, "not yet");
    await client.query("commit");
    const { result, exit } = await dispatch();
    assert.deepEqual([exit, result.delivered, result.processed, result.pending], [0, { hook: 1 }, 1, 0]);
    assert.deepEqual(hook.taken(), [id]);
    const [{ data, body }] = hook.came;
    assert.ok(body.includes(properties));
    assert.deepEqual([data.event_name, data.organization_id, data.correlation_id, data.entity_id, data.trust], ["batch_started", "org_1", "c-1", "7", "server"]);
    const { rows: [row] } = await client.query("select is_processed, processed_at, delivery_attempts, lease from domain_event");
    assert.ok(row.is_processed && row.processed_at !== null && row.delivery_attempts === 1 && row.lease === null);
    for (let i = 0; i < 100; i++) assert.equal((await dispatch()).result.processed, 0);
    assert.equal(hook.came.length, 1);
  });

  test(`${layout}: four dispatchers at once deliver each event once`, options, async (t) => {
    const hook = await receiver(t);
    const { client, dispatch } = await outbox(t, `four_${layout}`, [hook.destination("hook")], ...flags);
    await client.query("select emit_domain_event('x', '{}', 'org_' || i % 5) from generate_series(1, 1200) i");
    await Promise.all(Array.from({ length: 4 }, () => dispatch()));
    assert.equal(hook.came.length, 1200);
    assert.equal(new Set(hook.taken()).size, 1200);
    const { rows: [{ n }] } = await client.query("select count(*)::int as n from domain_event where is_processed and delivery_attempts = 1");
    assert.equal(n, 1200);
  });
}

test("a receiver that fails gets it again, and one that does not gets nothing twice", options, async (t) => {
  const answers = [500, 429, 503, 204];
  const failing = await receiver(t, () => answers.shift() ?? 204);
  const well = await receiver(t);
  const { client, dispatch } = await outbox(t, "failing", [failing.destination("failing"), well.destination("well")]);
  const id = await emit(client);
  const first = await dispatch();
  assert.deepEqual([first.exit, first.result.delivered], [1, { well: 1 }]);
  assert.match(first.problems[0].message, /^failing: 500/);
  await drain(dispatch);
  assert.deepEqual(failing.came.map(({ status }) => status), [500, 429, 503, 204]);
  assert.deepEqual([failing.taken(), well.came.map((one) => one.id)], [[id], [id]]);
  const { rows: [row] } = await client.query("select delivery_attempts, delivered_to from domain_event");
  assert.deepEqual(row, { delivery_attempts: 4, delivered_to: null });
});

test("a receiver that is down holds up no other", options, async (t) => {
  const well = await receiver(t);
  const dead = { ...well.destination("dead"), url: "http://127.0.0.1:9/" };
  const { client, dispatch } = await outbox(t, "down", [dead, well.destination("well")]);
  for (let i = 0; i < 20; i++) await emit(client);
  const { result } = await dispatch();
  assert.equal(result.delivered.well, 20);
  assert.match(result.failures.dead, /no connection/);
  assert.equal(result.pending, 20);
});

test("what a receiver refuses is found in its batch, parked with the reason, and tried again when told to", options, async (t) => {
  let refuses = true;
  const picky = await receiver(t, (data) => (refuses && data.events.some(({ type }) => type === "odd") ? 422 : 204));
  const well = await receiver(t);
  const { client, dispatch } = await outbox(t, "picky", [picky.destination("picky", { format: "batch" }), well.destination("well")]);
  for (let i = 0; i < 40; i++) await emit(client, i === 17 ? "odd" : "even");
  const { result } = await dispatch();
  assert.deepEqual([result.delivered, result.parked, result.pending], [{ picky: 39, well: 40 }, { picky: 1 }, 0]);
  const { rows: [parked] } = await client.query("select destination, reason, attempts, event_name from parked_delivery join domain_event using (organization_id, event_id)");
  assert.deepEqual(parked, { destination: "picky", reason: "422: no", attempts: 1, event_name: "odd" });
  refuses = false;
  const again = await dispatch("--retry-parked");
  assert.deepEqual([again.result.retried_parked, again.result.delivered], [1, { picky: 1 }]);
  assert.equal(well.came.length, 40, "and nobody else hears of it again");
  assert.equal((await client.query("select from parked_delivery")).rowCount, 0);
});

test("kill -9 of a dispatcher: its events go out again when its lease has run out, under the same ids", options, async (t) => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const hook = await receiver(t, async (_, came) => (came.length === 5 ? held.then(() => 204) : 204));
  const { client, args, dispatch } = await outbox(t, "killed", [hook.destination("hook")]);
  const ids = [];
  for (let i = 0; i < 12; i++) ids.push(await emit(client));
  const process = spawn(BINARY, args, { stdio: "ignore" });
  await until("the sixth request", () => hook.came.length === 5);
  process.kill("SIGKILL");
  await once(process, "exit");
  release();
  const blocked = await dispatch();
  assert.deepEqual([blocked.result.processed, blocked.result.pending], [0, 12], "they are leased");
  await client.query("update domain_event set next_attempt_at = now()");
  assert.equal((await dispatch()).result.processed, 12);
  assert.deepEqual(new Set(hook.taken()), new Set(ids));
});

test("watching: what is written is delivered without being asked for, and a database that goes away comes back", options, async (t) => {
  const hook = await receiver(t);
  const { client, args } = await outbox(t, "watched", [hook.destination("hook")]);
  const watcher = spawn(BINARY, [...args, "--watch"], { stdio: "ignore" });
  t.after(() => watcher.kill("SIGKILL"));
  const first = await emit(client);
  await until("the first event", () => hook.taken().includes(first));
  await client.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tallymark dispatch' and datname = 'watched'");
  const second = await emit(client);
  await until("the second event", () => hook.taken().includes(second));
  assert.equal(hook.came.length, 2);
});

test("what can't be a destination is named, and nothing is claimed", options, async (t) => {
  const { client, dispatch } = await outbox(t, "wrong", [{ name: "hook", kind: "webhook", url: "http://127.0.0.1/" }]);
  await emit(client);
  const { exit, problems } = await dispatch().catch((error) => JSON.parse(error.message.slice(error.message.indexOf("{"))));
  assert.equal(exit, 1);
  assert.match(problems[0].message, /\[0\]\.secrets/);
  assert.equal((await client.query("select from domain_event where delivery_attempts = 0")).rowCount, 1);
});
