// The operator's API: keys that are made, rotated and revoked, plans that are pushed and rolled back, and nobody else's hands on it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Client, enrolled, event } from "../harness/client.mjs";
import { lookupOf, startWorld } from "../harness/world.mjs";

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
