// The brain as JavaScript says what the brain as wasm says, byte for byte. Needs sdk/dist (see ../BUILDING.md).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { build } from "esbuild";
import { instantiate } from "../dist/brain.js";

const file = (path) => new URL(path, import.meta.url);
const compiled = new WebAssembly.Module(await readFile(file("../dist/tm.wasm")));

/** The operations by name, from where the shell has them. */
const { Op } = await (async () => {
  const entry = { contents: 'export { Op } from "./core.ts"', resolveDir: file(".").pathname };
  const { outputFiles } = await build({ stdin: entry, bundle: true, write: false, format: "esm" });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
})();
const NAMES = Object.keys(Op).filter((name) => isNaN(name));

/** Does a call as core.ts does, and gives every effect in full. */
function drive(module, [name, lines = [], wall = 0, mono = 0, ...numbers]) {
  const text = Buffer.from(["2026-11-21T00:14:39.697Z", ...lines].join("\n"));
  const address = module.buffer(text.length);
  new Uint8Array(module.memory.buffer, address, text.length).set(text);
  module.call(Op[name], text.length, wall, mono, ...numbers);
  const effects = [];
  for (;;) {
    const polled = module.poll();
    const [kind, start, length, a, b, seq, settled, id] = new Uint32Array(module.memory.buffer, polled, 8);
    const read = (from, size) => Buffer.from(module.memory.buffer, from, size).toString("latin1");
    effects.push({ kind, text: kind && read(start, length), a, b, seq, settled, id: read(id, 36) });
    if (!kind) return effects;
  }
}

/** Makes the calls of both; gives the effects, which have to be the same, and so has every byte of memory. */
function both(calls) {
  const wasm = new WebAssembly.Instance(compiled).exports;
  const javascript = instantiate();
  const effects = calls.flatMap((call, n) => {
    const expected = drive(wasm, call);
    assert.deepEqual(drive(javascript, call), expected, `call ${n}: ${JSON.stringify(call)}`);
    return expected;
  });
  assert.equal(Buffer.compare(Buffer.from(javascript.memory.buffer), Buffer.from(wasm.memory.buffer)), 0, "memory");
  return effects;
}

const WALL = 1_795_000_000_000;
const json = JSON.stringify;
const members = (object) => json(object).slice(1, -1);
const seeds = [1, 2, 3, 4].map((n) => ["Seed", [], 0, 0, 0, 0x9e3779b9 * n, 0x85ebca6b * n]);
const browser = members({
  $raw_user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
  $browser_language: "de",
});
const ids = ["0193c1a2-0000-7def-8123-456789abcdef", "0193c1a2-1111-7def-8123-456789abcdef"].map((id) => json(id));
const start = ["Start", [json("wk_1"), ...ids, browser], WALL, 5, 0, 0, 0];
const place = (path) => [members({ $current_url: `https://a.example${path}`, $pathname: path }), members({ utm_source: "brief", gclid: "ü" })];

test("a visit: the same effects, of every kind that there is in it", () => {
  const effects = both([
    ...seeds,
    ["Restore", [json("0193c1a2-2222-7def-8123-456789abcdef")], WALL, 1, 0, 0],
    ["Restore", [json({ company: "acme" })], WALL, 1, 0, 4],
    start,
    ["Page", [...place("/"), members({ title: "Früchte 🍓" }), "{}"], WALL + 10, 15.5],
    ["Scroll", [], WALL + 20, 25, 0, 0, 700, 4_000],
    ["Capture", [json("recipe_scaled"), json({ scale: 2, note: "½ \u2028 \ud83c\udf53 \\ \"" })], WALL + 30, 35, NaN],
    ["Capture", [json("earlier"), "{}"], WALL + 31, 36, WALL - 86_400_000],
    ["Capture", ["", "{}"], WALL + 32, 37, NaN],
    ["Capture", [json("cyclic"), ""], WALL + 32, 37, NaN],
    ["Identify", [json("user-1"), json({ plan: "pro" })], WALL + 40, 45],
    ["Group", [json("company"), json("fern"), json({ seats: 3 })], WALL + 50, 55],
    ["Register", [json({ theme: "dark" })], WALL + 60, 65],
    ["Page", [...place("/recipes/12"), "", json({ a: [1, null, { b: "" }] })], WALL + 70, 75],
    ["Tick", [], WALL + 3_100, 3_105],
    ["Answer", [], WALL + 3_200, 3_205, 5_000, 0, 503],
    ["Online", [], WALL + 3_300, 3_305],
    ["Unregister", [json("theme")], WALL + 3_400, 3_405],
    ...Array.from({ length: 120 }, (_, i) => ["Capture", [json("burst"), json({ i, text: "x".repeat(i * 20) })], WALL + 4_000, 4_005 + i, NaN]),
    ["Flush", [], WALL + 4_100, 4_200],
    ...Array.from({ length: 6 }, (_, id) => ["Answer", [], WALL + 4_200, 4_300, 0, id, 200]),
    ["Capture", [json("after 31 minutes"), "{}"], WALL + 1_864_200, 1_864_300, NaN],
    ["Hide", [], WALL + 1_864_300, 1_864_400, 0, 1_000],
    ["Reset", [], WALL + 1_864_400, 1_864_500],
    ["Capture", [json("last"), "{}"], WALL + 1_864_500, 1_864_600, NaN],
    ["Leave", [], WALL + 1_864_600, 1_864_700, 0, 60_000, 1],
    ["Refused", [], WALL + 1_864_700, 1_864_800, 0, 7],
  ]);
  const kinds = new Set(effects.map(({ kind }) => kind));
  for (const kind of [1, 2, 3, 4, 5]) assert.ok(kinds.has(kind), `no effect of kind ${kind}`);
  assert.match(effects.map(({ text }) => text).join(), /after 31 minutes/);
});

