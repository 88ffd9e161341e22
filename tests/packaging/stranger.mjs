/**
 * What a stranger has: a project outside of this workspace with the packed package in its node_modules, and
 * bundlers and frameworks at the versions that package-lock.json pins, installed once into the user's cache folder.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { ROOT } from "../harness/world.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const NPM = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"];

const run = promisify(execFile);

const DAY_MS = 24 * 60 * 60_000;
/** How long what was installed is kept for later runs, and what a run that was killed has left. */
const KEPT_MS = 30 * DAY_MS;
const LEFT_MS = DAY_MS;

/** Removes what lies in the folder and was not touched for so long. */
function prune(folder, ms) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > ms) rmSync(path, { recursive: true, force: true });
  }
}

/** The folder whose node_modules has what package-lock.json pins. A project below it finds it there. */
async function pinned() {
  const digest = createHash("sha256").update(readFileSync(join(HERE, "package-lock.json"))).digest("hex");
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tallymark/packaging");
  const home = join(cache, digest.slice(0, 16));
  mkdirSync(cache, { recursive: true });
  prune(cache, KEPT_MS);
  if (existsSync(home)) {
    utimesSync(home, new Date(), new Date());
    return home;
  }
  // Under another name until it is whole: whoever runs beside us must not see half of it.
  const fresh = mkdtempSync(join(cache, "fresh-"));
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(HERE, file), join(fresh, file));
  await run("npm", ["ci", ...NPM], { cwd: fresh });
  try {
    renameSync(fresh, home);
  } catch (error) {
    if (!existsSync(home)) throw error;
    rmSync(fresh, { recursive: true });
  }
  return home;
}

/** Packs the package and installs it, as `npm install tallymark` would. */
export async function stranger() {
  const home = await pinned();
  const projects = join(home, "projects");
  mkdirSync(projects, { recursive: true });
  prune(projects, LEFT_MS);
  const folder = mkdtempSync(join(projects, "p-"));
  const { stdout } = await run("npm", ["pack", "--json", ...NPM, "--pack-destination", folder], { cwd: join(ROOT, "sdk") });
  const [{ filename, files }] = JSON.parse(stdout);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--offline", ...NPM, `./${filename}`], { cwd: folder });
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
