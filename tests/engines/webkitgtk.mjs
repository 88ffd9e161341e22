/** WebKitGTK by its own driver, WebKitWebDriver: https://www.w3.org/TR/webdriver2/, one session a driver. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../e2e/support.mjs";
import { freePort } from "../harness/network.mjs";
import { killDescendants } from "./processes.mjs";

const BROWSER = fileURLToPath(new URL("webkitgtk-browser.js", import.meta.url));
/** WebDriver's name for the member that holds an element's id. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** @type {import("./engine.mjs").Engine} */
export const webkitgtk = {
  name: "WebKitGTK",
  can: { offline: false },
  async start() {
    const screen = await startScreen();
    return {
      visitor: (profile) => visit(screen.display, profile),
      stop: () => screen.stop(),
    };
  },
};

/** A screen that nobody looks at, as this engine has no headless mode. */
async function startScreen() {
  const xvfb = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  endWithUs(xvfb);
  const [number] = await once(xvfb.stdio[3], "data");
  return { display: `:${String(number).trim()}`, stop: () => end(xvfb) };
}

async function visit(display, profile) {
  const folder = mkdtempSync(join(tmpdir(), "tallymark-webkitgtk-"));
  const console = join(folder, "console");
  const port = await freePort();
  const driver = spawn(process.env.WEBKIT_DRIVER ?? "WebKitWebDriver", [`--port=${port}`], {
    stdio: "ignore",
    env: { ...process.env, DISPLAY: display, NO_AT_BRIDGE: "1" },
  });
  endWithUs(driver);
  const call = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  await until("the driver", () => call("GET", "/status").catch(() => false));
  // The driver throws away what its browser prints; line by line, as a killed process would keep the rest to itself.
  const command = 'exec stdbuf -oL gjs -m "$0" "$1" >"$2"';
  const browserOptions = { binary: "/bin/sh", args: ["-c", command, BROWSER, profile ?? folder, console] };
  const created = await call("POST", "/session", {
    capabilities: { alwaysMatch: { "webkitgtk:browserOptions": browserOptions } },
  });
  const session = `/session/${created.sessionId}`;
  const anchor = await call("GET", `${session}/window`);
  let current = anchor;
  /** A command to the window, which has to be switched to. */
  const at = (window) => async (method, path, body) => {
    if (current !== window) await call("POST", `${session}/window`, { handle: window });
    current = window;
    return call(method, session + path, body);
  };
  const readConsole = () => readFileSync(console, "utf8").split("\n").filter(Boolean);
  let said;
  const runsPages = ({ name }) => name.startsWith("WebKitWebProc");
  return {
    async newTab() {
      // From the window that the session began with: that one keeps the browser alive when all tabs are closed.
      const { handle } = await at(anchor)("POST", "/window/new", { type: "tab" });
      return tabOf(at(handle), () => killDescendants(driver.pid, runsPages));
    },
    noise: () => said ?? readConsole(),
    async kill() {
      killDescendants(driver.pid, () => true);
      await end(driver);
    },
    async leave() {
      // A session whose page has crashed is no more.
      await call("DELETE", session).catch(() => {});
      await end(driver);
      said ??= readConsole();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function tabOf(command, crash) {
  return {
    goto: (url) => command("POST", "/url", { url }),
    reload: () => command("POST", "/refresh", {}),
    evaluate: (run, ...args) =>
      command("POST", "/execute/sync", { script: `return (${run}).apply(null, arguments)`, args }),
    async click(selector) {
      const found = await command("POST", "/element", { using: "css selector", value: selector });
      await command("POST", `/element/${found[ELEMENT]}/click`, {});
    },
    hide: () => command("POST", "/window/minimize", {}),
    show: () => command("POST", "/window/maximize", {}),
    crash,
    close: () => command("DELETE", "/window"),
  };
}

function endWithUs(child) {
  const kill = () => child.kill();
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill();
  await ended;
}
