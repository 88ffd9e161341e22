/**
 * A Measurement Protocol on loopback that says 204 to everything, as Google's does, and remembers what Google's validation
 * would have said: the collector's own `/debug/mp/collect` knows its rules.
 */
import assert from "node:assert/strict";
import { Receiver } from "./receiver.mjs";

/** @param {string} collector where `/debug/mp/collect` is */
export async function measurementSink(collector) {
  const receiver = await Receiver.start();
  const sink = {
    url: receiver.url,
    /** The events that GA4 would keep, each with what its request says of all: `{ client_id, user_id, …, event }`. */
    events: [],
    /** What it would drop in silence, and why. */
    dropped: [],
    /** What the validation server says of an event besides, if anything. @type {(event: { name: string }) => unknown} */
    complaint: () => undefined,
    stop: () => receiver.stop(),
  };
  receiver.answer = async ({ path, headers, body }) => {
    const [name, query] = path.split("?");
    const validation = await fetch(`${collector}/debug/mp/collect?${query}`, { method: "POST", body });
    const { validationMessages } = await validation.json();
    const { events, ...sender } = JSON.parse(body);
    for (const description of events.map(sink.complaint).filter(Boolean)) {
      validationMessages.push({ fieldPath: "events", description, validationCode: "NAME_INVALID" });
    }
    if (name === "/debug/mp/collect") return { status: 200, body: JSON.stringify({ validationMessages }) };
    try {
      assert.equal(name, "/mp/collect");
      assert.match(headers["content-type"], /^application\/json/);
      assert.deepEqual(validationMessages, []);
      const known = new URLSearchParams(query);
      assert.deepEqual([known.get("measurement_id"), known.get("api_secret")], ["G-ABC123", "s3cret"]);
      sink.events.push(...events.map((event) => ({ ...sender, event })));
    } catch (error) {
      sink.dropped.push(`${error.message}: ${body}`);
    }
    return { status: 204 };
  };
  return sink;
}
