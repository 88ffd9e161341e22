// Whatever is killed, each event of the topic is in the table once. SEED=… draws the same kills again.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { between, randomFrom } from "../harness/random.mjs";
import { until } from "../harness/until.mjs";
import { events, loading, options, servers, stored } from "./support.mjs";

// Whose sink is dead, their statement is given up: else it would be carried out to its end by PostgreSQL alone.
const all = servers({ client_connection_check_interval: 5 });

const KILLS = 8;
/** Events for each of them. */
const PRODUCED = 200;
const SEED = Number(process.env.SEED ?? randomBytes(4).readUInt32LE());

/** Each event that was produced is there, once, and nothing else. */
async function allOnce(load, messages) {
  const ids = (await load.rows("select event_id from domain_event")).map(([id]) => id);
  const sent = new Set(messages.map(({ value }) => JSON.parse(value).event_id));
  const there = new Set(ids);
  assert.deepEqual([...sent].filter((id) => !there.has(id)), [], "read, and in no row");
  assert.deepEqual([...there].filter((id) => !sent.has(id)), [], "in a row, and never sent");
  assert.equal(ids.length, there.size, "in one row each");
}

test("killed between rows and commit, the messages come again and change nothing", options, async (t) => {
  const load = await loading(t, all, "between");
  const messages = events(250);
  await all.kafka.refuseCommits(true);
  t.after(() => all.kafka.refuseCommits(false));
  const sink = load.start("--batch-size", "100", "--flush-interval-ms", "50");
  await load.produce(messages);
  await stored(load, 250);
  await sink.end("SIGKILL");
  assert.deepEqual(await load.committed(), [null], "rows, and no offset");
  await all.kafka.refuseCommits(false);
  assert.deepEqual((await load.once()).result, { stored: 0, known: 250, dead_letters: 0 });
  assert.deepEqual(await load.committed(), [250]);
  await allOnce(load, messages);
});

test("killed while it can't store, it has committed nothing that is not stored", options, async (t) => {
  const load = await loading(t, all, "before");
  const messages = events(300);
  // The table can't be written to: read and poll go on, no row comes in.
  await load.rows("alter table domain_event rename to elsewhere");
  const sink = load.start("--batch-size", "100", "--flush-interval-ms", "50");
  await load.produce(messages);
  await until("a trouble that names the table", () => sink.troubles().some((trouble) => /42P01.*domain_event/.test(trouble)));
  await sink.end("SIGKILL");
  assert.deepEqual(await load.committed(), [null]);
  await load.rows("alter table elsewhere rename to domain_event");
  assert.equal((await load.once()).result.stored, 300);
  await allOnce(load, messages);
});

test("PostgreSQL killed in mid-load: the sink waits in its group, and goes on by itself", options, async (t) => {
  const load = await loading(t, all, "server", { partitions: 2 });
  // The shortest that librdkafka takes: whoever does not poll is out after six seconds.
  const sink = load.start("--batch-size", "50", "--flush-interval-ms", "20", "--kafka", "max.poll.interval.ms=6000");
  const messages = [];
  const produce = async (n) => {
    const more = events(n, 2);
    messages.push(...more);
    await load.produce(more);
  };
  await produce(1_000);
  await until("the first rows", async () => (await load.count()) > 0);
  await all.postgres.kill();
  await produce(1_000);
  await until("a trouble", () => sink.troubles().some((trouble) => trouble.startsWith("the database:")));
  const away = Date.now();
  await until("longer than a poll may take", () => Date.now() - away > 8_000);
  await all.postgres.start();
  await produce(500);
  await stored(load, 2_500);
  await until("the commits", async () => (await load.committed()).reduce((sum, offset) => sum + offset, 0) === 2_500);
  assert.deepEqual(sink.troubles().filter((trouble) => /poll interval/.test(trouble)), [], "in its group all the time");
  assert.equal((await sink.end("SIGTERM")).code, 0);
  await allOnce(load, messages);
});

test("Kafka away and back: it goes on by itself", options, async (t) => {
  const load = await loading(t, all, "broker");
  const messages = events(200);
  const sink = load.start("--batch-size", "50", "--flush-interval-ms", "20");
  await load.produce(messages.slice(0, 100));
  await stored(load, 100);
  await all.kafka.down(true);
  await until("a trouble", () => sink.troubles().some((trouble) => trouble.startsWith("Kafka:")));
  await all.kafka.down(false);
  await load.produce(messages.slice(100));
  await stored(load, 200);
  assert.equal((await sink.end("SIGTERM")).code, 0);
  await allOnce(load, messages);
});

test("two in a group share the partitions, and one takes over from the other", options, async (t) => {
  const load = await loading(t, all, "two", { partitions: 4 });
  const messages = [];
  const produce = async (n) => {
    const more = events(n, 4);
    messages.push(...more);
    await load.produce(more);
  };
  const flags = ["--batch-size", "20", "--flush-interval-ms", "20"];
  const [one, other] = [load.start(...flags), load.start(...flags)];
  // Until both have partitions: each brings rows in.
  await until("both to store", async () => {
    await produce(40);
    return one.stored() > 0 && other.stored() > 0;
  });
  await produce(400);
  await one.end("SIGKILL");
  await produce(400);
  await stored(load, messages.length);
  await until("the commits", async () => (await load.committed()).reduce((sum, offset) => sum + offset, 0) === messages.length);
  assert.equal((await other.end("SIGTERM")).code, 0);
  await allOnce(load, messages);
});

test(`killed at random, again and again, in the midst of its statements (SEED=${SEED})`, options, async (t) => {
  const random = randomFrom(SEED);
  const load = await loading(t, all, "random", { partitions: 2 });
  // As long as a busy database takes: else a kill would have to hit within some microseconds between a fetch and its rows.
  await load.rows(`create function take_time() returns trigger language plpgsql as $$ begin perform pg_sleep(0.02 * random()); return null; end $$;
    create trigger slow before insert on domain_event for each statement execute function take_time();`);
  const messages = [];
  for (let kill = 0; kill < KILLS; kill++) {
    // Who was killed is in the group for as long as a session lasts.
    const session = ["--kafka", "session.timeout.ms=1000", "--kafka", "heartbeat.interval.ms=200"];
    const sink = load.start("--batch-size", "10", "--flush-interval-ms", "5", ...session);
    const more = events(PRODUCED, 2);
    messages.push(...more);
    await load.produce(more);
    // Somewhere in the load, and not at its end.
    const enough = (await load.count()) + between(random, 1, PRODUCED / 2);
    await until("some rows", async () => (await load.count()) >= enough);
    await wait(random() * 20);
    await sink.end("SIGKILL");
  }
  assert.ok((await load.count()) < messages.length, "the last kill hit the load in its midst");
  assert.equal((await load.once()).exit, 0);
  await allOnce(load, messages);
});
