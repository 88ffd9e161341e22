// Who may do what (seed 004, §6): a service that writes, readers who see one tenant, and nobody else.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { migrated, row, session, store } from "./support.mjs";

const options = { skip: NO_POSTGRES };
let server;
before(async () => {
  if (NO_POSTGRES) return;
  server = await startPostgres({ tcp: true });
});
after(() => server?.stop());

for (const layout of ["plain", "partitioned"]) {
  /** A database with two tenants' events, and sessions of one who is a member of each role, and of neither. */
  async function world(t, name) {
    const url = await migrated(server, `${name}_${layout}`, ...(layout === "partitioned" ? ["--partitioned"] : []));
    const owner = await session(t, url);
    const roles = ["collector", "dashboard", "stranger"].map((role) => `${role}_${name}_${layout}`);
    await owner.query(roles.map((role) => `create role ${role} login;`).join(""));
    await owner.query(`grant tallymark_service to ${roles[0]}; grant tallymark_tenant to ${roles[1]}`);
    const [collector, dashboard, stranger] = await Promise.all(roles.map((role) => session(t, url.replace("test@", `${role}@`))));
    assert.equal(await store(collector, [row(), row(), row({ organization_id: "org_2" })]), 3);
    return { owner, collector, dashboard, stranger };
  }
  const DENIED = { code: "42501" };

  test(`${layout}: the service's role stores, reads and settles every tenant's events`, options, async (t) => {
    const { collector } = await world(t, "service");
    const { rowCount } = await collector.query("update domain_event set processed_at = now()");
    assert.equal(rowCount, 3);
    const { rows: [{ id }] } = await collector.query("select emit_domain_event('x', '{}', 'org_3') as id");
    assert.equal((await collector.query("select from domain_event where event_id = $1", [id])).rowCount, 1);
    await assert.rejects(collector.query("drop table domain_event"), DENIED);
  });

  test(`${layout}: a reader sees the tenant that it names, and none without a name`, options, async (t) => {
    const { dashboard } = await world(t, "reader");
    const seen = async () => (await dashboard.query("select distinct organization_id as o from domain_event order by 1")).rows.map(({ o }) => o);
    assert.deepEqual(await seen(), []);
    await dashboard.query("begin");
    await dashboard.query("set local tallymark.organization_id = 'org_2'");
    assert.deepEqual(await seen(), ["org_2"]);
    await dashboard.query("commit");
    assert.deepEqual(await seen(), [], "the setting has gone with its transaction");
    await dashboard.query("set tallymark.organization_id = 'org_1'");
    assert.deepEqual(await seen(), ["org_1"]);
  });

  test(`${layout}: a reader writes nothing, and gets around the policy by no partition`, options, async (t) => {
    const { owner, dashboard } = await world(t, "writer");
    await dashboard.query("set tallymark.organization_id = 'org_1'");
    for (const statement of ["select emit_domain_event('x', '{}', 'org_1')", "update domain_event set user_id = 'x'", "delete from domain_event", "select from parked_delivery", "select from dead_letter"]) {
      await assert.rejects(dashboard.query(statement), DENIED, statement);
    }
    const { rows } = await owner.query("select inhrelid::regclass::text as name from pg_inherits where inhparent = 'domain_event'::regclass");
    assert.equal(rows.length > 0, layout === "partitioned");
    for (const { name } of [...rows, ...(layout === "partitioned" ? [{ name: "domain_event_id" }] : [])]) {
      await assert.rejects(dashboard.query(`select from ${name}`), DENIED, name);
    }
  });

  test(`${layout}: whoever has neither role has nothing`, options, async (t) => {
    const { stranger } = await world(t, "nobody");
    for (const table of ["domain_event", "parked_delivery", "dead_letter"]) {
      await assert.rejects(stranger.query(`select from ${table}`), DENIED, table);
    }
    await assert.rejects(stranger.query("select emit_domain_event('x', '{}', 'org_1')"), DENIED);
  });
}
