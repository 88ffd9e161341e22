// What one engine does otherwise and can't be asked about; docs/BROWSERS.md says what, and its tests measure it.

/** Whether this is Firefox. */
export const GECKO = "mozInnerScreenX" in globalThis;
