/** What happens in a browser: a shop's page with somebody else's client in it, and a visitor who is driven. */
import assert from "node:assert/strict";
import { launchBrowser } from "../harness/browser.mjs";

/** Clients send nothing from a browser that says it is driven. */
const FLAGS = ["--disable-blink-features=AutomationControlled"];

let browser;

/** What a browser itself says of every request that failed: no script can keep it from that. */
export const FAILED_REQUEST = /^error: Failed to load resource: /;

/** A page of the shop, whose client is started by `start`, a script. */
export const shop = (scripts, start) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>shop</title>
${scripts.map((src) => `<script src="/site/${src}"></script>`).join("")}<script>
  const given = new URLSearchParams(location.search);
  ${start}
</script></head>
<body>
  <button id="buy" class="cta">Buy now</button>
  <a id="manual" href="/site/files/manual.pdf">manual</a>
  <div style="height:3000px"></div>
</body></html>`;

/** Starts the browser of a file's scenarios; it is closed after them. */
export async function startBrowser() {
  browser = await launchBrowser(FLAGS);
}

export const closeBrowser = () => browser?.close();

/**
 * Opens pages as one visitor, and at the end holds the console to be clean.
 * @param {(visitor: { page: import("playwright-core").Page }) => Promise<void>} visit
 * @param {RegExp} [expected] what the console may say
 */
export async function visitor(visit, expected) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  const noise = [];
  context.on("console", (message) => {
    const said = `${message.type()}: ${message.text()}`;
    if (!expected?.test(said)) noise.push(`${said} (${message.location().url})`);
  });
  context.on("weberror", (error) => noise.push(`uncaught: ${error.error()}`));
  try {
    await visit({ page: await context.newPage() });
    assert.deepEqual(noise, [], "the console is clean");
  } finally {
    await context.close();
  }
}

/**
 * Goes on to a page of the same site that has no client. A tab that is closed while the machine is busy may be killed
 * before it was told; one that is navigated is told first.
 * @param {import("playwright-core").Page} page
 */
export const leave = (page) => page.goto(new URL("/site/left", page.url()).href);
