/** The clients, as npm and PyPI give them to their users, at pinned versions. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { npmPackages, pythonPackages } from "../harness/cache.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));

const run = promisify(execFile);
let home;
let venv;

/** The folder that has npm's clients in its node_modules. */
export const folder = () => (home ??= npmPackages("clients", HERE));

/** A module of npm's clients, as `require` gives it. @param {string} specifier */
export async function load(specifier) {
  return createRequire(join(await folder(), "package.json"))(specifier);
}

/** A script for a page, as a bundler makes it of `source`, which imports from npm's clients. */
export async function bundle(source) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: await folder() },
    bundle: true,
    format: "iife",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** The interpreter that has PyPI's clients. */
export const interpreter = () => (venv ??= pythonPackages("clients-python", join(HERE, "requirements.txt")));

/**
 * Runs one of the scripts in python/ to its end, with `given` as its only argument.
 * @returns {Promise<{ said: string, complained: string }>} what it wrote to standard output and error
 */
export async function python(script, given) {
  const file = join(HERE, "python", script);
  const { stdout, stderr } = await run(await interpreter(), [file, JSON.stringify(given)], { timeout: 60_000 });
  return { said: stdout, complained: stderr };
}
