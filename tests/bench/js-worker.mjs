/**
 * The peer: the same work as the collector's brain, as one would write it in plain JavaScript. JSON.parse, the
 * checks, the envelope, the rows as one JSON text for the log.
 */
const MAX_EVENTS = 10_000;
const MAX_NAME = 200;
const MAX_ID = 200;
const MAX_EVENT_BYTES = 900 * 1024;
const SKEW_STEP_MS = 5 * 60_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LIFTED = new Set([
  "$entity_type", "$entity_id", "$correlation_id", "$schema_version", "$stream_id", "$seq", "$monotonic_ms",
  "distinct_id", "token", "$ip", "ip",
]);

const keys = new Map();

export default {
  async fetch(request, env) {
    const received = Date.now();
    let bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
      const stream = new Response(bytes).body.pipeThrough(new DecompressionStream("gzip"));
      bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    }
    const batch = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const { api_key: key, batch: events, sent_at, stream } = batch;
    if (typeof key !== "string" || !Array.isArray(events)) return new Response("bad request", { status: 400 });
    if (events.length > MAX_EVENTS) return new Response("too many", { status: 413 });
    let record = keys.get(key);
    if (record === undefined || record.until < received) {
      record = { ...JSON.parse(env.KEYS[`key:${key}`]), until: received + 60_000 };
      keys.set(key, record);
    }
    const origin = request.headers.get("origin");
    if (!record.origins.includes(origin)) return new Response("foreign origin", { status: 403 });
    const sent = Date.parse(sent_at);
    const offset = Number.isNaN(sent) ? 0 : received - sent;
    const shift = Math.abs(offset) >= SKEW_STEP_MS ? Math.round(offset / SKEW_STEP_MS) * SKEW_STEP_MS : 0;
    const receivedAt = new Date(received).toISOString();
    const userAgent = request.headers.get("user-agent") ?? undefined;
    const rows = [];
    const quarantined = [];
    const streams = new Map();
    if (stream !== undefined) streams.set(stream.id, [stream.id, stream.seq, 0, stream.dropped]);
    for (const event of events) {
      const violation = check(event, bytes.byteLength);
      if (violation !== undefined) {
        quarantined.push([event, violation]);
        continue;
      }
      const p = event.properties ?? {};
      const properties = {};
      for (const name in p) if (!LIFTED.has(name)) properties[name] = p[name];
      const at = Date.parse(event.timestamp);
      const occurred = Math.min(Number.isNaN(at) ? received : at + shift, received + 60_000);
      const user = typeof p.$user_id === "string" && p.$user_id !== "" ? p.$user_id : null;
      const distinct = event.distinct_id ?? p.distinct_id;
      const context = {
        dialect: "posthog", client_timestamp: event.timestamp, sent_at, stream_id: p.$stream_id, seq: p.$seq,
        monotonic_ms: p.$monotonic_ms, lib: p.$lib, lib_version: p.$lib_version, user_agent: userAgent,
      };
      rows.push([
        event.uuid, event.event, new Date(occurred).toISOString(), receivedAt, record.organization_id, user,
        user === null ? String(distinct).slice(0, MAX_ID) : (p.$device_id ?? null), p.$session_id ?? null,
        p.$entity_type ?? null, p.$entity_id ?? null, p.$correlation_id ?? null, "browser", "origin",
        p.$schema_version ?? 1, properties, context,
      ]);
      if (p.$stream_id !== undefined) {
        const known = streams.get(p.$stream_id) ?? [p.$stream_id, 0, 0, {}];
        known[1] = Math.max(known[1], p.$seq);
        known[2]++;
        streams.set(p.$stream_id, known);
      }
    }
    const texts = [JSON.stringify(rows), JSON.stringify(quarantined), JSON.stringify([...streams.values()])];
    if (texts[0].length < 2) throw new Error("unreachable: it keeps the texts from being optimised away");
    return new Response('{"status":"Ok"}', { headers: { "content-type": "application/json" } });
  },
};

function check(event, bodyBytes) {
  if (typeof event !== "object" || event === null || Array.isArray(event)) return "not_an_object";
  if (typeof event.event !== "string" || event.event === "") return "missing_name";
  if (event.event.length > MAX_NAME) return "too_long";
  if (!UUID.test(event.uuid)) return "invalid_id";
  const p = event.properties;
  if (p !== undefined && (typeof p !== "object" || p === null || Array.isArray(p))) return "wrong_type";
  if ((event.distinct_id ?? p?.distinct_id) === undefined) return "missing_distinct_id";
  for (const name of ["$entity_type", "$entity_id", "$correlation_id", "$session_id"]) {
    if (p?.[name] !== undefined && (typeof p[name] !== "string" || p[name].length > MAX_ID)) return "too_long";
  }
  // Only a body that is larger than that can hold such an event.
  if (bodyBytes > MAX_EVENT_BYTES && JSON.stringify(event).length > MAX_EVENT_BYTES) return "event_too_large";
  return undefined;
}
