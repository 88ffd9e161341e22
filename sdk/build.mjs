// Makes dist/ of the optimised wasm module: node sdk/build.mjs <module.wasm> [--dev]. See BUILDING.md.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const wasm = process.argv[2];
const minify = !process.argv.includes("--dev");
if (!wasm) {
  console.error("usage: node sdk/build.mjs <module.wasm> [--dev]");
  process.exit(2);
}

await rm(at("dist"), { recursive: true, force: true });
await mkdir(at("dist"), { recursive: true });
const common = { bundle: true, minify, target: "es2020", legalComments: "none", logLevel: "warning" };
await Promise.all([
  build({ ...common, entryPoints: [at("js/script.ts")], outfile: at("dist/tm.js"), format: "iife" }),
  build({ ...common, entryPoints: [at("js/npm.ts")], outfile: at("dist/index.js"), format: "esm" }),
  copyFile(wasm, at("dist/tm.wasm")),
  copyFile(at("js/index.d.ts"), at("dist/index.d.ts")),
]);
