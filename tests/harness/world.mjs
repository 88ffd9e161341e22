/**
 * A world: the collector's Worker (and, if asked for, the demo's) in real workerd on one loopback port, with
 * tenants and their keys in the registry. `cargo xtask dev`, the tests and the benches all start it here.
 *
 * The collector's bindings are read from wrangler.toml, so that what is tested is what is deployed.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, readlinkSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare, NoOpLog, convertV4MiniflareOptions } from "miniflare";
import { unstable_readConfig } from "wrangler";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** @typedef {{ slug: string, name: string, organization_id: string, browser_key: string, server_key: string, read_key: string, measurement_id?: string }} Tenant */

/** A tenant with fresh keys. @returns {Tenant} */
export function newTenant(slug, name = slug) {
  const key = (prefix) => `${prefix}_${randomBytes(18).toString("base64url")}`;
  return {
    slug,
    name,
    organization_id: `org_${slug}`,
    browser_key: key("wk"),
    server_key: key("sk"),
    read_key: key("rk"),
  };
}

/** The registry's name for a key: a secret is never stored, only its digest. */
export function lookupOf(key) {
  const secret = key.startsWith("sk_") || key.startsWith("rk_");
  return secret ? `key:sha256:${createHash("sha256").update(key).digest("hex")}` : `key:${key}`;
}

/** @param {KVNamespace} registry @param {Tenant} tenant @param {string[]} origins */
export async function enrol(registry, tenant, origins) {
  const { organization_id } = tenant;
  const put = (key, record) => registry.put(lookupOf(key), JSON.stringify({ organization_id, ...record }));
  await put(tenant.browser_key, { kind: "browser", origins });
  if (tenant.measurement_id !== undefined) await put(tenant.measurement_id, { kind: "browser", origins });
  await put(tenant.server_key, { kind: "server" });
  await put(tenant.read_key, { kind: "read" });
}

/** The Worker under test: as it ships, or another build of it (tests/faults/delivery/mutants.mjs). */
const WORKER = process.env.TALLYMARK_WORKER ?? "target/worker";

function built(path) {
  const file = join(ROOT, path);
  if (!existsSync(file)) throw new Error(`${path} is not built; run: cargo xtask build`);
  return readFileSync(file);
}

/** A module of this folder. */
function beside(name) {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}

/** The inline stub as a layout has it: the snippet without the tag that loads the SDK. */
export function stubTag() {
  return /<script>.*?<\/script>/s.exec(readFileSync(join(ROOT, "sdk/snippet.html"), "utf8"))[0];
}

/** The demo's Worker, for these tenants. */
export function demoSite(tenants) {
  const contents = built("target/demo/index.js").toString();
  return { modules: [{ type: "ESModule", path: "index.js", contents }], bindings: { TENANTS: tenants } };
}

/** The plan that the demo's shops keep to, enforced for these tenants; not for those who have been given another one. */
export async function planDemo(registry, tenants) {
  const plan = JSON.parse(readFileSync(join(ROOT, "www/demo/plan.json"), "utf8"));
  for (const { organization_id } of tenants) {
    const key = `plan:${organization_id}`;
    const held = await registry.get(key, "json");
    const isDemos = held === null || held.plan?.plan?.name === plan.plan.name;
    if (isDemos) await registry.put(key, JSON.stringify({ mode: "enforce", ...held, plan }));
  }
}

/**
 * @param {object} options
 * @param {Tenant[]} options.tenants
 * @param {number} [options.port] 0 (default): a free one
 * @param {string} [options.persist] folder that keeps logs and registry; default: one that goes with this process
 * @param {object} [options.site] a Worker, as Miniflare takes it, that has every path which is not the collector's
 * @param {string[]} [options.origins] further origins that the browser keys are bound to
 * @param {string[]} [options.ingestPaths]
 * @param {number} [options.willAfterMs] how soon last wills are executed
 * @param {string} [options.adminToken] the operator's token; without it nobody administers
 * @param {{ per_second: number, burst: number }} [options.addressRate] how much of one address the collector takes
 * @param {number} [options.platformLimit] the platform's own rate limit, as in wrangler.toml but for so many requests in 10 s;
 *   left out: none, as Miniflare's writes to a disk for each request
 * @param {object} [options.cf] what the platform says of each request (`request.cf`); left out: nothing
 * @param {boolean} [options.assets] false: without the static files, which Miniflare serves by two more Workers in front
 * @param {object[]} [options.extraWorkers] further Workers, as Miniflare takes them
 * @param {object} [options.vars] further variables of the collector's
 * @param {boolean} [options.isInstrumented] whether it runs in instrumented.mjs
 * @param {(line: { level: string, message: string }) => void} [options.onLog] hears what Workers write to their logs
 */
