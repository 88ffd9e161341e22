// The package in each bundler and framework, as its users have it there: one click, and the event is in the store.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { promisify } from "node:util";
import { inOrder, names, scenarios } from "../e2e/support.mjs";
import { enrol } from "../harness/world.mjs";
import { serveCommand, serveFolder } from "./serve.mjs";
import { stranger } from "./stranger.mjs";

const run = promisify(execFile);
const scenario = scenarios();
/** A framework's production build on a busy machine. */
const BUILD_MS = 240_000;

let us;
before(async () => {
  us = await stranger();
});
after(() => us?.remove());

/** The pinned packages' commands, by their path in node_modules. */
const VITE = "vite/bin/vite.js";
const NEXT = "next/dist/bin/next";
const command = (path, args) => [process.execPath, [join(us.home, "node_modules", path), ...args]];

/** What only the code of autocapture says, which none of these pages has switched on. */
const AUTOCAPTURE = "data-tm-ignore";

/** None of the scripts that the page has loaded says this. */
async function hasNot(text, origin, paths) {
  for (const path of paths) {
    if (!/js$/.test(path)) continue;
    const script = await (await fetch(origin + path)).text();
    assert.ok(!script.includes(text), `${path} has ${text}`);
  }
}

/**
 * A cell of the matrix: `serve` builds and serves the project made of apps/`app`, `visit` uses the page.
 */
function cell(name, app, serve, visit, { expectedConsole, from = /\.wasm$/ } = {}) {
  const started = async ({ page, client, received, world }) => {
    const timings = { start: performance.now() };
    const project = us.project(app, { key: client.tenant.browser_key, host: world.url });
    const { origin, stop } = await serve(project, client, world);
    timings.served = performance.now();
    const loaded = new Set();
    page.on("response", (response) => response.ok() && response.url().startsWith(origin) && loaded.add(new URL(response.url()).pathname));
    try {
      await enrol(world.registry, client.tenant, [origin]);
      await visit({ page, origin, received });
      assert.ok([...loaded].some((path) => from.test(path)), `none of ${[...loaded]} is ${from}`);
      await hasNot(AUTOCAPTURE, origin, loaded);
    } finally {
      await page.close();
      await stop();
    }
    const seconds = (from, to) => ((to - from) / 1000).toFixed(1);
    console.log(`${name}: built and served in ${seconds(timings.start, timings.served)} s, used in ${seconds(timings.served, performance.now())} s`);
  };
  scenario(name, started, { expectedConsole, timeout: BUILD_MS });
}

/** A click on a page without routes. */
async function plainVisit({ page, origin, received }) {
  await page.goto(origin);
  await page.click("button");
  const [view, event] = inOrder(await received("$pageview", "recipe_scaled"));
  assert.deepEqual([event.properties.scale, event.properties.$pageview_id], [2, view.event_id]);
  await page.close();
  await received("$pageview", "recipe_scaled", "$pageleave");
}

/** As with `plainVisit`; the component captures on mount, too, `mounts` times. */
const reactVisit = (mounts) => async ({ page, origin, received }) => {
  const opened = Array(mounts).fill("recipe_opened");
  await page.goto(origin);
  await page.click("button");
  const rows = inOrder(await received("$pageview", ...opened, "recipe_scaled"));
  assert.deepEqual(names(rows), ["$pageview", ...opened, "recipe_scaled"]);
  await page.close();
  await received("$pageview", ...opened, "recipe_scaled", "$pageleave");
};

const routes = (rows) => inOrder(rows).flatMap((row) => (row.event_name == "$pageview" ? [row.properties.$route] : []));

cell(
  "Vite, its dev server, React in StrictMode",
  "react",
  async (cwd) => {
    const env = { ...process.env, NO_COLOR: "1" };
    return serveCommand(...command(VITE, ["--host", "127.0.0.1", "--port", "0"]), { cwd, env });
  },
  // In development StrictMode runs every effect twice.
  reactVisit(2),
  { expectedConsole: /^\[vite\]|React DevTools/ },
);

cell(
  "Vite, its build, React",
  "react",
  async (cwd) => {
    await run(...command(VITE, ["build"]), { cwd });
    return serveFolder(join(cwd, "dist"));
  },
  reactVisit(1),
);

