// Bundles the demo into one ES module: node www/demo/build.mjs <outdir>  ->  <outdir>/index.js
// The browser's scripts are bundled first and become text inside the Worker, which serves them itself.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";

const source = fileURLToPath(new URL("src/", import.meta.url));

/** `import text from "client:panel"` gives the bundled browser script of src/client/panel.entry.ts. */
const clientScripts = {
  name: "client-scripts",
  setup(worker) {
    worker.onResolve({ filter: /^client:/ }, ({ path }) => ({
      path: resolve(source, "client", `${path.slice("client:".length)}.entry.ts`),
      namespace: "client",
    }));
    worker.onLoad({ filter: /.*/, namespace: "client" }, async ({ path }) => {
      const { outputFiles } = await build({
        entryPoints: [path],
        bundle: true,
        format: "esm",
        target: "es2022",
        write: false,
      });
      return { contents: outputFiles[0].text, loader: "text", watchFiles: [path] };
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
    entryPoints: [resolve(source, "index.ts")],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    loader: { ".css": "text", ".svg": "text" },
    plugins: [clientScripts],
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
  console.log(await buildDemo(outdir));
}
