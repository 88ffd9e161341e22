// When the page is seen, hidden, left and come back to.
import type { Letter } from "./consent.js";
import { now, Op } from "./core.js";
import { run } from "./carry.js";
import { watchHistory } from "./place.js";
import { noticed } from "./spool.js";
import { read, Slot, slotOf } from "./store.js";

/** How often, in ms, the extent of scrolling is looked at. */
const SCROLL_MS = 100;

let scrolling: ReturnType<typeof setTimeout> | undefined;

/** Tells the module how far down the page was seen. */
export function measure(): void {
  scrolling = undefined;
  run(now(Op.Scroll, "", 0, scrollY, innerHeight, document.documentElement.scrollHeight));
}

/** Measures before long. */
export function measureSoon(): void {
  scrolling ??= setTimeout(measure, SCROLL_MS);
}

const restore = (slot: number) => run(now(Op.Restore, read(slot), 0, slot));

/**
 * Listens, and never to `beforeunload` or `unload`: these keep pages out of the back/forward cache. `view`: another
 * view begins; how it came to that. `go`: the page became hidden, and may be killed without another word; or is left,
 * for good or into the cache. `show`: it is seen again. `agree`: another tab says what the visitor has agreed to.
 */
export function watch(
  view: (how: string) => void,
  go: (op: Op.Hide | Op.Leave) => void,
  show: () => void,
  agree: (analytics?: Letter, advertising?: Letter) => void,
): void {
  const back = () => {
    show();
    // Another tab may have gone on with the session while this one slept.
    restore(Slot.Session);
  };
  document.addEventListener("visibilitychange", () => (document.visibilityState == "hidden" ? go(Op.Hide) : back()));
  addEventListener("pagehide", () => {
    measure();
    go(Op.Leave);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) {
      back();
      view("bfcache");
    }
  });
  addEventListener("online", () => run(now(Op.Online)));
  addEventListener("storage", (event) => {
    const slot = slotOf(event.key);
    if (slot == Slot.Consent) agree(...(read(Slot.Consent).slice(1, 3) as unknown as Letter[]));
    else if (slot >= 0) restore(slot);
    else noticed(event);
  });
  addEventListener(
    "scroll",
    () => {
      // At once as well as in a while: who jumps down and back has seen the depth.
      if (!scrolling) measure();
      measureSoon();
    },
    { passive: true },
  );
  watchHistory(view);
}
