/** The object of store-worker.ts in workerd. */
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare, NoOpLog, convertV4MiniflareOptions } from "miniflare";
import { ROOT } from "../harness/world.mjs";

/** @returns what stores rows, and says how that ended: `{ sqlstate, detail }` or `{ error, detail }` */
export async function startKeeper() {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "tests/postgres/store-worker.ts")],
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
  const mf = new Miniflare(
    convertV4MiniflareOptions({
      log: new NoOpLog(),
      cf: false,
      telemetry: { enabled: false },
      workers: [
        {
          name: "keeper",
          compatibilityDate: "2026-10-20",
          compatibilityFlags: ["nodejs_compat"],
          modules: [{ type: "ESModule", path: "keeper.js", contents: outputFiles[0].text }],
          durableObjects: { KEEPER: { className: "Keeper", useSQLite: true } },
        },
      ],
    }),
  );
  const address = await mf.ready;
  return {
    async store(url, rows, timeoutMs = 2_000) {
      const response = await fetch(address, { method: "POST", body: JSON.stringify({ url, rows: `[${rows.join(",")}]`, timeoutMs }) });
      if (!response.ok) throw new Error(await response.text());
      return response.json();
    },
    stop: () => mf.dispose(),
  };
}
