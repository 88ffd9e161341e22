// What breaks a rule is kept whole, judged again when that is asked for, or purged: and the books say so.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BACK_DOOR, appendDirectly } from "../harness/back-door.mjs";
import { accounted, enrolled, event, uuidv7 } from "../harness/client.mjs";
import { startWorld } from "../harness/world.mjs";

let world;
before(async () => {
  world = await startWorld({ tenants: [], extraWorkers: [BACK_DOOR] });
});
after(() => world.stop());

/** Has the quarantine replayed or purged, as a back end would. */
async function order(client, verb, what, key = client.tenant.server_key) {
  const response = await fetch(`${client.url}/v1/quarantine/${verb}`, {
    method: "POST",
    body: JSON.stringify(what),
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
  });
  return { status: response.status, ...(await response.json()) };
}

/** All pages of an order, summed up. */
async function throughout(client, verb, what) {
  const total = { pages: 0, examined: 0, stored: 0, unreplayable: 0, quarantined: {}, purged: {} };
  for (let after = 0, done = false; !done; ) {
    const page = await order(client, verb, { ...what, after });
    assert.equal(page.status, 200, JSON.stringify(page));
    total.pages++;
    for (const name of ["examined", "stored", "unreplayable"]) total[name] += page[name] ?? 0;
    for (const name of ["quarantined", "purged"]) {
      for (const [rule, n] of Object.entries(page[name] ?? {})) total[name][rule] = (total[name][rule] ?? 0) + n;
    }
    [after, done] = [page.next_after, page.is_complete];
  }
  return total;
}

const DAYS = ["2026-03-01", "2026-03-02"];
const CONTEXT = { dialect: "posthog", sent_at: "2026-03-01T12:00:00.000Z", user_agent: "Test/1", country: "CZ" };
const PROVENANCE = { protocol: "batch", source: "browser", trust: "origin", context: CONTEXT };

/** What a collector with other rules has quarantined: `kinds` gives rule, name and properties of the `n`th event. */
async function quarantinedBefore(client, count, kinds) {
  const { organization_id } = client.tenant;
  const stream = uuidv7();
  const events = [];
  for (let n = 0; n < count; n++) {
    const [rule, name, properties] = kinds(n);
    events.push([rule, event(name, { properties, stream, seq: n + 1, timestamp: "2026-03-01T11:59:59.000Z" })]);
  }
  const half = Math.ceil(count / 2);
  for (const [at, day] of DAYS.entries()) {
    const ofDay = events.slice(at * half, (at + 1) * half);
    for (let first = 0; first < ofDay.length; first += 500) {
      const rows = ofDay.slice(first, first + 500).map(([rule, body]) => [
        body.uuid, body.event, `${day}T12:00:00.000Z`, organization_id, stream, rule, "properties", "less", "more", null,
        body, PROVENANCE,
      ]);
      const high = at * half + first + rows.length;
      const receipt = await appendDirectly(world, organization_id, {
        day, rows: [], events: 0, quarantined: JSON.stringify(rows), quarantinedCount: rows.length,
        streams: JSON.stringify([[stream, high, rows.length, [], false]]), wills: "", links: "", unsequenced: 0,
      });
      assert.deepEqual(receipt, { stored: 0, duplicates: 0, quarantined: rows.length });
    }
  }
  return events.map(([, body]) => body);
}

const march = (client) => client.ledger("?from=2026-03-01&to=2026-03-31");

