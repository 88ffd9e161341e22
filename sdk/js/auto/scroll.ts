// How far a view was scrolled.
import type { Reader } from "./index.js";

/** How much of the page's height has to have been seen, in percent. GA4's only mark. */
const PERCENT = 90;

/** Captures `scroll` once until it is reset. A page that is seen whole without scrolling gives none. */
export function scrolled(): { reader: Reader; reset(): void } {
  let told = false;
  return {
    reader() {
      // A view that begins is at its top, and may not have its height yet.
      if (told || scrollY <= 0) return;
      const { scrollHeight } = document.scrollingElement ?? document.documentElement;
      if ((scrollY + innerHeight) * 100 < scrollHeight * PERCENT) return;
      told = true;
      return ["scroll", { percent_scrolled: PERCENT }];
    },
    reset() {
      told = false;
    },
  };
}
