// For tests of those who use the SDK: the SDK itself, in a page made of memory.
export { createTestClient, type TestClient, type TestClientOptions } from "./client.js";
export { matchers, type MatcherResult, type TallymarkMatchers } from "./matchers.js";
export type { Time } from "./clock.js";
