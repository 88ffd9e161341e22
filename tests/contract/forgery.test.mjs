// Every way by which a browser could pass for what it is not: each refused, or stored as what it is, and counted.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { Client, event, uuidv7 } from "../harness/client.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

const AUDIENCE = "tallymark";
const base64url = (value) => Buffer.from(value).toString("base64url");
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** A JWT, by hand, as whoever forges one would make it: `signature(text)` gives the bytes. */
function jwt(header, claims, signature) {
  const text = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  return `${text}.${base64url(signature(text))}`;
}

const hmac = (secret) => (text) => createHmac("sha256", secret).update(text).digest();
const ed25519 = (key) => (text) => sign(null, Buffer.from(text), key);

let world;
let client;
let neighbour;
let count = 0;
/** Signers: a secret of one application, a key pair of another. */
const secret = randomBytes(32).toString("base64url");
const pair = generateKeyPairSync("ed25519");
const publicKey = pair.publicKey.export({ format: "jwk" }).x;

before(async () => {
  world = await startWorld({ tenants: [] });
  const common = { audience: AUDIENCE, organizations: ["org_f*"], origins: [world.url] };
  const put = (kid, record) => world.registry.put(`signer:${kid}`, JSON.stringify({ ...common, ...record }));
  await put("hs", { algorithm: "HS256", secret });
  await put("ed", { algorithm: "EdDSA", public_key: publicKey });
  await put("narrow", { algorithm: "HS256", secret, organizations: ["org_none"] });
});
after(() => world.stop());

// Each test has two tenants of its own, both of whom the signers may speak for.
beforeEach(async () => {
  const tenants = [newTenant(`f${++count}`), newTenant(`f${count}-neighbour`)];
  for (const tenant of tenants) await enrol(world.registry, tenant, [world.url]);
  [client, neighbour] = tenants.map((tenant) => new Client(world.url, tenant));
});

const good = (changes = {}) => ({
  org: client.tenant.organization_id,
  sub: "42",
  aud: AUDIENCE,
  exp: inSeconds(300),
  ...changes,
});
const hs = (claims, header = {}) => jwt({ alg: "HS256", typ: "JWT", kid: "hs", ...header }, claims, hmac(secret));
const ed = (claims) => jwt({ alg: "EdDSA", kid: "ed" }, claims, ed25519(pair.privateKey));

/** Posts one event with this in the key's place; the code of the refusal, or "stored" or "quarantined". */
async function send(api_key, fields = {}, { headers, ...envelope } = {}) {
  const response = await client.batch([event("a", fields)], { api_key, headers, ...envelope });
  const answer = await response.json();
  if (response.status === 200) return answer.quarantined === undefined ? "stored" : answer.quarantined[0].rule;
  return `${response.status} ${answer.code}`;
}

async function onlyRow(of = client) {
  const rows = await of.events();
  assert.equal(rows.length, 1);
  return rows[0];
}

test("a token, by either algorithm, says whose the page is and who is signed in", async () => {
  assert.equal(await send(hs(good())), "stored");
  assert.equal(await send(ed(good({ sub: "43" }))), "stored");
  const rows = await client.events();
  assert.deepEqual(rows.map((row) => [row.user_id, row.trust, row.source]), [
    ["42", "token", "browser"],
    ["43", "token", "browser"],
  ]);
  assert.ok(rows.every((row) => row.organization_id === client.tenant.organization_id));
});

