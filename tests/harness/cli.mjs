/** The command line as people have it: the binary, with what it says and the code that it exits with. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./world.mjs";

/** As it is built here, or another build of it (tests/faults/mutants.mjs). */
export const BINARY = join(ROOT, process.env.TALLYMARK_BINARY ?? "target/debug/tallymark");
// Before anything is started: a test that fails in its midst leaves open what it has begun, and its file does not end.
if (!existsSync(BINARY)) throw new Error(`${BINARY} is not built; run: cargo build -p tallymark-cli`);

/**
 * Runs `tallymark` in the repository's folder. Of the environment it has what is given, and what a program needs to run.
 * @param {string[]} args @param {Record<string, string>} env
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export function tallymark(args, env = {}) {
  const { PATH } = process.env;
  return new Promise((resolve) => {
    // Not the synchronous call: the collector it talks to may be this process's.
    execFile(BINARY, args, { cwd: ROOT, env: { PATH, ...env }, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

/** The same with `--json`: the object that it prints. */
export async function tallymarkJson(args, env = {}) {
  const { code, stdout, stderr } = await tallymark([...args, "--json"], env);
  if (stderr !== "") throw new Error(`tallymark ${args.join(" ")}: ${stderr}`);
  const answer = JSON.parse(stdout);
  if (answer.exit !== code) throw new Error(`it exits with ${code} and says ${answer.exit}`);
  return answer;
}
