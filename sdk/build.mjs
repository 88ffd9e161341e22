// Makes dist/ of the optimised modules: node sdk/build.mjs <module.wasm> <wasm2js.js> <check.wasm> [--dev]. See BUILDING.md.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const [wasm, translated, check] = process.argv.slice(2).filter((arg) => !arg.startsWith("--")).map((path) => resolve(path));
if (!check) {
  console.error("usage: node sdk/build.mjs <module.wasm> <wasm2js.js> <check.wasm> [--dev]");
  process.exit(2);
}

const dist = at("dist");
const common = {
  // Paths go into the hashes: from here they are the same wherever this is built.
  absWorkingDir: at("."),
  bundle: true,
  minify: !process.argv.includes("--dev"),
  format: "esm",
  target: "es2021",
  legalComments: "none",
  logLevel: "warning",
};

/** What brain.ts imports: wasm2js writes a function for whoever includes its text, and exports nothing. */
const wasm2js = {
  name: "wasm2js",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^tallymark:wasm2js$/ }, ({ path }) => ({ path, namespace: "wasm2js" }));
    onLoad({ filter: /.*/, namespace: "wasm2js" }, async () => ({
      contents: (await readFile(translated, "utf8")) + "\nexport { instantiate };",
    }));
  },
};

/** Without "use strict": TypeScript has seen to what that is for, and the page is spared the words. */
const sloppy = { tsconfigRaw: { compilerOptions: { alwaysStrict: false } } };

/** A second look at what every page loads: a twentieth less than esbuild alone makes of it. */
const smaller = {
  name: "smaller",
  setup({ initialOptions, onEnd }) {
    if (!common.minify) return;
    initialOptions.write = false;
    onEnd(async ({ outputFiles, metafile }) => {
      const [{ text }] = outputFiles;
      const unsafe = { unsafe_arrows: true, unsafe_methods: true, pure_getters: true };
      const compress = { ecma: 2020, passes: 4, hoist_funs: true, keep_fargs: false, ...unsafe };
      const { code } = await minify(text, { ecma: 2020, toplevel: true, compress });
      const hash = createHash("sha256").update(code).digest("hex").slice(0, 8).toUpperCase();
      metafile.outputs = { [`tm.${hash}.js`]: {} };
      await writeFile(join(dist, `tm.${hash}.js`), code);
    });
  },
};

/**
 * What testing/client.ts imports: a function that makes a page, and in it an SDK of its own. The SDK's modules hold the
 * state of the one page that they are in, so each page has its own copy of them.
 */
const pageInMemory = {
  name: "page-in-memory",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^tallymark:page$/ }, ({ path }) => ({ path, namespace: "page" }));
    onResolve({ filter: /\/transport\.js$/ }, () => ({ path: at("js/testing/transport.ts") }));
    onLoad({ filter: /.*/, namespace: "page" }, async () => {
      const globals = { inject: [at("js/testing/page.ts")], format: "iife", globalName: "page" };
      const entryPoints = [at("js/testing/instance.ts")];
      const { outputFiles } = await build({ ...common, ...globals, entryPoints, plugins: [wasm2js, pageInMemory], write: false });
      return { contents: `export function open(world) {\n${outputFiles[0].text}return page;\n}` };
    });
  },
};

/** What dev/index.ts imports: the bytes of the check's module, as text within the script. */
const checkModule = {
  name: "check-module",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^tallymark:dev\.wasm$/ }, ({ path }) => ({ path, namespace: "check" }));
    onLoad({ filter: /.*/, namespace: "check" }, async () => ({ contents: await readFile(check), loader: "binary" }));
  },
};

/** For browsers of developers, which are new; read by nobody, and never in what visitors load. */
const dev = { target: "es2022", plugins: [checkModule] };

/**
 * Autocapture, and in a chunk of its own what that loads in turn. No helper for class fields: it would be one more
 * file, and browsers without them have none of the measurements that use them.
 */
const auto = { splitting: true, legalComments: "inline", supported: { "class-field": true } };

/** The script tag's files, by the name that is theirs without the hash. */
const files = {};

/** Builds into dist, each file with a hash of its content in its name: what has such a name never changes. */
async function hashed(entryPoints, options) {
  const names = { entryNames: "[name].[hash]", chunkNames: "tm.[name].[hash]" };
  const { metafile } = await build({ ...common, ...names, ...options, entryPoints, outdir: dist, metafile: true });
  for (const path of Object.keys(metafile.outputs)) {
    const file = basename(path);
    const name = file.replace(/\.[A-Z0-9]{8}\./, ".");
    if (files[name]) throw new Error(`two files would be ${name}: ${files[name].file} and ${file}`);
    files[name] = { file, ...measured(await readFile(join(dist, file))) };
  }
}

