/** The wasm modules that ship, in Node, without anything around them: what they say and what they cost is theirs alone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./world.mjs";

/** The check of tallymark/dev by that plan.json: what it says of a request from a page (0) or a server (1), as text. */
export function pageCheck(planJson) {
  const module = new WebAssembly.Module(readFileSync(join(ROOT, "target/sdk/check.wasm")));
  const { memory, input, load, check, output, output_len } = new WebAssembly.Instance(module).exports;
  const write = (bytes) => {
    const at = input(bytes.length);
    // Only now: making room may have moved the memory.
    new Uint8Array(memory.buffer).set(bytes, at);
  };
  const read = () => Buffer.from(memory.buffer, output(), output_len());
  write(Buffer.from(planJson));
  assert.equal(load(), 1, read().toString());
  return (source, request) => {
    write(request);
    assert.equal(check(source), 1, "it is a request");
    return read();
  };
}

/** The Worker's own boundary (collector/worker/brain.ts), around the module that it ships. */
export async function collectorBrain() {
  const file = join(ROOT, "target/worker/collector.wasm");
  const contents = `import { readFileSync } from "node:fs";
export default new WebAssembly.Module(readFileSync(${JSON.stringify(file)}));`;
  const compiled = {
    name: "compiled-wasm",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /collector\.wasm$/ }, ({ path }) => ({ path, namespace: "wasm" }));
      onLoad({ filter: /.*/, namespace: "wasm" }, () => ({ contents }));
    },
  };
  const entryPoints = [join(ROOT, "collector/worker/brain.ts")];
  const options = { bundle: true, format: "esm", write: false, platform: "node", plugins: [compiled] };
  const { outputFiles } = await build({ ...options, entryPoints });
  const { Brain } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
  return new Brain([], "");
}

/** A load of one key's, all at once. */
const UNLIMITED = JSON.stringify({ limits: { browser_key: { per_second: 100_000, burst: 1_000_000 } } });

/** The step that a request to /batch/ comes to, once the brain has learnt of `registry` what it asks for. */
export function appended(brain, registry, origin, body) {
  const head = brain.head(new Request(`${origin}/batch/`, { method: "POST", headers: { origin } }));
  let step = brain.receive(head, body);
  for (; step.kind === "need_key"; step = brain.receive(head, body)) {
    brain.learn(step.lookup, registry[step.lookup] ?? (step.lookup.startsWith("settings:") ? UNLIMITED : null));
  }
  assert.equal(step.kind, "append", JSON.stringify(step));
  const { events, quarantinedCount } = step.batch;
  brain.acknowledge(step.slot, { stored: events, duplicates: 0, quarantined: quarantinedCount });
  return step.batch;
}
