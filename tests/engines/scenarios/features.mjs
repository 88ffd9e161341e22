/** The table of docs/BROWSERS.md, held to what is there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../harness/world.mjs";
import { FEATURES } from "../features.mjs";

/** What the document says of each feature in this engine: `true`, `false`. */
function documented(engine) {
  const lines = readFileSync(join(ROOT, "docs/BROWSERS.md"), "utf8").split("\n");
  const cells = (line) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  const [head] = lines.filter((line) => line.startsWith("| | Chromium"));
  const column = cells(head).findIndex((cell) => cell.startsWith(engine.name));
  const table = lines.slice(lines.indexOf(head) + 2);
  const rows = table.slice(0, table.findIndex((line) => !line.startsWith("|"))).map(cells);
  return Object.fromEntries(rows.map((row) => [row[0], row[column] === "yes"]));
}

export function features(scenario, engine) {
  scenario("has what docs/BROWSERS.md says it has", async ({ t, tab, visitor, address }) => {
    const promised = documented(engine);
    assert.deepEqual(Object.keys(promised), Object.keys(FEATURES), "a line for each feature");
    const home = address("home", "?tm-capture-pageview=false&tm-capture-pageleave=false");
    await tab.goto(home);
    for (const [feature, check] of Object.entries(FEATURES)) {
      const found = await check({ tab, visitor, home });
      assert.ok(found || !promised[feature], `${feature}: documented, and not there`);
      // An engine that has learnt something breaks nothing.
      if (found && !promised[feature]) t.diagnostic(`${engine.name} has ${feature} now: docs/BROWSERS.md can say so`);
    }
    await tab.close();
  });
}
