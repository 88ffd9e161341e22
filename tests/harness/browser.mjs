/** The Chromium that tests and benches drive: $CHROMIUM, which xtask finds or installs, or Debian's. */
import { chromium } from "playwright-core";

/** A plain Chrome: the headless one names itself, and clients treat it as a bot. */
export const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

/** @param {string[]} [flags] further command line flags */
export function launchBrowser(flags = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--user-agent=${USER_AGENT}`,
      ...flags,
    ],
  });
}
