// The npm package's entry. Nothing happens on import.
import type { Options, Tallymark } from "./index.js";
import { start } from "./init.js";

export function init(options: Options): Tallymark {
  // Both literally so: bundlers look for just that, to take the file along and to make a chunk.
  return start(options, () => ({
    wasmUrl: new URL("./tm.wasm", import.meta.url).href,
    brain: () => import("./brain.js"),
  }));
}
