// What the visitor has agreed to. The module decides what follows; until it is up, this has to do.
import type { Choice, Consent } from "./index.js";
import { read, Slot } from "./store.js";

/** Granted, denied, or pending. */
export type Letter = "g" | "d" | "p";

/** What holds for analytics and for advertising until the visitor decides. */
export let defaults: (Letter | undefined)[];
/** Whether the browser signals Global Privacy Control, and the page honours it. */
export let gpc: boolean;

const letter = (value: unknown): Letter | undefined =>
  value == null ? undefined : value == "pending" ? "p" : value == "denied" || !value ? "d" : "g";

/** The letters for analytics and advertising in what a page says, by our names or by Google consent mode's. */
export function letters(choice: Consent): [Letter?, Letter?] {
  const { analytics, analytics_storage, advertising, ad_storage, ad_user_data, ad_personalization } = choice;
  // Advertising needs all that Google asks for by itself: the least of it counts.
  const google = [ad_storage, ad_user_data, ad_personalization].map(letter);
  const least = (["d", "p", "g"] as const).find((one) => google.includes(one));
  return [letter(analytics ?? analytics_storage), letter(advertising) ?? least];
}

/** Sets what holds until the visitor decides. */
export function permit(choice: Consent | Choice = true, honourGpc = true): void {
  defaults = typeof choice == "object" ? letters(choice) : [letter(choice), letter(choice)];
  gpc = honourGpc && !!(navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl;
}

/** What holds for the purpose, 1 for analytics and 2 for advertising. */
export function holds(purpose: 1 | 2): Letter {
  const kept = read(Slot.Consent)[purpose];
  return gpc && purpose == 2 ? "d" : kept == "g" || kept == "d" ? kept : (defaults[purpose - 1] ?? "p");
}
