/** A test's own Durable Object in workerd, made of the collector's parts. */
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare, NoOpLog, convertV4MiniflareOptions } from "miniflare";
import { ROOT } from "./world.mjs";

/**
 * Bundled as the collector's modules are (crates/xtask/src/build.rs).
 * @param {string} file of the Worker, from the repository's root; its default export answers
 * @param {Record<string, string>} objects its classes, by their bindings
 */
export async function startObject(file, objects) {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, file)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "node",
    conditions: ["workerd", "worker"],
    loader: { ".sql": "text" },
    external: ["cloudflare:*", "pg-native"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire("file:///");' },
  });
  const durableObjects = Object.fromEntries(
    Object.entries(objects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
  );
  const worker = {
    name: "object",
    compatibilityDate: "2026-10-20",
    compatibilityFlags: ["nodejs_compat"],
    modules: [{ type: "ESModule", path: "object.js", contents: outputFiles[0].text }],
    durableObjects,
  };
  const mf = new Miniflare(
    convertV4MiniflareOptions({ log: new NoOpLog(), cf: false, telemetry: { enabled: false }, workers: [worker] }),
  );
  return { address: await mf.ready, stop: () => mf.dispose() };
}
