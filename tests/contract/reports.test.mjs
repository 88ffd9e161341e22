// What pages report, of themselves and of pages that are gone: the books stay exact whoever brings an event.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { accounted, enrolled, event, uuidv7 } from "../harness/client.mjs";
import { startWorld } from "../harness/world.mjs";

let world;
let client;
let count = 0;

before(async () => {
  world = await startWorld({ tenants: [] });
});
after(() => world.stop());

// Each test has a tenant, and so a log, of its own.
beforeEach(async () => {
  client = await enrolled(world, `reports${++count}`);
});

/** A page that has captured `count` events; `report` is what it says of itself. */
function page(count) {
  const id = uuidv7();
  const events = Array.from({ length: count }, (_, i) => event(`e${i + 1}`, { stream: id, seq: i + 1 }));
  const report = (dropped = {}, rest = {}) => ({ id, seq: count, dropped, ...rest });
  return { id, events, report };
}

async function send(events, stream) {
  const response = await client.batch(events, { stream });
  assert.equal(response.status, 200, await response.text());
}

/** Checks that the books balance with nothing under way, and returns their figures. */
async function closed() {
  const { total, balanced, streams_with_gaps } = await client.ledger();
  assert.equal(total.captured, accounted(total));
  assert.deepEqual([total.under_way, balanced, streams_with_gaps], [0, true, []]);
  const { captured, stored, dropped, duplicate } = total;
  return { captured, stored, dropped, duplicate };
}

test("a page brings what a dead one left, in one batch with its own", async () => {
  const [a, b] = [page(5), page(2)];
  await send(a.events.slice(0, 3), { id: a.id, seq: 3, dropped: {} });
  // Of both, only the report tells that one more was captured, and dropped.
  const reports = [b.report({ sampled: 1 }, { seq: 3 }), a.report({ before_send: 1 }, { seq: 6 })];
  await send([...a.events.slice(3), ...b.events], reports);
  assert.deepEqual(await closed(), { captured: 9, stored: 7, dropped: { before_send: 1, sampled: 1 }, duplicate: 0 });
});

test("the same batch of several streams three times changes nothing but the duplicates", async () => {
  const [a, b] = [page(5), page(2)];
  await send(a.events.slice(0, 3), { id: a.id, seq: 3, dropped: {} });
  const reports = [b.report(), a.report({ before_send: 1 }, { seq: 6 })];
  for (let i = 0; i < 3; i++) await send([...a.events.slice(3), ...b.events], reports);
  assert.deepEqual(await closed(), { captured: 8, stored: 7, dropped: { before_send: 1 }, duplicate: 8 });
});

test("a dead page's own beacon may come after another page has brought its events", async () => {
  const [a, b] = [page(4), page(1)];
  await send([...a.events, ...b.events], [b.report(), a.report()]);
  // Without its own report, with it, and with one event that nobody else had.
  await send(a.events.slice(1), undefined);
  await send(a.events.slice(2), a.report());
  await send([...a.events, event("last", { stream: a.id, seq: 5 })], { id: a.id, seq: 6, dropped: { invalid_name: 1 } });
  assert.deepEqual(await closed(), { captured: 7, stored: 6, dropped: { invalid_name: 1 }, duplicate: 9 });
});

test("events of streams that nobody reports on are accounted for by their numbers", async () => {
  const [a, b, c] = [page(3), page(2), page(2)];
  await send([...a.events, ...b.events, ...c.events], [b.report()]);
  assert.deepEqual(await closed(), { captured: 7, stored: 7, dropped: {}, duplicate: 0 });
});

test("who makes room reports for the dead, and reasons merge by the highest of each", async () => {
  const a = page(9);
  await send([], { id: a.id, seq: 9, dropped: { storage_full: 4 } });
  assert.equal((await client.ledger()).total.under_way, 5);
  await send(a.events.slice(0, 3), { id: a.id, seq: 9, dropped: { queue_full: 1, storage_full: 2, rate_limited: 1 } });
  // Late, and lower: reports only grow.
  await send([], [{ id: a.id, seq: 4, dropped: { storage_full: 1 } }, { id: a.id, seq: 9, dropped: { queue_full: 1 } }]);
  const dropped = { queue_full: 1, rate_limited: 1, storage_full: 4 };
  assert.deepEqual(await closed(), { captured: 9, stored: 3, dropped, duplicate: 0 });
});

test("every reason for which the SDK gives up an event is booked under its name", async () => {
  const reasons = [
    "queue_full", "event_too_large", "invalid_name", "invalid_properties", "refused", "too_large", "retries_exhausted",
    "storage_full", "blocked", "sampled", "rate_limited", "before_send",
  ];
  const dropped = Object.fromEntries(reasons.map((reason, i) => [reason, i + 1]));
  const a = page(80);
  await send(a.events.slice(78), a.report(dropped));
  assert.deepEqual(await closed(), { captured: 80, stored: 2, dropped, duplicate: 0 });
});

const NEVER_SENT = ["queue_full", "event_too_large", "invalid_name", "invalid_properties", "sampled", "rate_limited", "before_send"];
const MAYBE_SENT = ["refused", "too_large", "retries_exhausted", "storage_full", "blocked"];

