/** Chromium and Firefox as they are installed. Puppeteer speaks to both, and downloads neither. */
import puppeteer from "puppeteer-core";
import { EXECUTABLE, FLAGS } from "../harness/browser.mjs";
import { killDescendants } from "./processes.mjs";

const VIEWPORT = { width: 1000, height: 700 };

/** @type {import("./engine.mjs").Engine} */
export const chromium = {
  name: "Chromium",
  can: { offline: true },
  start: () =>
    start({
      launch: { browser: "chrome", executablePath: EXECUTABLE, args: FLAGS },
      runsPages: ({ args }) => args.includes("--type=renderer"),
      close: (page) => page.close(),
    }),
};

/** @type {import("./engine.mjs").Engine} */
export const firefox = {
  name: "Firefox",
  can: { offline: true },
  start: () =>
    start({
      launch: { browser: "firefox", executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr" },
      // "Web Content" or "Isolated Web Content", as the kernel cuts it; with those kept ready for the next site.
      runsPages: ({ name }) => /Web Co/.test(name),
      // Puppeteer takes the tab away at once. A visitor's click hides it first, 20 to 100 ms before: without that,
      // most of what the page still sends is lost, whatever sends it (docs/BROWSERS.md).
      async close(page) {
        const next = await cover(page);
        await page.close();
        await next.close();
      },
    }),
};

async function start({ launch, ...ways }) {
  const launched = (options) => puppeteer.launch({ headless: true, defaultViewport: VIEWPORT, ...launch, ...options });
  const shared = await launched();
  return {
    async visitor(profile) {
      if (profile === undefined) {
        const context = await shared.createBrowserContext();
        return visitorOf(shared, context, ways, () => context.close());
      }
      const own = await launched({ userDataDir: profile });
      return visitorOf(own, own.defaultBrowserContext(), ways, () => own.close());
    },
    stop: () => shared.close(),
  };
}

function visitorOf(browser, context, { runsPages, close }, leave) {
  const said = [];
  return {
    async newTab() {
      const page = await context.newPage();
      page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
      page.on("pageerror", (error) => said.push(`uncaught: ${error}`));
      return tabOf(page, { close, crash: () => killDescendants(browser.process().pid, runsPages) });
    },
    noise: () => said,
    async kill() {
      const ended = new Promise((resolve) => browser.process().once("exit", resolve));
      browser.process().kill("SIGKILL");
      await ended;
    },
    leave,
  };
}

function tabOf(page, { close, crash }) {
  let next;
  return {
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    evaluate: (run, ...args) => page.evaluate(run, ...args),
    click: (selector) => page.click(selector),
    async hide() {
      next = await cover(page);
    },
    show: () => next.close(),
    offline: (is) => page.setOfflineMode(is),
    crash,
    close: () => close(page),
  };
}

/** Opens another tab in front, until the page knows. */
async function cover(page) {
  const next = await page.browserContext().newPage();
  await next.bringToFront();
  await page.waitForFunction(() => document.visibilityState === "hidden", { polling: 20 });
  return next;
}
