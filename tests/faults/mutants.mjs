/**
 * `cargo xtask test --only mutants`: builds collector, dispatcher and sink with each of the faults of delivery/mutants.mjs and
 * has their tests fail. First without any, which must pass: what is built here is built faster than what ships.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../harness/world.mjs";
import { MUTANTS, mutated } from "./delivery/mutants.mjs";

const FOLDER = join(ROOT, "target/mutants");
const TREE = join(FOLDER, "tree");
/** All that the workspace is read from. */
const SOURCES = ["Cargo.toml", "Cargo.lock", "crates", "collector", "sdk/Cargo.toml", "sdk/src", "sdk/dev", "cli", "database", "sink"];
/** As many rounds as let whatever tells a mutant come up: kills of workerd, and of each store some lost answers. */
const ROUNDS = { SEED: "1", ROUNDS: "30", STORES: "webhook,batches,postgres" };
const rounds = { test: ["tests/faults/delivery-rounds.test.mjs"], env: ROUNDS };

/** `tallymark`, and beside it `tallymark-sink`. */
const NATIVE = { TALLYMARK_BINARY: "target/mutants/build/debug/tallymark" };

/** How each program is built, where the harness finds that build, and what tries it. */
const PROGRAMS = {
  collector: { build: buildCollector, found: { TALLYMARK_WORKER: "target/mutants/worker" }, ...rounds },
  dispatch: { build: () => buildNative("tallymark-cli"), found: NATIVE, ...rounds },
  sink: {
    build: () => buildNative("tallymark-cli", "tallymark-sink"),
    found: NATIVE,
    test: ["--test-name-pattern=killed at random", "tests/sink/faults.test.mjs"],
    env: { SEED: "1" },
  },
};

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

function cargoBuild(...flags) {
  // Its lines of debugging would make it ten times as large.
  const env = { ...process.env, CARGO_PROFILE_DEV_DEBUG: "0" };
  const all = ["build", "--quiet", "--offline", "--target-dir", join(FOLDER, "build"), ...flags];
  execFileSync("cargo", all, { cwd: TREE, stdio: "inherit", env });
}

function buildNative(...packages) {
  cargoBuild("--bins", ...packages.flatMap((name) => ["--package", name]));
}

function buildCollector() {
  const worker = join(FOLDER, "worker");
  cargoBuild("--package", "tallymark-collector", "--lib", "--target", "wasm32-unknown-unknown");
  mkdirSync(worker, { recursive: true });
  cpSync(join(FOLDER, "build/wasm32-unknown-unknown/debug/tallymark_collector.wasm"), join(worker, "collector.wasm"));
  const bundle = ["--bundle", "--format=esm", "--target=es2022", "--loader:.sql=text", "--external:cloudflare:*", "--external:*.wasm", "--external:./destinations/*"];
  const flags = [...bundle, "--log-level=warning", `--outfile=${join(worker, "index.js")}`];
  execFileSync(join(ROOT, "node_modules/.bin/esbuild"), ["collector/worker/index.ts", ...flags], { cwd: TREE, stdio: "inherit" });
}

/** Has the tests try what was built; what they said. */
async function play(program, more) {
  const env = { ...program.env, ...process.env, ...more, ...program.found };
  const test = spawn(process.execPath, ["--test", "--test-reporter=tap", ...program.test], { cwd: ROOT, env });
  let said = "";
  for (const stream of [test.stdout, test.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = await once(test, "close");
  return { passed: code === 0, said };
}

async function hold(mutant, verdict) {
  const began = Date.now();
  const program = PROGRAMS[mutant.of];
  patch(mutant);
  program.build();
  const builtAt = Date.now();
  const { passed, said } = await play(program, mutant.env);
  const complaint = /error: (?:'|\|-\s+)(.*)/.exec(said)?.[1] ?? "";
  const seconds = (ms) => `${(ms / 1_000).toFixed(0)} s`;
  const time = `built in ${seconds(builtAt - began)}, played in ${seconds(Date.now() - builtAt)}`;
  const holds = verdict(passed, said);
  console.log(`${holds ? "✔" : "✖"} ${mutant.of} ${mutant.name}: ${passed ? "passed" : complaint} (${time})`);
  if (!holds) console.log(said);
  return holds;
}

const only = process.argv[2];
copySources();
let allHold = true;
if (only === undefined) {
  for (const of of Object.keys(PROGRAMS)) allHold = (await hold({ of, name: "as it is", patches: [] }, (passed) => passed)) && allHold;
}
for (const mutant of MUTANTS.filter(({ of, name }) => only === undefined || `${of} ${name}`.includes(only))) {
  allHold = (await hold(mutant, (passed, said) => !passed && mutant.says.test(said))) && allHold;
}
process.exitCode = allHold ? 0 : 1;
