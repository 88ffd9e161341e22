// Where the visitor is, and with what: facts, as the events tell them.
import { holds } from "./consent.js";

/**
 * JSON, if there is any of the value. Half a character, as texts end in that were cut to a length, becomes U+FFFD:
 * PostHog would refuse it, with all that is in the same request. A text that only names one, `\\ud83d`, stays.
 */
export const stringify = (value: unknown): string => (JSON.stringify(value) ?? "").replace(/\\(\\|ud[89a-f]..)/g, halfless);
const halfless = (escape: string, escaped: string) => (escaped[1] ? "\\ufffd" : escape);

/** The members of an object's JSON, without the braces. */
export const members = (object: object): string => stringify(object).slice(1, -1);

/** Parameters that name a campaign, as PostHog knows them: of `utm_*` everybody may know, of click ids advertisers. */
export const UTM = /^utm_(source|medium|campaign|content|term)$/;
export const CLICK =
  /^(([gdq]|fb|tw|tt|ir)clid|(mc_|rdt_|sc|bf)cid|[gw]braid|gclsrc|gad_source|msclkid|li_fat_id|igshid|epik|oppref|_kx)$/;

/** Further parameters that the page allows, between commas, or `true` for all. */
let allowed: string | true;
/** Whether a change of the fragment is a change of the page. */
let byHash = false;

/** What of URLs the page lets out. */
export function allow(parameters: string[] | true | undefined, hash: boolean | undefined): void {
  allowed = parameters === true || `,${parameters},`;
  byHash = !!hash;
}

const isCampaign = (name: string) => UTM.test(name) || (holds(2) == "g" && CLICK.test(name));

/** The URL without query parameters that nobody has allowed, and without a fragment that holds some. */
export function cleanUrl(href: string): string {
  if (allowed === true || !/[?#]/.test(href)) return href;
  try {
    const url = new URL(href);
    const isAllowed = ([name]: string[]) => isCampaign(name!) || (allowed as string).includes(`,${name},`);
    url.search = new URLSearchParams([...url.searchParams].filter(isAllowed)) as never;
    if (url.hash.includes("=")) url.hash = "";
    return url.href;
  } catch {
    return "";
  }
}

let told = false;

/** Whether the URL may be another than when it was last told. To ask `location` costs as much as all the rest. */
export const hasMoved = (): boolean => !told;

/** The current place, as the module wants it: two lines, the members of the place and of the query. */
export function place(): string {
  told = true;
  let domain = "$direct";
  try {
    domain = new URL(document.referrer).host;
  } catch {
    // No referrer.
  }
  return (
    members({
      $current_url: cleanUrl(location.href),
      $host: location.host,
      $pathname: location.pathname,
      $referrer: cleanUrl(document.referrer) || domain,
      $referring_domain: domain,
      $viewport_width: innerWidth,
      $viewport_height: innerHeight,
    }) +
    "\n" +
    members(Object.fromEntries([...new URLSearchParams(location.search)].filter(([name]) => isCampaign(name))))
  );
}

/** The time zone. Where it is there, Temporal knows it at once; Intl loads its tables first: 10 to 20 ms. */
function timezone(): string {
  const { Temporal } = self as { Temporal?: { Now: { timeZoneId(): string } } };
  return Temporal ? Temporal.Now.timeZoneId() : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What does not change while the page lives. */
export const browser = (): object => ({
  $raw_user_agent: navigator.userAgent,
  $browser_language: navigator.language,
  $timezone: timezone(),
  $screen_width: screen.width,
  $screen_height: screen.height,
  // As PostHog marks them: what to make of robots is the owner's affair.
  $browser_type: navigator.webdriver || /bot|crawl|spider|headless/i.test(navigator.userAgent) ? "bot" : undefined,
});

/** How the visitor came to this document: `navigate`, `reload`, `back_forward` or `prerender`. */
export function arrival(): string | undefined {
  const [entry] = performance.getEntriesByType("navigation") as (PerformanceNavigationTiming & {
    activationStart?: number;
  })[];
  return entry?.activationStart ? "prerender" : entry?.type;
}

/** Calls `moved` whenever the page changes its path or query (or, if that counts, its fragment) by itself. */
export function watchHistory(moved: (how: string) => void): void {
  const where = () => location.pathname + location.search + (byHash ? location.hash : "");
  let seen = where();
  const look = (how: string) => {
    told = false;
    const now = where();
    if (now != seen) {
      seen = now;
      moved(how);
    }
  };
  const popped = ({ type }: Event) => look(type);
  addEventListener("popstate", popped);
  addEventListener("hashchange", popped);
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (this: History, ...args: Parameters<typeof original>) {
      original.apply(this, args);
      look(name);
    };
  }
}
