// What the visitor agrees to, in the words of GA4's tag: `gcs`, `gcd`, `npa`, `dma`.
import { letters, type Letter } from "../consent.js";
import type { CapturedEvent, Settings } from "../index.js";

/** In `gcd`, of a purpose: what holds by default, and since the visitor has decided. The letters are Google's. */
const GRANTED = "t";
const GRANTED_FROM_DENIED = "r";
const DENIED = "p";
const DENIED_FROM_GRANTED = "u";
const NEVER_ASKED = "l";

/** The parameters for an event; `defaults`: what holds by the options. */
export function consentOf({ properties }: CapturedEvent, { consent = true, gpc = true }: Settings): [string, string][] {
  const [analytics, advertising] =
    typeof consent == "object" ? letters(consent) : letters({ analytics: consent, advertising: consent });
  const { $consent, $timezone } = properties as { $consent?: { advertising: boolean }; $timezone?: string };
  const signal = gpc && (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl ? 8 : 0;
  const ads = $consent?.advertising ?? true;
  const granted = (by?: Letter) => ((by ?? "g") == "g" ? GRANTED : GRANTED_FROM_DENIED);
  const adsLetter = ads ? granted(advertising) : (advertising ?? "g") == "g" && !signal ? DENIED_FROM_GRANTED : DENIED;
  const [ofAds, ofAnalytics] = $consent ? [adsLetter, granted(analytics)] : [NEVER_ASKED, NEVER_ASKED];
  // Nobody tells a page where it is read; its clock does, and where that is in doubt the stricter rule is the better.
  const isEuropean = /^(Europe|Arctic)\/|^Atlantic\/(Az|Ca|Fa|Ma|Re)|^Asia\/(Ni|Fa)|^Africa\/Ce/.test($timezone ?? "");
  const dma = +isEuropean;
  const mode = ((signal | ($consent ? 4 : 0) | 1) as number).toString(36);
  return [
    ...($consent ? ([["gcs", `G1${+ads}1`]] as [string, string][]) : []),
    ["gcd", `13${ofAds}3${ofAnalytics}3${ofAds}3${ofAds}${mode}l1`],
    ["npa", `${+!ads}`],
    ["dma", `${dma}`],
    ...($consent && (dma || !ads) ? ([["dma_cps", ads ? "a" : "-"]] as [string, string][]) : []),
  ];
}
