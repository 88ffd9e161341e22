// tallymark/testing in the test runners of those who use it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import vm from "node:vm";
import { stranger } from "./stranger.mjs";

let us;
let project;
before(async () => {
  us = await stranger();
  project = us.project("testing", {});
});
after(() => us?.remove());

/** Runs a script in the project; what it prints is the failure's message. */
async function passes(...args) {
  const run = promisify(execFile)(process.execPath, args, { cwd: project, env: { ...process.env, NO_COLOR: "1" } });
  const { stdout } = await run.catch(({ stdout, stderr }) => assert.fail(stdout + stderr));
  return stdout;
}

test("Vitest, in Node, in jsdom and in happy-dom", async () => {
  const printed = await passes(join(us.home, "node_modules/vitest/vitest.mjs"), "run");
  assert.match(printed, /Test Files +3 passed/);
});

test("Jest's expect", () => passes("jest.js"));

test("it needs no more of its surroundings than Jest's jsdom has", async () => {
  const { build } = await us.load("esbuild");
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "tallymark/testing"', resolveDir: project },
    bundle: true, write: false, format: "iife", globalName: "testing",
  });
  const surroundings = { crypto, performance, process, queueMicrotask, URL, URLSearchParams };
  const captured = vm.runInNewContext(
    `${outputFiles[0].text};
     const tallymark = testing.createTestClient({ capturePageview: true });
     tallymark.capture("recipe_scaled", { scale: 2 });
     tallymark.visit("/x");
     tallymark.advance(10_000);
     JSON.stringify(tallymark.events.map(({ event }) => event))`,
    surroundings,
  );
  assert.deepEqual(JSON.parse(captured), ["$pageview", "recipe_scaled", "$pageview"]);
});
