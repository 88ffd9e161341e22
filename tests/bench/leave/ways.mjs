/** The ways in which `bench leave` leaves a page, and what the page captures last. */

/** A page is left this long after its SDK is ready. */
const LINGER_MS = 250;
/** How long a phone lets a hidden page live. */
const HIDDEN_MS = 500;
const EVENTS = 20;
/** PostHog's own case: 30 events of 3 KB at load, left 400 ms later. */
const BOUNCE = { events: 30, bytes: 3_000, afterMs: 400 };
/** More than a page's 64 KiB of beacons and keepalive hold, for every subject. */
const BURST_EVENTS = 500;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Runs in the page: so many events, each marked, with a note of about so many bytes if asked for. */
function captureLast(events, bytes) {
  const words = "lavender oat soap winter batch cold process olive coconut shea lye cure trace mould".split(" ");
  for (let i = 0; i < events; i++) {
    const properties = { plan: "pro", seats: 12, beta: true, source: "toolbar", step: 3, ratio: 0.75, locale: "en-GB" };
    if (bytes) for (properties.note = ""; properties.note.length < bytes; ) {
      properties.note += words[Math.floor(Math.random() * words.length)] + " ";
    }
    window.__capture("feature_used", { ...properties, mark: `mark${String(i).padStart(3, "0")}end` });
  }
}

async function usualStay(page) {
  await page.evaluate(() => window.__isReady);
  await pause(LINGER_MS);
}

/** In one task: the page has no moment between its last event and its end. */
async function captureAndGo(page, events) {
  await usualStay(page);
  // The answer may be lost with the page.
  page.evaluate(`(${captureLast})(${events}); location.href = "/blank";`).catch(() => {});
  await page.waitForURL("**/blank");
}

/** For the head of every page: what `?bounce` asks for. */
export const bounceScript = `<script>if (location.search == "?bounce") addEventListener("load", () => {
  (${captureLast})(${BOUNCE.events}, ${BOUNCE.bytes});
  setTimeout(() => { location.href = "/blank"; }, ${BOUNCE.afterMs});
});</script>`;

/**
 * By name: how many events are captured, what it is in words, and `leave`, which ends with the page gone.
 * `alone`: whether the issue wants the best peer's share even without another visit.
 */
export const WAYS = {
  href: {
    events: EVENTS,
    words: `${EVENTS} events and location.href in one task`,
    alone: true,
    leave: (page) => captureAndGo(page, EVENTS),
  },
  close: {
    events: EVENTS,
    words: `${EVENTS} events, tab closed`,
    alone: true,
    async leave(page) {
      await usualStay(page);
      await page.evaluate(`(${captureLast})(${EVENTS})`);
      await page.close();
    },
  },
  killed: {
    events: EVENTS,
    words: `${EVENTS} events, tab hidden, renderer killed ${HIDDEN_MS} ms later`,
    alone: true,
    async leave(page, browser) {
      await usualStay(page);
      await page.evaluate(`(${captureLast})(${EVENTS})`);
      await browser.hide(page);
      await pause(HIDDEN_MS);
      await browser.crash(page);
    },
  },
  bounce: {
    events: BOUNCE.events,
    words: `${BOUNCE.events} events of ${BOUNCE.bytes} bytes at load, location.href ${BOUNCE.afterMs} ms later`,
    alone: true,
    query: "?bounce",
    leave: (page) => page.waitForURL("**/blank"),
  },
  burst: {
    events: BURST_EVENTS,
    words: `${BURST_EVENTS} events and location.href in one task: more than a beacon may hold`,
    alone: false,
    leave: (page) => captureAndGo(page, BURST_EVENTS),
  },
};
