// Garbage over HTTP: mutated recordings of real clients against the real Worker and its log. The brain's own targets,
// many more requests, are in crates/ingest/tests/garbage.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client, accounted, event } from "../harness/client.mjs";
import { ROOT, enrol, newTenant, startWorld } from "../harness/world.mjs";

const REQUESTS = 3_000;
/** After so many, a request that is none of this must be served as if nothing had happened. */
const ROUND = 500;
/** What workerd may grow by in the second half, in MiB: what V8 has not collected yet has to fit into an isolate. */
const MAX_GROWTH_MIB = 128;
const TOKENS = ["{", "}", "[", '"', "\\", "\\ud83d", "\0", "\x1f\x8b\x08", "\xff", "null", "1e999", "&", "=", "%", "data=", "\r\n", "en=x"];
const FORBIDDEN = new Set(["host", "content-length", "connection", "transfer-encoding", "keep-alive", "upgrade", "expect", "accept-encoding"]);

let world;
let client;
before(async () => {
  // GA4's recordings have their key in the address.
  const tenant = { ...newTenant("garbage"), measurement_id: "G-TESTSTRM01" };
  // All of it comes from one address.
  world = await startWorld({ tenants: [], addressRate: { per_second: 100_000, burst: 1_000_000 } });
  await enrol(world.registry, tenant, ["*"]);
  client = new Client(world.url, tenant);
});
after(() => world?.stop());

/** Every recording, under a key that the collector knows. */
function recorded() {
  const folder = join(ROOT, "tests/fixtures");
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".json"));
  return files.flatMap((file) => {
    const { method, url, raw_headers, headers, body_base64, body } = JSON.parse(readFileSync(join(folder, file), "utf8"));
    if (!method || !url) return [];
    const { pathname, search } = new URL(url, world.url);
    const pairs = raw_headers ?? Object.entries(headers ?? {});
    const kept = pairs.filter(([name]) => !FORBIDDEN.has(name.toLowerCase()) && !name.startsWith(":"));
    const bytes = body_base64 === undefined ? Buffer.from(body ?? "") : Buffer.from(body_base64, "base64");
    return [{ method, pathname, search, headers: kept, bytes }];
  });
}

/** Numbers below `n` in an order that is always the same. */
function numbers(seed) {
  let state = seed;
  return (n) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

function mutated({ method, pathname, search, headers, bytes }, below) {
  let body = Buffer.from(bytes);
  let query = search;
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const at = below(body.length + 1);
    const token = Buffer.from(TOKENS[below(TOKENS.length)], "latin1");
    const kind = below(7);
    if (kind === 0 && body.length > 0) body[Math.min(at, body.length - 1)] ^= 1 << below(8);
    else if (kind === 1) body = Buffer.concat([body.subarray(0, at), token, body.subarray(at)]);
    else if (kind === 2) body = body.subarray(0, at);
    else if (kind === 3) body = Buffer.concat([body.subarray(0, at), ...Array(below(2_000)).fill(token), body.subarray(at)]);
    else if (kind === 4) query = query.slice(0, below(query.length + 1)) + encodeURIComponent(token.toString("latin1"));
    else if (kind === 5) headers = headers.filter(([name]) => !/^content-/i.test(name) || below(2) === 0);
    else method = ["GET", "POST", "PUT", "HEAD"][below(4)];
  }
  const bodiless = method === "GET" || method === "HEAD";
  return { url: world.url + pathname + query, init: { method, headers, body: bodiless ? undefined : body } };
}

const residentMib = () =>
  world.workerd.reduce((sum, pid) => {
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return sum + Number(kib) / 1024;
  }, 0);

test("garbage is answered, stored or quarantined, and nobody else notices", { timeout: 180_000 }, async () => {
  const samples = recorded();
  const keys = /phc_TESTtokenForRecording0{22}/g;
  // Under our tenant's key, so that it is not turned away at the door.
  for (const sample of samples) {
    const text = sample.bytes.toString("latin1");
    if (keys.test(text)) sample.bytes = Buffer.from(text.replace(keys, client.tenant.browser_key), "latin1");
  }
  const below = numbers(20_261_121);
  let warm;
  for (let sent = 0; sent < REQUESTS; sent += ROUND) {
    for (let i = 0; i < ROUND; i += 10) {
      const requests = Array.from({ length: 10 }, () => mutated(samples[below(samples.length)], below));
      const answers = await Promise.all(requests.map(({ url, init }) => fetch(url, init)));
      for (const [at, answer] of answers.entries()) {
        await answer.arrayBuffer();
        assert.ok(answer.status < 500, `${answer.status} for ${requests[at].init.method} ${requests[at].url}`);
      }
    }
    const good = event("in between");
    assert.equal((await client.batch([good])).status, 200);
    if (sent + ROUND === REQUESTS / 2) warm = residentMib();
  }
  const grown = residentMib() - warm;
  assert.ok(grown < MAX_GROWTH_MIB, `workerd has grown by ${grown.toFixed(0)} MiB`);
  const rows = await client.events();
  assert.equal(rows.filter((row) => row.event_name === "in between").length, REQUESTS / ROUND);
  const { total } = await client.ledger();
  assert.equal(total.captured, accounted(total));
});
