// The published statement finds the sessions that Rust and the SDK do, in rows that came through the collector.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client, event } from "../harness/client.mjs";
import { COPY, queryCopy } from "../harness/copy.mjs";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { ROOT, newTenant, startWorld } from "../harness/world.mjs";

const STATEMENT = readFileSync(join(ROOT, "docs/sessions.sql"), "utf8");
const { cases } = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/sessions.json"), "utf8"));
/** Moments to count from: into a leap day, across a year's end, at a full second, and at neither. */
const BEGINNINGS = [
  "2024-02-28T23:50:00.000Z",
  "2025-12-31T23:59:59.999Z",
  "2025-03-01T00:00:00.000Z",
  "2026-02-28T12:34:56.780Z",
];

let world;
let rows;
/** What is expected of each event, by its id: visitor, number of the session, its beginning. */
const expected = new Map();

before(async () => {
  const tenant = newTenant("sessions");
  world = await startWorld({ tenants: [tenant], extraWorkers: [COPY] });
  const client = new Client(world.url, tenant);
  const events = BEGINNINGS.flatMap((beginning) => cases.flatMap((visits) => eventsOf(visits, Date.parse(beginning))));
  // Five requests, each with every fifth event, the later ones first.
  for (const nth of [4, 3, 2, 1, 0]) {
    const response = await client.batch(events.filter((_, i) => i % 5 === nth).reverse());
    assert.equal(response.status, 200, await response.text());
  }
  // A back end's event is no visit: in the midst of a pause of 30 minutes it joins nothing.
  const beginning = Date.parse(BEGINNINGS[0]);
  const anonymous_id = visitorOf({ name: "idle for exactly 30 minutes" }, beginning);
  const occurred_at = new Date(beginning + 15 * 60_000).toISOString();
  const response = await client.domain({ event_name: "mail_sent", anonymous_id, occurred_at });
  assert.equal(response.status, 200, await response.text());
  rows = await client.events();
  assert.equal(rows.length, expected.size + 1);
});
after(() => world.stop());

function visitorOf({ name }, beginning) {
  return `${new Date(beginning).toISOString()}: ${name}`;
}

function eventsOf(visits, beginning) {
  const visitor = visitorOf(visits, beginning);
  return visits.at_ms.map((at_ms, i) => {
    const number = visits.sessions[i];
    const own = visits.at_ms.filter((_, j) => visits.sessions[j] === number);
    const captured = event("something_done", {
      distinct_id: visitor,
      timestamp: new Date(beginning + at_ms).toISOString(),
      properties: { $session_id: `s${number}` },
    });
    expected.set(captured.uuid, [visitor, number, beginning + Math.min(...own)]);
    return captured;
  });
}

/** @param {{ visitor: string, session: number, began_ms: number, event_id: string, session_id: string }[]} found */
function assertExpected(found) {
  assert.equal(found.length, expected.size);
  for (const { visitor, session, began_ms, event_id, session_id } of found) {
    assert.deepEqual([visitor, session, began_ms], expected.get(event_id), visitor);
    assert.equal(session_id, `s${session}`);
  }
}

test("SQLite, with the log's schema", async () => {
  assertExpected(await queryCopy(world, { domain_event: rows }, STATEMENT));
});

test("PostgreSQL", { skip: NO_POSTGRES }, async () => {
  const postgres = await startPostgres();
  const json = JSON.stringify(rows).replaceAll("'", "''");
  try {
    const found = await postgres.query(`
      set time zone 'UTC';
      create table domain_event (event_id uuid primary key, occurred_at timestamptz not null, user_id text,
        anonymous_id text, session_id text, source text not null);
      insert into domain_event select * from jsonb_populate_recordset(null::domain_event, '${json}');
      ${STATEMENT};`);
    assertExpected(
      found.map(([visitor, session, began_ms, event_id, session_id]) => ({
        visitor,
        session: Number(session),
        began_ms: Number(began_ms),
        event_id,
        session_id,
      })),
    );
  } finally {
    await postgres.stop();
  }
});
