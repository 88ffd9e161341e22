// What the documents show is what is built.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, stubTag } from "../harness/world.mjs";

const read = (path) => readFileSync(join(ROOT, path), "utf8");

test("the README's layout snippet is the one that ships, its stub under 300 bytes", () => {
  const stub = stubTag();
  const bytes = Buffer.byteLength(stub) - "<script></script>".length;
  assert.ok(bytes < 300, `${bytes} bytes`);
  assert.ok(read("README.md").includes(stub), "README.md shows another stub");
});

test("documents refer to files and folders that exist", () => {
  const docs = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
  for (const document of ["README.md", "sdk/README.md", "www/demo/README.md", ...docs]) {
    for (const [, target] of read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(existsSync(join(ROOT, document, "..", target)), `${document} → ${target}`);
    }
  }
});
