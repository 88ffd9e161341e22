// Jest's own `expect`, without the rest of it.
import { expect } from "expect";
import { createTestClient, matchers } from "tallymark/testing";

expect.extend(matchers);

const tallymark = createTestClient();
tallymark.capture("recipe_scaled", { scale: 2, at: new Date(0) });
expect(tallymark).toHaveCaptured("recipe_scaled", { scale: expect.any(Number), at: new Date(0) });
expect(tallymark).not.toHaveCaptured("recipe_scaled", { at: new Date(1) });
expect(() => expect(tallymark).toHaveCaptured("recipe_opened")).toThrow("captured:\n  recipe_scaled");
