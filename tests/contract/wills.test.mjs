// A stream's last will is stored if nothing more is heard of the stream, once, and the books balance whatever comes.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { BACK_DOOR, appendDirectly } from "../harness/back-door.mjs";
import { Client, accounted, enrolled, event, uuidv7 } from "../harness/client.mjs";
import { until } from "../harness/until.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

/** Long enough for a test to say all that it has to say before the first will is due. */
const WILL_AFTER_MS = 2_500;

let world;
let client;
let count = 0;

before(async () => {
  world = await startWorld({ tenants: [], willAfterMs: WILL_AFTER_MS });
});
after(() => world.stop());

// Each test has a tenant, and so a log, of its own.
beforeEach(async () => {
  client = await enrolled(world, `wills${++count}`);
});

const names = (rows) => rows.map((row) => row.event_name);

/** A page that has captured `seq` events, and what it would leave when hidden `seconds` after its view began. */
function page(seq = 1) {
  const id = uuidv7();
  const leaveId = uuidv7();
  const began = Date.now() - 60_000;
  const numbered = (name, seq) => event(name, { stream: id, seq });
  return {
    id,
    leaveId,
    events: Array.from({ length: seq }, (_, i) => numbered(`e${i + 1}`, i + 1)),
    numbered,
    leave: (seconds, at = seq + 1) => ({
      ...event("$pageleave", { stream: id, seq: at, properties: { $prev_pageview_duration: seconds } }),
      uuid: leaveId,
      timestamp: new Date(began + seconds * 1_000).toISOString(),
    }),
    report: (will, at = seq) => ({ id, seq: at, dropped: {}, ...(will && { will }) }),
  };
}

async function send(events, stream) {
  const response = await client.batch(events, { stream });
  assert.equal(response.status, 200, await response.text());
  return response;
}

/** The rows of $pageleave once the will `last` is among them, of a page that was hidden after all the others. */
async function leavesAfter(last) {
  const rows = await until("the last will", async () => {
    const rows = await client.events();
    return rows.some((row) => row.event_id === last.leaveId) && rows;
  });
  const leaves = rows.filter((row) => row.event_name === "$pageleave" && row.event_id !== last.leaveId);
  return leaves.map((row) => [row.context.stream_id, row.properties.$prev_pageview_duration]);
}

/** Hides a page of which nothing more is heard: its will is due after those of before. */
async function lastPage() {
  const last = page();
  await send(last.events, last.report(last.leave(1)));
  return last;
}

/** Checks that the books balance with nothing under way, and returns their figures. */
async function closed() {
  const { total, balanced, streams_with_gaps } = await client.ledger();
  assert.equal(total.captured, accounted(total));
  assert.deepEqual([total.under_way, balanced, streams_with_gaps], [0, true, []]);
  const { captured, stored, quarantined, duplicate } = total;
  return { captured, stored, quarantined, duplicate };
}

test("nothing more is heard of a hidden page: its will is stored, once, as if it had arrived when it was made", async () => {
  const a = page(2);
  const sent = Date.now();
  await send(a.events, a.report());
  // Alone, without an event.
  assert.deepEqual(await (await client.batch([], { stream: a.report(a.leave(7)) })).json(), { status: "Ok" });
  const received = Date.now();
  assert.deepEqual(await closed(), { captured: 2, stored: 2, quarantined: {}, duplicate: 0 });
  const last = await lastPage();
  assert.deepEqual(await leavesAfter(last), [[a.id, 7]]);
  const leave = (await client.events()).find((row) => row.event_id === a.leaveId);
  assert.equal(leave.occurred_at, a.leave(7).timestamp);
  assert.ok(Date.parse(leave.received_at) >= sent && Date.parse(leave.received_at) <= received, leave.received_at);
  assert.deepEqual([leave.trust, leave.anonymous_id, leave.context.seq], ["origin", "visitor-1", 3]);
  // Again, and late: the same will, and what it was made after.
  await send([], a.report(a.leave(7)));
  await send(a.events, a.report(a.leave(7)));
  assert.deepEqual(await leavesAfter(await lastPage()), [[a.id, 7], [last.id, 1]]);
  assert.deepEqual(await closed(), { captured: 7, stored: 7, quarantined: {}, duplicate: 2 });
});

test("anything newer revokes it: an event, or a report alone, by whoever brings it", async () => {
  const [a, b, c] = [page(), page(), page()];
  for (const { events, report, leave } of [a, b, c]) await send(events, report(leave(5)));
  await send([a.numbered("seen again", 2)], undefined);
  await send([], { ...b.report(), seq: 2, dropped: { sampled: 1 } });
  await send([c.leave(9)], [page(0).report(), c.report(undefined, 2)]);
  assert.deepEqual(await leavesAfter(await lastPage()), [[c.id, 9]]);
  assert.deepEqual(await closed(), { captured: 8, stored: 7, quarantined: {}, duplicate: 0 });
});

test("a page hidden twice: its later will holds, in either order; an older page's or a repeated one changes nothing", async () => {
  const [a, b, c] = [page(), page(), page(2)];
  await send(a.events, a.report(a.leave(5)));
  await send([], a.report(a.leave(20)));
  await send(b.events, b.report(b.leave(20)));
  await send([], b.report(b.leave(5)));
  // Of before its second event, and arriving after it; and one that takes no account of it.
  await send(c.events, c.report());
  await send([c.events[0]], c.report(c.leave(30, 2), 1));
  await send([], c.report(c.leave(30, 2), 2));
  assert.deepEqual(await leavesAfter(await lastPage()), [[a.id, 20], [b.id, 20]]);
  assert.deepEqual(await closed(), { captured: 8, stored: 8, quarantined: {}, duplicate: 1 });
});

