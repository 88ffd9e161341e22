/** The versions of posthog-js that pages have, and what tells them apart. */
import { bundle } from "./installed.mjs";
import { FAILED_REQUEST, shop } from "./pages.mjs";

const START = `posthog.init(given.get("project"), { api_host: given.get("host"), ...JSON.parse(given.get("options")) });`;

/**
 * @typedef {object} Version
 * @property {string} module its name among the installed clients
 * @property {string} version
 * @property {string} page that of the shop which has it
 * @property {object} options of `init`, besides the host
 * @property {boolean} followsHistory whether a change of the address is a view
 * @property {string} set the event that sets properties of a person
 * @property {boolean} [forgetsSetOnce] `identify` takes what is to be set once, and sends it nowhere
 * @property {RegExp} [complains] what the console says when a delivery fails, where that is tried
 * @property {{ offered: string[], events: string[] }[]} [wrappings] how events are wrapped, the beaconed leave included,
 *   if just this is on offer, where that is tried
 */

/** @type {Version[]} */
export const VERSIONS = [
  {
    module: "posthog-js",
    version: "1.449.2",
    page: "2026",
    options: { defaults: "2025-05-24" },
    followsHistory: true,
    set: "$set",
    complains: FAILED_REQUEST,
    wrappings: [
      { offered: [], events: ["base64", "gzip", "plain"] },
      { offered: ["base64"], events: ["base64", "gzip"] },
    ],
  },
  {
    module: "posthog-js-1.57",
    version: "1.57.4",
    page: "2023",
    options: {},
    followsHistory: false,
    set: "$identify",
    complains: new RegExp(`${FAILED_REQUEST.source}|^error: Bad HTTP status|^warning: Enqueued failed request`),
    wrappings: [
      { offered: [], events: ["base64"] },
      { offered: ["lz64"], events: ["base64", "lz64"] },
    ],
  },
  {
    module: "posthog-js-1.257",
    version: "1.257.2",
    page: "2025",
    options: { defaults: "2025-05-24" },
    followsHistory: true,
    set: "$set",
  },
  { module: "posthog-js-1.155", version: "1.155.5", page: "2024", options: {}, followsHistory: false, set: "$set" },
  {
    module: "posthog-js-1.20",
    version: "1.20.0",
    page: "2022",
    options: {},
    followsHistory: false,
    set: "$identify",
    forgetsSetOnce: true,
  },
];

/** The shop, once for each version. */
export async function site() {
  const files = VERSIONS.map(async ({ module, page }) => ({
    [`${page}.js`]: await bundle(`import posthog from "${module}"; window.posthog = posthog;`),
    [page]: shop([`${page}.js`], START),
  }));
  return Object.assign({}, ...(await Promise.all(files)));
}

/** The address of the shop with this version in it, served by `origin`. */
export function address({ page, options }, { gate, tenant }, origin = gate.url) {
  // Not `key`, which the collector takes for a secret in an address.
  const given = { project: tenant.browser_key, host: gate.url, options: JSON.stringify(options) };
  return `${origin}/site/${page}?${new URLSearchParams(given)}`;
}
