// The receivers of docs/DESTINATIONS.md, as they stand there: each event is kept once, however often and in whatever
// company it comes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { enrolled, event } from "../harness/client.mjs";
import { freePort } from "../harness/network.mjs";
import { NO_POSTGRES, startPostgres } from "../harness/postgres.mjs";
import { until } from "../harness/until.mjs";
import { ROOT, startWorld } from "../harness/world.mjs";

const SECRET = `whsec_${randomBytes(24).toString("base64")}`;
const PYTHON = process.env.PYTHON ?? "python3";

/** Serves the application of the document's example, with a table for it. */
const SERVE = `
import os, sqlite3
from wsgiref.simple_server import WSGIRequestHandler, make_server
from receiver import app

class Quiet(WSGIRequestHandler):
    def log_message(self, *_): pass

with sqlite3.connect(os.environ["DATABASE"]) as database:
    database.execute("create table domain_event (organization_id, event_id, event_name, properties, unique (organization_id, event_id))")
server = make_server("127.0.0.1", int(os.environ["PORT"]), app, handler_class=Quiet)
server.serve_forever()
`;

const READ = `
import json, os, sqlite3
rows = sqlite3.connect(os.environ["DATABASE"]).execute("select event_id, event_name from domain_event order by rowid")
print(json.dumps(rows.fetchall()))
`;

/** The document's example in a language. */
function example(language) {
  const document = readFileSync(join(ROOT, "docs/DESTINATIONS.md"), "utf8");
  const found = new RegExp(`<!-- tested: tests/contract/receivers.test.mjs -->\n\`\`\`${language}\n(.*?)\`\`\``, "s").exec(document);
  assert.ok(found, `docs/DESTINATIONS.md shows no ${language}`);
  return found[1];
}

let world;
before(async () => {
  world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world.stop());

/** A folder under the repository, where Node finds its packages. */
function folderFor(t) {
  mkdirSync(join(ROOT, "target"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "target/receiver-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(t, command, args, env, cwd) {
  const child = spawn(command, args, { cwd, env: { ...process.env, TALLYMARK_SECRET: SECRET, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

async function answers(url) {
  const response = await fetch(url, { method: "POST", body: "{}" }).catch(() => undefined);
  return response?.status === 401;
}

/** What every receiver must do. `kept` says what it has, as pairs of id and name. */
async function receives(slug, url, kept) {
  await until(`${slug} to refuse what is not signed`, () => answers(url));
  const client = await enrolled(world, slug);
  const configure = (secret) => {
    const record = { name: "backend", kind: "http", url, secrets: [secret], flush_interval_ms: 0, retry_first_ms: 20, retry_cap_ms: 50, batch_size: 10 };
    return world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([record]));
  };
  await configure(`whsec_${randomBytes(24).toString("base64")}`);
  const names = ["order_paid", "order_lost", "order_paid", "order_paid"];
  const events = names.map((name) => event(name, { properties: { text: "ünï\u2028\"'", ...(name === "order_lost" && { $schema_version: 2 }) } }));
  assert.equal((await client.batch(events)).status, 200);
  const state = async () => (await client.read("/v1/destinations")).destinations[0];
  await until("the wrong secret to be refused", async () => /401/.test((await state()).last_error));
  assert.deepEqual(await kept(), []);
  await configure(SECRET);
  const order = (path) => fetch(client.url + path, { method: "POST", body: "{}", headers: { authorization: `Bearer ${client.tenant.server_key}`, "content-type": "application/json" } });
  assert.equal((await order("/v1/destinations/backend/resume")).status, 200);
  await until("all to be there", async () => (await state()).lag_events === 0);
  const expected = events.filter(({ event: name }) => name === "order_paid").map(({ uuid, event: name }) => [uuid, name]);
  assert.deepEqual(await kept(), expected);
  const { deliveries: parked } = await client.read("/v1/deliveries/parked");
  assert.deepEqual(parked.map(({ event_id, reason, detail }) => [event_id, reason, detail]), [[events[1].uuid, "refused", "422: unknown schema_version"]]);
  // All of it once more, from the start and under another name: nothing is there twice.
  const again = { name: "again", kind: "http", url, secrets: [SECRET], flush_interval_ms: 0, batch_size: 3 };
  await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([again]));
  assert.equal((await order("/v1/destinations/backend/resume")).status, 200);
  await until("all to have come again", async () => {
    const { destinations } = await client.read("/v1/destinations");
    return destinations.find(({ name, delivered }) => name === "again" && delivered === 3);
  });
  assert.deepEqual(await kept(), expected);
}

test("the document's receiver in Python", async (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "receiver.py"), example("python"));
  const port = await freePort();
  const env = { DATABASE: join(folder, "events.db"), PORT: String(port) };
  run(t, PYTHON, ["-c", SERVE], env, folder);
  await receives("python", `http://127.0.0.1:${port}/`, async () => {
    const reader = run(t, PYTHON, ["-c", READ], env, folder);
    let text = "";
    reader.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    await once(reader, "close");
    return JSON.parse(text);
  });
});

test("the document's receiver in Node", { skip: NO_POSTGRES }, async (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "receiver.mjs"), example("js"));
  const postgres = await startPostgres({ tcp: true });
  t.after(() => postgres.stop());
  await postgres.query(
    `create table domain_event (at serial, organization_id text, event_id uuid, event_name text, properties jsonb, unique (organization_id, event_id));`,
  );
  const port = await freePort();
  run(t, process.execPath, ["receiver.mjs"], { DATABASE_URL: `postgres://test@127.0.0.1:${postgres.port}/postgres`, PORT: String(port) }, folder);
  await receives("node", `http://127.0.0.1:${port}/`, () => postgres.query("select event_id, event_name from domain_event order by at;"));
});
