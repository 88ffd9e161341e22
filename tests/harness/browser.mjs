/** The Chromium that tests and benches drive: $CHROMIUM, which xtask finds or installs, or Debian's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** A plain Chrome: the headless one names itself, and clients treat it as a bot. */
export const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

export const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--user-agent=${USER_AGENT}`,
];

/** @param {string[]} [flags] further command line flags */
export function launchBrowser(flags = []) {
  return chromium.launch({ executablePath: EXECUTABLE, args: [...FLAGS, ...flags] });
}

/**
 * A browser as people have it: one profile, a page is hidden when its window is minimised, timers are throttled
 * in the background, and there is a back/forward cache. Playwright's own launch pins every page visible.
 * Pages of `*.localhost` hosts come from loopback, so that each host is a site of its own within the profile.
 */
export async function launchAsShipped(flags = []) {
  const profile = mkdtempSync(join(tmpdir(), "tallymark-profile-"));
  const own = ["--headless=new", "--no-first-run", "--disable-extensions", "--remote-debugging-port=0"];
  const hosts = "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";
  const args = [...FLAGS, ...own, hosts, ...flags, `--user-data-dir=${profile}`, "about:blank"];
  const chrome = spawn(EXECUTABLE, args, { stdio: ["ignore", "ignore", "pipe"] });
  const gone = once(chrome, "exit");
  const kill = () => chrome.kill("SIGKILL");
  process.once("exit", kill);
  const browser = await chromium.connectOverCDP(await endpoint(chrome), { noDefaults: true });
  const [context] = browser.contexts();
  const devtools = await browser.newBrowserCDPSession();
  const targets = new Map();
  let opening = Promise.resolve();

  /** A blank page in a window of its own. */
  async function openWindow() {
    const [page, { targetId }] = await Promise.all([
      context.waitForEvent("page"),
      devtools.send("Target.createTarget", { url: "about:blank", newWindow: true }),
    ]);
    targets.set(page, targetId);
    return page;
  }

  return {
    context,
    /** One at a time: nothing else tells which page belongs to which target. */
    newPage: () => (opening = opening.then(openWindow)),
    /** Hides the page as a switch to another app does; resolves when the page has been told. */
    async hide(page) {
      const { windowId } = await devtools.send("Browser.getWindowForTarget", { targetId: targets.get(page) });
      await devtools.send("Browser.setWindowBounds", { windowId, bounds: { windowState: "minimized" } });
      await page.waitForFunction(() => document.visibilityState === "hidden", undefined, { polling: 20 });
    },
    /** Brings a hidden page back. */
    async show(page) {
      const { windowId } = await devtools.send("Browser.getWindowForTarget", { targetId: targets.get(page) });
      await devtools.send("Browser.setWindowBounds", { windowId, bounds: { windowState: "normal" } });
      await page.waitForFunction(() => document.visibilityState === "visible", undefined, { polling: 20 });
    },
    /** Kills the page's renderer without a word to the page. */
    async crash(page) {
      const session = await context.newCDPSession(page);
      const crashed = page.waitForEvent("crash");
      session.send("Page.crash").catch(() => {}); // It never answers.
      await crashed;
    },
    async close() {
      await devtools.send("Browser.close");
      await gone;
      process.off("exit", kill);
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/**
 * A browser that opens the page, and that nobody drives: what Chromium does not do under DevTools (prerendering), the
 * page has to bring about by itself. What is returned ends it.
 */
export function openUndriven(url) {
  const profile = mkdtempSync(join(tmpdir(), "tallymark-profile-"));
  const own = ["--headless=new", "--no-first-run", "--disable-extensions", `--user-data-dir=${profile}`];
  // A group of its own, since its helpers outlive it, and go on writing to the profile.
  const chrome = spawn(EXECUTABLE, [...FLAGS, ...own, url], { stdio: "ignore", detached: true });
  const kill = () => process.kill(-chrome.pid, "SIGKILL");
  process.once("exit", kill);
  return async () => {
    const gone = once(chrome, "exit");
    kill();
    await gone;
    process.off("exit", kill);
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
  };
}

/** Where the browser listens for DevTools, as it says on its standard error. */
function endpoint(chrome) {
  return new Promise((resolve, reject) => {
    let said = "";
    // Read to the end: a full pipe would hold the browser up.
    chrome.stderr.on("data", (chunk) => {
      said = (said + chunk).slice(-2_000);
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    chrome.once("exit", (code) => reject(new Error(`Chromium ended with ${code}: ${said}`)));
  });
}
