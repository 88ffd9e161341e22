/**
 * Kafka's HTTP proxies on loopback, the records API v3 of Confluent's and v2 of Redpanda's, as strict as they are: what
 * they would refuse is refused in their own words, record by record.
 */
import { Receiver } from "./receiver.mjs";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** What the proxies take by default, of one request. */
const MAX_BODY_BYTES = 1024 * 1024;

const bytes = (text) => {
  if (typeof text !== "string" || !BASE64.test(text)) throw new Error("is no base64");
  return Buffer.from(text, "base64").toString();
};

/** JSON texts, one behind the other. */
function* texts(body) {
  for (let [start, depth, quoted, at] = [0, 0, false, 0]; at < body.length; at++) {
    const c = body[at];
    if (quoted) {
      if (c === "\\") at++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === "{" || c === "[") depth++;
    else if ((c === "}" || c === "]") && --depth === 0) {
      yield JSON.parse(body.slice(start, at + 1));
      start = at + 1;
    }
  }
}

/**
 * @param {object} [options]
 * @param {string} [options.authorization] what it wants of who writes
 */
export async function kafkaProxy({ authorization } = {}) {
  const receiver = await Receiver.start();
  const proxy = {
    url: receiver.url,
    requests: receiver.requests,
    /** Records by topic: `{ key, value, headers }`, in the order of their offsets. */
    topics: new Map([["domain_events", []]]),
    /** What it says instead of taking a record, if anything: `{ code, message }`. @type {(value: string) => unknown} */
    fault: () => undefined,
    /** What it answers instead of anything, if anything. */
    down: undefined,
    stop: () => receiver.stop(),
  };
  const append = (topic, record) => {
    const fault = proxy.fault(record.value);
    if (fault !== undefined) return { fault };
    topic.push(record);
    return { offset: topic.length - 1 };
  };
  const failed = (status, code, message) => ({ status, body: JSON.stringify({ error_code: code, message }) });

  function v3(topic, { headers, body }) {
    if (headers["content-type"] !== "application/json") return failed(415, 415, "HTTP 415 Unsupported Media Type");
    const answers = [...texts(body)].map(({ key, value, headers, ...rest }) => {
      try {
        if (Object.keys(rest).length > 0) throw new Error(`unrecognized field ${Object.keys(rest)}`);
        for (const { type } of [key, value]) if (type !== "BINARY") throw new Error(`type ${type}`);
        const named = Object.fromEntries(headers.map(({ name, value }) => [name, bytes(value)]));
        const { fault, offset } = append(topic, { key: bytes(key.data), value: bytes(value.data), headers: named });
        if (fault) return { error_code: fault.code, message: fault.message };
        return { error_code: 200, cluster_id: "lkc-1", topic_name: "domain_events", partition_id: 0, offset };
      } catch (error) {
        return { error_code: 400, message: error.message };
      }
    });
    return { status: 200, body: answers.map((answer) => JSON.stringify(answer)).join("\r\n") };
  }

  function v2(topic, { headers, body }) {
    if (headers["content-type"] !== "application/vnd.kafka.binary.v2+json") return failed(415, 415, "unsupported");
    if (headers.accept !== "application/vnd.kafka.v2+json") return failed(406, 406, "not acceptable");
    const { records, ...rest } = JSON.parse(body);
    if (!Array.isArray(records) || Object.keys(rest).length > 0) return failed(422, 422, "records may not be empty");
    const read = records.map(({ key, value, ...rest }) => {
      if (Object.keys(rest).length > 0) throw new Error("unrecognized field");
      return { key: bytes(key), value: bytes(value) };
    });
    const offsets = read.map((record) => {
      const { fault, offset } = append(topic, record);
      return fault ? { partition: -1, offset: -1, error_code: fault.code, error: fault.message } : { partition: 0, offset };
    });
    return { status: 200, body: JSON.stringify({ offsets, key_schema_id: null, value_schema_id: null }) };
  }

  receiver.answer = (request) => {
    if (proxy.down !== undefined) return proxy.down;
    if (request.headers.authorization !== authorization) return failed(401, 40101, "Unauthorized");
    if (request.body.length > MAX_BODY_BYTES) return failed(413, 413, "Request entity too large");
    const path = /^(?:\/kafka\/v3\/clusters\/lkc-1\/topics\/(?<v3>[^/]+)\/records|\/topics\/(?<v2>[^/]+))$/.exec(request.path);
    const topic = proxy.topics.get(path?.groups.v3 ?? path?.groups.v2);
    if (topic === undefined) return failed(404, 40403, "This server does not host this topic-partition.");
    try {
      return path.groups.v3 ? v3(topic, request) : v2(topic, request);
    } catch (error) {
      return failed(400, 400, error.message);
    }
  };
  return proxy;
}
