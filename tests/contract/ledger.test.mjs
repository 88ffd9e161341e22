// The books balance whatever the network does: batches late, repeated, out of order, at the same time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BACK_DOOR, appendDirectly } from "../harness/back-door.mjs";
import { Client, accounted, enrolled, event, uuidv7 } from "../harness/client.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

let world;
before(async () => {
  // To say what day it is: in the collector that is the clock's word.
  world = await startWorld({ tenants: [], extraWorkers: [BACK_DOOR] });
});
after(() => world.stop());

/** Mulberry32: a run that fails can be had again by its seed. */
function random(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) / 4294967296) * below | 0;
  };
}

/** A page's life: what it captured, and the requests in which it told of it, in the order of sending. */
function stream(below) {
  const id = uuidv7();
  const told = { captured: 0, stored: 0, quarantined: 0, dropped: 0, givenUp: 0 };
  const requests = [];
  let batch = [];
  for (let seq = 1; seq <= 40; seq++) {
    told.captured++;
    const fate = below(10);
    if (fate === 0) told.dropped++;
    else if (fate === 1) {
      told.quarantined++;
      batch.push(event("x".repeat(201), { stream: id, seq }));
    } else {
      told.stored++;
      batch.push(event("fine", { stream: id, seq }));
      // It arrives, but its page never hears so, and gives it up.
      if (fate === 2) told.givenUp++;
    }
    if (below(6) === 0 || seq === 40) {
      const dropped = { queue_full: told.dropped, retries_exhausted: told.givenUp };
      requests.push([batch, { id, seq, dropped }]);
      batch = [];
    }
  }
  return { told, requests };
}

for (const seed of [1, 2, 3, 4]) {
  test(`seed ${seed}: every order and repetition gives the same books`, async () => {
    const below = random(seed);
    const client = await enrolled(world, `ledger${seed}`);
    const streams = [stream(below), stream(below), stream(below)];
    // Each request once, some of them again and again, and some that hold what several pages left; all in any order.
    const requests = streams.flatMap(({ requests }) => requests);
    const couriers = Array.from({ length: 8 }, () => {
      const left = Array.from({ length: 1 + below(4) }, () => requests[below(requests.length)]);
      return [left.flatMap(([events]) => events), left.map(([, report]) => report)];
    });
    const deliveries = [...requests, ...couriers].flatMap((request) =>
      Array(1 + (below(3) === 0 ? 1 + below(3) : 0)).fill(request),
    );
    for (let i = deliveries.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [deliveries[i], deliveries[j]] = [deliveries[j], deliveries[i]];
    }
    let captured = 0;
    while (deliveries.length > 0) {
      const together = deliveries.splice(0, 1 + below(6));
      const answers = await Promise.all(together.map(([events, stream]) => client.batch(events, { stream })));
      assert.ok(answers.every((answer) => answer.status === 200));
      const { total, over_accounted } = await client.ledger();
      assert.equal(total.captured, accounted(total), "at every moment");
      assert.ok(total.under_way >= 0 && total.captured >= captured);
      assert.equal(over_accounted, 0);
      captured = total.captured;
    }
    const expected = (what) => streams.reduce((sum, { told }) => sum + told[what], 0);
    const { total, balanced, streams_with_gaps } = await client.ledger();
    assert.equal(total.captured, expected("captured"));
    assert.equal(total.stored, expected("stored"));
    assert.deepEqual(total.quarantined, { too_long: expected("quarantined") });
    assert.ok(expected("givenUp") > 0);
    assert.deepEqual(total.dropped, { queue_full: expected("dropped") }, "what arrived was not dropped");
    assert.deepEqual([total.under_way, balanced, streams_with_gaps], [0, true, []]);
    assert.equal((await client.events()).length, expected("stored"));
  });
}

/** A stream of a new tenant, whose events arrive on any day: numbers that come, the highest, drops as the brain has them. */
async function calendar(slug) {
  const tenant = newTenant(slug);
  await enrol(world.registry, tenant, [world.url]);
  const { organization_id } = tenant;
  const id = uuidv7();
  const arrive = async (day, seqs, high, drops = []) => {
    const at = `${day}T12:00:00.000Z`;
    const row = (seq) => [
      uuidv7(), "a", at, at, organization_id, null, "visitor", null, null, null, null, "browser", "origin", 1, {},
      { stream_id: id, seq },
    ];
    const streams = JSON.stringify([[id, high, seqs.length, drops, false]]);
    const batch = {
      day, rows: [JSON.stringify(seqs.map(row))], events: seqs.length, quarantined: "", quarantinedCount: 0, streams,
      wills: "", links: "", unsequenced: 0,
    };
    const receipt = await appendDirectly(world, organization_id, batch);
    assert.deepEqual(receipt, { stored: seqs.length, duplicates: 0, quarantined: 0 });
  };
  return { client: new Client(world.url, tenant), arrive };
}

test("a day's closing balance is the next day's opening", async () => {
  const { client, arrive } = await calendar("days");
  await arrive("2026-03-01", [1, 2, 5], 5);
  await arrive("2026-03-03", [3], 5);
  await arrive("2026-03-04", [4, 6], 6);
  const figures = ({ day, captured, stored, under_way }) => [day, captured, stored, under_way];
  const march = await client.ledger("?from=2026-03-01&to=2026-03-31");
  assert.deepEqual(march.days.map(figures), [
    ["2026-03-01", 5, 3, 2],
    ["2026-03-03", 0, 1, 1],
    ["2026-03-04", 1, 2, 0],
  ]);
  const later = await client.ledger("?from=2026-03-02&to=2026-03-03");
  assert.deepEqual(later.days.map(figures), [["2026-03-03", 0, 1, 1]]);
  assert.equal(later.total.under_way, 1);
});

test("an event that was given up and arrives on a later day is taken back on that day", async () => {
  const { client, arrive } = await calendar("givenup");
  await arrive("2026-03-01", [1], 3, [["blocked", 1, true], ["queue_full", 1, false]]);
  await arrive("2026-03-02", [2], 3);
  const { days, total, balanced } = await client.ledger("?from=2026-03-01&to=2026-03-31");
  const figures = ({ day, stored, dropped, under_way }) => [day, stored, dropped, under_way];
  assert.deepEqual(days.map(figures), [
    ["2026-03-01", 1, { blocked: 1, queue_full: 1 }, 0],
    ["2026-03-02", 1, { blocked: -1 }, 0],
  ]);
  assert.deepEqual([total.captured, total.stored, total.dropped, total.under_way], [3, 2, { queue_full: 1 }, 0]);
  assert.equal(balanced, true);
});
