// A topic's events are in the table once each, as they are on the topic, and what is no event is kept apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../harness/until.mjs";
import { session, row } from "../postgres/support.mjs";
import { events, loading, options, servers, stored } from "./support.mjs";

const all = servers();

for (const flags of [[], ["--partitioned"]]) {
  test(`--once loads all that there is, byte for byte, and nothing twice ${flags}`, options, async (t) => {
    const load = await loading(t, all, `once${flags.length}`, { partitions: 3, flags });
    const messages = events(1_700, 3);
    await load.produce(messages);
    const { code, lines, result } = await load.once();
    assert.equal(code, 0);
    assert.deepEqual([lines.length, result], [1, { stored: 1_700, known: 0, dead_letters: 0 }]);
    const client = await session(t, load.env.WAREHOUSE_DATABASE_URL);
    const { rows } = await client.query("select event_id, organization_id, properties::text, is_processed from domain_event");
    const sent = new Map(messages.map(({ value }) => [JSON.parse(value).event_id, value]));
    assert.equal(rows.length, sent.size);
    for (const { event_id, organization_id, properties, is_processed } of rows) {
      assert.ok(sent.get(event_id).includes(`"properties":${properties},`) && is_processed);
      assert.equal(JSON.parse(sent.get(event_id)).organization_id, organization_id);
    }
    assert.deepEqual(await load.committed(), [567, 567, 566]);

    assert.deepEqual((await load.once()).result, { stored: 0, known: 0, dead_letters: 0 }, "nothing is left");
    await load.produce([...messages.slice(0, 100), ...events(3, 3)]);
    assert.deepEqual((await load.once()).result, { stored: 3, known: 100, dead_letters: 0 });
    assert.deepEqual((await load.once("--group", "another")).result, { stored: 0, known: 1_803, dead_letters: 0 });
    assert.equal(await load.count(), 1_703);
  });
}

test("what is no event is kept as it came, with the reason, and holds up nothing", options, async (t) => {
  const load = await loading(t, all, "poison");
  const wrong = [
    [null, /^no value/],
    [[0xff, 0x00, 0xfe], /^no UTF-8/],
    ["", /^no event: it must be a JSON object/],
    ['{"event_id":', /^no event: EOF/],
    ['"text"', /^no event: it must be a JSON object/],
    [row({ properties: "[]" }), /^no event: properties must be a JSON object/],
    [row({ organization_id: undefined }), /^no event: missing field `organization_id`/],
    ["[".repeat(10_000), /^no event: /],
    // The table says these.
    [row({ event_id: "no-uuid" }), /^SQLSTATE 22P02: .*no-uuid/],
    [row({ occurred_at: "yesterday-ish" }), /^SQLSTATE 22007/],
    [row({ schema_version: 4_000_000_000 }), /^SQLSTATE 22003/],
  ];
  const good = events(40);
  const messages = good.flatMap((event, i) => (i < wrong.length ? [event, { partition: 0, key: "k", value: wrong[i][0] }] : [event]));
  await load.produce(messages);
  const { code, result } = await load.once();
  assert.deepEqual([code, result], [0, { stored: good.length, known: 0, dead_letters: wrong.length }]);
  const client = await session(t, load.env.WAREHOUSE_DATABASE_URL);
  const { rows: letters } = await client.query('select topic, partition, "offset"::int, key, payload, reason from dead_letter order by 3');
  assert.equal(letters.length, wrong.length);
  for (const [i, letter] of letters.entries()) {
    const [value, reason] = wrong[i];
    assert.deepEqual([letter.topic, letter.partition, letter.offset, letter.key.toString()], [load.topic, 0, 2 * i + 1, "k"]);
    assert.ok(letter.payload.equals(Buffer.from(value ?? "")));
    assert.match(letter.reason, reason);
  }
  assert.deepEqual(await load.committed(), [messages.length]);
  // Whoever reads it again finds all of it there.
  assert.deepEqual((await load.once("--group", "again")).result, { stored: 0, known: good.length, dead_letters: 0 });
  assert.equal((await client.query("select from dead_letter")).rowCount, wrong.length);
});

test("an event is in the table after the flush interval, and SIGTERM stores and commits the rest", options, async (t) => {
  const load = await loading(t, all, "term");
  await load.produce(events(3));
  const soon = load.start("--flush-interval-ms", "20");
  await stored(load, 3);
  await until("the commit", async () => (await load.committed())[0] === 3);
  assert.deepEqual(await soon.end("SIGTERM").then(({ code, exit, result }) => [code, exit, result.stored]), [0, 0, 3]);

  // An hour's patience, and fewer than a batch.
  const patient = load.start("--flush-interval-ms", "3600000", "--batch-size", "10");
  await load.produce(events(14));
  await stored(load, 13);
  await until("the commit", async () => (await load.committed())[0] === 13);
  const { code, result } = await patient.end("SIGTERM");
  assert.deepEqual([code, await load.count(), await load.committed()], [0, 3 + result.stored, [3 + result.stored]]);
});
