// `tallymark doctor`: with a fault at each step of an event's way, it says at which, and what to do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { after, before, test } from "node:test";
import { enrolled } from "../harness/client.mjs";
import { tallymark, tallymarkJson } from "../harness/cli.mjs";
import { measurementSink } from "../harness/measurement-sink.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { lookupOf, startWorld } from "../harness/world.mjs";

let world;
before(async () => {
  world = await startWorld({ tenants: [], isInstrumented: true });
});
after(() => world?.stop());

const BATCHTRACK = JSON.parse(
  readFileSync(new URL("../../crates/plan/tests/golden/batchtrack.plan.json", import.meta.url), "utf8"),
);

const instruments = (order) => fetch(`${world.url}/__instruments`, { method: "POST", body: JSON.stringify(order) });

const PAGE = (client, { url } = world) => ["doctor", "--browser-key", client.tenant.browser_key, "--origin", url];

/** What a doctor says: the steps' names, and the one at which it stopped. */
async function consult(client, { args = ["doctor"], url = world.url, ...env } = {}) {
  const all = {
    TALLYMARK_COLLECTOR: url, TALLYMARK_KEY: client.tenant.read_key, TALLYMARK_SERVER_KEY: client.tenant.server_key, ...env,
  };
  const answer = await tallymarkJson(args, all);
  const { steps, stopped_at } = answer.result;
  const stop = steps.find((step) => !step.ok);
  assert.equal(answer.exit, stop === undefined ? 0 : 1);
  assert.equal(stopped_at, stop?.step ?? null);
  assert.equal(answer.problems.length, steps.filter((step) => !step.ok).length);
  for (const step of steps) assert.ok(Number.isInteger(step.ms) && step.detail !== "", JSON.stringify(step));
  if (stop !== undefined) assert.ok(stop.remedy.length > 20, `${stop.step} has no remedy`);
  return { ...answer.result, names: steps.map((step) => step.step), stop };
}

const WHOLE = ["dns", "tcp", "http", "ready", "read_key", "accepted", "stored", "destinations"];

test("where all is well: from a back end's key, and from a page's, to the row", async () => {
  const client = await enrolled(world, "well");
  const byServer = await consult(client);
  const byPage = await consult(client, { args: PAGE(client), TALLYMARK_SERVER_KEY: "" });
  assert.deepEqual([byServer.names, byPage.names], [WHOLE, WHOLE]);
  assert.deepEqual([byServer.organization_id, byServer.seq, byPage.seq], ["org_well", 1, 2]);
  const rows = await client.events();
  assert.deepEqual(rows.map((row) => row.event_id), [byServer.event_id, byPage.event_id]);
  assert.deepEqual(rows.map((row) => [row.event_name, row.user_id, row.session_id, row.trust]), [
    ["$tallymark_probe", null, null, "server"],
    ["$tallymark_probe", null, null, "origin"],
  ]);
  assert.equal(rows[0].anonymous_id, null);
  const { stdout } = await tallymark(["doctor"], {
    TALLYMARK_COLLECTOR: world.url, TALLYMARK_KEY: client.tenant.read_key, TALLYMARK_SERVER_KEY: client.tenant.server_key,
  });
  assert.match(stdout, /^ok {3}stored \d+ ms: row 3 of org_well, trust server$/m);
});

test("dns and tcp: no such host, nobody there", async () => {
  const client = await enrolled(world, "network");
  assert.equal((await consult(client, { url: "https://nowhere.invalid" })).stop.step, "dns");
  // A port that was ours a moment ago.
  const server = createTcpServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.equal((await consult(client, { url: `http://127.0.0.1:${port}` })).stop.step, "tcp");
});

