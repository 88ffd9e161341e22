/** Waiting for what is to happen, without guessing how long it takes. */
import assert from "node:assert/strict";

/** Longest that anything under test may take, in ms; it is met by an event, not by waiting. */
const DEADLINE_MS = 15_000;

/** Asks again until `check` gives something; the last answer is in the error. */
export async function until(what, check) {
  const deadline = Date.now() + DEADLINE_MS;
  let last;
  while (Date.now() < deadline) {
    last = await check();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`waited ${DEADLINE_MS} ms for ${what}`);
}
