// Events without code, by what the visitor does. Loaded only by pages that ask for it.
import type { AutoOptions, Tallymark } from "../index.js";
import { MAX_URL, pathOf, quote } from "./dom.js";
import { marked } from "./element.js";
import { submission } from "./form.js";
import { download, outbound } from "./link.js";
import { scrolled } from "./scroll.js";
import { search } from "./search.js";

/** What to capture: the arguments of `capture`. */
export type Captured = Parameters<Tallymark["capture"]>;

/** What readers are lent. */
export interface Lent {
  /** A URL as events may tell it. */
  told(url: URL): string | undefined;
  /** Says on the console what goes wrong, when that is wanted. */
  warn?: (message: unknown) => void;
}

/** Reads an event of the document, by the elements that it went through. */
export type Reader = (path: Element[], event: Event, lent: Lent) => Captured | undefined;

/** What `true` switches on: all that needs no other download. */
const TRUE = ["elements", "outboundClicks", "fileDownloads", "forms", "siteSearch", "scroll"];
const SWITCHES = [...TRUE, "webVitals"];

/** Options as a page gives them: `true`, names in the script tag's attribute, or each with its value. */
function read(given: boolean | string | AutoOptions, warn: Lent["warn"]): AutoOptions {
  if (typeof given == "object") return given;
  const names = String(given).split(/[\s,]+/).flatMap((name) => (name == "true" ? TRUE : name));
  const unknown = names.filter((name) => !SWITCHES.includes(name));
  if (unknown.length) warn?.(`nothing to capture is called ${unknown.join()}`);
  return Object.fromEntries(names.map((name) => [name, true]));
}

/**
 * Starts what is switched on, for as long as the page lives. `onView` has the listener called when a view has begun,
 * now if one has already; `cleanUrl` takes from a URL what the page does not let out.
 */
export function start(
  { capture }: Pick<Tallymark, "capture">,
  given: boolean | string | AutoOptions,
  onView: (listener: () => void) => void,
  cleanUrl: (href: string) => string,
  warn: Lent["warn"],
): void {
  const on = read(given, warn);

  /** The page is not to suffer from what we read of it. */
  const attempt = (act: () => void) => {
    try {
      act();
    } catch (error) {
      warn?.(error);
    }
  };
  const lent: Lent = { told: ({ href }) => quote(cleanUrl(href), MAX_URL), warn };
  /** One listener, before the page's own: these may end the event, or begin another view. */
  const listen = (type: string, readers: (Reader | false | undefined)[]) => {
    const wanted = readers.filter((reader) => !!reader);
    if (!wanted.length) return;
    const heard = (event: Event) =>
      attempt(() => {
        const path = pathOf(event);
        wanted.forEach((reader) =>
          attempt(() => {
            const captured = reader(path, event, lent);
            if (captured) capture(...captured);
          }),
        );
      });
    document.addEventListener(type, heard, { capture: true, passive: true });
  };

  const clicks = [on.elements && marked, on.outboundClicks && outbound, on.fileDownloads && download];
  listen("click", clicks);
  // The middle button's: it opens links.
  listen("auxclick", clicks);
  listen("submit", [on.elements && marked, on.forms && submission]);

  const depth = scrolled();
  if (on.scroll) listen("scroll", [depth.reader]);
  const { siteSearch } = on;
  onView(() =>
    attempt(() => {
      depth.reset();
      const captured = siteSearch && search(siteSearch);
      if (captured) capture(...captured);
    }),
  );

  if (on.webVitals) {
    const measured = import("./vitals.js").then((vitals) => vitals.start(capture, cleanUrl, attempt));
    measured.catch((error) => warn?.(error));
  }
}
