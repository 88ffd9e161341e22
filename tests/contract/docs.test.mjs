// What the documents show is what is built.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

test("documents refer to files that exist", () => {
  for (const document of ["README.md", "docs/ARCHITECTURE.md", "docs/API.md", "docs/WIRE.md", "docs/OPERATIONS.md", "docs/DELIVERY.md", "docs/DESTINATIONS.md", "docs/EVENT-BUS.md", "sdk/README.md", "www/demo/README.md"]) {
    for (const [, target] of read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.doesNotThrow(() => read(join(document, "..", target)), `${document} → ${target}`);
    }
  }
});
