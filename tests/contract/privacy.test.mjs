// What is kept of people: consent on every row, no address, no secret, no more of a place than the tenant wants.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client, event, uuidv7 } from "../harness/client.mjs";
import { enrol, newTenant, startWorld } from "../harness/world.mjs";

const ADMIN_TOKEN = "ak_privacy_0123456789abcdef0123456789abcdef";
const ADDRESS = "203.0.113.77";
const SECRET = "hunter2-5f1c9ab0";
const EMAIL = "ada.lovelace@example.com";
const CF = {
  country: "CZ", city: "Brno", region: "South Moravian", regionCode: "64", postalCode: "60200", timezone: "Europe/Prague",
  continent: "EU",
};

let world;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "tallymark-privacy-"));
  world = await startWorld({ tenants: [], adminToken: ADMIN_TOKEN, persist: folder, cf: CF });
});
after(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A tenant whose address of pages, and of everything else, is `ADDRESS`. */
async function tenantWith(slug, { settings, plan } = {}) {
  const tenant = { ...newTenant(slug), measurement_id: `G-${slug.toUpperCase()}` };
  await enrol(world.registry, tenant, [world.url]);
  if (plan !== undefined) await world.registry.put(`plan:${tenant.organization_id}`, JSON.stringify(plan));
  if (settings !== undefined) assert.equal((await administer("PUT", tenant, settings)).status, 200);
  return new Client(world.url, tenant);
}

async function administer(method, { organization_id }, body) {
  const response = await fetch(`${world.url}/v1/admin/organizations/${organization_id}/settings`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, said: await response.json() };
}

/** Sends an event of that name with those properties by each protocol; `headers` are the request's. */
async function byEveryProtocol(client, name, properties, headers = {}) {
  const { tenant } = client;
  const all = { "cf-connecting-ip": ADDRESS, "x-forwarded-for": ADDRESS, "user-agent": "Test/1", ...headers };
  const bearer = { authorization: `Bearer ${tenant.server_key}`, "content-type": "application/json" };
  const sent = [
    await client.batch([event(name, { properties })], { headers: all }),
    await client.domain([{ event_name: name, properties }], all),
    await fetch(`${world.url}/i/v1/analytics/events`, {
      method: "POST",
      body: JSON.stringify({
        created_at: new Date().toISOString(),
        batch: [{ event: name, uuid: uuidv7(), distinct_id: "u", timestamp: new Date().toISOString(), options: {}, properties }],
      }),
      headers: {
        ...all, ...bearer, "posthog-sdk-info": "posthog-python/7.91.1", "posthog-attempt": "1",
        "posthog-request-id": uuidv7(), "posthog-request-timestamp": new Date().toISOString(),
      },
    }),
    await fetch(
      `${world.url}/g/collect?${new URLSearchParams({
        v: "2", _p: "1", cid: "1.1", _s: "1", sid: "1", tid: tenant.measurement_id, en: name, _uip: ADDRESS, "ep.password": SECRET,
        dl: `https://shop.example/?token=${SECRET}`,
      })}`,
      { method: "POST", headers: { ...all, origin: world.url } },
    ),
    await fetch(`${world.url}/mp/collect?measurement_id=${tenant.measurement_id}&api_secret=${tenant.server_key}`, {
      method: "POST",
      body: JSON.stringify({ client_id: "1.1", ip_override: ADDRESS, events: [{ name, params: { password: SECRET } }] }),
      headers: all,
    }),
  ];
  for (const response of sent) assert.ok(response.ok, `${response.url}: ${response.status} ${await response.clone().text()}`);
  return Promise.all(sent.map((response) => response.text()));
}

const LEAKY = {
  $ip: ADDRESS, ip: ADDRESS, password: SECRET, nested: [{ api_key: SECRET }], $current_url: `https://shop.example/?token=${SECRET}`,
};
const TOO_LONG = "x".repeat(201);

