// Who is who, whichever dialect says so, in whichever order it comes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client, event, uuidv7 } from "../harness/client.mjs";
import { COPY, queryCopy } from "../harness/copy.mjs";
import { ROOT, newTenant, startWorld } from "../harness/world.mjs";

const STATEMENT = readFileSync(join(ROOT, "docs/persons.sql"), "utf8");
const NAMES = ["clients", "ga4", "chains", "trust", "orders", "many", "kept-apart"];

let world;
const clients = {};

before(async () => {
  const tenants = NAMES.map((name) => ({ ...newTenant(name), measurement_id: `G-${name.toUpperCase()}` }));
  world = await startWorld({ tenants, extraWorkers: [COPY] });
  for (const tenant of tenants) clients[tenant.slug] = new Client(world.url, tenant);
});
after(() => world.stop());

/** Minutes after a moment of long ago. */
const at = (minutes) => new Date(Date.parse("2026-03-01T00:00:00Z") + minutes * 60_000).toISOString();

async function ok(response) {
  assert.equal(response.status, 200, await response.text());
}

const identify = (anonymous, user, minutes, properties = {}) =>
  event("$identify", {
    distinct_id: user,
    timestamp: at(minutes),
    properties: { $anon_distinct_id: anonymous, $is_identified: true, ...properties },
  });
const alias = (other, user, minutes, name = "$create_alias") =>
  event(name, { distinct_id: user, timestamp: at(minutes), properties: { alias: other } });

/** How each trust sends. */
const SENDERS = {
  key: (client, events) => client.batch(events, { headers: { origin: "" } }),
  origin: (client, events) => client.batch(events),
  server: (client, events) => client.batch(events, { api_key: client.tenant.server_key }),
};

/** The person of each id. */
async function persons(client) {
  return Object.fromEntries((await client.identities()).map(({ id, person_id }) => [id, person_id]));
}

test("PostHog's clients and back ends make persons that the published statement joins to events", async () => {
  const client = clients.clients;
  const view = (distinct_id, properties = {}) => event("$pageview", { distinct_id, properties, timestamp: at(0) });
  const events = [
    view("anonymous-1"),
    identify("anonymous-1", "ada", 1, { $device_id: "device-1" }),
    view("ada", { $is_identified: true, $device_id: "device-1" }),
    view("anonymous-2"),
    alias("anonymous-2", "ada", 2),
    view("stranger"),
  ];
  await ok(await client.batch(events));
  await ok(await client.domain({ event_name: "mail_opened", user_id: "ada", anonymous_id: "mailbox", occurred_at: at(3) }));
  await ok(await client.domain({ event_name: "night_job" }));
  await ok(await SENDERS.server(client, [alias("ada@bakery.example", "ada", 4, "$merge_dangerously")]));

  const identity = await client.identities();
  assert.deepEqual(
    Object.fromEntries(identity.map(({ id, person_id, trust }) => [id, [person_id, trust]])),
    {
      "anonymous-1": ["ada", null],
      "anonymous-2": ["ada", null],
      "device-1": ["ada", null],
      mailbox: ["ada", null],
      "ada@bakery.example": ["ada", null],
      ada: ["ada", "server"],
    },
  );
  const [link] = identity.find(({ id }) => id === "anonymous-1").links;
  const expected = { user_id: "ada", kind: "identify", trust: "origin", is_stated: false, first_at: at(1) };
  assert.deepEqual(link, { ...expected, first_event_id: events[1].uuid });

  const rows = await client.events();
  const tables = { domain_event: rows, identity: identity.map(({ links, ...row }) => row) };
  const found = await queryCopy(world, tables, STATEMENT);
  const personOf = new Map(found.map(({ event_id, person_id }) => [event_id, person_id]));
  assert.deepEqual(
    rows.map(({ event_id, event_name, anonymous_id }) => [event_name, anonymous_id, personOf.get(event_id)]),
    [
      ["$pageview", "anonymous-1", "ada"],
      ["$identify", "device-1", "ada"],
      ["$pageview", "device-1", "ada"],
      ["$pageview", "anonymous-2", "ada"],
      ["$create_alias", "ada", "ada"],
      ["$pageview", "stranger", "stranger"],
      ["mail_opened", "mailbox", "ada"],
      ["night_job", null, null],
      ["$merge_dangerously", null, "ada"],
    ],
  );
  const viewed = await queryCopy(world, tables, "select event_id, person_id from person_event order by seq");
  assert.deepEqual(viewed, found.map(({ event_id, person_id }) => ({ event_id, person_id })));
});

