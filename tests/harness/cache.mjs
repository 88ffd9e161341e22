/** What tests need from a registry and the workspace does not: installed once, into the user's cache folder. */
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
} from "node:fs";
import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";

export const NPM_FLAGS = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"];

const run = promisify(execFile);
/** How long what was installed is kept for later runs. */
const KEPT_MS = 30 * 24 * 60 * 60_000;

/** Removes what lies in the folder and was not touched for so long. */
export function prune(folder, ms) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > ms) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * The folder that `install` has filled, given a fresh one with copies of `files`. It is made once for each content
 * of the files and each `platform`.
 * @param {string} name the folder's own within the cache
 * @param {string[]} files what pins the versions
 * @param {(folder: string) => Promise<unknown>} install
 * @param {string} [platform] what else the result depends on
 */
export async function cached(name, files, install, platform = "") {
  const digest = createHash("sha256").update(platform);
  for (const file of files) digest.update(readFileSync(file));
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "tallymark", name);
  const home = join(cache, digest.digest("hex").slice(0, 16));
  mkdirSync(cache, { recursive: true });
  prune(cache, KEPT_MS);
  if (existsSync(home)) {
    utimesSync(home, new Date(), new Date());
    return home;
  }
  // Under another name until it is whole: whoever runs beside us must not see half of it.
  const fresh = mkdtempSync(join(cache, "fresh-"));
  for (const file of files) cpSync(file, join(fresh, basename(file)));
  await install(fresh);
  try {
    renameSync(fresh, home);
  } catch (error) {
    if (!existsSync(home)) throw error;
    rmSync(fresh, { recursive: true });
  }
  return home;
}

/** The folder whose node_modules has what `folder`'s package-lock.json pins. */
export const npmPackages = (name, folder) =>
  cached(
    name,
    ["package-lock.json", "package.json"].map((file) => join(folder, file)),
    (fresh) => run("npm", ["ci", ...NPM_FLAGS], { cwd: fresh }),
  );

/** A Python 3 with `venv`: what xtask found or installed, or the machine's. */
const PYTHON = process.env.PYTHON ?? "python3";

/** The interpreter that has what the file `requirements` pins, each by its hash. */
export async function pythonPackages(name, requirements) {
  const { stdout: version } = await run(PYTHON, ["-VV"]);
  const install = async (fresh) => {
    await run(PYTHON, ["-m", "venv", join(fresh, "venv")]);
    const pip = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install"];
    const exactly = ["--require-hashes", "--only-binary", ":all:", "--requirement", join(fresh, basename(requirements))];
    await run(join(fresh, "venv/bin/python"), [...pip, ...exactly]);
  };
  return join(await cached(name, [requirements], install, version), "venv/bin/python");
}
