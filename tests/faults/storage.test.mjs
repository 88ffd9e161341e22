// A disk that is full, or that the browser refuses: the SDK lives from memory, says so in the ledger, and the page
// around it finds its own storage as it was.
import assert from "node:assert/strict";
import { scenarios } from "../e2e/support.mjs";
import { capture } from "./visitor.mjs";

const scenario = scenarios();
const EVENTS = 20;
const clicks = Array(EVENTS).fill("clicked");

/** Runs in each page before anything else: the site has filled the origin's storage, to the last character. */
function fill() {
  if (localStorage.getItem("site-0") !== null) return;
  localStorage.setItem("site-own", "x".repeat(1_000));
  for (let size = 1 << 20, i = 0; size >= 1; ) {
    try {
      localStorage.setItem(`site-${i}`, "x".repeat(size));
      i++;
    } catch {
      size >>= 1;
    }
  }
}

/** Runs in the page: what the site finds when it uses its storage. */
function useStorage() {
  const tries = {
    more: () => localStorage.setItem("site-more", "x".repeat(100)),
    same: () => localStorage.setItem("site-own", "y".repeat(1_000)),
    again: () => {
      localStorage.removeItem("site-own");
      localStorage.setItem("site-own", "x".repeat(1_000));
    },
  };
  return Object.entries(tries).map(([name, act]) => {
    try {
      act();
      return `${name}: done`;
    } catch (error) {
      return `${name}: ${error.name}`;
    }
  });
}

/** Runs in each page before anything else: the browser refuses what a sandboxed frame may not have. */
function refuse() {
  const refusal = () => new DOMException("refused", "SecurityError");
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(window, name, {
      get() {
        throw refusal();
      },
    });
  }
  LockManager.prototype.request = LockManager.prototype.query = () => Promise.reject(refusal());
}

/** Two pages from memory: all arrives, and the ledger tells that none of it was ever safe on a disk. */
async function visitTwice({ page, address, received, client }, between = () => {}) {
  await page.goto(address("home"));
  await capture(page, "clicked", EVENTS);
  await page.evaluate(() => tallymark.flush());
  await received("$pageview", ...clicks);
  await between();
  await page.goto(address("second"));
  await capture(page, "clicked", EVENTS);
  await received("$pageview", ...clicks, "$pageleave", "$pageview", ...clicks);
  await page.close();
  await received("$pageview", ...clicks, "$pageleave", "$pageview", ...clicks, "$pageleave");
  assert.equal((await client.ledger()).memory_only_streams, 2);
}

scenario("storage that the site has filled: memory does, and the site's own use of it is as before", async (given) => {
  const { context, page } = given;
  await context.addInitScript(`(${fill})(); window.before = (${useStorage})();`);
  await visitTwice(given, async () => {
    const before = await page.evaluate("before");
    assert.deepEqual(before, ["more: QuotaExceededError", "same: done", "again: done"]);
    assert.deepEqual(await page.evaluate(useStorage), before);
  });
});

scenario("storage and locks that the browser refuses: memory does", async (given) => {
  await given.context.addInitScript(refuse);
  await visitTwice(given);
});
