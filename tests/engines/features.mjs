/**
 * What the SDK would like an engine to have, tried out. docs/BROWSERS.md has a table with a line for each, and what
 * becomes of the SDK without it.
 */
import { started, untilPage } from "./support.mjs";

/** Bytes that a page may have under way in beacons and keepalive fetches together (Fetch standard). */
const QUOTA = 64 * 1024;

const has = (check, ...args) => ({ tab }) => tab.evaluate(check, ...args);
const observes = (type) => has((type) => PerformanceObserver.supportedEntryTypes.includes(type), type);

/** Goes to another page and back, in a tab of its own; whether it was the same document that came back. */
async function isRestored({ visitor, home }) {
  const tab = await visitor.newTab();
  await tab.goto(home);
  await started(tab);
  await tab.evaluate(() => (window.marked = true));
  await tab.click("#next");
  await untilPage(tab, "the second page", () => location.pathname.endsWith("/second"));
  await tab.evaluate(() => history.back());
  const isBack = () => location.pathname.endsWith("/home") && document.readyState === "complete";
  await untilPage(tab, "the first page", isBack);
  const same = await tab.evaluate(() => window.marked === true);
  await tab.close();
  return same;
}

/** By the names that the table has; each takes a tab that has loaded the page `home`. */
export const FEATURES = {
  "WebAssembly": has(() => typeof WebAssembly === "object"),
  "CompressionStream": has(() => "CompressionStream" in window),
  "fetch with keepalive": has(() => "keepalive" in Request.prototype),
  "keepalive limited to 64 KiB": has(
    async (size) => {
      const body = "x".repeat(size);
      return fetch("/favicon.ico", { method: "POST", keepalive: true, body }).then(() => false, () => true);
    },
    QUOTA + 1,
  ),
  "beacons limited to 64 KiB": has((size) => !navigator.sendBeacon("/favicon.ico", "x".repeat(size)), QUOTA + 1),
  "AbortSignal.timeout": has(() => "timeout" in AbortSignal),
  "Web Locks": has(() => "locks" in navigator),
  "back/forward cache": isRestored,
  "prerendering": has(() => "prerendering" in document),
  "Temporal": has(() => "Temporal" in window),
  "Global Privacy Control": has(() => "globalPrivacyControl" in navigator),
  "Trusted Types": has(() => "trustedTypes" in window),
  "LCP": observes("largest-contentful-paint"),
  "INP": observes("event"),
  "CLS": observes("layout-shift"),
};