for (const reason of MAYBE_SENT) {
  test(`an event that was given up (${reason}) and had arrived is stored, not dropped, in either order`, async () => {
    const [a, b] = [page(3), page(3)];
    // Its answer was lost: the page gives it up, and says so with the next batch.
    await send(a.events.slice(0, 2), { id: a.id, seq: 2, dropped: {} });
    await send(a.events.slice(2), a.report({ [reason]: 1, sampled: 0 }));
    assert.deepEqual(await closed(), { captured: 3, stored: 3, dropped: {}, duplicate: 0 });
    // Given up first: dropped as far as anybody knows, until another page brings it.
    await send(b.events.slice(0, 1), b.report({ [reason]: 2 }));
    assert.deepEqual((await client.ledger()).total.dropped, { [reason]: 2 });
    await send(b.events.slice(1, 2), undefined);
    assert.deepEqual(await closed(), { captured: 6, stored: 5, dropped: { [reason]: 1 }, duplicate: 0 });
    await send(b.events, b.report({ [reason]: 2 }));
    assert.deepEqual(await closed(), { captured: 6, stored: 6, dropped: {}, duplicate: 2 });
  });
}

test("what can't have been sent can't have arrived: such an excess is shown, with its stream", async () => {
  for (const reason of NEVER_SENT) {
    const a = page(3);
    await send(a.events, a.report({ [reason]: 1, blocked: 2 }));
    const { total, over_accounted, balanced, streams_with_gaps } = await client.ledger();
    assert.deepEqual([total.captured, over_accounted, balanced], [accounted(total), NEVER_SENT.indexOf(reason) + 1, false]);
    const { stream_id, missing } = streams_with_gaps.find(({ stream_id }) => stream_id === a.id);
    assert.deepEqual([stream_id, missing, total.dropped[reason], total.dropped.blocked], [a.id, -1, 1, undefined]);
  }
});

test("a batch may report on 64 streams; of more, the events are stored all the same", async () => {
  const pages = Array.from({ length: 70 }, () => page(2));
  const events = pages.map(({ events }) => events[0]);
  const reports = pages.map(({ report }) => report({ sampled: 1 }));
  await send(events, reports);
  let { total } = await client.ledger();
  assert.deepEqual([total.captured, total.stored, total.dropped], [64 * 2 + 6, 70, { sampled: 64 }]);
  await send([], reports.slice(64));
  assert.deepEqual(await closed(), { captured: 140, stored: 70, dropped: { sampled: 70 }, duplicate: 0 });
});

test("nothing under `stream` costs an event", async () => {
  const deep = "[".repeat(20_000) + "]".repeat(20_000);
  const good = page(1);
  const reports = [
    "null", '"s"', "[]", "{}", "1e999", deep, `[${deep}]`, `{"id":${deep}}`, '{"id":"\\u0000","seq":1,"dropped":{"sampled":1}}',
    '{"id":"s","seq":1e999,"dropped":[]}', `[null,[],7,${JSON.stringify(good.report({ sampled: 1 }))},{"id":5}]`,
  ];
  for (const [i, report] of reports.entries()) {
    const body = `{"api_key":"${client.tenant.browser_key}","stream":${report},"batch":[${JSON.stringify(event(`e${i}`))}]}`;
    const response = await client.raw("/batch/", body);
    assert.equal(response.status, 200, `${report.slice(0, 60)}: ${await response.text()}`);
  }
  assert.equal((await client.events()).length, reports.length);
  const dropped = { sampled: 2 };
  assert.deepEqual(await closed(), { captured: reports.length + 2, stored: reports.length, dropped, duplicate: 0 });
});

test("an id or number that can't be believed keeps an event out of every stream's books, retries included", async () => {
  const a = page(2);
  const odd = [0, -1, 1.5, "2", null, 1e15].map((seq) => event("odd", { stream: a.id, seq }));
  odd.push(event("odd", { stream: "x".repeat(201), seq: 1 }), event("odd", { stream: "a\u0000b", seq: 1 }));
  const report = [a.report(), { id: "a\u0000b", seq: 1, dropped: {} }];
  await send([a.events[0], ...odd.slice(0, 3)], report);
  for (let i = 0; i < 2; i++) await send([...a.events, ...odd], report);
  const { captured, stored } = await closed();
  assert.deepEqual([captured, stored], [10, 9], "one of them is quarantined for its number");
});

test("streams that keep no copy on disk are counted, once each, in the days in which they were heard of", async () => {
  const [a, b, c] = [page(2), page(2), page(1)];
  await send(a.events.slice(0, 1), { id: a.id, seq: 1, dropped: {} });
  assert.equal((await client.ledger()).memory_only_streams, 0);
  await send([...b.events, ...c.events], [b.report({}, { memory: true }), c.report({}, { memory: false })]);
  // From its second report on; and a later report without it takes nothing back.
  await send(a.events, a.report({}, { memory: true }));
  await send([], a.report());
  const books = await client.ledger();
  assert.deepEqual([books.memory_only_streams, books.balanced], [2, true]);
  const past = await client.ledger("?from=2026-01-01&to=2026-01-31");
  assert.equal(past.memory_only_streams, 0);
  const { day } = books.days.at(-1);
  const tomorrow = new Date(Date.parse(day) + 2 * 86_400_000).toISOString().slice(0, 10);
  assert.equal((await client.ledger(`?from=${tomorrow}&to=${tomorrow}`)).memory_only_streams, 0);
  assert.equal((await client.ledger(`?from=${day}&to=${tomorrow}`)).memory_only_streams, 2);
});
