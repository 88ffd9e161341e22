// A dispatcher that is told to wait, told to end, or watched at work.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { BINARY, tallymark } from "../harness/cli.mjs";
import { until } from "../harness/until.mjs";
import { drain, emit, options, outbox, receiver } from "./outbox.mjs";

/** A dispatcher, what it has said so far, and its end. */
function spawned(t, args) {
  const child = spawn(BINARY, args, { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const one = { child, stdout: "", stderr: "", ended: once(child, "close") };
  for (const stream of ["stdout", "stderr"]) child[stream].on("data", (text) => (one[stream] += text));
  return one;
}

for (const [form, retryAfter] of [["seconds", () => "2"], ["a date", () => new Date(Date.now() + 3_000).toUTCString()]]) {
  test(`Retry-After in ${form} holds for what is written meanwhile, and for no other destination`, options, async (t) => {
    const answers = [[429, retryAfter()]];
    const busy = await receiver(t, () => answers.shift() ?? 204);
    const well = await receiver(t);
    const { client, args } = await outbox(t, `retry_after_${form.replace(" ", "_")}`, [busy.destination("busy"), well.destination("well")]);
    const watcher = spawned(t, [...args, "--watch"]);
    const ids = [await emit(client)];
    await until("the refusal", () => busy.came.length === 1);
    ids.push(await emit(client));
    await until("the second event, elsewhere", () => well.came.length === 2);
    assert.equal(busy.came.length, 1, "it is left alone");
    await until("both events", () => busy.taken().length === 2);
    assert.deepEqual([busy.taken().toSorted(), well.taken().toSorted(), busy.came.length], [ids.toSorted(), ids.toSorted(), 3]);
    assert.ok(busy.came[1].at - busy.came[0].at >= 1_900, "as long as it has asked for");
    await until("both to be noted", async () => (await client.query("select from domain_event where is_processed")).rowCount === 2);
    const { rows } = await client.query("select delivery_attempts as n from domain_event order by seq");
    assert.deepEqual(rows.map(({ n }) => n), [2, 2], "of which each was one that sent something");
    watcher.child.kill("SIGTERM");
    assert.deepEqual(await watcher.ended, [0, null]);
    assert.match(watcher.stderr, /^error: busy: 429: no$/m);
  });
}

test("SIGTERM in the middle of a batch: what was begun is noted, the rest is due at once, and nothing comes twice", options, async (t) => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const hook = await receiver(t, async (_, came) => (came.length === 5 ? held.then(() => 204) : 204));
  const { client, args, dispatch } = await outbox(t, "sigterm", [hook.destination("hook")]);
  const ids = [];
  for (let i = 0; i < 12; i++) ids.push(await emit(client));
  const watcher = spawned(t, [...args, "--watch", "--json"]);
  await until("the sixth request", () => hook.came.length === 5);
  watcher.child.kill("SIGTERM");
  release();
  assert.deepEqual(await watcher.ended, [0, null]);
  const taken = hook.taken().length;
  assert.ok(taken >= 6 && taken < 12, `it has begun no more: ${taken}`);
  assert.deepEqual(JSON.parse(watcher.stdout), { delivered: { hook: taken }, parked: {}, processed: taken, failures: {} });
  const { rows } = await client.query(`select is_processed as done, count(*)::int as n, bool_and(lease is null and next_attempt_at <= now()) as due,
    max(delivery_attempts) as attempts from domain_event group by 1 order by 1`);
  assert.deepEqual(rows, [{ done: false, n: 12 - taken, due: true, attempts: 0 }, { done: true, n: taken, due: true, attempts: 1 }]);
  assert.equal((await dispatch()).result.processed, 12 - taken);
  assert.deepEqual(hook.taken(), ids);
});

test("a second SIGTERM does not wait for a receiver that hangs", options, async (t) => {
  let isAsked = false;
  const hook = await receiver(t, () => ((isAsked = true), new Promise(() => {})));
  const { client, args } = await outbox(t, "sigterm_twice", [hook.destination("hook", { timeout_ms: 30_000 })]);
  await emit(client);
  const watcher = spawned(t, [...args, "--watch"]);
  await until("the request", () => isAsked);
  await until("its end", () => {
    watcher.child.kill("SIGTERM");
    return watcher.child.exitCode !== null;
  });
  assert.equal(watcher.child.exitCode, 1);
});

test("a dispatcher that runs once and is told to end says what it has done", options, async (t) => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const hook = await receiver(t, async (_, came) => (came.length === 1 ? held.then(() => 204) : 204));
  const { client, args } = await outbox(t, "sigint", [hook.destination("hook")]);
  for (let i = 0; i < 6; i++) await emit(client);
  const once = spawned(t, [...args, "--json"]);
  await until("the second request", () => hook.came.length === 1);
  once.child.kill("SIGINT");
  release();
  assert.deepEqual(await once.ended, [0, null]);
  const { result, remarks } = JSON.parse(once.stdout);
  const taken = hook.taken().length;
  assert.deepEqual([result.delivered, result.pending], [{ hook: taken }, 6 - taken]);
  assert.match(remarks[0], /told to end/);
});