test("tenant: by a token that somebody else has made", async () => {
  const other = generateKeyPairSync("ed25519").privateKey;
  const [head, , signature] = hs(good()).split(".");
  const swapped = base64url(JSON.stringify(good({ org: neighbour.tenant.organization_id })));
  for (const forged of [
    jwt({ alg: "HS256", kid: "hs" }, good(), hmac("guessed")),
    jwt({ alg: "EdDSA", kid: "ed" }, good(), ed25519(other)),
    // The public key is public: it must not do as a secret, in any of its forms.
    jwt({ alg: "HS256", kid: "ed" }, good(), hmac(publicKey)),
    jwt({ alg: "HS256", kid: "ed" }, good(), hmac(Buffer.from(publicKey, "base64url"))),
    jwt({ alg: "HS256", kid: "ed" }, good(), hmac(pair.publicKey.export({ format: "pem", type: "spki" }))),
    jwt({ alg: "none", kid: "hs" }, good(), () => ""),
    jwt({ alg: "None", kid: "ed" }, good(), () => ""),
    jwt({ alg: "HS256", kid: "hs" }, good(), () => ""),
    jwt({ alg: "HS256", kid: "nobody" }, good(), hmac(secret)),
    // The key in the token's own header.
    jwt({ alg: "EdDSA", kid: "ed", jwk: other.export({ format: "jwk" }) }, good(), ed25519(other)),
    jwt({ alg: "HS256", kid: "hs", crit: ["b64"], b64: false }, good(), hmac(secret)),
    `${head}.${swapped}.${signature}`,
    // Signed by whom the registry knows, but not for this organization, this audience, or anybody.
    jwt({ alg: "HS256", kid: "narrow" }, good(), hmac(secret)),
    hs(good({ aud: "another-service" })),
    hs(good({ aud: undefined })),
    hs(good({ org: "org_x" })),
    hs(good({ org: undefined })),
    hs(good({ exp: undefined })),
    hs(good({ exp: inSeconds(10 * 365 * 24 * 3600) })),
    hs(good({ nbf: inSeconds(3600) })),
  ]) {
    assert.equal(await send(forged), "401 invalid_token", forged);
  }
  assert.equal(await send(hs(good({ exp: inSeconds(-3600) }))), "401 token_expired");
  assert.deepEqual([await client.events(), await neighbour.events()], [[], []]);
});

test("tenant: by another name in the event, the batch, the query or a header", async () => {
  const org = neighbour.tenant.organization_id;
  for (const key of [client.tenant.browser_key, hs(good())]) {
    assert.equal(await send(key, { organization_id: org }), "foreign_organization");
    assert.equal(await send(key, { properties: { $organization_id: org } }), "foreign_organization");
    // Nobody reads these.
    assert.equal(await send(key, { properties: { organization_id: org } }, { organization_id: org, org }), "stored");
    assert.equal(await send(key, {}, { path: `/batch/?organization_id=${org}`, headers: { "x-organization-id": org } }), "stored");
  }
  assert.deepEqual(await neighbour.events(), []);
  const { total, balanced } = await client.ledger();
  assert.deepEqual(total.quarantined, { foreign_organization: 4 });
  assert.equal(total.stored, 4);
  assert.equal(balanced, true);
});

test("tenant: by two keys in one request", async () => {
  const token = hs(good());
  const keys = [token, neighbour.tenant.browser_key];
  const batch = keys.map((key) => event("a", { api_key: key }));
  const response = await client.batch(batch, { api_key: undefined });
  assert.deepEqual([response.status, (await response.json()).code], [401, "inconsistent_keys"]);
  // Of the batch's key and the event's, the batch's.
  assert.equal(await send(token, { api_key: neighbour.tenant.browser_key }), "stored");
  assert.deepEqual(await neighbour.events(), []);
});

test("user: a page speaks of its token's user or of nobody, and each attempt is counted", async () => {
  const token = hs(good());
  const claims = [
    { distinct_id: "43", properties: { $is_identified: true } },
    { properties: { $user_id: "43" } },
    { distinct_id: "43", event: "$identify", properties: { $anon_distinct_id: "visitor-1" } },
    { distinct_id: "43", event: "$create_alias", properties: { alias: "42" } },
    { distinct_id: "43", event: "$merge_dangerously", properties: { alias: "42" } },
  ];
  for (const claim of claims) assert.equal(await send(token, claim), "foreign_user", JSON.stringify(claim));
  assert.equal(await send(token, { properties: { user_id: "43", sub: "43", trust: "server" } }), "stored");
  const row = await onlyRow();
  assert.deepEqual([row.user_id, row.trust], ["42", "token"]);
  const { total, balanced } = await client.ledger();
  assert.deepEqual(total.quarantined, { foreign_user: claims.length });
  assert.equal(balanced, true);
});