/**
 * Gives the files so far that have hashes of their own one in common, of all their content: tm.js names them, and one
 * hash is 45 bytes less to load than five.
 */
async function hashedTogether(names) {
  const all = createHash("sha256").update(names.map((name) => files[name].integrity).join());
  const hash = all.digest("hex").slice(0, 8).toUpperCase();
  for (const name of names) {
    const file = name.replace(/\.(\w+)$/, `.${hash}.$1`);
    await rename(join(dist, files[name].file), join(dist, file));
    files[name].file = file;
  }
}

/** What a page checks a file against, and what the network carries of it. */
function measured(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    // Of the algorithms that browsers know the shortest: tm.js carries the module's, which does not compress.
    integrity: `sha256-${createHash("sha256").update(bytes).digest("base64")}`,
    bytes: bytes.length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

// First what tm.js loads, then tm.js, which holds the names.
await hashed({ tm: wasm }, { loader: { ".wasm": "copy" } });
await hashed({ "tm.brain": at("js/brain.ts") }, { plugins: [wasm2js] });
await hashed({ "tm.auto": at("js/auto/index.ts") }, auto);
await hashed({ "tm.review": at("js/review.ts") });
await hashed({ "tm.leftovers": at("js/leftovers.ts") });
// Private members as they are: what browsers without them would need instead is twice the code.
await hashed({ "tm.ga4": at("js/ga4.ts") }, { supported: { "class-field": true, "class-private-field": true } });
await hashedTogether(["tm.wasm", "tm.brain.js", "tm.auto.js", "tm.review.js", "tm.ga4.js", "tm.leftovers.js"]);
const define = {
  WASM: JSON.stringify(files["tm.wasm"].file),
  WASM_INTEGRITY: JSON.stringify(files["tm.wasm"].integrity),
  BRAIN: JSON.stringify(files["tm.brain.js"].file),
  AUTO: JSON.stringify(files["tm.auto.js"].file),
  REVIEW: JSON.stringify(files["tm.review.js"].file),
  LEFTOVERS: JSON.stringify(files["tm.leftovers.js"].file),
  GA4: JSON.stringify(files["tm.ga4.js"].file),
};
await hashed({ tm: at("js/script.ts") }, { format: "iife", define, plugins: [smaller], ...sloppy });
await hashed({ "tm.dev": at("js/dev/script.ts") }, { ...dev, format: "iife" });
await writeFile(at("dist/integrity.json"), JSON.stringify(files, null, 2) + "\n");

// Names that stay: of the script tag, and of the npm package, whose users' bundlers give names of their own.
const external = ["./brain.js", "./auto/index.js", "./review.js", "./ga4.js", "./leftovers.js"];
const copy = (from, to) => copyFile(join(dist, from), join(dist, to));
await Promise.all([
  copy(files["tm.js"].file, "tm.js"),
  copy(files["tm.wasm"].file, "tm.wasm"),
  copy(files["tm.dev.js"].file, "tm.dev.js"),
  copy(files["tm.brain.js"].file, "brain.js"),
  copy(files["tm.review.js"].file, "review.js"),
  copy(files["tm.leftovers.js"].file, "leftovers.js"),
  copy(files["tm.ga4.js"].file, "ga4.js"),
  copyFile(at("js/index.d.ts"), at("dist/index.d.ts")),
  // The package is a copy of the software, which both licences want to come along.
  ...["LICENSE-APACHE", "LICENSE-MIT"].map((name) => copyFile(at(`../${name}`), at(`dist/${name}`))),
  build({ ...common, entryPoints: [at("js/npm.ts")], outfile: at("dist/index.js"), external }),
  build({ ...common, ...dev, entryPoints: [at("js/dev/index.ts")], outfile: at("dist/dev/index.js") }),
  build({ ...common, ...auto, entryPoints: [at("js/auto/index.ts")], outdir: at("dist/auto"), chunkNames: "[name]" }),
]);

// The adapters as they are, module by module: users' bundlers and React's compiler see what we wrote.
const adapters = ["react", "next", "next-routes", "vue"].map((name) => at(`js/adapters/${name}.ts`));
await build({ ...common, bundle: false, minify: false, entryPoints: adapters, outdir: at("dist/adapters") });

// Tests run in Node: newer than any browser, and a stack trace is read by somebody.
const testing = { minify: false, target: "es2022", plugins: [pageInMemory] };
await build({ ...common, ...testing, entryPoints: [at("js/testing/index.ts")], outfile: at("dist/testing/index.js") });

execFileSync(at("../node_modules/.bin/tsc"), ["-p", at("js/tsconfig.entries.json")], { stdio: "inherit" });
