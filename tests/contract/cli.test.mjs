// The command line against a collector: what it shows and changes, and what it says when it can't.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { enrolled, event, uuidv7 } from "../harness/client.mjs";
import { tallymark, tallymarkJson } from "../harness/cli.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { startWorld } from "../harness/world.mjs";

let world;
before(async () => {
  world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world.stop());

/** What it needs to know of the world. */
const env = (key) => ({ TALLYMARK_COLLECTOR: world.url, TALLYMARK_KEY: key });

test("quarantine: listed, shown, replayed and purged, page by page", async () => {
  const client = await enrolled(world, "cli");
  const { read_key, server_key } = client.tenant;
  const tooLong = event("x".repeat(201), { stream: uuidv7(), seq: 1 });
  // What would clear somebody's screen.
  const others = ["\u001b[2J", "b", "c"].map((name) => event(name, { properties: { $entity_id: {} } }));
  assert.equal((await client.batch([tooLong, ...others])).status, 200);

  const { result } = await tallymarkJson(["quarantine", "list", "--rule", "wrong_type", "--limit", "2"], env(read_key));
  assert.deepEqual(result.events.map((it) => it.event_id), others.slice(0, 2).map((it) => it.uuid));
  assert.equal(result.is_complete, false);
  const rest = ["quarantine", "list", "--rule", "wrong_type", "--after", String(result.next_after)];
  assert.deepEqual((await tallymarkJson(rest, env(read_key))).result.events.map((it) => it.event_id), [others[2].uuid]);
  const listed = await tallymark(["quarantine", "list"], env(read_key));
  assert.equal(listed.code, 0);
  assert.match(listed.stdout, new RegExp(`${others[0].uuid}  \\\\u\\{1b\\}\\[2J  wrong_type properties.\\$entity_id: expected`));

  const shown = await tallymarkJson(["quarantine", "show", tooLong.uuid], env(read_key));
  assert.deepEqual(shown.result.body, tooLong);

  const foreseen = await tallymark(["quarantine", "replay", "--dry-run"], env(server_key));
  assert.equal(foreseen.stdout, "0 would be stored, 4 stay, of 4\n  1 too_long\n  3 wrong_type\n");
  const purge = ["quarantine", "purge", "--event", "b"];
  assert.deepEqual((await tallymarkJson([...purge, "--dry-run"], env(server_key))).result, { dry_run: true, purged: { wrong_type: 1 } });
  assert.equal((await tallymark(purge, env(server_key))).stdout, "1 given up\n  1 wrong_type\n");
  assert.equal((await tallymark(["quarantine", "purge"], env(server_key))).code, 2, "not everything at once");
  assert.equal((await client.read("/v1/quarantine")).events.length, 3);
});

test("destinations and parked deliveries: listed, resumed, retried and dropped", async (t) => {
  const hook = await Receiver.start();
  t.after(() => hook.stop());
  hook.answer = () => ({ status: 400, body: "no \u001b[2J thanks" });
  const client = await enrolled(world, "parked");
  const { organization_id, read_key, server_key } = client.tenant;
  const destination = {
    kind: "webhook", name: "orders", url: hook.url, secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], from: "start",
    flush_interval_ms: 0, retry_first_ms: 20, retry_cap_ms: 100,
  };
  await world.registry.put(`destinations:${organization_id}`, JSON.stringify([destination]));
  const sent = [event("order_paid"), event("order_paid")];
  assert.equal((await client.batch(sent)).status, 200);
  const list = ["deliveries", "list", "--destination", "orders"];
  const parked = async () => (await tallymarkJson(list, env(read_key))).result.deliveries;
  const deliveries = await until("both to be parked", async () => {
    const all = await parked();
    return all.length === 2 && all;
  });
  assert.deepEqual(new Set(deliveries.map(({ event_id }) => event_id)), new Set(sent.map(({ uuid }) => uuid)));

  const { stdout } = await tallymark([...list, "--limit", "1"], env(read_key));
  const [{ event_id, seq }] = deliveries;
  assert.match(stdout, new RegExp(`^${event_id}  order_paid  orders  refused 400: no \\\\u\\{1b\\}\\[2J thanks\n[^\n]*$`));
  const rest = await tallymarkJson([...list, "--after", String(seq)], env(read_key));
  assert.deepEqual(rest.result.deliveries, [deliveries[1]]);
  const destinations = await tallymark(["destinations", "list"], env(read_key));
  assert.match(destinations.stdout, /^orders  webhook  \w+, 0 events and 0 s behind, 0 delivered, 2 parked\n/);

  const retry = ["deliveries", "retry", "--reason", "refused"];
  assert.equal((await tallymark([...retry, "--dry-run"], env(server_key))).stdout, "2 would be retried\n    orders  2\n");
  assert.equal((await tallymark(["deliveries", "retry", "--reason", "unfit"], env(server_key))).stdout, "0 retried\n");
  const drop = ["deliveries", "drop", "--event-id", event_id];
  const dropped = await tallymarkJson(drop, env(server_key));
  assert.deepEqual(dropped.result, { dry_run: false, dropped: { orders: 1 } });
  assert.deepEqual(await parked(), [deliveries[1]]);
  hook.answer = () => ({ status: 204 });
  assert.deepEqual((await tallymarkJson(retry, env(server_key))).result, { dry_run: false, retried: { orders: 1 } });
  await until("what was retried to arrive", async () => (await parked()).length === 0);
  assert.equal((await tallymark(["deliveries", "drop"], env(server_key))).code, 2, "not everything at once");
  const resumed = await tallymark(["destinations", "resume", "orders"], env(server_key));
  assert.deepEqual([resumed.code, resumed.stdout], [0, "orders goes on\n"]);
});

