import { expect } from "vitest";
import { expect as jestExpect } from "expect";
import type { Tallymark } from "tallymark";
import { TallymarkProvider } from "tallymark/react";
import { createTestClient, matchers, type TallymarkMatchers } from "tallymark/testing";

declare module "vitest" {
  interface Matchers<T> extends TallymarkMatchers<T> {}
}
declare module "expect" {
  interface Matchers<R extends void | Promise<void>> extends TallymarkMatchers<R> {}
}

expect.extend(matchers);
jestExpect.extend(matchers);

const tallymark = createTestClient({ consent: "pending", capturePageview: true, url: "https://shop.example/" });
const client: Tallymark = tallymark;
client.capture("recipe_scaled", { scale: 2 });
expect(tallymark).toHaveCaptured("recipe_scaled", { scale: expect.any(Number) });
expect(tallymark).not.toHaveCapturedTimes("recipe_scaled", 2);
jestExpect(tallymark).toHaveCaptured("recipe_scaled");
tallymark.setTime(new Date());
const given: number | undefined = tallymark.dropped.invalid_name;
const timestamps: string[] = tallymark.events.map(({ timestamp }) => timestamp);
export const application = <TallymarkProvider client={tallymark}>{[given, ...timestamps]}</TallymarkProvider>;

// @ts-expect-error An event has a name.
expect(tallymark).toHaveCaptured();
// @ts-expect-error Nothing is sent anywhere.
createTestClient({ host: "https://collect.example" });
// @ts-expect-error What was captured is no longer the test's to change.
tallymark.events.push();