test("tls and http: who answers is no collector", async () => {
  const client = await enrolled(world, "stranger");
  const server = createServer((_, response) => response.writeHead(404).end("<h1>It works!</h1>")).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  try {
    const plain = await consult(client, { url: `http://127.0.0.1:${port}` });
    assert.equal(plain.stop.step, "http");
    assert.match(plain.stop.detail, /404.*It works!/);
    assert.equal((await consult(client, { url: `https://127.0.0.1:${port}` })).stop.step, "https", "it speaks no TLS");
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("ready: the registry, a log, the brain", async () => {
  const client = await enrolled(world, "ready");
  for (const part of ["registry", "log", "brain"]) {
    await instruments({ faults: { [part]: "throw" }, advance_ms: 6_000 });
    const { stop } = await consult(client);
    await instruments({ faults: {}, advance_ms: 6_000 });
    assert.equal(stop.step, "ready");
    assert.match(stop.detail, new RegExp(`: ${part} failed`));
  }
});

test("keys: unknown, of another kind, of another organization, and of a page elsewhere", async () => {
  const client = await enrolled(world, "keys");
  const other = await enrolled(world, "others");
  const unknown = await consult(client, { TALLYMARK_KEY: "rk_nobody" });
  assert.deepEqual([unknown.stop.step, /401 unknown_key/.test(unknown.stop.detail)], ["read_key", true]);
  const sender = await consult(client, { TALLYMARK_SERVER_KEY: "sk_nobody" });
  assert.deepEqual([sender.stop.step, /401 unknown_key/.test(sender.stop.detail)], ["accepted", true]);
  const foreign = await consult(client, { args: ["doctor", "--browser-key", client.tenant.browser_key, "--origin", "https://evil.example"] });
  assert.equal(foreign.stop.step, "accepted");
  assert.match(foreign.stop.detail, /403 foreign_origin/);
  assert.match(foreign.stop.remedy, /origin/);
  const crossed = await consult(client, { TALLYMARK_SERVER_KEY: other.tenant.server_key });
  assert.deepEqual([crossed.stop.step, crossed.seq], ["stored", null]);
  for (const env of [{ TALLYMARK_KEY: client.tenant.server_key }, { TALLYMARK_KEY: "" }, { TALLYMARK_SERVER_KEY: "rk_x" }]) {
    const { code, stderr } = await tallymark(["doctor"], {
      TALLYMARK_COLLECTOR: world.url, TALLYMARK_KEY: client.tenant.read_key, TALLYMARK_SERVER_KEY: client.tenant.server_key, ...env,
    });
    assert.equal(code, 2);
    assert.match(stderr, /tallymark keys make/);
  }
});

test("accepted: a log that can't commit, with the request's id; a plan that takes no such event", async () => {
  const client = await enrolled(world, "broken");
  // A key's record that nobody can read: the registry answers, and the request comes to nothing.
  await world.registry.put(lookupOf(client.tenant.server_key), "{");
  const { stop } = await consult(client);
  assert.equal(stop.step, "accepted");
  assert.match(stop.detail, /^answers 503 /);
  assert.match(stop.remedy, /request [0-9a-f-]{36} in the Worker's logs/);

  const planned = await enrolled(world, "planned");
  const plan = {
    ...BATCHTRACK,
    events: { $tallymark_probe: { description: "Not from a back end.", family: "web", origin: "browser", schema_version: 1 } },
  };
  await world.registry.put("plan:org_planned", JSON.stringify({ mode: "enforce", plan }));
  const quarantined = await consult(planned);
  assert.equal(quarantined.stop.step, "accepted");
  assert.match(quarantined.stop.detail, /quarantined for origin_not_allowed at .*source/);
});

test("destinations: each for itself, delivered, paused, parked, failing or behind", async (t) => {
  // One whose clock is the platform's own, since that is what alarms go by.
  const world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
  t.after(() => world.stop());
  const client = await enrolled(world, "onwards");
  const answering = async (status) => {
    const receiver = await Receiver.start();
    t.after(() => receiver.stop());
    receiver.answer = () => ({ status });
    return receiver.url;
  };
  const quick = { kind: "webhook", secrets: [`whsec_${"c2VjcmV0".repeat(4)}`], flush_interval_ms: 0, from: "start" };
  const slowly = { ...quick, retry_first_ms: 600_000, retry_cap_ms: 600_000 };
  const destinations = [
    { ...quick, name: "well", url: await answering(204) },
    { ...quick, name: "gone", url: await answering(410) },
    { ...quick, name: "picky", url: await answering(400) },
    { ...slowly, name: "ill", url: await answering(500) },
    { ...quick, name: "lazy", url: await answering(204), flush_interval_ms: 3_600_000 },
  ];
  await world.registry.put("destinations:org_onwards", JSON.stringify(destinations));
  const { steps, stop, names } = await consult(client, { args: ["doctor", "--wait", "2"], url: world.url });
  assert.deepEqual(names, [...WHOLE, ...["well", "gone", "picky", "ill", "lazy"].map((name) => `destination ${name}`)]);
  assert.equal(stop.step, "destination gone");
  const said = Object.fromEntries(steps.map((step) => [step.step, step.detail]));
  assert.match(said["destination well"], /^webhook: delivered/);
  assert.match(said["destination gone"], /^paused: /);
  assert.match(said["destination picky"], /^parked: /);
  assert.match(said["destination ill"], /^failing: .*500/);
  assert.match(said["destination lazy"], /^1 events and \d+ s behind/);
  assert.match(steps.find((step) => step.step === "destination picky").remedy, /tallymark deliveries retry --destination picky/);
});

test("GA4: asked by its validation server, at the configured host, and never by the stream", async (t) => {
  const world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
  t.after(() => world.stop());
  const client = await enrolled(world, "google");
  const [well, picky, elsewhere] = [await measurementSink(), await measurementSink(), await Receiver.start()];
  for (const one of [well, picky, elsewhere]) t.after(() => one.stop());
  picky.complaint = () => "Measurement requires a valid api_secret.";
  elsewhere.answer = () => ({ status: 404 });
  const ga4 = { kind: "ga4", measurement_id: "G-ABC123", api_secret: "s3cret", flush_interval_ms: 0, retry_first_ms: 600_000, retry_cap_ms: 600_000, from: "start" };
  await world.registry.put("destinations:org_google", JSON.stringify([
    { ...ga4, name: "well", host: well.url },
    { ...ga4, name: "picky", host: picky.url },
    { ...ga4, name: "elsewhere", host: elsewhere.url },
    { ...ga4, name: "of_views", host: well.url, events: ["$pageview"] },
  ]));
  for (const args of [["doctor"], PAGE(client, world)]) {
    const { steps, names } = await consult(client, { args: [...args, "--wait", "4"], url: world.url });
    assert.deepEqual(names.slice(WHOLE.length), ["well", "picky", "elsewhere", "of_views"].map((name) => `destination ${name}`));
    const said = Object.fromEntries(steps.map((step) => [step.step, step.detail]));
    assert.match(said["destination well"], /^ga4: Google's validation server finds no fault/);
    assert.match(said["destination picky"], /^parked: refused 200: .*Measurement requires a valid api_secret/);
    assert.match(said["destination elsewhere"], /^failing: 404/);
    assert.match(said["destination of_views"], /^ga4: .*passed by/);
  }
  assert.deepEqual(well.validated, ["tallymark_probe", "tallymark_probe"]);
  assert.deepEqual([well, picky].map(({ events, dropped }) => [events, dropped]), [[[], []], [[], []]], "GA4 has counted nobody");
  assert.ok(elsewhere.requests.length > 0 && elsewhere.requests.every(({ path }) => path.startsWith("/debug/mp/collect?")));
});