test("10,000 events of three kinds that are no longer wrong: replayed twice, stored once", { timeout: 180_000 }, async () => {
  const client = await enrolled(world, "fixed");
  const kinds = [
    ["too_long", "recipe_scaled", { scale: 2 }],
    ["wrong_type", "batch_started", { $user_id: "42", $device_id: "visitor-1" }],
    // Fixed for none of these.
    ["out_of_range", "x".repeat(201), {}],
  ];
  const sent = await quarantinedBefore(client, 10_000, (n) => kinds[n % 3]);
  const count = (kind) => sent.filter((_, n) => n % 3 === kind).length;
  const before = await march(client);
  assert.deepEqual(before.total.quarantined, { too_long: count(0), wrong_type: count(1), out_of_range: count(2) });

  const foreseen = await throughout(client, "replay", { dry_run: true, limit: 4_000 });
  assert.deepEqual(
    [foreseen.pages, foreseen.examined, foreseen.stored, foreseen.quarantined],
    [3, 10_000, count(0) + count(1), { too_long: count(2) }],
  );
  assert.deepEqual(await march(client), before, "nothing has been done");

  // Two at the same time, and another when they are done.
  const both = await Promise.all([1, 2].map(() => throughout(client, "replay", { limit: 10_000 })));
  assert.equal(both[0].stored + both[1].stored, count(0) + count(1), "each by one of them");
  const again = await throughout(client, "replay", {});
  assert.deepEqual([again.stored, again.quarantined], [0, { too_long: count(2) }]);

  const rows = await client.events();
  assert.deepEqual(
    rows.map((row) => row.event_id).sort(),
    sent.filter((_, n) => n % 3 !== 2).map((body) => body.uuid).sort(),
    "all of them once",
  );
  const [first] = rows;
  assert.deepEqual(
    [first.occurred_at, first.received_at, first.source, first.trust],
    ["2026-03-01T11:59:59.000Z", "2026-03-01T12:00:00.000Z", "browser", "origin"],
  );
  assert.equal(first.context.user_agent, "Test/1");
  const books = await march(client);
  assert.equal(books.balanced, true);
  assert.deepEqual(books.streams_with_gaps, []);
  assert.deepEqual(books.total, {
    captured: 10_000, stored: count(0) + count(1), quarantined: { too_long: count(2) }, dropped: {}, duplicate: 0,
    under_way: 0,
  });
  assert.deepEqual(books.days.map(({ day, captured }) => [day, captured]), DAYS.map((day) => [day, 5_000]));
  for (const day of books.days) assert.equal(accounted(day), day.captured, "moved on the day they were received");
  const [{ id, person_id }] = (await client.identities()).filter(({ id }) => id === "visitor-1");
  assert.deepEqual([id, person_id], ["visitor-1", "42"], "what they say of who is who counts, too");
});

test("an event in quarantine is shown as it came, and stays there as long as it is wrong", async () => {
  const client = await enrolled(world, "shown");
  const bad = event("x".repeat(201), { properties: { big: 1.0, text: "é\u2028" }, stream: uuidv7(), seq: 1 });
  assert.equal((await client.batch([bad, null, "text", 7, event("fine")])).status, 200);
  const { events, next_after } = await client.read("/v1/quarantine");
  assert.deepEqual(events.map(({ rule }) => rule), ["too_long", "not_an_object", "not_an_object", "not_an_object"]);
  assert.equal(next_after, events.at(-1).seq);
  const rule = await client.read("/v1/quarantine?rule=not_an_object&limit=2");
  assert.deepEqual(rule.events.map(({ seq }) => seq), [events[1].seq, events[2].seq]);
  assert.equal((await client.read(`/v1/quarantine?rule=not_an_object&after=${rule.next_after}`)).events.length, 1);
  const byName = await client.read(`/v1/quarantine?event_name=${"x".repeat(200)}`);
  assert.deepEqual(byName.events.map(({ event_id }) => event_id), [bad.uuid]);

  const shown = await client.read(`/v1/quarantine/${bad.uuid}`);
  assert.deepEqual(shown.body, bad);
  assert.deepEqual([shown.rule, shown.path, shown.provenance.source, shown.provenance.trust], [
    "too_long", "event", "browser", "origin",
  ]);
  const bodies = await Promise.all(
    events.slice(1).map(async ({ event_id }) => (await client.read(`/v1/quarantine/${event_id}`)).body),
  );
  assert.deepEqual(bodies, [null, "text", 7]);

  const replayed = await order(client, "replay", {});
  assert.deepEqual([replayed.stored, replayed.quarantined], [0, { too_long: 1, not_an_object: 3 }]);
  assert.deepEqual((await client.read("/v1/quarantine")).events, events);
  await assert.rejects(client.read(`/v1/quarantine/${uuidv7()}`), /404/);
  const stranger = await enrolled(world, "stranger");
  await assert.rejects(stranger.read(`/v1/quarantine/${bad.uuid}`), /404/);
});

/** Of each event in quarantine whether the list says that it can be judged again, and whether a replay of it does so. */
async function replayability(client) {
  const { events } = await client.read("/v1/quarantine");
  return Promise.all(
    events.map(async ({ event_id, seq, is_replayable }) => {
      const one = await order(client, "replay", { dry_run: true, after: seq - 1, limit: 1 });
      assert.deepEqual([one.examined, one.next_after], [1, seq]);
      return [event_id, { says: is_replayable, is: one.unreplayable === 0 }];
    }),
  );
}

/** Of its one event there is something to withhold. */
const WITHHOLDING = {
  mode: "enforce",
  salt: "0123456789abcdef0123456789abcdef",
  plan: {
    tallymark_plan: 1,
    plan: { name: "shop", version: 1, owner: "Shop", description: "For tests." },
    policy: { unknown_events: "accept", unknown_properties: "accept" },
    families: {},
    events: {
      noted: {
        description: "Somebody wrote a note.", origin: "any", schema_version: 1,
        properties: { note: { type: "string", description: "Anything.", required: true, pii: { class: "free_text", action: "drop" } } },
      },
    },
  },
};

