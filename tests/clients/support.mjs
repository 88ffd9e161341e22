/**
 * A scenario: one client of somebody else's, one tenant, one log. What a test asserts is what the collector stored;
 * after every scenario the books must balance.
 */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { Client } from "../harness/client.mjs";
import { until } from "../harness/until.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";
import { booksBalance } from "../e2e/support.mjs";
import { gate } from "./gate.mjs";

export { until };

/** Scenarios wait for clients' timers more than for anything else, so some run at a time. */
const AT_A_TIME = 5;
const TIMEOUT_MS = 90_000;
let count = 0;

/**
 * A world for a file of scenarios. `declare` gets the function that declares one: `scenario(name, run)`, whose `run`
 * gets `{ gate, tenant, client, received }`.
 * @param {string} title
 * @param {(scenario: (name: string, run: Function) => void) => void} declare
 * @param {object} [options]
 * @param {() => Promise<unknown>} [options.install] what takes longer than a scenario may
 * @param {() => Promise<Record<string, string>>} [options.site] pages and scripts under /site/ (see gate.mjs)
 */
export function scenarios(title, declare, { install, site } = {}) {
  suite(title, { concurrency: AT_A_TIME }, () => {
    let world;
    let pages;
    before(async () => {
      await install?.();
      pages = await site?.();
      world = await startWorld({ tenants: [] });
    });
    after(() => world?.stop());
    declare((name, run) =>
      test(name, { timeout: TIMEOUT_MS }, async () => {
        const door = await gate(world.url, pages);
        const tenant = { ...newTenant(`client${++count}`), measurement_id: `G-CLIENT${count}` };
        await enrol(world.registry, tenant, [door.url, door.elsewhere]);
        const client = new Client(world.url, tenant);
        try {
          await run({ gate: door, tenant, client, received: received(client) });
          await booksBalance(client);
        } finally {
          door.stop();
        }
      }),
    );
  });
}

/** Rows of the log, once all of these names are there, each as often as it is named; by the time of the events. */
const received = (client) => async (...names) => {
  const expected = [...names].sort();
  const rows = await until(`rows ${names.join(", ")}`, async () => {
    const rows = await client.events();
    const stored = rows.map((row) => row.event_name).sort();
    if (rows.length >= names.length) assert.deepEqual(stored, expected);
    return rows.length === names.length && rows;
  });
  return rows.sort((a, b) => a.occurred_at.localeCompare(b.occurred_at));
};

/** The ways in which a collector fails, as its clients see it. */
export const FAILURES = [
  ["connections break", (gate) => gate.refuse()],
  ["it answers 503", (gate) => gate.answer(503)],
  ["its answers are lost", (gate) => gate.forget()],
];

/** The rows of that name. */
export const named = (rows, name) => rows.filter((row) => row.event_name === name);
