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
 * @property {(messages: Message[]) => Answer} [partly] to a request of which the odd messages are refused
 */
import { randomBytes } from "node:crypto";

const secrets = [`whsec_${randomBytes(24).toString("base64")}`];
const isOdd = ({ n }) => Number(n) % 25 === 13;
const ofRow = ({ event_id, properties }) => ({ key: event_id, eventId: event_id, isOdd: isOdd(properties) });
const json = (status, body) => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Kafka's codes: 18, that a record is too large. */
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
    messages: ({ body }) => JSON.parse(body).records.map(({ value }) => ofRow(JSON.parse(Buffer.from(value, "base64").toString()))),
    answer: (messages) => json(200, offsets(messages, () => false)),
    partly: (messages) => json(200, offsets(messages, ({ isOdd }) => isOdd)),
  },
  posthog: {
    record: (url) => ({ kind: "posthog", host: url, project_api_key: "phc_faults" }),
    // It tells the same event by these.
    messages: ({ body }) =>
      JSON.parse(body).batch.map(({ uuid, event, distinct_id, timestamp, properties }) => ({
        key: JSON.stringify([uuid, event, distinct_id, timestamp.slice(0, 10)]).replaceAll(" ", "_"), eventId: uuid, isOdd: isOdd(properties),
      })),
    answer: () => json(200, { status: "Ok" }),
  },
  ga4: {
    record: (url) => ({ kind: "ga4", host: url, measurement_id: "G-FAULTS1", api_secret: "secret" }),
    // Google stores what comes twice twice: whoever exports it tells it by this.
    messages: ({ body }) => JSON.parse(body).events.map(({ params }) => ({ key: params.event_id, eventId: params.event_id, isOdd: isOdd(params) })),
    answer: () => ({ status: 204 }),
  },
};
