/**
 * A Measurement Protocol on loopback that says 204 to everything, as Google's does, and remembers what Google would drop;
 * its validation server, which stores nothing, says why. The rules are those of measurement-rules.mjs.
 */
import assert from "node:assert/strict";
import { complaintsOf } from "./measurement-rules.mjs";
import { Receiver } from "./receiver.mjs";

export async function measurementSink() {
  const receiver = await Receiver.start();
  const sink = {
    url: receiver.url,
    /** The events that GA4 would keep, each with what its request says of all: `{ client_id, user_id, …, event }`. */
    events: [],
    /** What it would drop in silence, and why. */
    dropped: [],
    /** The names of events that only the validation server was asked about. */
    validated: [],
    /** What the validation server says of an event besides, if anything. @type {(event: { name: string }) => unknown} */
    complaint: () => undefined,
    stop: () => receiver.stop(),
  };
  receiver.answer = async ({ path, headers, body }) => {
    const [name, query] = path.split("?");
    const known = new URLSearchParams(query);
    const validationMessages = complaintsOf(known, body);
    if (name === "/debug/mp/collect") {
      for (const event of JSON.parse(body).events) {
        sink.validated.push(event.name);
        const description = sink.complaint(event);
        if (description) validationMessages.push({ fieldPath: "events", description, validationCode: "NAME_INVALID" });
      }
      return { status: 200, body: JSON.stringify({ validationMessages }) };
    }
    try {
      assert.equal(name, "/mp/collect");
      assert.match(headers["content-type"], /^application\/json/);
      assert.deepEqual(validationMessages, []);
      assert.deepEqual([known.get("measurement_id"), known.get("api_secret")], ["G-ABC123", "s3cret"]);
      const { events, ...sender } = JSON.parse(body);
      sink.events.push(...events.map((event) => ({ ...sender, event })));
    } catch (error) {
      sink.dropped.push(`${error.message}: ${body}`);
    }
    return { status: 204 };
  };
  return sink;
}
