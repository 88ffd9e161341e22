// The operator's API: keys that are made, rotated and revoked, plans that are pushed and rolled back, and nobody else's hands on it.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { tallymark, tallymarkJson } from "../harness/cli.mjs";
import { Client, enrolled, event, uuidv7 } from "../harness/client.mjs";
import { until } from "../harness/until.mjs";
import { ROOT, lookupOf, startWorld } from "../harness/world.mjs";

const ADMIN_TOKEN = "ak_of-the-tests-0123456789abcdef";
const LAUNDRY = JSON.parse(
  readFileSync(new URL("../../crates/plan/tests/golden/laundry.plan.json", import.meta.url), "utf8"),
);

let world;
before(async () => {
  world = await startWorld({ tenants: [], adminToken: ADMIN_TOKEN });
});
after(() => world.stop());

/** Calls the API; the status and what it says. */
async function call(method, path, body, { token = ADMIN_TOKEN, url = world.url } = {}) {
  const response = await fetch(`${url}/v1/admin/${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token !== null && { authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, ...(await response.json()) };
}

const of = (organization) => `organizations/${organization}`;

/** An organization with a key of each kind, made by the API. */
async function organization(name) {
  const make = (body) => call("POST", `${of(name)}/keys`, body);
  const [browser, server, read] = [
    await make({ kind: "browser", origins: [world.url], name: "shop" }), await make({ kind: "server" }), await make({ kind: "read" }),
  ];
  const tenant = { organization_id: name, browser_key: browser.key, server_key: server.key, read_key: read.key };
  return { client: new Client(world.url, tenant), browser, server, read };
}

test("no key but the operator's opens it, whatever the path", async () => {
  const { tenant } = await enrolled(world, "stranger");
  const paths = [
    ["GET", "keys"], ["POST", "keys"], ["GET", "keys/0"], ["DELETE", "keys/0"], ["POST", "keys/0/rotate"], ["GET", "plan"],
    ["PUT", "plan"], ["GET", "plan/versions"], ["POST", "plan/rollback"],
  ].map(([method, path]) => [method, `${of(tenant.organization_id)}/${path}`]);
  for (const [method, path] of [...paths, ["GET", "signers/a"], ["PUT", "signers/a"], ["DELETE", "signers/a"]]) {
    const body = method === "GET" ? undefined : {};
    const tried = async (token) => {
      const { status, code } = await call(method, path, body, { token });
      return [status, code];
    };
    for (const key of [tenant.browser_key, tenant.server_key, tenant.read_key]) {
      assert.deepEqual(await tried(key), [403, "wrong_key_kind"], `${method} ${path} with ${key}`);
    }
    assert.deepEqual(await tried(null), [401, "missing_key"], `${method} ${path}`);
    for (const other of ["ak_", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(0, -1), "eyJhbGciOiJub25lIn0.e30."]) {
      assert.deepEqual(await tried(other), [401, "invalid_admin_token"], `${method} ${path} with ${other}`);
    }
  }
  assert.deepEqual(await call("GET", `${of("nobody")}/keys`), { status: 200, keys: [] });
  // And it opens nothing else.
  const read = await fetch(`${world.url}/v1/events`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  assert.equal(read.status, 401);
});

test("keys are made for what they are for, and their secrets are said once", async () => {
  const { client, browser, server, read } = await organization("org_keys");
  for (const [key, prefix] of [[browser, "wk_"], [server, "sk_"], [read, "rk_"]]) {
    assert.equal(key.status, 201);
    assert.match(key.key, new RegExp(`^${prefix}[\\w-]{32}$`));
  }
  assert.equal((await client.batch([event("a")])).status, 200);
  assert.equal((await client.domain([{ event_name: "b" }])).status, 200);
  assert.deepEqual((await client.events()).map(({ event_name }) => event_name), ["a", "b"]);

  const listed = await call("GET", `${of("org_keys")}/keys`);
  const text = JSON.stringify(listed);
  for (const secret of [server.key, read.key]) {
    assert.equal(text.includes(secret), false);
    assert.equal(text.includes(lookupOf(secret).split(":").at(-1)), false, "nor its digest");
  }
  const brief = ({ key_id, kind, name, state, origins, key }) => ({ key_id, kind, name, state, origins, key });
  const expected = [
    { ...brief(browser), kind: "browser", name: "shop", state: "active", origins: [world.url] },
    { ...brief(server), kind: "server", name: null, state: "active", origins: [], key: undefined },
    { ...brief(read), kind: "read", name: null, state: "active", origins: [], key: undefined },
  ];
  const byId = (a, b) => (a.key_id < b.key_id ? -1 : 1);
  assert.deepEqual(listed.keys.map(brief).sort(byId), expected.sort(byId));
  const shown = await call("GET", `${of("org_keys")}/keys/${server.key_id}`);
  assert.deepEqual([shown.key_id, shown.key], [server.key_id, undefined]);
  // Nowhere in the registry is there a secret.
  const { keys } = await world.registry.list();
  for (const { name, metadata } of keys) {
    const kept = name + (await world.registry.get(name)) + JSON.stringify(metadata);
    assert.equal([server.key, read.key].some((secret) => kept.includes(secret)), false, name);
  }
  for (const [body, attr] of [
    [{}, "kind"], [{ kind: "admin" }, "kind"], [{ kind: "browser" }, "origins"], [{ kind: "browser", origins: ["shop"] }, "origins"],
    [{ kind: "server", origins: ["*"] }, "origins"], [{ kind: "read", name: "" }, "name"], [{ kind: "read", nam: "a" }, "body"],
  ]) {
    const { status, attr: named } = await call("POST", `${of("org_keys")}/keys`, body);
    assert.deepEqual([status, named], [400, attr], JSON.stringify(body));
  }
});

test("a plan is pushed, checked, and rolled back", async () => {
  const { client } = await organization("org_plan");
  const plan = `${of("org_plan")}/plan`;
  const unknown = () => client.domain([{ event_name: "nobody_knows_it" }]).then((response) => response.json());
  assert.equal((await unknown()).stored, 1);
  assert.equal((await call("GET", plan)).status, 404);
  const first = await call("PUT", plan, { mode: "enforce", plan: LAUNDRY });
  assert.deepEqual([first.status, first.version, first.is_changed, first.superseded], [200, 1, true, null]);
  assert.equal((await unknown()).quarantined_new, 1, "at once, here");
  const again = await call("PUT", plan, { mode: "enforce", plan: LAUNDRY });
  assert.deepEqual([again.version, again.is_changed], [1, false]);
  const second = await call("PUT", plan, { mode: "off", plan: LAUNDRY });
  assert.deepEqual([second.version, second.superseded], [2, 1]);
  assert.equal((await unknown()).stored, 1);
  const back = await call("POST", `${plan}/rollback`, {});
  assert.deepEqual([back.version, back.mode, back.superseded], [1, "enforce", 2]);
  assert.equal((await unknown()).quarantined_new, 1);
  const { versions } = await call("GET", `${plan}/versions`);
  assert.deepEqual(versions.map(({ version, mode, is_current, plan: name, plan_version }) => [version, mode, is_current, name, plan_version]), [
    [2, "off", false, "laundry", 1], [1, "enforce", true, "laundry", 1],
  ]);
  assert.deepEqual((await call("GET", plan)).plan, LAUNDRY);
});

/** The environment of an operator's shell, and of a tenant's. */
const operator = (organization) => ({
  TALLYMARK_COLLECTOR: world.url, TALLYMARK_ADMIN_TOKEN: ADMIN_TOKEN, TALLYMARK_ORGANIZATION: organization,
});
const tenant = (key) => ({ TALLYMARK_COLLECTOR: world.url, TALLYMARK_KEY: key });

test("a rotated key works on beside its successor for as long as was said, a revoked one doesn't", async () => {
  const env = operator("org_rotated");
  const made = await tallymark(["keys", "make", "--kind", "server", "--name", "worker"], env);
  assert.deepEqual([made.code, made.stderr.includes("said this once")], [0, true]);
  const old = made.stdout.trim();
  assert.match(old, /^sk_[\w-]{32}$/);
  const send = async (key) => {
    const client = new Client(world.url, { server_key: key });
    const response = await client.domain([{ event_name: "sent" }]);
    return response.ok ? response.status : [response.status, (await response.json()).code];
  };
  const listed = async () => (await tallymarkJson(["keys", "list"], env)).result.keys;
  const [{ key_id }] = await listed();

  const hour = await tallymarkJson(["keys", "rotate", key_id, "--overlap", "1h"], env);
  const next = hour.result.key;
  assert.equal(Date.parse(hour.result.rotated.expires_at) - Date.parse(next.made_at), 3_600_000);
  assert.deepEqual([await send(old), await send(next.key)], [200, 200], "both, in between");
  assert.equal((await tallymark(["keys", "rotate", key_id], env)).code, 2, "it has a successor");
  const states = Object.fromEntries((await listed()).map((key) => [key.key_id, [key.state, key.successor, key.name]]));
  assert.deepEqual(states, { [key_id]: ["ending", next.key_id, "worker"], [next.key_id]: ["active", null, "worker"] });

  assert.match((await tallymark(["keys", "revoke", key_id], env)).stdout, new RegExp(`${key_id} is revoked`));
  assert.deepEqual([await send(old), await send(next.key)], [[401, "key_ended"], 200]);
  const last = await tallymarkJson(["keys", "rotate", next.key_id, "--overlap", "1s"], env);
  await until("the end of the overlap", async () => Array.isArray(await send(next.key)));
  assert.deepEqual(await send(next.key), [401, "key_ended"]);
  assert.equal(await send(last.result.key.key), 200);
  const text = (await tallymark(["keys", "list"], env)).stdout;
  assert.match(text, new RegExp(`${key_id}  server   revoked`));
  assert.match(text, new RegExp(`${next.key_id}  server   ended`));
  for (const secret of [old, next.key, last.result.key.key]) assert.equal(text.includes(secret), false);
});

test("a page's key is bound to its origins, and ends like others", async () => {
  const env = operator("org_page");
  const make = ["keys", "make", "--kind", "browser", "--origin", `${world.url}/shop?x`, "--origin", "https://shop.example"];
  const { result } = await tallymarkJson(make, env);
  assert.deepEqual(result.origins, [world.url, "https://shop.example"]);
  const client = new Client(world.url, { browser_key: result.key });
  const statuses = async () => {
    const origins = [world.url, "https://evil.example"];
    const sent = await Promise.all(origins.map((origin) => client.batch([event("a")], { headers: { origin } })));
    return sent.map(({ status }) => status);
  };
  assert.deepEqual(await statuses(), [200, 403]);
  await tallymark(["keys", "revoke", result.key_id], env);
  assert.deepEqual(await statuses(), [401, 401]);
  const nowhere = await tallymark(["keys", "make", "--kind", "browser"], env);
  assert.deepEqual([nowhere.code, /origins must be a list of 1 to 100 origins/.test(nowhere.stderr)], [2, true], nowhere.stderr);
});

test("an operator's token is made for a collector that doesn't know it yet", async () => {
  const { result } = await tallymarkJson(["keys", "admin-token"]);
  const other = await startWorld({ tenants: [], adminToken: result.token });
  try {
    const list = (url, token) => tallymark(["keys", "list", "--organization", "o", "--collector", url], { TALLYMARK_ADMIN_TOKEN: token });
    assert.equal((await list(other.url, result.token)).code, 0);
    const refused = await list(world.url, result.token);
    assert.deepEqual([refused.code, /401 invalid_admin_token.*TALLYMARK_ADMIN_TOKEN must hold/.test(refused.stderr)], [2, true]);
    assert.equal(refused.stderr.includes(result.token), false);
  } finally {
    await other.stop();
  }
  const closed = await startWorld({ tenants: [] });
  try {
    const { status, code } = await call("GET", `${of("o")}/keys`, undefined, { url: closed.url, token: result.token });
    assert.deepEqual([status, code], [403, "admin_disabled"], "off until it is told of somebody");
  } finally {
    await closed.stop();
  }
});

/** A copy of BatchTrack's plan with some of its text replaced, by file. */
function batchtrack(changes) {
  const folder = mkdtempSync(join(tmpdir(), "tallymark-plan-"));
  cpSync(join(ROOT, "plans/batchtrack"), folder, { recursive: true });
  for (const [name, from, to] of changes) {
    const file = join(folder, name);
    const text = readFileSync(file, "utf8");
    assert.ok(text.includes(from), `${name} has ${from}`);
    writeFileSync(file, text.replace(from, to));
  }
  return folder;
}

const KINDS = [
  ["not_in_enum", (n) => ({ event_name: "inventory_adjusted", entity_type: "inventory_item", properties: { change_type: "stolen", quantity_delta: -n } })],
  ["wrong_type", (n) => ({ event_name: "batch_started", entity_type: "batch", properties: { recipe_id: `R-${n}` } })],
  ["unknown_event", (n) => ({ event_name: "inventory_counted", entity_type: "inventory_item", properties: { found: n } })],
];

test("10,000 events of three kinds that a plan has wrong: the plan is corrected, they are replayed twice and stored once", { timeout: 240_000 }, async () => {
  const { client, server } = await organization("org_corrected");
  const { read_key, server_key } = client.tenant;
  const env = operator("org_corrected");
  const push = async (folder, ...more) => {
    const pushed = await tallymarkJson(["plan", "push", folder, ...more], env);
    assert.deepEqual(pushed.problems, []);
    return pushed;
  };
  const first = await push("plans/batchtrack", "--mode", "enforce");
  assert.deepEqual([first.exit, first.result.version, first.result.mode], [0, 1, "enforce"]);

  const sent = Array.from({ length: 10_000 }, (_, n) => ({ event_id: uuidv7(), entity_id: String(n), ...KINDS[n % 3][1](n + 1) }));
  for (let at = 0; at < sent.length; at += 1_000) {
    const answer = await (await client.domain(sent.slice(at, at + 1_000))).json();
    assert.deepEqual([answer.stored, answer.quarantined_new], [0, 1_000]);
  }
  const count = (kind) => sent.filter((_, n) => n % 3 === kind).length;
  const byRule = Object.fromEntries(KINDS.map(([rule], kind) => [rule, count(kind)]));
  assert.deepEqual((await client.ledger()).total.quarantined, byRule);
  const hopeless = await tallymarkJson(["quarantine", "replay", "--dry-run"], tenant(server_key));
  assert.deepEqual([hopeless.result.stored, hopeless.result.quarantined], [0, byRule], "by the plan of before");
  const { result: listed } = await tallymarkJson(["quarantine", "list", "--rule", "wrong_type", "--limit", "1500"], tenant(read_key));
  assert.deepEqual([listed.events.length, listed.is_complete], [1_500, false]);

  const folder = batchtrack([
    ["plan.toml", "version = 1", "version = 2"],
    ["inventory.toml", '"restock", ', '"restock", "stolen", '],
    ["batch.toml", 'recipe_id = { type = "integer"', 'recipe_id = { type = "string"'],
    ["inventory.toml", "[events.inventory_adjusted]", `[events.inventory_counted]
description = "Stock was counted."
family = "inventory"
origin = "server"
entity = "inventory_item"
schema_version = 1
properties.found = { type = "integer", description = "How much was there." }

[events.inventory_adjusted]`],
  ]);
  try {
    const second = await push(folder);
    assert.deepEqual([second.result.version, second.result.superseded, second.result.mode], [2, 1, "enforce"]);
    assert.equal((await push(folder)).result.is_changed, false, "as a deployment does each time");
  } finally {
    rmSync(folder, { recursive: true });
  }
  const foreseen = await tallymarkJson(["quarantine", "replay", "--dry-run"], tenant(server_key));
  assert.deepEqual([foreseen.result.examined, foreseen.result.stored], [10_000, 10_000]);
  assert.deepEqual((await client.events()).length, 0, "nothing has been done");

  const [once, twice] = [await tallymark(["quarantine", "replay"], tenant(server_key)), await tallymark(["quarantine", "replay"], tenant(server_key))];
  assert.deepEqual([once.stdout, once.code], ["10000 stored, of 10000\n", 0]);
  assert.deepEqual([twice.stdout, twice.code], ["0 stored, of 0\n", 0]);
  const rows = await client.events();
  assert.deepEqual(rows.map((row) => row.event_id).sort(), sent.map((it) => it.event_id).sort(), "all of them once");
  const { total, balanced } = await client.ledger();
  assert.deepEqual([total, balanced], [
    { captured: 10_000, stored: 10_000, quarantined: {}, dropped: {}, duplicate: 0, under_way: 0 }, true,
  ]);
  // What their senders try again is known, wherever it was kept.
  assert.deepEqual((await (await client.domain(sent.slice(0, 10))).json()).duplicates, 10);

  const back = await tallymarkJson(["plan", "rollback"], env);
  assert.deepEqual([back.result.version, back.result.superseded], [1, 2]);
  assert.deepEqual((await (await client.domain([KINDS[0][1](1)])).json()).quarantined_new, 1, "by the first again");
  const versions = await tallymark(["plan", "versions"], env);
  assert.match(versions.stdout, /^ +2  .* batchtrack, version 2  2-[0-9a-f]{12}\n +1  .* batchtrack, version 1  1-[0-9a-f]{12}  holds\n$/);
  assert.equal((await tallymark(["plan", "rollback", "--to", "7"], env)).code, 2);
  assert.equal((await tallymark(["plan", "rollback", "--to", "2"], env)).code, 0);
  assert.equal(server.status, 201);
});

test("a plan that can't be read is not pushed, and nothing changes", async () => {
  const env = operator("org_broken");
  const broken = await tallymarkJson(["plan", "push", "cli/tests/plans/broken"], env);
  assert.deepEqual([broken.exit, broken.problems[0].path, broken.problems[0].line], [1, "cli/tests/plans/broken/plan.toml", 1]);
  assert.equal((await call("GET", `${of("org_broken")}/plan`)).status, 404);
  const { result } = await tallymarkJson(["plan", "versions"], env);
  assert.deepEqual(result.versions, []);
});
