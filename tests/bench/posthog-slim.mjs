/** posthog-js slim as a bench serves it: the script, and a remote configuration with all further products off. */
import { build } from "esbuild";
import { ROOT } from "../harness/world.mjs";

export const VERSION = "1.449.2";

const config = {
  token: "bench",
  supportedCompression: ["gzip-js"],
  hasFeatureFlags: false,
  autocapture_opt_out: true,
  capturePerformance: false,
  captureDeadClicks: false,
  heatmaps: false,
  surveys: false,
  sessionRecording: false,
  analytics: { endpoint: "/i/v0/e/" },
  elementsChainAsString: true,
  defaultIdentifiedOnly: true,
};

/** What posthog-js asks for before it is ready. */
export const remoteConfig = {
  path: "/array/bench/config.js",
  script: `(window._POSTHOG_REMOTE_CONFIG = {}).bench = { config: ${JSON.stringify(config)}, siteApps: [] };`,
};

/** The script of npm's slim module. It starts at `window.__collector`, and calls `window.__ready` when it has. */
export async function script() {
  const { outputFiles } = await build({
    stdin: {
      contents: `import posthog from "posthog-js/dist/module.slim.js";
        posthog.init("bench", { api_host: window.__collector ?? location.origin, disable_surveys: true,
          person_profiles: "always", rate_limiting: { events_per_second: 1e6, events_burst_limit: 1e7 },
          loaded: () => window.__ready() });
        window.posthog = posthog;`,
      resolveDir: ROOT,
    },
    bundle: true,
    minify: true,
    format: "iife",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].contents;
}
