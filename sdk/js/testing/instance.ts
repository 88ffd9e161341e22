// The SDK as a page has it, with the brain as JavaScript, which needs nothing loaded.
import { instantiate } from "../brain.js";
import { start } from "../init.js";
import * as leftovers from "../leftovers.js";
import * as review from "../review.js";
import { history } from "./page.js";
import type { World } from "./world.js";

declare const world: World;

export const client = start(world.options, () => ({
  wasmUrl: false,
  brain: () => Promise.resolve({ instantiate }),
  auto: () => Promise.reject(new Error("there is no DOM")),
  review: () => review,
  leftovers: async () => leftovers,
  module: instantiate(),
}));
export const visit = (url: string): void => history.pushState(null, "", url);