/** All that a tenant can read, as one text. */
async function everything(client) {
  const read = [await client.events(), await client.read("/v1/quarantine?limit=1000"), await client.identities(), await client.ledger()];
  for (const { event_id } of read[1].events) read.push(await client.read(`/v1/quarantine/${event_id}`));
  return JSON.stringify(read);
}

function files(path) {
  return statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => files(join(path, name))) : [path];
}

test("neither an address nor a secret is anywhere, stored or quarantined, by whichever protocol", async () => {
  const client = await tenantWith("nowhere");
  const answers = [...(await byEveryProtocol(client, "leaky", LEAKY)), ...(await byEveryProtocol(client, TOO_LONG, LEAKY))];
  // A rule that repeats what it found does not repeat these.
  answers.push(await (await client.batch([event("echo", { $set: `Bearer ${SECRET}` }), `Bearer ${SECRET}`])).text());
  const books = await client.ledger();
  assert.deepEqual([books.total.stored, books.total.quarantined, books.balanced], [5, { too_long: 5, wrong_type: 1, not_an_object: 1 }, true]);
  const text = answers.join() + (await everything(client));
  for (const gone of [ADDRESS, SECRET]) assert.equal(text.includes(gone), false, gone);
  for (const { event_name, context } of await client.events()) assert.ok(context.redacted > 0, event_name);

  const databases = files(folder).filter((name) => /\.sqlite(-wal)?$/.test(name));
  const bytes = databases.map((name) => readFileSync(name));
  assert.ok(bytes.some((file) => file.includes(client.tenant.organization_id)), "these are the databases");
  for (const gone of [ADDRESS, SECRET]) assert.equal(bytes.some((file) => file.includes(gone)), false, gone);
});

test("every row says what its person has agreed to, and that Global Privacy Control is on", async () => {
  const client = await tenantWith("agreed");
  await byEveryProtocol(client, "silent", {});
  await byEveryProtocol(client, "opted_out", {}, { "sec-gpc": "1" });
  await byEveryProtocol(client, "granted", { $consent: { analytics: true, advertising: true } }, { "sec-gpc": "1" });
  const rows = await client.events();
  assert.equal(rows.length, 15);
  for (const { event_name, context } of rows) {
    const said = event_name !== "silent";
    assert.deepEqual([context.gpc, context.consent?.advertising], said ? [true, false] : [undefined, undefined], JSON.stringify(context));
  }
});

/** A plan of one event, of which there is something to withhold, for people of that age. */
const planFor = (age) => ({
  mode: "enforce",
  salt: "0123456789abcdef0123456789abcdef",
  plan: {
    tallymark_plan: 1,
    plan: { name: "shop", version: age, owner: "Shop", description: "For tests." },
    policy: {"unknown_events": "reject", "unknown_properties": "accept"},
    families: {},
    events: {
      signed_up: {
        description: "Somebody signed up.", origin: "any", schema_version: 1,
        properties: {
          age: { type: "integer", description: "In years.", min: age },
          email: { type: "string", description: "No hash is as short.", max_length: 40, required: true, pii: { class: "email", action: "hash" } },
          note: { type: "string", description: "Anything.", required: true, pii: { class: "free_text", action: "drop" } },
        },
      },
    },
  },
});