test("what can't be done says why, and exits with 2", async () => {
  const client = await enrolled(world, "errors");
  const list = (env) => tallymark(["quarantine", "list"], env);
  const server = createServer((request, response) => {
    assert.equal(request.url === "/elsewhere", false, "no redirection is followed: it would be given the key");
    if (request.url.startsWith("/moved/")) response.writeHead(302, { location: "/elsewhere" }).end();
    else response.end("<html>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const other = `http://127.0.0.1:${server.address().port}`;
  const { read_key, browser_key } = client.tenant;
  for (const [env, says] of [
    [{ TALLYMARK_KEY: read_key }, /--collector <URL>/],
    [{ TALLYMARK_COLLECTOR: world.url }, /TALLYMARK_KEY is not set; put a key of the organization/],
    [{ TALLYMARK_COLLECTOR: world.url, TALLYMARK_KEY: "rk_\u00e9" }, /TALLYMARK_KEY holds what no key is/],
    [{ TALLYMARK_COLLECTOR: "http://127.0.0.1:1", TALLYMARK_KEY: read_key }, /http:\/\/127.0.0.1:1 can't be reached: /],
    [{ TALLYMARK_COLLECTOR: "http://metrics.example", TALLYMARK_KEY: read_key }, /is not encrypted.*; use https:\/\//],
    [{ TALLYMARK_COLLECTOR: "metrics.example", TALLYMARK_KEY: read_key }, /is no address of a collector/],
    [{ TALLYMARK_COLLECTOR: other, TALLYMARK_KEY: read_key }, /answers 200, and not as a collector does/],
    [{ TALLYMARK_COLLECTOR: `${other}/moved/`, TALLYMARK_KEY: read_key }, /answers 302.*refers to \/elsewhere/],
    [{ TALLYMARK_COLLECTOR: world.url, TALLYMARK_KEY: "rk_nobody" }, /401 unknown_key: .*; TALLYMARK_KEY must hold/],
    [{ TALLYMARK_COLLECTOR: world.url, TALLYMARK_KEY: browser_key }, /403 wrong_key_kind: .*a read key/],
  ]) {
    const { code, stdout, stderr } = await list(env);
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, says);
    assert.equal(stderr.includes(read_key), false, "no secret is shown");
  }
  const missing = await tallymark(["quarantine", "show", uuidv7()], { TALLYMARK_COLLECTOR: world.url, TALLYMARK_KEY: read_key });
  assert.match(missing.stderr, /404 not_found/);
  server.close();
});
