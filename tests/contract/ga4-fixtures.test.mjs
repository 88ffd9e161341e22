// Every recording under tests/fixtures/ga4, sent again byte for byte to a real collector: those that carry events land as
// the rows of tests/fixtures/ga4-golden, the others get the answer that their client needs.
// To write the golden rows anew, deliberately: UPDATE_GOLDEN=1 node --test tests/contract/ga4-fixtures.test.mjs
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { Client } from "../harness/client.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

const FIXTURES = new URL("../fixtures/ga4/", import.meta.url);
const GOLDEN = new URL("../fixtures/ga4-golden/", import.meta.url);
const PIXEL_BYTES = 26;

let world;
let client;
let cursor = 0;

before(async () => {
  world = await startWorld({ tenants: [] });
  const tenant = { ...newTenant("ga4"), measurement_id: "G-TESTSTRM01" };
  await enrol(world.registry, tenant, ["https://shop.example", "https://blog.example"]);
  const { organization_id } = tenant;
  const secret = `key:sha256:${createHash("sha256").update("SECRET").digest("hex")}`;
  await world.registry.put(secret, JSON.stringify({ organization_id, kind: "server" }));
  await world.registry.put("key:1:123:android:abc", JSON.stringify({ organization_id, kind: "browser" }));
  client = new Client(world.url, tenant);
});
after(() => world.stop());

function recordings(folder) {
  const files = readdirSync(new URL(`${folder}/`, FIXTURES)).sort();
  return files.map((file) => ({ file, ...JSON.parse(readFileSync(new URL(`${folder}/${file}`, FIXTURES), "utf8")) }));
}

/** Sends a recorded request to the collector as it was, but for the host. */
function replay({ method, url, headers, body }) {
  const target = url.slice(url.indexOf("/", url.indexOf("//") + 2));
  const { hostname, port } = new URL(world.url);
  const { host: _, connection: __, ...rest } = headers;
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path: target, headers: rest }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function newRows() {
  const page = await client.read(`/v1/events?after=${cursor}&limit=1000`);
  cursor = page.next_after;
  return page.events;
}

/** What of a row is the same whenever the recording is sent. */
function stable(row) {
  const { seq: _, event_id, occurred_at, received_at, organization_id: __, context, ...rest } = row;
  const { clock_shift_ms: ___, country: ____, ...surroundings } = context;
  // Where a hit can't be told from others, its id is of its receipt (version 7) and not of its content (version 8).
  const id = event_id[14] === "8" ? { event_id } : {};
  return { ...id, occurred_at: occurred_at === received_at ? "received_at" : occurred_at, ...rest, context: surroundings };
}

const wantsImage = ({ headers }) => headers["sec-fetch-dest"] === "image";
const isValidation = ({ url }) => url.includes("/debug/mp/collect");
const isServiceWorker = ({ url }) => url.includes("/_/service_worker/");

function checkAnswer(recording, { status, headers, body }) {
  if (isServiceWorker(recording)) {
    assert.equal(status, 404);
    return;
  }
  if (isValidation(recording)) {
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), { validationMessages: [] });
    return;
  }
  assert.equal(status, wantsImage(recording) ? 200 : 204, body.toString());
  assert.equal(body.length, wantsImage(recording) ? PIXEL_BYTES : 0);
  assert.equal(headers["cache-control"], "no-store");
  const { origin } = recording.headers;
  if (origin !== undefined) {
    assert.equal(headers["access-control-allow-origin"], origin);
    assert.equal(headers["access-control-allow-credentials"], "true");
    assert.match(headers.vary, /origin/);
  }
}

const folders = readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
for (const { name: folder } of folders) {
  test(`${folder}: rows and answers`, async () => {
    const rows = {};
    for (const recording of recordings(folder)) {
      checkAnswer(recording, await replay(recording));
      const stored = await newRows();
      const expected = isValidation(recording) ? 0 : recording.events.length;
      assert.equal(stored.length, expected, recording.file);
      if (expected > 0) rows[recording.file] = stored.map(stable);
    }
    const golden = new URL(`${folder}.json`, GOLDEN);
    if (process.env.UPDATE_GOLDEN === "1") {
      mkdirSync(GOLDEN, { recursive: true });
      writeFileSync(golden, `${JSON.stringify(rows, null, 1)}\n`);
    }
    assert.deepEqual(rows, JSON.parse(readFileSync(golden, "utf8")));
    const { total, balanced } = await client.ledger();
    assert.deepEqual([total.quarantined, total.under_way, balanced], [{}, 0, true]);
  });

  test(`${folder}: sent again, they change no row`, async () => {
    const isTold = ({ url }) => url.includes("_p=");
    for (const recording of recordings(folder).filter(isTold)) {
      checkAnswer(recording, await replay(recording));
      assert.deepEqual(await newRows(), [], recording.file);
    }
  });
}