/** Random numbers that are the same every time (mulberry32). */
function random(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** A long life of a page, with all that nobody would do: half captures, half any operation there is. */
function anything(seed, length) {
  const below = random(seed);
  const one = (...of) => of[below(of.length)];
  const text = () => one("", "a", "$pageview", "Früchte 🍓", "\u0000\u007f", '"\\\\', "x".repeat(below(3_000)), ids[0].slice(1, -1));
  const object = () => ({ [text()]: one(below(1e9), -1.5e-7, null, true, text(), [text(), { [text()]: 1 }]), n: below(9) });
  const line = () => one("", json(text()), json(object()), members(object()), text().replaceAll("\n", ""), json(below(99)));
  const name = () => json(one("added", "removed", text()));
  let [wall, mono] = [WALL, 0];
  return Array.from({ length }, () => {
    mono += one(0, 0.3, below(50), below(5_000), below(2_000_000));
    wall += one(0, below(50), below(5_000), below(2_000_000), -below(10_000));
    const x = one(NaN, 0, -1, 0.5, below(100_000), wall - below(100_000), 1e300, Infinity, undefined);
    const integers = Array.from({ length: 3 }, () => one(below(8), below(2_000), below(70_000), one(0, 200, 400, 408, 413, 429, 500, 503), 0xffffffff, undefined));
    if (below(2)) return ["Capture", [name(), one("{}", json(object()), line())], wall, mono, x];
    const called = one(...NAMES);
    // Letters for what the visitor agrees to; mostly yes, since little happens after a no.
    if (["Permit", "Decide"].includes(called) && below(8)) integers.splice(0, 2, 103, one(103, 100, 112));
    return [called, Array.from({ length: below(5) }, line), wall, mono, x, ...integers];
  });
}

for (const seed of [1, 2, 3]) {
  test(`2,000 calls of any kind, seed ${seed}: the same effects`, () => {
    const calls = anything(seed, 2_000);
    for (const name of NAMES) assert.ok(calls.some(([called]) => called === name), `${name} is not among them`);
    const effects = both([...seeds, start, ...calls]);
    assert.ok(effects.some(({ kind }) => kind === 1), "something is sent");
  });
}

test("views of memory that has since grown are empty, as wasm leaves them", () => {
  for (const module of [new WebAssembly.Instance(compiled).exports, instantiate()]) {
    const address = module.buffer(10);
    const view = new Uint8Array(module.memory.buffer, address, 10);
    assert.equal(view.length, 10);
    module.buffer(1_000_000);
    assert.equal(view.length, 0);
    assert.ok(module.memory.buffer.byteLength > 1_000_000);
  }
});

test("instances know nothing of each other", () => {
  const calls = [...seeds, start, ["Capture", [json("a"), "{}"], WALL, 9, NaN], ["Flush", [], WALL, 10]];
  const [first, second] = [instantiate(), instantiate()];
  const effects = calls.map((call) => [drive(first, call), drive(second, call)]);
  for (const [of, other] of effects) assert.deepEqual(of, other);
});
