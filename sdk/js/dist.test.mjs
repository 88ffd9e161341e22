// What ships: the files are what they are published as, and hold nothing that a strict policy would refuse.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const dist = new URL("../dist/", import.meta.url);
const read = (file) => readFile(new URL(file, dist));
const manifest = JSON.parse(await read("integrity.json"));

test("integrity.json says which files there are, and what they are", async () => {
  for (const [name, { file, integrity, bytes }] of Object.entries(manifest)) {
    assert.equal(file.replace(/\.[A-Z0-9]{8}\./, "."), name, "hashed, but for that the same name");
    assert.notEqual(file, name);
    const content = await read(file);
    assert.equal(integrity, `sha256-${createHash("sha256").update(content).digest("base64")}`);
    assert.equal(bytes, content.length);
  }
  const served = (await readdir(dist)).filter((file) => file.startsWith("tm.") && !manifest[file]);
  assert.deepEqual(served.sort(), Object.values(manifest).map(({ file }) => file).sort(), "all of them are listed");
});

test("names that stay are copies of the hashed", async () => {
  for (const [plain, name] of [["tm.js", "tm.js"], ["tm.wasm", "tm.wasm"], ["brain.js", "tm.brain.js"], ["tm.dev.js", "tm.dev.js"]]) {
    assert.ok((await read(plain)).equals(await read(manifest[name].file)), plain);
  }
});

test("tm.js names what it loads by hash", async () => {
  const loader = String(await read("tm.js"));
  const { "tm.wasm": wasm, "tm.brain.js": brain } = manifest;
  for (const text of [wasm.file, wasm.integrity, brain.file]) assert.ok(loader.includes(text), text);
});

test("nothing that visitors load knows of tallymark/dev", async () => {
  const files = (await readdir(dist, { recursive: true })).filter((file) => /\.(js|wasm)$/.test(file));
  // What the check says, and how its module begins as text.
  const isDev = async (file) => /breaks the plan|tallymark\/dev|tm\.dev|AGFzbQ/.test(String(await read(file)));
  const found = [];
  for (const file of files) if (await isDev(file)) found.push(file);
  assert.deepEqual(found.sort(), ["dev/index.js", manifest["tm.dev.js"].file, "tm.dev.js"].sort());
});

test("nothing that ships makes code or markup of text", async () => {
  const sinks = /\beval\(|\bFunction\(|\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|createElement\(\s*["'`]script|setTimeout\(["'`]|srcdoc/;
  for (const file of (await readdir(dist)).filter((file) => file.endsWith(".js"))) {
    assert.equal(sinks.exec(String(await read(file)))?.[0], undefined, file);
  }
});
