/**
 * A PostHog on loopback, as strict as its own capture service at its strictest: whatever any version from 2024 on would
 * refuse is refused, and so is what would cost a browser a preflight. It says what it was sent, and why it refused.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { parseStrictly } from "./strict-json.mjs";

/** Below every version's limit for a body, in bytes. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** What its Kafka takes of one event, less what it adds. */
const MAX_EVENT_BYTES = 900 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** Ids that it takes for a programming error: events under them are of nobody, and merges are refused. */
const NOBODY =
  /^(0|[0-]{36}|\[object object\]|anonymous(-user)?|backend|distinct_?id|email|false|guest|id|nan|none|not_authenticated|null|system|true|undefined|user|\s*|"+|'+)$/i;

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const mayBeObject = (value, name) => assert.ok(value == null || isObject(value), `${name} is no object`);

/** One of the names at most: two that mean the same are a duplicate field. */
const oneOf = (object, ...names) => {
  const found = names.filter((name) => name in object);
  assert.ok(found.length <= 1, `duplicate field: ${found}`);
  return object[found[0]];
};

function checkToken(token) {
  assert.equal(typeof token, "string", "event submitted without an api_key");
  assert.match(token, /^(?!phx_)[!-~]{1,64}$/, "API key is not valid");
}

function checkEvent(event, isBrowser) {
  assert.ok(isObject(event), "an event is no object");
  assert.ok(JSON.stringify(event).length <= MAX_EVENT_BYTES, "maximum event size exceeded");
  const { event: name, uuid, timestamp, properties } = event;
  assert.equal(typeof name, "string", "failed to parse request: event");
  assert.ok(name.length > 0 && name.length <= 200, "event submitted with an empty or too long event name");
  assert.match(uuid, UUID, "failed to parse request: uuid");
  assert.match(timestamp, RFC3339, "timestamp");
  assert.ok(!("offset" in event), "offset would override the timestamp");
  const id = oneOf(event, "distinct_id", "$distinct_id");
  assert.equal(typeof id, "string", "event submitted without a distinct_id");
  assert.ok(id.length <= 200 && !id.includes("\0"), "distinct_id would be cut");
  assert.doesNotMatch(id, NOBODY, "distinct_id is nobody's");
  assert.equal(oneOf(event, "token", "api_key", "$token"), undefined, "the batch has the token");
  assert.ok(isObject(properties), "failed to parse request: properties");
  for (const name of ["$set", "$set_once"]) {
    mayBeObject(event[name], name);
    mayBeObject(properties[name], name);
  }
  mayBeObject(properties.$groups, "$groups");
  for (const key of Object.values(properties.$groups ?? {})) assert.equal(typeof key, "string", "a group's key");
  if (isBrowser) for (const name of ["$session_id", "$window_id"]) assert.match(properties[name], UUID, name);
  if (name === "$identify") assert.notEqual(properties.$anon_distinct_id, id, "a person is merged with themselves");
  if (name === "$groupidentify") {
    const { $group_type, $group_key } = properties;
    assert.match($group_type, /^.{1,400}$/s);
    assert.match($group_key, /^.{1,400}$/s);
    mayBeObject(properties.$group_set, "$group_set");
  }
}

/** The events of a request's body, each with the moment (`at`) that PostHog stores for it. */
function decode(headers, body, now, isBrowser) {
  const encoding = headers["content-encoding"];
  if (isBrowser) {
    assert.match(headers["content-type"], /^text\/plain(;|$)/, "another type would cost a preflight");
    assert.equal(encoding, undefined, "a browser can't say so without a preflight");
  } else {
    assert.match(headers["content-type"], /^application\/json(;|$)/);
    assert.equal(encoding === "gzip", body[0] === 0x1f && body[1] === 0x8b, "what the headers say is what it is");
  }
  assert.ok(body.length <= MAX_BODY_BYTES, "payload too large");
  const request = parseStrictly(body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body);
  assert.ok(isObject(request), "failed to hydrate events");
  const { batch, sent_at } = request;
  checkToken(oneOf(request, "api_key", "token"));
  assert.ok(Array.isArray(batch) && batch.length, "request holds no event");
  if (isBrowser) assert.match(sent_at, RFC3339, "sent_at");
  else assert.equal(sent_at, undefined, "by it, times would shift by what the request took");
  for (const event of batch) checkEvent(event, isBrowser);
  // Its rule of time: by how much the client's clock was off when it sent.
  const at = ({ timestamp }) => (isBrowser ? now - Date.parse(sent_at) : 0) + Date.parse(timestamp);
  const migration = request.historical_migration ?? false;
  return batch.map((event) => ({ ...event, at: at(event), ...(migration && { migration }) }));
}

/**
 * @param {object} [options]
 * @param {"browser" | "server"} [options.from] who sends: a browser is held to more
 * @returns what was stored, what was refused and why, and what it answers.
 */
export async function posthogSink({ from = "browser" } = {}) {
  const isBrowser = from === "browser";
  /** By what its tables take for the same event. */
  const stored = new Map();
  const sink = {
    url: "",
    /** What was refused, and why. */
    refused: [],
    /** How many requests came. */
    requests: 0,
    /** How their bodies were encoded: `gzip`, or `identity`. */
    encodings: new Set(),
    /** What it answers to what it takes. */
    answer: { status: 200, body: '{"status":"Ok"}' },
    /** Events as they are stored, oldest first. */
    events: () => [...stored.values()].sort((a, b) => a.properties.$seq - b.properties.$seq || a.at - b.at),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
  function take({ method, url, headers }, body) {
    if (method === "GET" && url === "/_readiness") return { status: 200, body: "capture" };
    sink.requests += 1;
    sink.encodings.add(headers["content-encoding"] ?? "identity");
    try {
      assert.equal(method, "POST", "a preflight, or another method");
      assert.equal(url, "/batch/", "a path that some version does not serve");
      const events = decode(headers, body, Date.now(), isBrowser);
      if (sink.answer.status !== 200) return sink.answer;
      for (const event of events) {
        const same = `${event.timestamp.slice(0, 10)} ${event.event} ${event.distinct_id} ${event.uuid}`;
        const known = [...stored.keys()].find((key) => key.endsWith(event.uuid));
        assert.ok(known === undefined || known === same, `${event.uuid} would be stored twice`);
        if (known === undefined) stored.set(same, event);
      }
      return sink.answer;
    } catch (error) {
      sink.refused.push(`${method} ${url}: ${error.message}`);
      return { status: 400, body: error.message };
    }
  }
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { status, body } = take(request, Buffer.concat(chunks));
    response.writeHead(status, {
      "content-type": "application/json",
      "access-control-allow-origin": request.headers.origin ?? "*",
      "access-control-allow-credentials": "true",
      vary: "origin",
    });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  sink.url = `http://127.0.0.1:${server.address().port}`;
  return sink;
}
