// How long the visitor was engaged with the page: it had the focus and was seen, by GA4's rule.

/** Most stretches of engagement that are told apart: those before run together, and no event waits for that many. */
const MAX_STRETCHES = 100;

type Stretch = [from: number, to: number];

/** Starts the clock; what is returned says how many ms of engagement there were up to a moment of `performance.now()`. */
export function engagement(): (until: number) => number {
  const stretches: Stretch[] = [];
  let isShown = true;
  const look = () => {
    const isEngaged = isShown && document.visibilityState == "visible" && document.hasFocus();
    const last = stretches[stretches.length - 1];
    const wasEngaged = last?.[1] == Infinity;
    if (isEngaged && !wasEngaged) stretches.push([performance.now(), Infinity]);
    else if (!isEngaged && wasEngaged) last[1] = performance.now();
    if (stretches.length > MAX_STRETCHES) {
      const [[from, to], [nextFrom, nextTo]] = stretches as [Stretch, Stretch];
      stretches.splice(0, 2, [from + nextFrom - to, nextTo]);
    }
  };
  const shown = ({ type }: Event) => {
    isShown = type == "pageshow";
    look();
  };
  addEventListener("focus", look);
  addEventListener("blur", look);
  addEventListener("pageshow", shown);
  addEventListener("pagehide", shown);
  document.addEventListener("visibilitychange", look);
  look();
  return (until) => stretches.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, until) - from), 0);
}
