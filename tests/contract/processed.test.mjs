// Since when every destination has an event, as the log tells it without writing to the event: in workerd's SQLite.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startObject } from "../harness/object.mjs";

test("where one event is, is found by indexes alone", async (t) => {
  const { address, stop } = await startObject("tests/contract/processed-log.ts", { DATABASE: "Database" });
  t.after(stop);
  const response = await fetch(address, { method: "POST", body: JSON.stringify({ events: ["event-0"], moves: [] }) });
  const { plans } = await response.json();
  assert.deepEqual(plans.map(([name]) => name), ["EVENT", "QUARANTINED", "PARKED", "DROPPED"]);
  // The tables that grow with the log; `processed` is one row.
  const grown = / (e|d|u|p|domain_event|quarantined_event|parked_delivery|dropped_delivery|processed_until)\b/;
  for (const [name, steps] of plans) {
    const walks = steps.filter((step) => grown.test(step));
    assert.ok(walks.length > 0, `${name}: ${steps.join("; ")}`);
    for (const step of walks) assert.match(step, /^SEARCH /, `${name}: ${steps.join("; ")}`);
  }
});

test("an event is processed since its destinations have it, to the second, however many settlements follow", async (t) => {
  const { address, stop } = await startObject("tests/contract/processed-log.ts", { DATABASE: "Database" });
  t.after(stop);
  // One every 400 ms: none is a second behind the one before it.
  const start = Date.parse("2026-11-21T10:00:00.000Z");
  const moves = Array.from({ length: 10 }, (_, n) => ({ seq: n + 1, at: new Date(start + 400 * n).toISOString() }));
  const events = Array.from({ length: 12 }, (_, n) => `event-${n}`);
  const response = await fetch(address, { method: "POST", body: JSON.stringify({ events, moves }) });
  assert.equal(response.status, 200);
  const { rows, kept } = await response.json();
  for (const [n, { at }] of moves.entries()) {
    const { is_processed, processed_at, delivery_attempts } = rows[n];
    assert.deepEqual([is_processed, delivery_attempts], [1, 1]);
    const late = Date.parse(processed_at) - Date.parse(at);
    assert.ok(late >= 0 && late < 1_000, `event ${n + 1} was processed at ${at}, and is told to be since ${processed_at}`);
  }
  assert.deepEqual(rows.slice(10).map(({ is_processed, processed_at }) => [is_processed, processed_at]), [[0, null], [0, null]]);
  assert.equal(kept, 4, "a row a second");
});
