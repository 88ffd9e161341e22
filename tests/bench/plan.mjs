/**
 * What the check of a tracking plan costs in wasm, in µs an event: the event of crates/plan/examples/check.rs (plan
 * batchtrack, ten properties), 50 in a request as the SDK sends them.
 *
 * - At the edge: the module that the Worker ships, which takes a request with the plan enforced and with it off. The check
 *   is the difference.
 * - In the page: the module of tallymark/dev, which reads the request, judges it by all rules and writes the verdict; the
 *   check is a part of that.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { appended, collectorBrain, pageCheck } from "../harness/modules.mjs";
import { ROOT, lookupOf } from "../harness/world.mjs";

const EVENTS = 50;
/** Requests in a round, some 20 ms of them. */
const ROUND = 100;
/** Rounds of each, by turns; the best counts, since others use the machine too. */
const ROUNDS = 60;
const TARGET_US = 2;
const ORIGIN = "https://shop.example";

const plan = readFileSync(join(ROOT, "crates/plan/tests/golden/batchtrack.plan.json"), "utf8");
const bench = readFileSync(join(ROOT, "crates/plan/examples/check.rs"), "utf8");
const properties = JSON.parse(/const PROPERTIES: &str = r#"(.*)"#;/.exec(bench)[1]);

const SERVER = 1;
const requestOf = (key) => {
  const event = (at) => ({
    event: "inventory_adjusted",
    uuid: `0199a3c0-0000-7000-8000-${String(at).padStart(12, "0")}`,
    distinct_id: "d",
    timestamp: "2026-11-21T00:00:00.000Z",
    properties: { $entity_type: "inventory_item", ...properties },
  });
  return Buffer.from(JSON.stringify({ api_key: key, batch: Array.from({ length: EVENTS }, (_, at) => event(at)) }));
};

const brain = await collectorBrain();
const registry = {};
for (const mode of ["enforce", "off"]) {
  registry[lookupOf(`sk_${mode}`)] = JSON.stringify({ organization_id: mode, kind: "server" });
  registry[`plan:${mode}`] = `{"mode":"${mode}","plan":${plan}}`;
}
const check = pageCheck(plan);
const edge = (mode) => {
  const body = requestOf(`sk_${mode}`);
  return () => {
    const { events } = appended(brain, registry, ORIGIN, body);
    if (events !== EVENTS) throw new Error("an event was not stored");
  };
};
const page = () => {
  const body = requestOf("wk");
  return () => {
    const said = check(SERVER, body);
    // Of each: its name, nothing broken, no more, no notes.
    if (said.length !== 1 + EVENTS * '["inventory_adjusted",[],0,[]],'.length) throw new Error(said.toString());
  };
};

const subjects = { enforce: edge("enforce"), off: edge("off"), page: page() };
const best = { enforce: Infinity, off: Infinity, page: Infinity };
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(subjects)) {
    const start = performance.now();
    for (let i = 0; i < ROUND; i++) run();
    const us = ((performance.now() - start) * 1_000) / (ROUND * EVENTS);
    best[name] = Math.min(best[name], us);
  }
}
const atEdge = best.enforce - best.off;
const line = (what, us, more = "") => console.log(`  ${what.padEnd(52)} ${us.toFixed(2).padStart(6)}${more}`);
console.log(`the same event in wasm, ${EVENTS} in a request, µs an event:`);
line("the collector, plan off", best.off);
line("the collector, plan enforced", best.enforce);
line("check at the edge, the difference", atEdge, `   target ${TARGET_US}`);
line("tallymark/dev, reading, all rules and the verdict", best.page, `   target ${TARGET_US}`);
if (atEdge > TARGET_US) throw new Error(`the check costs ${atEdge.toFixed(2)} µs an event at the edge, the target is ${TARGET_US}`);
