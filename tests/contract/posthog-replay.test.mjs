// Every recorded request of PostHog's clients, sent again byte for byte to real workerd: what carries events lands as
// the rows of its golden file, what carries none hears what its client needs.
//
// The goldens (tests/fixtures/posthog-golden) are written only when asked to, and then read by a person:
//   UPDATE_GOLDEN=1 node --test tests/contract/posthog-replay.test.mjs
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import { gunzipSync } from "node:zlib";
import { Client } from "../harness/client.mjs";
import { enrol, lookupOf, newTenant, startWorld } from "../harness/world.mjs";

const RECORDINGS = new URL("../fixtures/posthog/", import.meta.url);
const GOLDENS = new URL("../fixtures/posthog-golden/", import.meta.url);
const UPDATE = process.env.UPDATE_GOLDEN === "1";
const TOKEN = "phc_TESTtokenForRecording0000000000000000000000";
const EVENT_PATHS = ["/batch", "/e", "/i/v0/e", "/capture", "/track", "/engage", "/i/v1/analytics/events"];

const names = readdirSync(RECORDINGS).filter((name) => name.endsWith(".json")).sort();
const recordings = names.map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, RECORDINGS), "utf8")) }));
const header = (recording, name) => recording.raw_headers.find(([key]) => key.toLowerCase() === name)?.[1];
const pathOf = (recording) => recording.url.split("?")[0].replace(/\/$/, "");
const carriesEvents = (recording) => recording.method !== "OPTIONS" && EVENT_PATHS.includes(pathOf(recording));

// At PostHog a page and a back end have the same token; here the registry says which of them it is for.
const clients = [
  { kind: "browser", record: { kind: "browser", origins: originsOf(recordings) }, own: (name) => name.startsWith("js") },
  { kind: "server", record: { kind: "server" }, own: (name) => !name.startsWith("js") },
];

for (const { kind, record, own } of clients) {
  describe(`recordings of a ${kind}`, () => {
    let world;
    let client;
    let cursor = 0;
    let landed = 0;

    before(async () => {
      const tenant = newTenant("replay");
      world = await startWorld({ tenants: [], assets: false });
      await enrol(world.registry, tenant, []);
      const { organization_id } = tenant;
      await world.registry.put(lookupOf(TOKEN), JSON.stringify({ organization_id, ...record }));
      client = new Client(world.url, tenant);
    });
    after(() => world.stop());

    /** The rows that are new since the last call. */
    async function newRows() {
      const { events, next_after } = await client.read(`/v1/events?after=${cursor}&limit=1000`);
      cursor = next_after;
      return events;
    }

    for (const recording of recordings.filter(({ name }) => own(name))) {
      test(recording.name, async () => {
        const answer = await send(world.url, recording);
        if (!carriesEvents(recording)) return assertAnswer(recording, answer);
        assertTaken(recording, answer);
        const rows = await newRows();
        landed += rows.length;
        compare(recording.name, rows.map(stable));
      });
    }

    test("the books balance, with nothing in quarantine", async () => {
      const { total, balanced } = await client.ledger();
      assert.deepEqual([total.stored, total.captured, total.quarantined], [landed, landed, {}]);
      assert.equal(balanced, true);
      assert.ok(landed > 0);
    });
  });
}

test("no golden file is without its recording", () => {
  const expected = new Set(recordings.filter(carriesEvents).map(({ name }) => name));
  const stale = readdirSync(GOLDENS).filter((name) => !expected.has(name));
  if (UPDATE) for (const name of stale) rmSync(new URL(name, GOLDENS));
  else assert.deepEqual(stale, []);
});

function originsOf(all) {
  return [...new Set(all.map((recording) => header(recording, "origin")).filter((origin) => origin !== undefined))];
}

/** Sends the request as it was recorded, but for whom it is addressed to. */
function send(url, { method, url: target, raw_headers, body_base64 }) {
  const { hostname, port, host } = new URL(url);
  const kept = raw_headers.filter(([name]) => !["host", "connection", "transfer-encoding"].includes(name.toLowerCase()));
  const headers = ["host", host, ...kept.flat()];
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path: target, headers }, async (response) => {
      const sent = Buffer.concat(await response.toArray());
      // Who says that it takes gzip gets it.
      const body = response.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      resolve({ status: response.statusCode, headers: response.headers, body: body.toString() });
    });
    request.on("error", reject);
    request.end(Buffer.from(body_base64 ?? "", "base64"));
  });
}