test("the page lives on after its will was executed: one $pageleave, and its numbers are its own", async () => {
  const [a, b] = [page(), page()];
  for (const { events, report, leave } of [a, b]) await send(events, report(leave(5)));
  await leavesAfter(await lastPage());
  // It leaves at once, with the number that its will had.
  await send([a.leave(60)], a.report(undefined, 2));
  assert.deepEqual(await closed(), { captured: 6, stored: 6, quarantined: {}, duplicate: 1 });
  // It goes on first, with that number, is hidden once more, and leaves.
  await send([b.numbered("later", 2)], b.report(b.leave(50, 3), 2));
  assert.deepEqual(await closed(), { captured: 7, stored: 7, quarantined: {}, duplicate: 1 });
  const leaves = await leavesAfter(await lastPage());
  assert.equal(leaves.filter(([id]) => id === b.id).length, 1, "the same will, due again, is there already");
  for (let i = 0; i < 3; i++) await send([b.leave(60, 3)], b.report(undefined, 3));
  assert.deepEqual(await closed(), { captured: 9, stored: 9, quarantined: {}, duplicate: 4 });
  const rows = await client.events();
  assert.equal(rows.filter((row) => row.event_id === b.leaveId).length, 1);
  assert.deepEqual(names(rows.filter((row) => row.context.stream_id === b.id)), ["e1", "$pageleave", "later"]);
});

test("a will that breaks a rule waits, and is quarantined when it is executed", async () => {
  const a = page();
  const bad = { ...a.leave(5), event: "x".repeat(201) };
  const answer = await (await client.batch(a.events, { stream: a.report(bad) })).json();
  assert.deepEqual(answer, { status: "Ok" }, "no event of this request");
  await leavesAfter(await lastPage());
  assert.deepEqual(await closed(), { captured: 4, stored: 3, quarantined: { too_long: 1 }, duplicate: 0 });
  // The page was alive.
  await send([{ ...bad, timestamp: new Date().toISOString() }], a.report(undefined, 2));
  assert.deepEqual(await closed(), { captured: 4, stored: 3, quarantined: { too_long: 1 }, duplicate: 1 });
});

test("what is no will of its stream is passed over, and costs nothing else in the request", async () => {
  const [a, other] = [page(), page()];
  const foreign = { ...other.leave(5, 2) };
  const large = { ...a.leave(5), properties: { ...a.leave(5).properties, x: "y".repeat(65 * 1_024) } };
  const wills = [null, 7, "will", [], {}, [a.leave(5)], foreign, a.leave(5, 1), a.leave(5, 3), large];
  for (const will of wills) await send([], a.report(will));
  await send(a.events, a.report());
  assert.deepEqual(await leavesAfter(await lastPage()), []);
  assert.deepEqual(await closed(), { captured: 3, stored: 3, quarantined: {}, duplicate: 0 });
});

test("pages that were hidden one after another: each has its will", async () => {
  const pages = Array.from({ length: 300 }, () => page());
  // As one sender would for many: 64 reports are what a batch may hold.
  for (let i = 0; i < pages.length; i += 60) {
    const some = pages.slice(i, i + 60);
    await send(some.flatMap(({ events }) => events), some.map(({ report, leave }) => report(leave(5))));
  }
  const leaves = await leavesAfter(await lastPage());
  assert.deepEqual(new Set(leaves.map(([id]) => id)), new Set(pages.map(({ id }) => id)));
  assert.deepEqual(await closed(), { captured: 602, stored: 602, quarantined: {}, duplicate: 0 });
});

test("of more wills than a log keeps waiting, the oldest are executed before they are due", { timeout: 60_000 }, async (t) => {
  const MAX_WAITING = 20_000;
  // With the half hour of wrangler.toml.
  const world = await startWorld({ tenants: [], extraWorkers: [BACK_DOOR] });
  t.after(() => world.stop());
  const tenant = newTenant("crowd");
  await enrol(world.registry, tenant, [world.url]);
  client = new Client(world.url, tenant);
  const { organization_id } = tenant;
  const hide = async (count) => {
    const at = new Date().toISOString();
    const day = at.slice(0, 10);
    const pages = Array.from({ length: count }, () => ({ id: uuidv7(), leave: uuidv7() }));
    const row = ({ id, leave }) => [
      leave, "$pageleave", at, at, organization_id, null, "visitor", null, null, null, null, "browser", "origin", 1, {},
      { stream_id: id, seq: 1 },
    ];
    const batch = {
      day, rows: [], events: 0, quarantined: "", quarantinedCount: 0, links: "", unsequenced: 0,
      streams: JSON.stringify(pages.map(({ id }) => [id, 0, 0, [], false])),
      wills: JSON.stringify(pages.map((page) => [page.id, 1, page.leave, at, false, JSON.stringify(row(page))])),
    };
    assert.deepEqual(await appendDirectly(world, organization_id, batch), { stored: 0, duplicates: 0, quarantined: 0 });
    return pages.map(({ leave }) => leave);
  };
  const first = await hide(3);
  await hide(MAX_WAITING - 3);
  assert.deepEqual(await client.events(), []);
  await hide(2);
  const executed = (await client.events()).map((row) => row.event_id);
  assert.ok(executed.length === 2 && executed.every((id) => first.includes(id)), "two of the oldest three");
  assert.deepEqual(await closed(), { captured: 2, stored: 2, quarantined: {}, duplicate: 0 });
});
