/** What somebody does on a page while things go wrong around it. */
import { line } from "../harness/network.mjs";

/** What the browser itself says of every request that failed: no script can keep it from that. */
export const FAILED_REQUEST = /^Failed to load resource: /;

/** A scenario whose pages (`home` is the address of one) find their collector behind a line that can be cut. */
export const behindLine = (run) => async (given) => {
  const collector = await line(Number(new URL(given.world.url).port));
  try {
    await run({ ...given, collector, home: given.address("home", `?tm-host=${collector.url}`) });
  } finally {
    collector.cut();
  }
};

/**
 * Captures `count` events `name`, numbered in `i`: spread over `ms`, as by somebody who clicks on, or all in one task.
 * @param {import("playwright-core").Page} page
 */
export const capture = (page, name, count, ms = 0) =>
  page.evaluate(
    ([name, count, ms]) =>
      new Promise((done) => {
        let i = 0;
        const click = () => tallymark.capture(name, { i: i++ });
        if (!ms) {
          while (i < count) click();
          return done();
        }
        const clicks = setInterval(() => {
          click();
          if (i === count) done(clearInterval(clicks));
        }, ms / count);
      }),
    [name, count, ms],
  );
