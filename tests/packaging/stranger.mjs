/**
 * What a stranger has: a project outside of this workspace with the packed package in its node_modules, and
 * bundlers and frameworks at the versions that package-lock.json pins, installed once into the user's cache folder.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { NPM_FLAGS, npmPackages, prune } from "../harness/cache.mjs";
import { ROOT } from "../harness/world.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));

const run = promisify(execFile);

/** How long what a run that was killed has left is kept. */
const LEFT_MS = 24 * 60 * 60_000;

/** Packs the package and installs it, as `npm install tallymark` would. */
export async function stranger() {
  const home = await npmPackages("packaging", HERE); // A project below it finds its node_modules.
  const projects = join(home, "projects");
  mkdirSync(projects, { recursive: true });
  prune(projects, LEFT_MS);
  const folder = mkdtempSync(join(projects, "p-"));
  const { stdout } = await run("npm", ["pack", "--json", ...NPM_FLAGS, "--pack-destination", folder], { cwd: join(ROOT, "sdk") });
  const [{ filename, files }] = JSON.parse(stdout);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--offline", ...NPM_FLAGS, `./${filename}`], { cwd: folder });
  const resolve = createRequire(join(home, "package.json")).resolve;
  return {
    /** Where the pinned packages are. */
    home,
    /** The tarball. */
    tarball: join(folder, filename),
    /** Paths of the files in the package. */
    files: files.map(({ path }) => path),
    /** A project of its own, with the files of apps/`app`, and `given` as what its options.js exports. */
    project(app, given) {
      const project = join(folder, `${app}-${count++}`);
      cpSync(join(HERE, "apps", app), project, { recursive: true });
      for (const name of ["package.json", "node_modules"]) cpSync(join(folder, name), join(project, name), { recursive: true });
      writeFileSync(join(project, "options.js"), `export const options = ${JSON.stringify(given)};\n`);
      return project;
    },
    /** One of the pinned packages' modules. */
    load: async (specifier) => import(pathToFileURL(resolve(specifier))),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
let count = 0;
