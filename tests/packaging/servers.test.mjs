// The package where there is no page: Node, server rendering, a Worker. It does nothing there, and does it quietly.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Miniflare, NoOpLog, convertV4MiniflareOptions } from "miniflare";
import { stranger } from "./stranger.mjs";

let us;
let project;
before(async () => {
  us = await stranger();
  project = us.project("server", {});
});
after(() => us?.remove());

/** What a script prints; it has to end by itself. */
async function printed(script) {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { cwd: project, timeout: 30_000 });
  assert.equal(stderr, "");
  return stdout;
}

test("Node imports every entry", async () => assert.equal(await printed("import.js"), ""));

test("React renders on a server", async () => assert.equal(await printed("react.js"), "<p>soup</p>"));

test("Vue renders on a server", async () => assert.equal(await printed("vue.js"), "<p>soup</p>"));

test("a Worker starts with it", async () => {
  const { build } = await us.load("esbuild");
  // As wrangler bundles a Worker.
  const { outputFiles } = await build({
    absWorkingDir: project, entryPoints: ["worker.js"], bundle: true, write: false, format: "esm", target: "es2024",
    conditions: ["workerd", "worker", "browser"], logLevel: "error",
  });
  const worker = {
    name: "stranger",
    compatibilityDate: "2026-10-20",
    modules: [{ type: "ESModule", path: "worker.js", contents: outputFiles[0].text }],
  };
  const workers = new Miniflare(
    convertV4MiniflareOptions({ cf: false, telemetry: { enabled: false }, log: new NoOpLog(), workers: [worker] }),
  );
  try {
    const response = await workers.dispatchFetch("http://localhost/");
    const { same, methods } = await response.json();
    assert.equal(same, true);
    assert.ok(methods >= 9);
  } finally {
    await workers.dispose();
  }
});
