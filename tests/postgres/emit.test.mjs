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
    ["emit_domain_event('a', '{}', 'o', entity_id => repeat('x', 201))", /entity_id has 201 characters/, /./],
  ]) {
    await assert.rejects(client.query(`select ${call}`), (error) => {
      assert.match(error.message, message, call);
      assert.match(error.hint, hint, call);
      return true;
    });
  }
  assert.equal((await client.query("select from domain_event")).rowCount, 0);
});

/** The largest double and what is still rounded to it, in digits. */
const LARGEST = BigInt(Number.MAX_VALUE);
const MIDPOINT = LARGEST + (2n ** 970n);

test("what nobody could load is refused, and told by its member: half a surrogate pair, NUL, a number beyond a double", options, async (t) => {
  const client = await session(t, await migrated(server, "loadable"));
  const emit = (properties) => client.query("select emit_domain_event('a', $1, 'o')", [properties]);
  const wholes = [];
  for (const number of [
    "1e308", "-1.7976931348623157e308", "1.7976931348623158E+308", "1e-999", "-0.0e-99999999999", "0e999", "0.000e+99999999999",
    "0.00001e313", "0.1e0000309", `1${"0".repeat(308)}`, `1${"0".repeat(400)}e-92`, `${LARGEST}`, `${MIDPOINT - 1n}.99`,
    `${MIDPOINT - 1n}`.replace(/^./, "$&.") + "e308", `0.${"0".repeat(400)}1e709`, "12345678901234567890123",
  ]) {
    assert.ok(Number.isFinite(Number(number)), number);
    wholes.push(`{"a":${number},"b":[1,{"c":${number}}]}`);
  }
  for (const text of [
    "1e999", ":1e999", ", 1e999 ", "01e123-4567", "9".repeat(400), "\\ud83d\\ude00", "\\uD83D\\uDE00!", "\\ud7ff\\ue000", "\\\\ud800", "\\\\u0000",
    "\\\\\\\\u0000", "\\u00e9", "\\n\\\\\\ud83d\\ude00\\\"",
  ]) {
    JSON.parse(`"${text}"`);
    wholes.push(`{"x":"${text}","${text}":null}`);
  }
  for (const properties of wholes) await emit(properties);
  const { rows } = await client.query("select properties::text as p from domain_event order by seq");
  assert.deepEqual(rows.map(({ p }) => p), wholes, "as they were given");

  for (const [properties, message, hint] of [
    ...["1e309", "1e999", "-1E+999", "1e99999999999", `1${"0".repeat(309)}`, `${MIDPOINT}`, `-${MIDPOINT}.0`, `0.${"0".repeat(400)}1e710`, "0.1e310",
      `${"9".repeat(250)}e59`, `1${"0".repeat(400)}e-91`].flatMap((number) => {
      assert.equal(Math.abs(Number(number)), Infinity, number);
      const shown = number.slice(0, 40).replaceAll("+", "\\+");
      return [
        [`{"price":${number}}`, new RegExp(`: properties\\.price is larger than a double can be \\(1\\.8e308\\): ${shown}$`), /a text/],
        [`{"a":1,"items":[1, {"id":7,"price": ${number} }]}`, /: properties\.items\[1\]\.price is larger/, /within/],
      ];
    }),
    ...["\\ud800", "\\uDFFF", "\\udc00\\ud800", "\\ud800\\ud800\\udc00\\udc00", "\\ud83d \\ude00", "\\ud83d\\\\ude00", "\\\\\\ud83d"].flatMap((half) => [
      [`{"a":"\\ud83d\\ude00","title":"say \\"x\\": ${half}"}`, /half a surrogate pair \(\\u[dD][0-9a-fA-F]{3}\) in "title", which is no character/, /cut/],
      [`{"a":1,"t ${half}" : 2,"b":3}`, /half a surrogate pair .* in the name of a member/, /cut/],
      [`{"items":[{"id":1},{"note":["${half}"]}],"b":"x"}`, /in "note"/, /./],
    ]),
    [`{"a":1,"x":"\\\\\\u0000"}`, /a NUL character \(\\u0000\) in "x"/, /leave/],
    [`{"\\u0000":1}`, /a NUL character .* in the name of a member/, /leave/],
  ]) {
    await assert.rejects(emit(properties), (error) => {
      assert.deepEqual([error.code, error.message.match(message) !== null], ["22023", true], `${properties.slice(0, 80)}: ${error.message}`);
      assert.match(error.hint, hint);
      return true;
    });
  }
  assert.equal((await client.query("select from domain_event")).rowCount, wholes.length);
});
