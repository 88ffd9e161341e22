/** Prometheus's text format, read by the parser of its own client library for Python. */
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cached } from "./cache.mjs";

const run = promisify(execFile);
const PYTHON = process.env.PYTHON ?? "python3";
const FOLDER = fileURLToPath(new URL("../contract/prometheus/", import.meta.url));

/** The families of a text: `{ name, type, help, samples: { name, labels, value }[] }[]`. */
export async function parsed(text) {
  const { stdout: platform } = await run(PYTHON, ["-c", "import sys, platform; print(sys.version, platform.machine())"]);
  const folder = await cached("prometheus", [join(FOLDER, "requirements.txt")], async (fresh) => {
    await run(PYTHON, ["-m", "venv", join(fresh, "venv")]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r"];
    await run(join(fresh, "venv/bin/python"), [...pip, join(fresh, "requirements.txt")]);
  }, platform);
  const { status, stdout, stderr } = spawnSync(join(folder, "venv/bin/python"), [join(FOLDER, "parse.py")], { input: text });
  if (status !== 0) throw new Error(`no Prometheus text: ${stderr}\n${text}`);
  return JSON.parse(stdout);
}
