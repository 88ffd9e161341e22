// What a stranger's editor, compiler and bundler are told: types of every entry, and package.json.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { ROOT } from "../harness/world.mjs";
import { stranger } from "./stranger.mjs";

let us;
before(async () => {
  us = await stranger();
});
after(() => us?.remove());

/** Runs one of the pinned packages' commands; what it prints is the failure's message. */
async function passes(command, args, cwd) {
  const run = promisify(execFile)(join(us.home, "node_modules/.bin", command), args, { cwd });
  await run.catch(({ stdout, stderr }) => assert.fail(stdout + stderr));
}

test("usage compiles, misuse does not", () => passes("tsc", ["-p", "."], us.project("types", {})));

test("the adapters compile with their frameworks' own types", () => {
  const project = us.project("types", {});
  // All but what stands in for Next.js where it is not installed.
  const filter = (path) => !path.endsWith("next-navigation.d.ts");
  const copy = (name) => cpSync(join(ROOT, "sdk/js", name), join(project, name), { recursive: true, filter });
  ["adapters", "index.d.ts"].forEach(copy);
  return passes("tsc", ["-p", "."], project);
});

test("publint has nothing to say", () => passes("publint", ["run", us.tarball, "--strict"]));

test("types resolve in every ESM setting", () =>
  // What else is exported is no module: files of the script tag.
  passes("attw", [us.tarball, "--profile", "esm-only", "--exclude-entrypoints", "./tm.js", "./tm.wasm", "./tm.dev.js"]));
