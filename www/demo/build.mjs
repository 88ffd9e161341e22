// Bundles the demo into one ES module: node www/demo/build.mjs <outdir>  ->  <outdir>/index.js
// The browser's scripts are bundled first and become text inside the Worker, which serves them itself.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";

/** What stands in the page itself is a classic script, and small. */
const INLINE = { format: undefined, bundle: false, minify: true, tsconfigRaw: "{}" };

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What a page runs, as text: `client:panel` is src/client/panel.entry.ts, `sdk:stub` the SDK's inline stub. */
const pageScripts = {
  name: "page-scripts",
  setup(worker) {
    worker.onResolve({ filter: /^client:/ }, ({ path }) => ({
      path: at(`src/client/${path.slice("client:".length)}.entry.ts`),
      namespace: "page",
    }));
    worker.onResolve({ filter: /^sdk:stub$/ }, () => ({ path: at("../../sdk/js/stub.js"), namespace: "page", pluginData: INLINE }));
    worker.onLoad({ filter: /.*/, namespace: "page" }, async ({ path, pluginData }) => {
      const { outputFiles } = await build({
        entryPoints: [path],
        bundle: true,
        format: "esm",
        target: "es2022",
        write: false,
        ...pluginData,
      });
      return { contents: outputFiles[0].text.trim(), loader: "text" };
    });
  },
};

/**
 * @param {string} outdir where index.js goes
 * @returns {Promise<string>} the path of the written module
 */
export async function buildDemo(outdir) {
  const outfile = resolve(outdir, "index.js");
  await build({
    entryPoints: [at("src/index.ts")],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    loader: { ".css": "text", ".svg": "text" },
    plugins: [pageScripts],
    logLevel: "warning",
  });
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outdir = process.argv[2];
  if (!outdir) {
    console.error("usage: node www/demo/build.mjs <outdir>");
    process.exit(2);
  }
  await buildDemo(outdir);
}
