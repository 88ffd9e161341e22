/**
 * GA4's `/g/collect` on loopback, which takes only what GA4's own tag would send: its keys, where it writes
 * them, its batches and its limits. Like Google's it answers 204 and tells other sites nothing.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";

const MAX_URL = 2_048;
const MAX_EVENTS = 20;
const MAX_CHARACTERS = 16_384;

const NAME = /^[A-Za-z]\w{0,39}$/;
const WHOLE = /^\d+$/;
const FLAG = /^1$/;
/** Whoever sends these is told by the server what they are: it makes them itself. */
const RESERVED = /^(session_start|first_visit|first_open|app_remove|in_app_purchase|(_|ga_|google_|gtag\.|firebase_).*)$/;
/** Keys that only the address has, and what their values look like. */
const OF_REQUEST = {
  v: /^2$/,
  tid: /^G-[A-Z0-9]+$/,
  _p: /^\d{13}$/,
  gcs: /^G1[01-][01-]$/,
  gcd: /^13[lmnpqrtuv]3[lmnpqrtuv]3[lmnpqrtuv]3[lmnpqrtuv][12356defl9]l1$/,
  npa: /^[01]$/,
  dma: /^[01]$/,
  dma_cps: /^[a-]$/,
  cid: /^\d{1,10}\.\d{10}$/,
  ul: /^[a-z]{2,3}(-[a-z0-9]+)*$/,
  sr: /^\d+x\d+$/,
  _s: /^[1-9]\d*$/,
  tfd: WHOLE,
};
/** Keys that the address has for all events alike, or a line for its own. */
const SHARED = {
  sid: /^\d{10}$/,
  sct: /^[1-9]\d*$/,
  seg: /^[01]$/,
  dl: /^https?:\/\/[^/:#]+\/[^#]*$/,
  dr: /^https?:\/\/[^/:#]+\/[^#]*$/,
  dt: /./,
  dp: /^\//,
  uid: /^.{1,256}$/,
  cu: /^[A-Z]{3}$/,
};
const OF_EVENT = { en: NAME, _fv: FLAG, _nsi: FLAG, _ss: FLAG, _ee: FLAG, _et: /^[1-9]\d*$/ };
const REQUIRED = ["v", "tid", "_p", "cid", "_s", "gcd", "npa", "dma", "ul", "sr", "tfd", "sid", "sct", "seg", "dl", "en"];

const parameterPattern = (key) => {
  const [, kind, isNumber, name] = /^(ep|up)(n?)\.(.+)$/s.exec(key) ?? [];
  if (!kind) return /^pr([1-9]|[1-9]\d|1\d\d|200)$/.test(key) ? /^(\w\w([^~]|~~)*)(~\w\w([^~]|~~)*)*$/s : undefined;
  assert.match(name, kind === "up" ? /^[A-Za-z]\w{0,23}$/ : NAME, key);
  return isNumber ? /^-?\d+(\.\d+)?(e[+-]\d+)?$/ : /^/;
};

/** Reads `key=value&…` as its tag writes it, and nothing else. */
function parse(text, ...allowed) {
  const fields = {};
  for (const pair of text.split("&")) {
    const [key, value] = pair.split("=").map(decodeURIComponent);
    assert.equal(`${encodeURIComponent(key)}=${encodeURIComponent(value)}`, pair, "written otherwise than by the tag");
    assert.ok(!(key in fields), `${key} twice`);
    const pattern = allowed.map((keys) => keys[key]).find(Boolean) ?? (allowed.includes(OF_EVENT) && parameterPattern(key));
    assert.ok(pattern, `${key} is not known here`);
    assert.match(value, pattern, key);
    fields[key] = value;
  }
  return fields;
}

function decode({ method, url, headers }, body) {
  assert.equal(method, "POST", "another method, or a preflight");
  const [path, query] = url.split("?");
  assert.equal(path, "/g/collect");
  let events;
  if (body) {
    assert.equal(headers["content-type"], "text/plain;charset=UTF-8");
    const shared = parse(query, OF_REQUEST, SHARED);
    const lines = body.split("\r\n");
    assert.ok(lines.length <= MAX_EVENTS, "too many events");
    assert.ok(lines.length > 1 || url.length + body.length > MAX_URL - 100, "one event that the address had room for");
    assert.ok(lines.length === 1 || body.length < MAX_CHARACTERS, "too much in one request");
    events = lines.map((line) => ({ ...shared, ...parse(line, SHARED, OF_EVENT) }));
  } else {
    assert.equal(headers["content-type"], undefined, "a type of nothing");
    assert.ok(url.length <= MAX_URL + 100, "too long an address");
    events = [parse(query, OF_REQUEST, SHARED, OF_EVENT)];
  }
  for (const event of events) {
    for (const key of REQUIRED) assert.ok(key in event, `${event.en} without ${key}`);
    assert.doesNotMatch(event.en, RESERVED);
    if (event._ss) assert.ok(events.length === 1 && !event._et, "a session begins alone, and with no time spent");
    if (event._fv || event._nsi) assert.ok(event._ss, "a visitor begins with a session");
  }
  return events;
}

/** @returns the events that came, as GA4 puts them together, and what was not as its tag would have it. */
export async function ga4Sink() {
  const sink = {
    url: "",
    /** Requests as they came: `{ url, body, cookie, events }`. */
    requests: [],
    /** Events in the order of their arrival. */
    events: [],
    refused: [],
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    try {
      const events = decode(request, body);
      sink.requests.push({ url: request.url, body, cookie: request.headers.cookie, events });
      sink.events.push(...events);
    } catch (error) {
      sink.refused.push(`${error.message}: ${request.method} ${request.url} ${body}`);
    }
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  sink.url = `http://127.0.0.1:${server.address().port}`;
  return sink;
}