test("user: a token does not give away another's user, by whatever link", async () => {
  assert.equal(await send(hs(good({ sub: "43" })), { distinct_id: "device-43" }), "stored");
  const token = hs(good());
  await send(token, { distinct_id: "43" });
  await send(token, { distinct_id: "42", event: "$create_alias", properties: { alias: "43" } });
  await send(token, { distinct_id: "42", event: "$merge_dangerously", properties: { alias: "43" } });
  await send(token, { distinct_id: "42", event: "$identify", properties: { $anon_distinct_id: "43" } });
  // Nor does a page without a token, which is believed even less.
  await send(client.tenant.browser_key, { distinct_id: "42", event: "$create_alias", properties: { alias: "43" } });
  await send(client.tenant.browser_key, { distinct_id: "42", event: "$identify", properties: { $anon_distinct_id: "43" } });
  const persons = new Map((await client.identities()).map(({ id, person_id }) => [id, person_id]));
  assert.equal(persons.get("43"), "43");
  assert.equal(persons.get("device-43"), "43");
  assert.equal(persons.get("42"), "42");
});

test("source and trust: no page is a back end, whatever it says", async () => {
  const claims = { source: "server", trust: "server", properties: { $source: "server", source: "server", trust: "server" } };
  for (const key of [client.tenant.browser_key, hs(good())]) assert.equal(await send(key, claims), "stored");
  const rows = await client.events();
  assert.deepEqual(rows.map((row) => [row.source, row.trust]), [["browser", "origin"], ["browser", "token"]]);
  // Nor by the back ends' own door.
  // The last is longer than any name in the registry may be.
  const long = hs(good({ more: "x".repeat(900) }));
  assert.equal(await send(long), "stored");
  for (const key of [client.tenant.browser_key, hs(good()), client.tenant.read_key, "sk_guessed", long]) {
    const response = await client.domain({ event_name: "a" }, { authorization: `Bearer ${key}` });
    assert.ok([401, 403].includes(response.status), key);
  }
  assert.equal((await client.events()).length, 3);
});

test("origin: a foreign page has no use for a key or a token that it has read", async () => {
  for (const key of [client.tenant.browser_key, hs(good())]) {
    for (const origin of ["https://evil.example", "null", `${world.url}.evil.example`]) {
      assert.equal(await send(key, {}, { headers: { origin } }), "403 foreign_origin", origin);
    }
  }
  assert.deepEqual(await client.events(), []);
});

test("time and identity of receipt: the collector's own", async () => {
  const before = new Date().toISOString();
  const claims = { received_at: "2001-01-01T00:00:00.000Z", seq: 1, timestamp: "2099-01-01T00:00:00.000Z" };
  assert.equal(await send(hs(good()), { ...claims, properties: { $received_at: claims.received_at } }), "stored");
  const row = await onlyRow();
  assert.ok(row.received_at >= before && row.received_at <= new Date().toISOString(), row.received_at);
  assert.ok(row.occurred_at <= new Date(Date.now() + 61_000).toISOString(), "nothing happens tomorrow");
});

test("another tenant's event is not replaced by one with its id", async () => {
  const uuid = uuidv7();
  await neighbour.batch([event("theirs", { uuid })]);
  assert.equal(await send(hs(good()), { uuid }), "stored");
  assert.equal((await onlyRow(neighbour)).event_name, "theirs");
});

test("signers are rotated with overlap, each for its own secret", async () => {
  const kid = `rotated-${count}`;
  const record = { algorithm: "HS256", audience: AUDIENCE, organizations: ["*"], origins: ["*"], secret };
  assert.equal(await send(hs(good(), { kid })), "401 invalid_token", "not in the registry");
  const [first, second] = [`${kid}-1`, `${kid}-2`];
  await world.registry.put(`signer:${first}`, JSON.stringify(record));
  await world.registry.put(`signer:${second}`, JSON.stringify({ ...record, secret: secret.toUpperCase() }));
  assert.equal(await send(hs(good(), { kid: first })), "stored");
  assert.equal(await send(jwt({ alg: "HS256", kid: second }, good(), hmac(secret.toUpperCase()))), "stored");
  assert.equal(await send(hs(good(), { kid: second })), "401 invalid_token", "the old secret under the new name");
});
