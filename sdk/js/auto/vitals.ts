// How the page felt. In a file of its own: what measures it is larger than all the rest of autocapture.
import { type MetricType, onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import type { Properties, Tallymark } from "../index.js";

/*! Contains web-vitals, copyright Google LLC, under the Apache License 2.0. */

/**
 * Views that may be open at once. Measurements come one by one, a view's last ones after the next view's
 * first; whatever is older has had its time.
 */
const MAX_OPEN = 2;
/** Digits behind the point: browsers coarsen their clocks to 0.005 ms and more. */
const PRECISION = 1e4;

/**
 * Captures `$web_vitals` once a view, with PostHog's names: when the page is first hidden, or two views later.
 * `cleanUrl` takes from a URL what the page does not let out, `attempt` keeps the page from what goes wrong here.
 */
export function start(
  capture: Tallymark["capture"],
  cleanUrl: (href: string) => string,
  attempt: (act: () => void) => void,
): void {
  /** Views by the moment, in ms of the page's clock, at which they began. */
  const open = new Map<number, Properties>();
  let toldUpTo = -1;

  /** The view that was measured, which need not be the one in which it is told. */
  const placeOf = (href: string) => ({ $current_url: cleanUrl(href), $pathname: new URL(href).pathname });
  const tell = (began: number) => {
    capture("$web_vitals", open.get(began));
    open.delete(began);
    toldUpTo = Math.max(toldUpTo, began);
  };
  const note = ({ name, value, navigationStartTime: began = 0, navigationURL }: MetricType) => {
    if (began <= toldUpTo) return;
    if (!open.has(began)) open.set(began, navigationURL ? placeOf(navigationURL) : {});
    open.get(began)![`$web_vitals_${name}_value`] = Math.round(value * PRECISION) / PRECISION;
    if (open.size > MAX_OPEN) tell(Math.min(...open.keys()));
  };
  const noted = (metric: MetricType) => attempt(() => note(metric));
  // Where the browser knows an application's views apart, each has its own; elsewhere the load stands for all.
  for (const measure of [onLCP, onCLS, onINP, onFCP]) measure(noted, { reportSoftNavs: true });
  // Of such a view it would be a 0 that nobody has measured.
  onTTFB(noted);

  // web-vitals listens on the window, so it has had its last word; the SDK, behind us, sends.
  const hidden = () => {
    if (document.visibilityState == "hidden") attempt(() => [...open.keys()].forEach(tell));
  };
  document.addEventListener("visibilitychange", hidden, true);
}