test("the list says which events a replay can judge again", async () => {
  const client = await enrolled(world, "replayable");
  await world.registry.put(`plan:${client.tenant.organization_id}`, JSON.stringify(WITHHOLDING));
  const wrong = { $entity_id: {} };
  const whole = [
    event("x".repeat(201)),
    // What excerpts look like, somewhere in an event.
    event("decoy", { properties: { ...wrong, $text: "", $bytes: 1 } }),
    event("noted", { properties: { ...wrong, note: "in order" } }),
  ];
  const others = {
    large: event("large", { properties: { text: "x".repeat(900 * 1024) } }),
    unstorable: event("unstorable", { properties: { half: "\ud800" } }),
    spoilt: event("noted", { properties: { note: 7 } }),
  };
  assert.equal((await client.batch([...whole, null, "\"$bytes\"", ...Object.values(others)])).status, 200);
  const { organization_id } = client.tenant;
  const old = event("x".repeat(201));
  await appendDirectly(world, organization_id, {
    day: DAYS[0], rows: [], events: 0, quarantinedCount: 1, streams: "", wills: "", links: "", unsequenced: 1,
    quarantined: JSON.stringify([
      [old.uuid, old.event, `${DAYS[0]}T12:00:00.000Z`, organization_id, null, "too_long", "event", "less", "more", null, old, null],
    ]),
  });

  const all = await replayability(client);
  assert.equal(all.length, 9);
  for (const [id, { says, is }] of all) assert.equal(says, is, id);
  const found = new Map(all);
  for (const { uuid, event } of whole) assert.equal(found.get(uuid)?.is, true, event);
  for (const [kind, { uuid }] of Object.entries({ ...others, old })) assert.equal(found.get(uuid)?.is, false, kind);
});

test("an event that breaks another rule by now is counted under that", async () => {
  const client = await enrolled(world, "other");
  const [one] = await quarantinedBefore(client, 1, () => ["unknown_event", "fine", { $entity_type: {} }]);
  const replayed = await order(client, "replay", { rule: "unknown_event" });
  assert.deepEqual([replayed.stored, replayed.quarantined], [0, { wrong_type: 1 }]);
  const { rule, path, body } = await client.read(`/v1/quarantine/${one.uuid}`);
  assert.deepEqual([rule, path, body], ["wrong_type", "properties.$entity_type", one]);
  const { total, balanced } = await march(client);
  assert.deepEqual([total.quarantined, total.captured, balanced], [{ wrong_type: 1 }, 1, true]);
});

test("what is purged is gone, is counted as dropped, and does not come back", async () => {
  const client = await enrolled(world, "purged");
  const bad = event("x".repeat(201), { stream: uuidv7(), seq: 1 });
  const other = event("fine", { properties: { $entity_id: {} } });
  const send = () => client.batch([bad, other]);
  assert.equal((await send()).status, 200);
  const ask = { rule: "too_long" };
  assert.deepEqual((await order(client, "purge", { ...ask, dry_run: true })).purged, { too_long: 1 });
  assert.equal((await client.read("/v1/quarantine")).events.length, 2);
  assert.deepEqual((await order(client, "purge", { ...ask, before: "2026-01-01" })).purged, {}, "received later");
  assert.deepEqual((await order(client, "purge", ask)).purged, { too_long: 1 });
  assert.deepEqual((await order(client, "purge", ask)).purged, {});
  await assert.rejects(client.read(`/v1/quarantine/${bad.uuid}`), /404/);
  assert.equal((await send()).status, 200);
  const { total, balanced } = await client.ledger();
  assert.deepEqual([total.captured, total.quarantined, total.dropped, total.duplicate, balanced], [
    2, { wrong_type: 1 }, { purged: 1 }, 2, true,
  ]);
  assert.equal((await order(client, "replay", {})).examined, 1, "there is nothing of it to be judged");
});

test("a key that reads changes nothing, and neither does a slip of the pen", async () => {
  const client = await enrolled(world, "careful");
  const { read_key, browser_key } = client.tenant;
  for (const verb of ["replay", "purge"]) {
    for (const key of [read_key, browser_key]) {
      assert.equal((await order(client, verb, { rule: "too_long" }, key)).status, 403);
    }
    const slip = await order(client, verb, { rule: "too_long", dryrun: true });
    assert.deepEqual([slip.status, slip.code, slip.attr], [400, "invalid_parameter", "body"]);
  }
  assert.equal((await order(client, "purge", {})).status, 400, "not everything at once");
});
