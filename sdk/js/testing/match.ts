// Whether an event is the one that a test looks for.
import type { CapturedEvent, Properties } from "../index.js";

interface Asymmetric {
  asymmetricMatch(actual: unknown): boolean;
}

const isObject = (value: unknown): value is Properties => typeof value == "object" && value !== null;

/**
 * Whether `actual`, which has been JSON, has all that `expected` has: of an object the members named there, of an
 * array every element. Matchers such as `expect.any(Number)` decide for themselves.
 */
export function matches(actual: unknown, expected: unknown): boolean {
  if (!isObject(expected)) return Object.is(actual, expected);
  if (typeof expected.asymmetricMatch == "function") return (expected as unknown as Asymmetric).asymmetricMatch(actual);
  if (typeof expected.toJSON == "function") return matches(actual, expected.toJSON());
  if (!isObject(actual) || Array.isArray(actual) != Array.isArray(expected)) return false;
  if (Array.isArray(expected) && expected.length != actual.length) return false;
  return Object.keys(expected).every((key) => matches(actual[key], expected[key]));
}

/** Those of the events that have the name, and the properties. */
export const matching = (events: readonly CapturedEvent[], name: string, properties: Properties = {}): CapturedEvent[] =>
  events.filter((event) => event.event == name && matches(event.properties, properties));
