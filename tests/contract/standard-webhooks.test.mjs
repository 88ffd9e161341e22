// What goes out signed is verified by the reference libraries of Standard Webhooks, for JavaScript and for Python.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";
import { pythonPackages } from "../harness/cache.mjs";
import { enrolled, event } from "../harness/client.mjs";
import { Receiver } from "../harness/receiver.mjs";
import { until } from "../harness/until.mjs";
import { startWorld } from "../harness/world.mjs";

const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));
const newSecret = () => `whsec_${randomBytes(24).toString("base64")}`;
/** While a secret rotates. */
const [NEW, OLD] = [newSecret(), newSecret()];

/** A request for each line of its input; for each, what was in it, or null if it is not believed. */
const VERIFY = `
import json, sys
from standardwebhooks import Webhook, WebhookVerificationError
for line in sys.stdin:
    request = json.loads(line)
    try:
        print(json.dumps(Webhook(request["secret"]).verify(request["body"], request["headers"])))
    except WebhookVerificationError:
        print("null")
`;

/** @typedef {{ secret: string, body: string, headers: Record<string, string> }} Signed */

/** @type {Record<string, (all: Signed[]) => Promise<unknown[]>>} */
const LIBRARIES = {
  JavaScript: async (all) =>
    all.map(({ secret, body, headers }) => {
      try {
        return new Webhook(secret).verify(body, headers);
      } catch (error) {
        assert.equal(error.name, "WebhookVerificationError");
        return null;
      }
    }),
  Python: async (all) => {
    const python = spawn(await pythonPackages("contract-python", REQUIREMENTS), ["-c", VERIFY], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(python, "close");
    python.stdin.end(all.map((one) => `${JSON.stringify(one)}\n`).join(""));
    let said = "";
    for await (const text of python.stdout.setEncoding("utf8")) said += text;
    assert.deepEqual(await ended, [0, null]);
    return said.trim().split("\n").map((line) => JSON.parse(line));
  },
};

let world;
before(async () => {
  world = await startWorld({ tenants: [], vars: { ALLOW_PRIVATE_DESTINATIONS: "true" } });
});
after(() => world.stop());

/** What each form of a signed request has of each event: its id. */
const FORMS = {
  webhook: { record: { kind: "webhook" }, idsIn: ({ data }) => [data.event_id] },
  "webhook of batches": { record: { kind: "webhook", format: "batch" }, idsIn: ({ data }) => data.events.map((one) => one.data.event_id) },
  http: { record: { kind: "http" }, idsIn: ({ events }) => events.map(({ event_id }) => event_id) },
};

for (const [form, { record, idsIn }] of Object.entries(FORMS)) {
  test(`${form}: verified by either secret, and by nothing else`, { timeout: 120_000 }, async (t) => {
    const hook = await Receiver.start();
    t.after(() => hook.stop());
    const client = await enrolled(world, form.replaceAll(" ", "-"));
    const destination = { name: "orders", url: hook.url, secrets: [NEW, OLD], from: "start", flush_interval_ms: 0, ...record };
    await world.registry.put(`destinations:${client.tenant.organization_id}`, JSON.stringify([destination]));
    const events = Array.from({ length: 5 }, (_, n) => event("order_paid", { properties: { n, text: "ünï\u2028\"\\ 🦀" } }));
    assert.equal((await client.batch(events)).status, 200);
    await until("all to be delivered", async () => (await client.read("/v1/destinations")).destinations[0]?.delivered === events.length);

    const signed = hook.requests.flatMap(({ body, headers }) => [NEW, OLD].map((secret) => ({ secret, body, headers })));
    const [{ body, headers }] = hook.requests;
    const forged = [
      { secret: newSecret(), body, headers },
      { secret: NEW, body: `${body} `, headers },
      { secret: NEW, body, headers: { ...headers, "webhook-id": "another" } },
      { secret: NEW, body, headers: { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) } },
    ];
    for (const [language, verify] of Object.entries(LIBRARIES)) {
      const read = await verify([...signed, ...forged]);
      assert.deepEqual(read.slice(signed.length), forged.map(() => null), `${language} believes what was changed`);
      const messages = read.slice(0, signed.length);
      assert.ok(messages.every((message) => message !== null), `${language} does not believe what is ours`);
      assert.deepEqual(messages, signed.map((one) => JSON.parse(one.body)));
      const ids = messages.flatMap(idsIn);
      assert.deepEqual(ids.toSorted(), events.flatMap(({ uuid }) => [uuid, uuid]).toSorted(), language);
    }
  });
}
