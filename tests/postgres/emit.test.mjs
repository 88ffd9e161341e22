// emit_domain_event: what it fills in, and what it refuses with which remedy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { migrated, session } from "./support.mjs";

const options = { skip: NO_POSTGRES };
let server;
before(async () => {
  if (!NO_POSTGRES) server = await startPostgres({ tcp: true });
});
after(() => server?.stop());

test("ids are UUIDs of version 7, in the order of time", options, async (t) => {
  const client = await session(t, await migrated(server, "ids"));
  const before = Date.now();
  const { rows } = await client.query("select tallymark_uuid_v7()::text as id, pg_sleep(0.002) from generate_series(1, 50)");
  const ids = rows.map(({ id }) => id);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([...ids].sort(), ids);
  const at = parseInt(ids[0].replaceAll("-", "").slice(0, 12), 16);
  assert.ok(at >= before - 1 && at <= Date.now());
});

test("tenant, user and correlation come from the transaction's settings unless they are given", options, async (t) => {
  const client = await session(t, await migrated(server, "settings"));
  await client.query("begin; set local tallymark.organization_id = 'org_1'; set local tallymark.user_id = 'u-1'; set local tallymark.correlation_id = 'c-1'");
  await client.query("select emit_domain_event('a', '{}')");
  await client.query("select emit_domain_event('b', '{}', 'org_2', user_id => 'u-2', correlation_id => 'c-2', source => 'billing', schema_version => 3)");
  await client.query("commit");
  const { rows } = await client.query("select event_name, organization_id, user_id, correlation_id, source, trust, schema_version, is_processed from domain_event order by seq");
  assert.deepEqual(rows.map(Object.values), [
    ["a", "org_1", "u-1", "c-1", "server", "server", 1, false],
    ["b", "org_2", "u-2", "c-2", "billing", "server", 3, false],
  ]);
});

test("an id that is there already changes nothing", options, async (t) => {
  const client = await session(t, await migrated(server, "again"));
  const id = "0193c1a2-7b1c-7def-8123-456789abcdef";
  for (let i = 0; i < 3; i++) {
    const { rows } = await client.query("select emit_domain_event('a', $1, 'org_1', event_id => $2) as id", [`{"i":${i}}`, id]);
    assert.equal(rows[0].id, id);
  }
  const { rows } = await client.query("select properties::text as p from domain_event");
  assert.deepEqual(rows, [{ p: '{"i":0}' }]);
});

test("what is no event is refused with the field and the remedy, and its transaction with it", options, async (t) => {
  const client = await session(t, await migrated(server, "refused"));
  for (const [call, message, hint] of [
    ["emit_domain_event('a', '{}')", /organization_id is missing/, /tallymark\.organization_id/],
    ["emit_domain_event('', '{}', 'o')", /event_name is missing/, /tracking plan/],
    ["emit_domain_event(null, '{}', 'o')", /event_name is missing/, /tracking plan/],
    ["emit_domain_event(repeat('x', 201), '{}', 'o')", /longer than 200/, /./],
    ["emit_domain_event('a', '[1]', 'o')", /properties is an array, not an object/, /JSON object/],
    ["emit_domain_event('a', '\"x\"', 'o')", /properties is a string/, /./],
    ["emit_domain_event('a', json_build_object('x', repeat('x', 921600)), 'o')", /more than 921,600/, /2 KiB/],
    ["emit_domain_event('a', '{\"x\":\"\\u0000\"}', 'o')", /NUL/, /./],
    ["emit_domain_event('a', '{}', 'o', entity_id => repeat('x', 201))", /entity_id has 201 characters/, /./],
  ]) {
    await assert.rejects(client.query(`select ${call}`), (error) => {
      assert.match(error.message, message, call);
      assert.match(error.hint, hint, call);
      return true;
    });
  }
  assert.equal((await client.query("select from domain_event")).rowCount, 0);
  await client.query(`select emit_domain_event('a', '{"x":"\\\\u0000"}', 'o')`);
});
