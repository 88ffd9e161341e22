/**
 * `cargo xtask test --only mutants`: builds the collector with each of the faults of delivery/mutants.mjs and has the
 * rounds fail. First without any, which must pass: what is built here is built faster than what ships.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../harness/world.mjs";
import { MUTANTS, mutated } from "./delivery/mutants.mjs";

const FOLDER = join(ROOT, "target/mutants");
const TREE = join(FOLDER, "tree");
/** All that the collector's crate and its workspace are read from. */
const SOURCES = ["Cargo.toml", "Cargo.lock", "crates", "collector", "sdk/Cargo.toml", "sdk/src", "sdk/dev", "cli", "database", "sink"];
/** As many rounds as let whatever tells a mutant come up: kills of workerd, and of each store some lost answers. */
const ROUNDS = { SEED: "1", ROUNDS: "30", STORES: "webhook,batches,postgres" };

function copySources() {
  rmSync(TREE, { recursive: true, force: true });
  mkdirSync(TREE, { recursive: true });
  // With their times, by which cargo knows what is built already.
  for (const path of SOURCES) cpSync(join(ROOT, path), join(TREE, path), { recursive: true, preserveTimestamps: true });
}

/** Writes anew whatever is ever patched: what the last mutant has changed must not look old. */
function patch(mutant) {
  for (const [file, text] of mutated(mutant)) writeFileSync(join(TREE, file), text);
}

function build() {
  const worker = join(FOLDER, "worker");
  const wasm = ["--lib", "--target", "wasm32-unknown-unknown", "--target-dir", join(FOLDER, "build")];
  // Its lines of debugging would make it ten times as large.
  const env = { ...process.env, CARGO_PROFILE_DEV_DEBUG: "0" };
  execFileSync("cargo", ["build", "--quiet", "--offline", "--package", "tallymark-collector", ...wasm], { cwd: TREE, stdio: "inherit", env });
  mkdirSync(worker, { recursive: true });
  cpSync(join(FOLDER, "build/wasm32-unknown-unknown/debug/tallymark_collector.wasm"), join(worker, "collector.wasm"));
  const bundle = ["--bundle", "--format=esm", "--target=es2022", "--loader:.sql=text", "--external:cloudflare:*", "--external:*.wasm", "--external:./destinations/*"];
  const flags = [...bundle, "--log-level=warning", `--outfile=${join(worker, "index.js")}`];
  execFileSync(join(ROOT, "node_modules/.bin/esbuild"), ["collector/worker/index.ts", ...flags], { cwd: TREE, stdio: "inherit" });
}

/** Plays the rounds against what was built; what they said. */
async function play(more) {
  const env = { ...ROUNDS, ...process.env, ...more, TALLYMARK_WORKER: "target/mutants/worker" };
  const test = spawn(process.execPath, ["--test", "--test-reporter=tap", "tests/faults/delivery-rounds.test.mjs"], { cwd: ROOT, env });
  let said = "";
  for (const stream of [test.stdout, test.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = await once(test, "close");
  return { passed: code === 0, said };
}

async function hold(mutant, verdict) {
  const began = Date.now();
  patch(mutant);
  build();
  const builtAt = Date.now();
  const { passed, said } = await play(mutant.env);
  const complaint = /error: (?:'|\|-\s+)(.*)/.exec(said)?.[1] ?? "";
  const seconds = (ms) => `${(ms / 1_000).toFixed(0)} s`;
  const time = `built in ${seconds(builtAt - began)}, played in ${seconds(Date.now() - builtAt)}`;
  const holds = verdict(passed, said);
  console.log(`${holds ? "✔" : "✖"} ${mutant.name}: ${passed ? "passed" : complaint} (${time})`);
  if (!holds) console.log(said);
  return holds;
}

const only = process.argv[2];
copySources();
let allHold = only !== undefined || (await hold({ name: "as it is", patches: [] }, (passed) => passed));
for (const mutant of MUTANTS.filter(({ name }) => only === undefined || name.includes(only))) {
  allHold = (await hold(mutant, (passed, said) => !passed && mutant.says.test(said))) && allHold;
}
process.exitCode = allHold ? 0 : 1;
