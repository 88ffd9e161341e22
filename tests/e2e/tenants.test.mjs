// One origin, many tenants: what a page of one has left on disk never goes to another.
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { Client } from "../harness/client.mjs";
import { enrol, newTenant } from "../harness/world.mjs";
import { booksBalance, receivedBy, scenarios, until } from "./support.mjs";

const scenario = scenarios();
const SHUT = { expectedConsole: /503/ };
const FLAKY = "?tm-path=/flaky/batch/";
const door = (world, status) => fetch(`${world.url}/flaky/door?status=${status}`);
const chunks = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("tm_q")).length);

const base64url = (value) => Buffer.from(value).toString("base64url");
/** A back end that signs for the organization, until `seconds` from now. */
function signer(kid, org) {
  const secret = randomBytes(32).toString("base64url");
  return {
    record: JSON.stringify({ algorithm: "HS256", secret, audience: "tallymark", organizations: [org], origins: ["*"] }),
    token(seconds) {
      const exp = Math.floor(Date.now() / 1_000) + seconds;
      const head = base64url(JSON.stringify({ alg: "HS256", typ: "JWT", kid }));
      const text = `${head}.${base64url(JSON.stringify({ org, aud: "tallymark", exp }))}`;
      return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
    },
  };
}

scenario(
  "what a tenant's page has left is sent for that tenant, by whichever page comes next",
  async ({ world, page, client, address, received }) => {
    const neighbour = newTenant("neighbour");
    await enrol(world.registry, neighbour, [world.url]);
    const theirs = new Client(world.url, neighbour);
    await page.goto(address("home", FLAKY));
    await received("$pageview");
    await door(world, 503);
    await page.evaluate(() => tallymark.capture("ours"));
    await page.goto(`${world.url}/${neighbour.browser_key}/home${FLAKY}`);
    await door(world, 200);
    await received("$pageview", "ours", "$pageleave");
    const [view] = await receivedBy(theirs)("$pageview");
    assert.match(view.properties.$current_url, new RegExp(neighbour.browser_key));
    await until("an empty disk", async () => (await chunks(page)) === 0);
    await booksBalance(theirs);
    assert.equal((await client.ledger()).total.duplicate, 0);
  },
  SHUT,
);

scenario(
  "what was captured under a token that has ended is sent under the organization's next one",
  async ({ world, page, client, received }) => {
    const { record, token } = signer("app", client.tenant.organization_id);
    await world.registry.put("signer:app", record);
    await door(world, 503);
    await page.goto(`${world.url}/${token(2)}/home${FLAKY}`);
    await page.evaluate(() => tallymark.capture("early"));
    await until("what was captured, on disk", async () => (await chunks(page)) > 0);
    await page.goto(`${world.url}/${token(300)}/home${FLAKY}`);
    await door(world, 200);
    await received("$pageview", "early", "$pageleave", "$pageview");
    await until("an empty disk", async () => (await chunks(page)) === 0);
  },
  SHUT,
);