test("what the plan withholds is not in quarantine either, and a replay hashes nothing twice", async () => {
  const client = await tenantWith("planned", { plan: planFor(18) });
  const properties = { age: 17, email: EMAIL, note: SECRET, password: SECRET };
  const young = event("signed_up", { properties });
  assert.equal((await client.batch([young, event("signed_up", { properties: { ...properties, age: 18 } })])).status, 200);
  const [{ rule, path }] = (await client.read("/v1/quarantine")).events;
  assert.deepEqual([rule, path], ["out_of_range", "properties.age"]);
  const [old] = await client.events();
  assert.match(old.properties.email, /^[0-9a-f]{64}$/);
  const { body } = await client.read(`/v1/quarantine/${young.uuid}`);
  assert.deepEqual(body.properties, { age: 17, email: old.properties.email, password: "[redacted]" });
  const text = await everything(client);
  for (const gone of [EMAIL, SECRET]) assert.equal(text.includes(gone), false, gone);

  const replay = async () => {
    const response = await fetch(`${world.url}/v1/quarantine/replay`, {
      method: "POST", body: "{}", headers: { authorization: `Bearer ${client.tenant.server_key}`, "content-type": "application/json" },
    });
    const { stored, quarantined, unreplayable } = await response.json();
    return { stored, quarantined, unreplayable };
  };
  assert.deepEqual(await replay(), { stored: 0, quarantined: { out_of_range: 1 }, unreplayable: 0 });
  await world.registry.put(`plan:${client.tenant.organization_id}`, JSON.stringify(planFor(16)));
  assert.deepEqual(await replay(), { stored: 1, quarantined: {}, unreplayable: 0 });
  assert.deepEqual(await replay(), { stored: 0, quarantined: {}, unreplayable: 0 });
  const row = (await client.events()).find(({ event_id }) => event_id === young.uuid);
  assert.deepEqual(row.properties, { ...old.properties, age: 17 });
  assert.equal(row.context.redacted, 1);
});

test("of where a page is, as much is kept as its tenant wants", async () => {
  for (const [slug, settings, expected] of [
    ["default", undefined, { country: "CZ" }],
    ["silent", { geo: "off" }, {}],
    ["truncated", { geo: "off", ip: "truncate" }, { ip: "203.0.113.0" }],
    ["city", { geo: "city", ip: "drop" }, {
      country: "CZ", $geoip_continent_code: "EU", $geoip_subdivision_1_code: "64", $geoip_subdivision_1_name: "South Moravian",
      $geoip_city_name: "Brno", $geoip_postal_code: "60200", $geoip_time_zone: "Europe/Prague",
    }],
  ]) {
    const client = await tenantWith(slug, { settings });
    const headers = { "cf-connecting-ip": ADDRESS };
    assert.equal((await client.batch([event("a")], { headers })).status, 200);
    assert.equal((await client.domain([{ event_name: "b" }], headers)).status, 200);
    const [page, backEnd] = (await client.events()).map(({ context }) => context);
    const { dialect: _, sent_at: __, clock_shift_ms: ___, user_agent: ____, client_timestamp: _____, ...where } = page;
    assert.deepEqual(where, expected, slug);
    assert.deepEqual(backEnd, { dialect: "domain" }, "whose address is not its visitors'");
  }
});

test("a tenant's own secrets are replaced, what it allows stays, and settings that can't be read are refused with a remedy", async () => {
  const settings = { redact: { keys: ["voucher_code"], allow: ["otp"] }, limits: { events_per_day: 5000 } };
  const client = await tenantWith("own", { settings });
  await client.batch([event("a", { properties: { voucherCode: "v", otp: "1", password: "p" } })]);
  const [{ properties, context }] = await client.events();
  assert.deepEqual(properties, { voucherCode: "[redacted]", otp: "1", password: "[redacted]" });
  assert.equal(context.redacted, 2);

  assert.deepEqual(await administer("GET", client.tenant), { status: 200, said: settings });
  for (const [wrong, path] of [
    [{ ip: "keep" }, "ip"], [{ geo: 1 }, "geo"], [{ redact: { keys: [""] } }, "redact.keys"], [{ redact: { is_off: 1 } }, "redact.is_off"],
    [{ limits: { events_per_day: 0 } }, "limits.events_per_day"],
  ]) {
    const { status, said } = await administer("PUT", client.tenant, wrong);
    assert.equal(status, 400, JSON.stringify(wrong));
    assert.ok(said.detail.includes(`${path} must be `), said.detail);
  }
  assert.deepEqual(await administer("GET", client.tenant), { status: 200, said: settings });
  assert.equal((await administer("DELETE", client.tenant)).status, 200);
  assert.equal((await administer("GET", client.tenant)).status, 404);
});
