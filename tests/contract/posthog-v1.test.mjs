// PostHog's capture v1: real workerd, over HTTP.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { enrolled, uuidv7 } from "../harness/client.mjs";
import { startWorld } from "../harness/world.mjs";

let world;
let client;
let count = 0;

before(async () => {
  world = await startWorld({ tenants: [], assets: false });
});
after(() => world.stop());

beforeEach(async () => {
  client = await enrolled(world, `v1-${++count}`);
});

const v1Event = (fields = {}) => ({
  event: "paid",
  uuid: uuidv7(),
  distinct_id: "user-1",
  timestamp: new Date().toISOString(),
  options: {},
  properties: { amount: 12.5 },
  ...fields,
});

function post(events, { headers = {}, encode = (text) => text } = {}) {
  return fetch(`${world.url}/i/v1/analytics/events`, {
    method: "POST",
    body: encode(JSON.stringify({ created_at: new Date().toISOString(), batch: events })),
    headers: {
      authorization: `Bearer ${client.tenant.server_key}`,
      "content-type": "application/json",
      "user-agent": "posthog-python/7.91.1",
      "posthog-sdk-info": "posthog-python/7.91.1",
      "posthog-attempt": "1",
      "posthog-request-id": uuidv7(),
      "posthog-request-timestamp": new Date().toISOString(),
      ...headers,
    },
  });
}

test("every encoding is stored, and every event has its result, also when it is sent again", async () => {
  const sent = [];
  for (const [name, encode] of [
    ["", undefined],
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ]) {
    const events = [v1Event({ session_id: "s-1" }), v1Event()];
    for (const attempt of ["1", "2"]) {
      const headers = { "posthog-attempt": attempt, ...(name && { "content-encoding": name }) };
      const response = await post(events, { headers, encode });
      const ok = Object.fromEntries(events.map(({ uuid }) => [uuid, { result: "ok" }]));
      assert.deepEqual([response.status, await response.json()], [200, { results: ok }], name);
    }
    sent.push(...events.map(({ uuid }) => uuid));
  }
  const rows = await client.events();
  assert.deepEqual(rows.map((row) => row.event_id), sent);
  assert.deepEqual([rows[0].session_id, rows[0].user_id, rows[0].trust], ["s-1", "user-1", "server"]);
  assert.deepEqual([rows[0].properties.$lib, rows[0].properties.amount], ["posthog-python", 12.5]);
  const { total, balanced } = await client.ledger();
  assert.deepEqual([total.stored, total.duplicate, balanced], [sent.length, sent.length, true]);
});

test("what is quarantined is dropped for the client, and never asked for again", async () => {
  const [good, bad] = [v1Event(), v1Event({ timestamp: "soon" })];
  const { results } = await (await post([good, bad])).json();
  assert.deepEqual(results[good.uuid], { result: "ok" });
  assert.deepEqual(results[bad.uuid], { result: "drop", details: "invalid_event_timestamp" });
  const { total, balanced } = await client.ledger();
  assert.deepEqual([total.stored, total.quarantined, balanced], [1, { invalid_timestamp: 1 }, true]);
});

test("refusals are in the protocol's own form", async () => {
  const refused = async (response) => [response.status, (await response.json()).error];
  assert.deepEqual(await refused(await post([])), [400, "no_event"]);
  assert.deepEqual(await refused(await post([v1Event({ uuid: "x" })])), [400, "invalid_event_uuid"]);
  const with_ = async (headers) => refused(await post([v1Event()], { headers }));
  assert.deepEqual(await with_({ authorization: "Bearer sk_nobody" }), [401, "unknown_key"]);
  assert.deepEqual(await with_({ authorization: "" }), [401, "missing_key"]);
  assert.deepEqual(await with_({ "posthog-request-id": "" }), [400, "missing_required_headers"]);
  assert.deepEqual(await with_({ "content-type": "text/plain" }), [415, "unsupported_content_type"]);
  assert.deepEqual(await with_({ "content-encoding": "lz4" }), [415, "unsupported_content_encoding"]);
  assert.deepEqual(await client.events(), []);
});
