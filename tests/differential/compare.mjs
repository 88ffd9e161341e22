/**
 * The differential test: generated events have one verdict in native Rust, in the page's wasm and in the collector's.
 *
 *     node tests/differential/compare.mjs <native> [events] [seed]
 *
 * `native` is sdk/dev/examples/differential, which makes the events, holds its verdicts against the JSON Schema, and says
 * them here. The page's module is what tallymark/dev ships, the collector's what the Worker ships, with its own boundary:
 * there a plan that is observed notes in a row what its event breaks. The first event on which any two disagree is
 * printed, and ends it.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appended, collectorBrain, pageCheck } from "../harness/modules.mjs";
import { lookupOf } from "../harness/world.mjs";

const [native, events = "1000000", seed = "1"] = process.argv.slice(2);
const SOURCES = ["browser", "server"];
const KEYS = { browser: "wk_page", server: "sk_server" };
const ORIGIN = "https://shop.example";
/** As many violations as a row notes: tallymark_ingest::limits::MAX_NOTED_VIOLATIONS. */
const NOTED = 5;
/** How main.rs gives each event its id. */
const IDS = /"uuid":"([-0-9a-f]{36})","distinct_id":/g;

/** Parts of so many bytes, one after the other, of a stream. */
function reader(stream) {
  const chunks = stream[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  return async (bytes) => {
    const parts = [rest];
    let length = rest.length;
    while (length < bytes) {
      const { value, done } = await chunks.next();
      if (done) return undefined;
      parts.push(value);
      length += value.length;
    }
    const all = Buffer.concat(parts, length);
    rest = all.subarray(bytes);
    return all.subarray(0, bytes);
  };
}

/** What main.rs writes. */
async function* frames(stream) {
  const read = reader(stream);
  for (let head; (head = await read(16)); ) {
    const [plan, source, first, second] = [0, 4, 8, 12].map((at) => head.readUInt32LE(at));
    yield { plan, source, first: await read(first), second: await read(second) };
  }
}

/** What the collector says of each event of a request, by the event's id. */
function collectorOf(brain, columns, plans) {
  const [ID, CONTEXT] = ["event_id", "context"].map((name) => columns.indexOf(name));
  const registry = {};
  for (const [at, plan] of plans.entries()) {
    registry[`plan:org_${at}`] = `{"mode":"observe","salt":"0123456789abcdef","plan":${plan}}`;
    for (const source of SOURCES) {
      const record = { organization_id: `org_${at}`, kind: source, origins: [ORIGIN] };
      registry[lookupOf(`${KEYS[source]}_${at}`)] = JSON.stringify(record);
    }
  }
  return (plan, source, request) => {
    // A key of that plan's tenant in the place of the one that the request came with.
    const body = Buffer.from(request.toString().replace(KEYS[source], `${KEYS[source]}_${plan}`));
    const { rows, quarantined, events, quarantinedCount } = appended(brain, registry, ORIGIN, body);
    const said = new Map();
    for (const row of rows.flatMap((chunk) => JSON.parse(chunk))) {
      const { plan_violations = [], plan_violations_omitted = 0 } = row[CONTEXT];
      const broken = plan_violations.map(({ path, rule, expected, got }) => [path, rule, expected, got]);
      said.set(row[ID], { isStored: true, broken, more: plan_violations_omitted });
    }
    for (const [id, , , , , rule, path, expected, got] of quarantined ? JSON.parse(quarantined) : []) {
      said.set(id, { isStored: false, broken: [[path, rule, expected, got]], more: 0 });
    }
    assert.equal(said.size, events + quarantinedCount);
    return said;
  };
}

/** What the collector has to say, by a verdict of native Rust's. */
const noted = ([, broken, more]) => ({
  broken: broken.slice(0, NOTED).map(([path, rule, expected, got]) => [path, rule, expected, got]),
  more: more + Math.max(broken.length - NOTED, 0),
});

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/**
 * Whether the collector has said what it should. Of a value that looks like a secret (a number may have a card's digits) it
 * names the kind alone, since what it says is stored; native Rust and the page, whose developer has the value, say it all.
 */
function agrees(has, wants) {
  const shown = (got, at) => (has.broken?.[at]?.[3] === got.split(": ")[0] ? got.split(": ")[0] : got);
  const kept = wants.broken.map(([path, rule, expected, got], at) => [path, rule, expected, shown(got, at)]);
  const isWithheld = !same(kept, wants.broken);
  if (!same(has, { ...wants, broken: kept })) return false;
  figures.withheld += isWithheld;
  return true;
}

const started = performance.now();
const maker = spawn(native, [events, seed], { stdio: ["ignore", "pipe", "inherit"] });
const ended = new Promise((resolve) => maker.on("exit", resolve));
process.on("exit", () => maker.kill());
const brain = await collectorBrain();
const figures = { events: 0, accepted: 0, broken: 0, refused: 0, withheld: 0 };
let pages;
let collector;
for await (const { plan, source, first, second } of frames(maker.stdout)) {
  if (!pages) {
    const plans = JSON.parse(second);
    pages = plans.map(pageCheck);
    collector = collectorOf(brain, JSON.parse(first), plans);
    continue;
  }
  const wanted = JSON.parse(second);
  const differ = (who, at, has, wants) => {
    const event = JSON.stringify(JSON.parse(first).batch[at]);
    const where = `event ${figures.events + at} of seed ${seed}, plan ${plan}, from a ${SOURCES[source]}`;
    assert.deepEqual(has, wants, `${who} and native Rust differ on ${where}: ${event}`);
  };
  const inPage = pages[plan](source, first);
  if (!inPage.equals(second)) {
    const read = JSON.parse(inPage);
    const at = wanted.findIndex((verdict, at) => !same(verdict, read[at]));
    differ("The page", at, read[at], wanted[at]);
  }
  const inCollector = collector(plan, SOURCES[source], first);
  const ids = Array.from(first.toString().matchAll(IDS), ([, id]) => id);
  assert.equal(ids.length, wanted.length);
  for (const [at, id] of ids.entries()) {
    const { isStored, broken, more } = inCollector.get(id) ?? {};
    if (!agrees({ broken, more }, noted(wanted[at]))) differ("The collector", at, { broken, more }, noted(wanted[at]));
    figures[!isStored ? "refused" : broken.length ? "broken" : "accepted"]++;
  }
  figures.events += ids.length;
}
assert.equal(await ended, 0, "native Rust agrees with the JSON Schema");
assert.ok(figures.withheld * 100 < figures.events, `${figures.withheld} values withheld: few look like secrets`);
assert.ok(figures.events >= Number(events), `only ${figures.events} events came`);
for (const kind of ["accepted", "broken", "refused"]) assert.ok(figures[kind] > 0, `none was ${kind}`);
const seconds = ((performance.now() - started) / 1_000).toFixed(1);
console.log(
  `${figures.events} events: one verdict in native Rust, the page's wasm and the collector's, in ${seconds} s ` +
    `(${figures.accepted} keep to their plan, ${figures.broken} do not, ${figures.refused} are no events at all)`,
);