test("GA4's client ids are the user's once a hit has both, however it comes", async () => {
  const client = clients.ga4;
  const { measurement_id, server_key } = client.tenant;
  const hit = async (params) => {
    const query = new URLSearchParams({ v: "2", tid: measurement_id, _p: "1795220301195", ...params });
    const response = await fetch(`${world.url}/g/collect?${query}`, { method: "POST", headers: { origin: world.url } });
    assert.equal(response.status, 204);
  };
  await hit({ en: "page_view", cid: "11.22", sid: "1795220301", _s: "1" });
  await hit({ en: "login", cid: "11.22", uid: "ada", _s: "2" });
  await hit({ en: "page_view", cid: "33.44", uid: "eve", gcs: "G100", gcd: "13p3p3p3p5l1", _s: "3" });
  const query = new URLSearchParams({ measurement_id, api_secret: server_key });
  const body = JSON.stringify({ client_id: "55.66", user_id: "ada", events: [{ name: "refund", params: {} }] });
  assert.equal((await fetch(`${world.url}/mp/collect?${query}`, { method: "POST", body })).status, 204);
  // The same visitor, told of by a client of PostHog's.
  await ok(await client.batch([identify("0193c1a2", "ada", 1)]));

  const rows = await client.events();
  assert.deepEqual(
    rows.map(({ event_name, user_id, anonymous_id, session_id }) => [event_name, user_id, anonymous_id, session_id]),
    [
      ["$pageview", null, "11.22", "11.22.1795220301"],
      ["$identify", "ada", "11.22", null],
      ["$pageview", null, null, null],
      ["refund", "ada", "55.66", null],
      ["$identify", "ada", "0193c1a2", null],
    ],
  );
  const expected = Object.fromEntries(["11.22", "55.66", "0193c1a2", "ada"].map((id) => [id, "ada"]));
  assert.deepEqual(await persons(client), expected);
});

test("chains and rings are one person, a shared device is not", async () => {
  const client = clients.chains;
  await ok(await client.batch([identify("c", "d", 3), identify("b", "c", 2), identify("a", "b", 1)]));
  await ok(await client.batch([identify("x", "y", 1), identify("y", "z", 2), identify("z", "x", 3)]));
  await ok(await client.batch([identify("tablet", "eve", 1), identify("tablet", "bob", 2)]));
  const all = await persons(client);
  assert.deepEqual([all.a, all.b, all.c, all.d], ["d", "d", "d", "d"]);
  assert.deepEqual([all.x, all.y, all.z], ["x", "x", "x"]);
  assert.deepEqual([all.tablet, all.eve, all.bob], ["eve", "eve", "bob"]);

  // What proves to have been earlier takes the device with it; whoever follows the changes sees it.
  const [last] = (await client.identities()).slice(-1);
  await ok(await client.batch([identify("tablet", "carol", 0)]));
  const { identities } = await client.read(`/v1/identities?after=${last.seq}`);
  assert.deepEqual(
    identities.map(({ id, person_id }) => [id, person_id]).sort(),
    [
      ["carol", "carol"],
      ["tablet", "carol"],
    ],
  );
  // A retry changes nothing.
  const before = await client.identities();
  await ok(await client.batch([identify("tablet", "carol", 0), identify("tablet", "bob", 2)]));
  assert.deepEqual(await client.identities(), before);
});

test("a page gives away no user whom the back end knows", async () => {
  const client = clients.trust;
  await ok(await client.domain({ event_name: "signed_up", user_id: "victim", anonymous_id: "device", occurred_at: at(5) }));
  await ok(await SENDERS.origin(client, [identify("victim", "thief", 1), alias("victim", "thief", 1, "$merge_dangerously")]));
  await ok(await SENDERS.key(client, [identify("device", "thief", 0)]));
  assert.deepEqual(await persons(client), { device: "victim", victim: "victim", thief: "thief" });
  // What the back end says of it counts.
  await ok(await SENDERS.server(client, [alias("victim", "owner", 6)]));
  assert.deepEqual(await persons(client), { device: "owner", victim: "owner", owner: "owner", thief: "thief" });
});

test("nothing is linked of who is not to be recognized", async () => {
  const client = clients["kept-apart"];
  await ok(
    await client.batch([
      identify("a", "u1", 0, { $cookieless_mode: true }),
      identify("b", "u2", 0, { $consent: { analytics: false, advertising: false } }),
      identify("null", "u3", 0),
      identify("c", "anonymous", 0),
    ]),
  );
  assert.deepEqual(await client.identities(), []);
  assert.equal((await client.events()).length, 4);
});