test("watching with --json is one object a line, and none where nothing is done", options, async (t) => {
  let refuses = true;
  const hook = await receiver(t, ({ event_name }) => (event_name === "odd" && refuses ? 422 : 204));
  const { client, args } = await outbox(t, "watch_json", [hook.destination("hook")]);
  const watcher = spawned(t, [...args, "--watch", "--json"]);
  const rounds = () => watcher.stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const sum = (of) => rounds().reduce((total, round) => total + (of(round) ?? 0), 0);
  for (let i = 0; i < 5; i++) await emit(client, i === 3 ? "odd" : "even");
  await until("five to be told of", () => sum(({ processed }) => processed) === 5);
  const lines = rounds().length;
  refuses = false;
  await emit(client, "odd");
  await until("the sixth", () => sum(({ processed }) => processed) === 6);
  assert.deepEqual([sum(({ delivered }) => delivered.hook), sum(({ parked }) => parked.hook)], [5, 1]);
  assert.equal(rounds().length, lines + 1, "and the idle rounds between are silent");
  assert.equal(watcher.stderr, "");
});

test("a long run says how far it has come, to people and not to programs", options, async (t) => {
  const slow = async () => new Promise((resolve) => setTimeout(resolve, 600, 204));
  const hook = await receiver(t, slow);
  const { client, args, dispatch } = await outbox(t, "progress", [hook.destination("hook", { format: "batch", batch_size: 500 })]);
  await client.query("select emit_domain_event('x', '{}', 'org_1') from generate_series(1, 1700)");
  const { code, stdout, stderr } = await tallymark(args);
  assert.equal(code, 0);
  assert.match(stderr, /^1000 done, 700 pending$/m);
  assert.match(stdout, /^delivered 1700 to hook\npending 0\n$/);
  await client.query("update domain_event set is_processed = false, next_attempt_at = now()");
  assert.equal((await dispatch()).result.processed, 1_700);
});

test("what is parked for one is not sent to it again because another fails", options, async (t) => {
  let refuses = true;
  const answers = [500, 500];
  const picky = await receiver(t, () => (refuses ? 422 : 204));
  const failing = await receiver(t, () => answers.shift() ?? 204);
  const { client, dispatch } = await outbox(t, "parked_and_failing", [picky.destination("picky"), failing.destination("failing")]);
  const id = await emit(client);
  assert.deepEqual((await dispatch()).result.parked, { picky: 1 });
  await drain(dispatch);
  assert.deepEqual([picky.came.length, failing.came.length], [1, 3]);
  refuses = false;
  assert.deepEqual((await dispatch("--retry-parked", "picky")).result.delivered, { picky: 1 });
  assert.deepEqual([picky.taken(), failing.taken()], [[id], [id]], "and nobody else hears of it again");
});

test("an event that fails every time is parked by those that get through, also when they come later", options, async (t) => {
  const hook = await receiver(t, ({ event_name }) => (event_name === "poison" ? 500 : 204));
  const { client, dispatch } = await outbox(t, "poison", [hook.destination("hook")]);
  for (let i = 0; i < 5; i++) await emit(client, "poison");
  for (let i = 0; i < 6; i++) assert.deepEqual((await dispatch()).result.parked, {}, "nothing got through: it may be the receiver");
  const fine = [];
  await until("all to be settled", async () => {
    fine.push(await emit(client, "fine"));
    return (await dispatch()).result.pending === 0;
  });
  assert.deepEqual(hook.taken(), fine);
  assert.equal((await client.query("select from parked_delivery where reason like '500%'")).rowCount, 5);
});
