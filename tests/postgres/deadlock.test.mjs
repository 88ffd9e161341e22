// Writers of the same rows at once: the collector's statement never waits for another of its kind in a circle, and where
// an application's own transaction closes one, the row is stored all the same.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { until } from "../harness/until.mjs";
import { migrated, row, session, store } from "./support.mjs";

const options = { skip: NO_POSTGRES, timeout: 60_000 };
/** In their order, which is the one in which the statement stores them. */
const [FIRST, MIDDLE, LAST] = [1, 5, 9].map((n) => `0193c1a2-7b1c-7def-8123-00000000000${n}`);
let server;
let keeper;

before(async () => {
  if (NO_POSTGRES) return;
  server = await startPostgres({ tcp: true, settings: { deadlock_timeout: "20ms" } });
  const { startKeeper } = await import("./keeper.mjs");
  keeper = await startKeeper();
});
after(async () => {
  await keeper?.stop();
  await server?.stop();
});

const rows = (...ids) => ids.map((event_id) => row({ event_id }));
/** An event of the tenant's that a service of its own writes. */
const emit = (client, id) => client.query("select emit_domain_event('a', '{}', 'org_1', event_id => $1)", [id]);

/** Until so many sessions of a database wait for another's transaction. */
const waiting = (name, sessions) =>
  until(`${sessions} to wait`, async () => {
    const [[n]] = await server.query(
      `select count(*) from pg_stat_activity where datname = '${name}' and wait_event_type = 'Lock' and wait_event = 'transactionid'`,
      "postgres",
    );
    return Number(n) === sessions;
  });

for (const layout of ["plain", "partitioned"]) {
  const flags = layout === "partitioned" ? ["--partitioned"] : [];

  test(`${layout}: two that store the same rows in opposite orders wait for each other, not in a circle`, options, async (t) => {
    const name = `circle_${layout}`;
    const url = await migrated(server, name, ...flags);
    const [holder, one, other] = await Promise.all([1, 2, 3].map(() => session(t, url)));
    // Both are under way when this lets them go on.
    await holder.query("begin");
    await emit(holder, MIDDLE);
    const counts = [store(one, rows(FIRST, MIDDLE, LAST)), store(other, rows(LAST, MIDDLE, FIRST))];
    await waiting(name, 2);
    await holder.query("commit");
    assert.deepEqual((await Promise.all(counts)).sort(), [0, 2]);
    assert.deepEqual((await holder.query("select count(*)::int as n from domain_event")).rows, [{ n: 3 }]);
  });

  test(`${layout}: a transaction that closes a circle costs the collector one attempt, and no row`, options, async (t) => {
    const name = `closed_${layout}`;
    const url = await migrated(server, name, ...flags);
    const [holder, service] = await Promise.all([1, 2].map(() => session(t, url)));
    // So that the collector's session is the one that finds the deadlock, and is given up for it.
    await service.query("set deadlock_timeout = '1h'");
    await service.query("begin");
    await emit(service, LAST);
    await holder.query("begin");
    await emit(holder, MIDDLE);
    const batch = rows(FIRST, MIDDLE, LAST);
    const attempt = keeper.store(`${url}?sslmode=disable`, batch, 30_000);
    await waiting(name, 1);
    const emitted = emit(service, FIRST);
    await waiting(name, 2);
    await holder.query("rollback");
    // A code by which the log tries again (crates/delivery/src/postgres.rs).
    assert.equal((await attempt).sqlstate, "40P01");
    await emitted;
    await service.query("commit");
    assert.equal((await keeper.store(`${url}?sslmode=disable`, batch, 30_000)).sqlstate, "00000");
    const { rows: stored } = await service.query("select event_id::text as id, event_name from domain_event order by 1");
    assert.deepEqual(stored.map(Object.values), [[FIRST, "a"], [MIDDLE, "batch_started"], [LAST, "a"]]);
  });
}