export function worldOptions({
  port = 0, persist, site, ingestPaths, willAfterMs, adminToken, addressRate, platformLimit, assets = true, extraWorkers = [],
  vars = {}, isInstrumented = false, onLog, cf = false,
}) {
  const config = unstable_readConfig({ config: join(ROOT, "wrangler.toml") }, { hideWarnings: true });
  const common = { compatibilityDate: config.compatibility_date, compatibilityFlags: config.compatibility_flags };
  const paths = ingestPaths ?? config.vars.INGEST_PATHS;
  const collector = {
    ...common,
    name: "collector",
    modules: [
      ...(isInstrumented ? [{ type: "ESModule", path: "instrumented.mjs", contents: beside("instrumented.mjs") }] : []),
      { type: "ESModule", path: "index.js", contents: built(`${WORKER}/index.js`).toString() },
      { type: "ESModule", path: "destinations/postgres.js", contents: built("target/worker/destinations/postgres.js").toString() },
      { type: "CompiledWasm", path: "collector.wasm", contents: built(`${WORKER}/collector.wasm`) },
    ],
    bindings: {
      ...config.vars,
      INGEST_PATHS: paths,
      WILL_AFTER_MS: willAfterMs ?? config.vars.WILL_AFTER_MS,
      ...(adminToken !== undefined && { ADMIN_TOKEN_SHA256: createHash("sha256").update(adminToken).digest("hex") }),
      ADDRESS_RATE: addressRate ?? config.vars.ADDRESS_RATE,
      ...vars,
    },
    ...(platformLimit !== undefined && { ratelimits: platformLimits(config, platformLimit) }),
    kvNamespaces: config.kv_namespaces.map(({ binding }) => binding),
    durableObjects: Object.fromEntries(
      config.durable_objects.bindings.map(({ name, class_name }) => [name, { className: class_name, useSQLite: true }]),
    ),
    ...(assets && { assets: { directory: join(ROOT, config.assets.directory), routerConfig: { has_user_worker: true } } }),
    // Straight to the Worker, without Miniflare's own entry in front: what a bench must measure.
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
  const workers = [collector, ...extraWorkers.map((worker) => ({ ...common, ...worker }))];
  if (site !== undefined) {
    const contents = beside("edge.mjs");
    workers.unshift(
      {
        ...common,
        name: "edge",
        modules: [{ type: "ESModule", path: "edge.mjs", contents }],
        bindings: { INGEST_PATHS: paths },
        serviceBindings: { COLLECTOR: "collector", SITE: "site" },
      },
      { ...common, name: "site", serviceBindings: { COLLECTOR: "collector" }, ...site },
    );
  }
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    port,
    // No lookups, no reports, nothing that leaves the machine.
    cf,
    telemetry: { enabled: false },
    log: new NoOpLog(),
    ...(onLog && { handleStructuredLogs: onLog }),
    ...(persist === undefined ? {} : { resourcePersistencePath: persist }),
    workers,
  });
}

function platformLimits(config, limit) {
  return Object.fromEntries(
    config.ratelimits.map(({ name, namespace_id }) => [name, { namespace_id, simple: { limit, period: 10 } }]),
  );
}

/** @param {Parameters<typeof worldOptions>[0]} options */
export async function startWorld(options) {
  const before = new Set(children());
  const mf = new Miniflare(worldOptions(options));
  const url = (await mf.ready).origin;
  const workerd = children().filter((pid) => !before.has(pid));
  const registry = await mf.getKVNamespace("REGISTRY", "collector");
  const port = new URL(url).port;
  const origins = [url, `http://localhost:${port}`, ...(options.origins ?? [])];
  for (const tenant of options.tenants) await enrol(registry, tenant, origins);
  return {
    url,
    mf,
    registry,
    /** Process ids of the workerd that serves this world. */
    workerd,
    tenants: options.tenants,
    /** The collector without anything in front. */
    directUrl: async () => (await mf.unsafeGetDirectURL("collector")).origin,
    stop: () => mf.dispose(),
  };
}

/** The live workerd processes that this process has started. */
function children() {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      const parent = Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]);
      return parent === process.pid && readlinkSync(`/proc/${entry}/exe`).endsWith("workerd") ? [Number(entry)] : [];
    } catch {
      return []; // It ended while we looked.
    }
  });
}