cell(
  "webpack, Vue",
  "vue",
  async (root) => {
    const { default: webpack } = await us.load("webpack");
    const compiler = webpack({ mode: "production", context: root, entry: "./main.js", output: { path: join(root, "dist"), filename: "main.js", publicPath: "/" } });
    const stats = await promisify(compiler.run.bind(compiler))();
    assert.equal(stats.hasErrors() || stats.hasWarnings(), false, stats.toString());
    cpSync(join(root, "index.html"), join(root, "dist/index.html"));
    return serveFolder(join(root, "dist"));
  },
  async ({ page, origin, received }) => {
    await page.goto(origin);
    await page.click("a");
    await page.click("button");
    const events = ["$pageview", "$pageleave", "$pageview", "recipe_scaled"];
    const rows = inOrder(await received(...events));
    assert.deepEqual(names(rows), events);
    assert.deepEqual(routes(rows), ["/", "/recipes/:id"]);
    await page.close();
    await received(...events, "$pageleave");
  },
);

async function esbuild(root) {
  const { build } = await us.load("esbuild");
  const outdir = join(root, "dist");
  await build({ absWorkingDir: root, entryPoints: ["main.js"], bundle: true, minify: true, format: "esm", splitting: true, outdir });
  cpSync(join(root, "index.html"), join(outdir, "index.html"));
  return outdir;
}

cell(
  "esbuild, which leaves tm.wasm behind: the same code as JavaScript",
  "plain",
  async (root) => serveFolder(await esbuild(root)),
  plainVisit,
  // Chromium's own word on the file that isn't there.
  { from: /\/brain-[^/]*\.js$/, expectedConsole: /status of 404/ },
);

cell(
  "esbuild, tm.wasm beside the bundle",
  "plain",
  async (root) => {
    const folder = await esbuild(root);
    cpSync(join(root, "node_modules/tallymark/dist/tm.wasm"), join(folder, "tm.wasm"));
    return serveFolder(folder);
  },
  plainVisit,
);

cell(
  "script tag, the package's files on the site",
  "script-tag",
  async (root, client, world) => {
    const packed = join(root, "node_modules/tallymark");
    const snippet = readFileSync(join(packed, "snippet.html"), "utf8");
    const tag = snippet.replace('data-key="wk_…"', `data-key="${client.tenant.browser_key}" data-host="${world.url}"`);
    const page = join(root, "index.html");
    writeFileSync(page, readFileSync(page, "utf8").replace(/<!--.*-->/, tag));
    for (const file of us.files) if (file.startsWith("dist/tm")) cpSync(join(packed, file), join(root, file.slice(5)));
    return serveFolder(root);
  },
  plainVisit,
);

cell(
  "Next.js, its build, App Router and Pages Router",
  "next",
  async (cwd) => {
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
    await run(...command(NEXT, ["build"]), { cwd, env });
    const prerendered = JSON.parse(readFileSync(join(cwd, ".next/prerender-manifest.json"), "utf8")).routes;
    assert.ok(prerendered["/"], "a page around which we are stays static");
    assert.match(readFileSync(join(cwd, ".next/server/app/index.html"), "utf8"), /Recipe 12/);
    return serveCommand(...command(NEXT, ["start", "--hostname", "127.0.0.1", "--port", "0"]), { cwd, env });
  },
  async ({ page, origin, received }) => {
    await page.goto(origin);
    await page.click("a");
    await page.click("button");
    await page.goBack();
    const recipe = ["$pageview", "$pageleave", "$pageview", "recipe_opened", "recipe_scaled"];
    const app = [...recipe, "$pageleave", "$pageview"];
    const rows = inOrder(await received(...app));
    assert.deepEqual(names(rows), app);
    assert.deepEqual(routes(rows), ["/", "/recipes/[id]", "/"]);
    await page.goto(origin + "/classic");
    await page.click("a");
    await page.click("button");
    const both = inOrder(await received(...app, "$pageleave", ...recipe));
    assert.deepEqual(routes(both).slice(3), ["/classic", "/classic/[name]"]);
    await page.close();
    await received(...app, "$pageleave", ...recipe, "$pageleave");
  },
);