test("a crowd is no person", async () => {
  const client = clients.many;
  const events = Array.from({ length: 1_200 }, (_, i) => ({
    event_id: uuidv7(),
    event_name: "seen",
    user_id: "kiosk",
    anonymous_id: `device-${i}`,
    occurred_at: at(i),
  }));
  await ok(await client.domain(events));
  const all = Object.values(await persons(client));
  assert.equal(all.length, 1_201);
  assert.equal(all.filter((person) => person === "kiosk").length, 1_000);
});

/** Numbers from a seed, so that a failure can be repeated (mulberry32). */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test("the same persons, in whichever order it is told", async () => {
  const client = clients.orders;
  const random = seeded(20_261_121);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const shuffled = (list) => list.map((item) => [random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item);
  const ids = ["p", "q", "r", "s", "t", "v", "w"];
  const says = () => {
    const [id, user] = shuffled(ids);
    const [kind, trust] = [pick(["identify", "alias"]), pick(Object.keys(SENDERS))];
    return { id, user, kind, trust, minutes: Math.floor(random() * 4), uuid: uuidv7() };
  };
  const told = Array.from({ length: 48 }, (_, nth) => ({ nth, graph: nth >> 2 }));
  const graphs = Array.from({ length: 12 }, () => Array.from({ length: 9 }, says));
  const orders = told.map(({ nth, graph }) => ({ nth, said: shuffled(graphs[graph]) }));
  // Each of the four orders of a graph has ids of its own, which begin with its number.
  const own = (nth, id) => `${nth}.${id}`;
  const tell = async ({ nth, said }) => {
    for (const { id, user, kind, trust, minutes, uuid } of said) {
      const told = (kind === "identify" ? identify : alias)(own(nth, id), own(nth, user), minutes);
      // Uuids break ties, so they too differ in their beginnings alone.
      await ok(await SENDERS[trust](client, [{ ...told, uuid: nth.toString(16).padStart(4, "0") + uuid.slice(4) }]));
    }
  };
  await Promise.all(orders.map(tell));
  const all = Object.entries(await persons(client));
  for (const { nth, graph } of told) {
    const found = all.filter(([id]) => id.startsWith(`${nth}.`));
    assert.deepEqual(
      Object.fromEntries(found.map((pair) => pair.map((id) => id.split(".")[1])).sort()),
      expectedPersons(graphs[graph]),
      `order ${nth} of ${JSON.stringify(graphs[graph])}`,
    );
  }
});

/** The rules of docs/WIRE.md, of all links at once. */
function expectedPersons(said) {
  const rank = (trust) => ["key", "origin", "server"].indexOf(trust);
  const links = new Map();
  for (const { id, user, kind, trust, minutes, uuid } of said) {
    const known = links.get(`${id} ${user}`) ?? { id, user, rank: -1, first: [Infinity], isStated: false };
    const first = [minutes, uuid.slice(4)];
    const isEarlier = first[0] < known.first[0] || (first[0] === known.first[0] && first[1] < known.first[1]);
    links.set(`${id} ${user}`, {
      ...known,
      rank: Math.max(known.rank, rank(trust)),
      first: isEarlier ? first : known.first,
      isStated: known.isStated || (kind === "alias" && trust === "server"),
    });
  }
  const all = [...links.values()];
  const ids = [...new Set(all.flatMap(({ id, user }) => [id, user]))].sort();
  const named = (id) => Math.max(-1, ...all.filter((link) => link.user === id).map((link) => link.rank));
  const own = (id) =>
    all
      .filter((link) => link.id === id && !link.isStated && link.rank >= named(id))
      .sort((a, b) => b.rank - a.rank || a.first[0] - b.first[0] || (a.first[1] < b.first[1] ? -1 : 1))[0];
  const held = [...ids.map(own).filter(Boolean), ...all.filter((link) => link.isStated)];
  const isGiven = (id) => own(id) !== undefined;
  const groupOf = new Map(ids.map((id) => [id, new Set([id])]));
  for (const { id, user } of held) {
    const joined = new Set([...groupOf.get(id), ...groupOf.get(user)]);
    for (const member of joined) groupOf.set(member, joined);
  }
  const person = (id) =>
    [...groupOf.get(id)].sort(
      (a, b) => isGiven(a) - isGiven(b) || named(b) - named(a) || (a < b ? -1 : 1),
    )[0];
  return Object.fromEntries(ids.map((id) => [id, person(id)]));
}
