// When the page is seen, hidden, left and come back to.
import type { Letter } from "./consent.js";
import { now, Op } from "./core.js";
import { run } from "./carry.js";
import { watchHistory } from "./place.js";
import { noticed } from "./spool.js";
import { CONSENT, read, SESSION, slotOf } from "./store.js";

/** How often, in ms, the extent of scrolling is looked at. */
const SCROLL_MS = 100;

/** What the page goes through. */
export interface Stages {
  /** Another view begins; how it came to that. */
  view(how: string): void;
  /** The page became hidden, and may be killed without another word; or is left, for good or into the cache. */
  go(op: Op.Hide | Op.Leave): void;
  /** The page is seen again. */
  show(): void;
  /** Another tab says what the visitor has agreed to. */
  agree(analytics?: Letter, advertising?: Letter): void;
}

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

/** Listens, and never to `beforeunload` or `unload`: these keep pages out of the back/forward cache. */
export function watch({ view, go, show, agree }: Stages): void {
  const back = () => {
    show();
    // Another tab may have gone on with the session while this one slept.
    restore(SESSION);
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
    if (slot == CONSENT) agree(...(read(CONSENT).slice(1, 3) as unknown as Letter[]));
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
