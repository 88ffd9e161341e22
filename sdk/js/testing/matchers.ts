// Matchers for `expect.extend`, of Vitest, Jest, and whatever else has their interface.
import type { CapturedEvent, Properties } from "../index.js";
import { TestClient } from "./client.js";
import { matching } from "./match.js";

/** What a matcher tells the runner. */
export interface MatcherResult {
  pass: boolean;
  message(): string;
}

/** What `expect(tallymark)` has once it is extended, for the runner's own `Matchers` to extend. */
export interface TallymarkMatchers<Result = void> {
  /** An event of the name, with at least these properties, was captured. */
  toHaveCaptured(name: string, properties?: Properties): Result;
  /** It was captured so many times. */
  toHaveCapturedTimes(name: string, times: number, properties?: Properties): Result;
}

/** An event in a line: its name, and the properties that the page gave it. */
function line({ event, properties }: CapturedEvent): string {
  const own = Object.entries(properties).filter(([name]) => !name.startsWith("$"));
  return own.length ? `${event} ${JSON.stringify(Object.fromEntries(own))}` : event;
}

const list = (lines: string[]) => lines.map((line) => `\n  ${line}`).join("") || "\n  nothing";

/** All that may explain the failure. */
function account({ events, dropped }: TestClient): string {
  const given = Object.entries(dropped).map(([reason, count]) => `${count} × ${reason}`);
  return `captured:${list(events.map(line))}` + (given.length ? `\ngiven up:${list(given)}` : "");
}

function known(client: unknown): TestClient {
  if (client instanceof TestClient) return client;
  throw new TypeError("this matcher is for what createTestClient() of tallymark/testing gives");
}

const wanted = (name: string, properties?: Properties) => (properties ? `${name} with ${JSON.stringify(properties)}` : name);

/** For `expect.extend(matchers)`; what each does is said at `TallymarkMatchers`. */
export const matchers = {
  toHaveCaptured(given: unknown, name: string, properties?: Properties): MatcherResult {
    const client = known(given);
    const pass = client.captured(name, properties);
    const expected = `${wanted(name, properties)}${pass ? " not" : ""} to have been captured`;
    return { pass, message: () => `expected ${expected}; ${account(client)}` };
  },

  toHaveCapturedTimes(given: unknown, name: string, times: number, properties?: Properties): MatcherResult {
    const client = known(given);
    const count = matching(client.events, name, properties).length;
    const pass = count == times;
    const expected = `${wanted(name, properties)}${pass ? " not" : ""} to have been captured ${times} ×`;
    return { pass, message: () => `expected ${expected}, and it was ${count} ×; ${account(client)}` };
  },
};
