/**
 * What requests of each kind of destination bring, and what their receiver answers when it has taken them. A message has
 * a key, which its receiver goes by to take it once, and the event's own id. `isOdd`: some receivers refuse it.
 *
 * @typedef {{ key: string, eventId: string, isOdd: boolean }} Message
 * @typedef {{ headers: import("node:http").IncomingHttpHeaders, body: string }} Request
 * @typedef {{ status?: number, headers?: object, body?: string }} Answer
 * @typedef {object} Kind
 * @property {(url: string) => object} record among the tenant's destinations
 * @property {(request: Request) => Message[]} messages
 * @property {(messages: Message[]) => Answer} [answer] unless it is an empty 200
 * @property {(messages: Message[]) => Answer} [partly] a 2xx that says which messages are not taken
 * @property {(message: Message) => boolean} [refuses] by that answer, unless it is the odd ones
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";

const secrets = [`whsec_${randomBytes(24).toString("base64")}`];
const isOdd = ({ n }) => Number(n) % 25 === 13;
const ofRow = ({ event_id, properties }) => ({ key: event_id, eventId: event_id, isOdd: isOdd(properties) });
const json = (status, body) => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

const decoded = (base64) => ofRow(JSON.parse(Buffer.from(base64, "base64").toString()));

/** The key of a service account, made when it is asked for: the receivers look at no token. */
let credentials;
const account = () =>
  (credentials ??= {
    client_email: "faults@shop-prod.iam.gserviceaccount.com",
    private_key: generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey.export({ type: "pkcs8", format: "pem" }),
  });

/** An answer of the records API v3: a JSON text for each record, one behind the other. 413: it is too large. */
const results = (messages, failsOf) => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: messages
    .map((message, offset) => (failsOf(message) ? { error_code: 413, message: "odd" } : { error_code: 200, partition_id: 0, offset }))
    .map((result) => JSON.stringify(result))
    .join("\r\n"),
});

/** One of v2, by Kafka's codes: 18, that a record is too large. */
const offsets = (messages, failsOf) => ({
  offsets: messages.map((message, offset) => (failsOf(message) ? { partition: -1, offset: -1, error_code: 18, error: "odd" } : { partition: 0, offset })),
  key_schema_id: null,
  value_schema_id: null,
});

/** @type {Record<string, Kind>} */
export const KINDS = {
  webhook: {
    record: (url) => ({ kind: "webhook", url, secrets }),
    messages({ headers, body }) {
      const { data } = JSON.parse(body);
      return [{ ...ofRow(data), key: headers["webhook-id"] }];
    },
  },
  batches: {
    record: (url) => ({ kind: "webhook", format: "batch", url, secrets }),
    messages: ({ body }) => JSON.parse(body).data.events.map(({ data }) => ofRow(data)),
  },
  http: {
    record: (url) => ({ kind: "http", url, secrets }),
    messages: ({ body }) => JSON.parse(body).events.map(ofRow),
    partly: (messages) => json(200, { refused: messages.filter(({ isOdd }) => isOdd).map(({ eventId }) => ({ event_id: eventId, reason: "odd" })) }),
  },
  kafka: {
    record: (url) => ({ kind: "kafka", brokers: [url], topic: "events" }),
    messages: ({ body }) => JSON.parse(body).records.map(({ value }) => decoded(value)),
    answer: (messages) => json(200, offsets(messages, () => false)),
    partly: (messages) => json(200, offsets(messages, ({ isOdd }) => isOdd)),
  },
  kafka_v3: {
    record: (url) => ({ kind: "kafka", brokers: [url], cluster_id: "lkc-1", topic: "events" }),
    // In base64, so that no text has a line's end in it.
    messages: ({ body }) => body.split("\n").map((text) => decoded(JSON.parse(text).value.data)),
    answer: (messages) => results(messages, () => false),
    partly: (messages) => results(messages, ({ isOdd }) => isOdd),
  },
  pubsub: {
    record: (url) => ({ kind: "pubsub", endpoint: url, project_id: "shop-prod", topic: "events", credentials: account() }),
    messages: ({ body }) => JSON.parse(body).messages.map(({ data }) => decoded(data)),
    answer: (messages) => json(200, { messageIds: messages.map(({ key }) => key) }),
  },
  posthog: {
    record: (url) => ({ kind: "posthog", host: url, project_api_key: "phc_faults" }),
    // It tells the same event by these.
    messages: ({ body }) =>
      JSON.parse(body).batch.map(({ uuid, event, distinct_id, timestamp, properties }) => ({
        key: JSON.stringify([uuid, event, distinct_id, timestamp.slice(0, 10)]).replaceAll(" ", "_"), eventId: uuid, isOdd: isOdd(properties),
      })),
    answer: () => json(200, { status: "Ok" }),
    // Beyond its quota.
    partly: () => json(200, { status: "Ok", quota_limited: ["events"] }),
    refuses: () => true,
  },
  ga4: {
    record: (url) => ({ kind: "ga4", host: url, measurement_id: "G-FAULTS1", api_secret: "secret" }),
    // Google stores what comes twice twice: whoever exports it tells it by this.
    messages: ({ body }) => JSON.parse(body).events.map(({ params }) => ({ key: params.event_id, eventId: params.event_id, isOdd: isOdd(params) })),
    answer: () => ({ status: 204 }),
  },
};
