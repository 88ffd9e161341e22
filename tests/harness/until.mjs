/** Waiting for what is to happen, without guessing how long it takes. */
import assert from "node:assert/strict";

/** Longest that anything under test may take, in ms; it is met by an event, not by waiting. */
const DEADLINE_MS = 15_000;

/** Asks again until `check` gives something; what that was. */
export async function until(what, check, deadlineMs = DEADLINE_MS) {
  const deadline = Date.now() + deadlineMs;
  let last;
  while (Date.now() < deadline) {
    last = await check();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`waited ${deadlineMs} ms for ${what}`);
}
