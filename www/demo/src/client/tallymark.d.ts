import type { Tallymark } from "../../../../sdk/js/index.js";

declare global {
  interface Window {
    /** There from the first line of script on: the inline stub keeps calls until tm.js is loaded. */
    tallymark: Tallymark;
  }
}