/** Of a row, what does not depend on when it is replayed. */
function stable({ event_id, event_name, anonymous_id, user_id, session_id, properties, ...row }) {
  return { event_id, event_name, occurred: occurred(row), anonymous_id, user_id, session_id, properties };
}

/** The rule of time: so long before its receipt, or when the client said, shifted as a whole if its clock was far off. */
function occurred({ occurred_at, received_at, context }) {
  const [at, receipt] = [Date.parse(occurred_at), Date.parse(received_at)];
  if (context.offset_ms !== undefined) return { before_receipt_ms: receipt - at };
  if (context.client_timestamp === undefined) return at === receipt ? "at receipt" : { at: occurred_at };
  const said = Date.parse(context.client_timestamp);
  assert.ok(at === receipt || at === said + context.clock_shift_ms, "moved by the batch's shift, or not after its receipt");
  return { at: new Date(said).toISOString() };
}

function compare(name, rows) {
  const file = new URL(encodeURIComponent(name), GOLDENS);
  if (UPDATE) {
    mkdirSync(GOLDENS, { recursive: true });
    writeFileSync(file, `${JSON.stringify(rows, null, 1)}\n`);
  }
  assert.ok(existsSync(file), "no golden file: UPDATE_GOLDEN=1 writes it; read it before it is committed");
  assert.deepEqual(rows, JSON.parse(readFileSync(file, "utf8")));
}

/** What makes every client forget a batch, and not send it again. */
function assertTaken({ url, raw_headers }, { status, headers, body }) {
  if (/[?&]beacon=1\b/.test(url)) return assert.deepEqual([status, body], [204, ""]);
  assert.equal(status, 200, body);
  assert.match(headers["content-type"], /^application\/json/);
  if (pathOf({ url }) !== "/i/v1/analytics/events") return assert.equal(body, '{"status":"Ok"}');
  const results = Object.values(JSON.parse(body).results);
  assert.ok(results.length > 0 && results.every(({ result }) => result === "ok"), body);
}

function assertAnswer(recording, { status, headers, body }) {
  const origin = header(recording, "origin");
  if (origin !== undefined) {
    assert.equal(headers["access-control-allow-origin"], origin);
    assert.equal(headers["access-control-allow-credentials"], "true");
  }
  const path = pathOf(recording);
  if (/^\/(static\/|i\/v1\/)/.test(path)) return assert.equal(status, 404);
  assert.equal(status, 200, body);
  if (recording.method === "OPTIONS") {
    const asked = header(recording, "access-control-request-headers");
    assert.equal(headers["access-control-allow-headers"], asked);
    return assert.equal(body, "");
  }
  if (path.endsWith("/config.js")) {
    const window = {};
    runInNewContext(body, { window });
    return assertConfig(window._POSTHOG_REMOTE_CONFIG[TOKEN].config);
  }
  const answer = JSON.parse(body);
  if (path === "/flags") assert.deepEqual([answer.flags, answer.errorsWhileComputingFlags], [{}, false]);
  if (path === "/decide") assert.deepEqual([answer.featureFlags, answer.featureFlagPayloads], [{}, {}]);
  if (path === "/s") return assert.deepEqual(answer, { status: "Ok", quota_limited: ["recordings"] });
  const hasConfig = path.endsWith("/config") || path === "/decide" || recording.url.includes("config=true");
  if (hasConfig) assertConfig(answer);
}

/** gzip, and nothing that would fetch a script or send what is not kept. */
function assertConfig({ supportedCompression, analytics, heatmaps, capturePerformance, sessionRecording }) {
  assert.deepEqual([...supportedCompression], ["gzip-js"]);
  assert.equal(analytics.endpoint, "/e/");
  assert.deepEqual([heatmaps, capturePerformance, sessionRecording], [false, false, false]);
}
