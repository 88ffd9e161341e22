// The npm package's entry. Nothing happens on import.
import type { Options, Tallymark } from "./index.js";
import { start } from "./init.js";

/** The application's own function: what it throws is no reason to lose the view. */
const guarded = (route: Options["route"]) => {
  if (!route) return undefined;
  return () => {
    try {
      return route();
    } catch {
      return undefined;
    }
  };
};

export function init(options: Options): Tallymark {
  // All literally so: bundlers look for just that, to take the file along and to make chunks.
  return start({ ...options, route: guarded(options.route) }, () => ({
    wasmUrl: new URL("./tm.wasm", import.meta.url).href,
    brain: () => import("./brain.js"),
    auto: () => import("./auto/index.js"),
    leftovers: () => import("./leftovers.js"),
    review: () => (options.dialect == "ga4" ? import("./ga4.js") : import("./review.js")),
  }));
}
