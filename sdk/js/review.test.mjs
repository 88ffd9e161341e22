// Sampling and the page's own hook: what is refused is counted, and who is sampled does not change.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keeps, reviewer } from "../dist/review.js";

const session = (n) => `019f0000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const event = (name, n, more = {}) => ({
  event: name,
  uuid: `u${n}`,
  distinct_id: "d",
  timestamp: "2026-11-21T00:00:00.000Z",
  properties: { $stream_id: "s", $seq: n, $session_id: session(1), ...more },
});
const reviewed = (review, batch, stream = { id: "s", seq: batch.length, dropped: {} }) =>
  JSON.parse(review(JSON.stringify({ batch, stream })));

test("answers do not change from release to release", () => {
  // Another hash would change which visits are kept, in the middle of them. From another implementation.
  const id = "01a1fb73-4d00-7707-8707-070707070707";
  const kept = Array.from({ length: 8 }, (_, n) => keeps(id, `event_${n}`, 0.5));
  assert.deepEqual(kept, [false, true, true, false, false, true, false, false]);
});

test("the share that is kept is the rate, apart for each name, and what a lower rate keeps a higher one does", () => {
  const sessions = Array.from({ length: 4_000 }, (_, n) => session(n));
  const share = (of, name, rate) => of.filter((id) => keeps(id, name, rate));
  for (const rate of [0, 0.05, 0.5, 0.9, 1]) {
    const kept = share(sessions, "event_a", rate);
    const within = (count, of, p) => assert.ok(Math.abs(count - of * p) <= 6 * Math.sqrt(of * p * (1 - p)), `${count} of ${of} at ${p}`);
    within(kept.length, sessions.length, rate);
    within(share(kept, "event_b", rate).length, kept.length, rate);
    assert.ok(kept.every((id) => keeps(id, "event_a", Math.min(1, rate + 0.05))));
  }
});

test("what is refused is counted once however often it is sent, what remains says its rate", () => {
  const review = reviewer({ sampling: { never: 0, most: 0.999_999 }, beforeSend: (e) => (e.event === "secret" ? null : e) });
  const batch = [event("never", 1), event("most", 2), event("secret", 3), event("plain", 4)];
  for (let sent = 0; sent < 2; sent++) {
    const { batch: left, stream } = reviewed(review, batch);
    assert.deepEqual(left.map(({ event, properties }) => [event, properties.$sample_rate]), [["most", 0.999_999], ["plain", undefined]]);
    assert.deepEqual(stream.dropped, { sampled: 1, before_send: 1 });
  }
});

test("a hook that throws lets nothing through, and the books are not its to change", () => {
  const said = [];
  const throwing = reviewer({ beforeSend: () => { throw new Error("ours"); } }, (message) => said.push(message));
  assert.deepEqual(reviewed(throwing, [event("a", 1)]).batch, []);
  assert.equal(said.length, 1);
  const rude = reviewer({ beforeSend: () => ({ event: "renamed", uuid: "mine", properties: { $seq: 9, x: 1 } }) });
  const [kept] = reviewed(rude, [event("a", 1)]).batch;
  assert.deepEqual([kept.event, kept.uuid, kept.properties], ["renamed", "u1", { $stream_id: "s", $seq: 1, x: 1 }]);
});

test("a will that is refused has no number, and is no loss", () => {
  const review = reviewer({ beforeSend: () => null });
  const { stream } = reviewed(review, [], { id: "w", seq: 3, dropped: {}, will: event("$pageleave", 4) });
  assert.deepEqual(stream, { id: "w", seq: 3, dropped: {} });
});
