// The npm package's entry. Nothing happens on import.
import type { Options, Tallymark } from "./index.js";
import { start } from "./init.js";

export function init(options: Options): Tallymark {
  return start(options, () => new URL("./tm.wasm", import.meta.url).href);
}
