import type { BrowserEvents } from "../plan";

type Options = Parameters<typeof window.tallymark.capture>[2];

/** Captures what the plan (plans/demo) lets pages say: anything else would be quarantined, and does not compile. */
export function capture<Name extends keyof BrowserEvents>(name: Name, properties: BrowserEvents[Name], options?: Options): void {
  window.tallymark.capture(name, properties, options);
}
