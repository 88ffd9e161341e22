// Where the visitor is, and with what: facts, as the events tell them.

/** The members of an object's JSON, without the braces. */
export const members = (object: object): string => JSON.stringify(object).slice(1, -1);

let told = false;

/** Whether the URL may be another than when it was last told. To ask `location` costs as much as all the rest. */
export const hasMoved = (): boolean => !told;

/** The current place, as the module wants it: two lines, the members of the place and of the query. */
export function place(): string {
  told = true;
  const { href, host, pathname, search } = location;
  let domain = "$direct";
  try {
    domain = new URL(document.referrer).host;
  } catch {
    // No referrer.
  }
  return (
    members({
      $current_url: href,
      $host: host,
      $pathname: pathname,
      $referrer: document.referrer || domain,
      $referring_domain: domain,
      $viewport_width: innerWidth,
      $viewport_height: innerHeight,
    }) +
    "\n" +
    members(Object.fromEntries(new URLSearchParams(search)))
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
});

/**
 * Calls `moved` whenever the page changes its path or query by itself. What is returned undoes it.
 */
export function watchHistory(moved: (how: string) => void): () => void {
  let seen = location.pathname + location.search;
  const look = (how: string) => {
    told = false;
    const now = location.pathname + location.search;
    if (now != seen) {
      seen = now;
      moved(how);
    }
  };
  const popped = () => look("popstate");
  addEventListener("popstate", popped);
  addEventListener("hashchange", popped);
  const undo = (["pushState", "replaceState"] as const).map((name) => {
    const original = history[name];
    const wrapped = function (this: History, ...args: Parameters<typeof original>) {
      original.apply(this, args);
      look(name);
    };
    history[name] = wrapped;
    return () => {
      // Somebody may have wrapped ours: then it stays, and calls the original.
      if (history[name] == wrapped) history[name] = original;
    };
  });
  return () => {
    removeEventListener("popstate", popped);
    removeEventListener("hashchange", popped);
    moved = () => {};
    undo.forEach((put) => put());
  };
}
