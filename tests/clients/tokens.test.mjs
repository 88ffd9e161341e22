// Back ends sign tokens as docs/TOKENS.md shows it, with the libraries that it names: its own text runs here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Client, event } from "../harness/client.mjs";
import { ROOT, newTenant, startWorld } from "../harness/world.mjs";
import { folder, interpreter, load } from "./installed.mjs";

const run = promisify(execFile);
const DOCS = readFileSync(join(ROOT, "docs/TOKENS.md"), "utf8");
/** What the docs show in this language. */
const shown = (language) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(DOCS)[1];

/** Longer than the 32 bytes that are asked for, and no ASCII: its bytes are the key, not its characters. */
const secret = `${randomBytes(24).toString("base64url")} žluťoučký`;
const tenant = newTenant("tokens");
const given = { org: tenant.organization_id, user: "42", secret };
let world;
let client;

before(async () => {
  world = await startWorld({ tenants: [tenant] });
  client = new Client(world.url, tenant);
  const common = { audience: "tallymark", organizations: ["org_*"], origins: [world.url] };
  await world.registry.put("signer:app-1", JSON.stringify({ ...common, algorithm: "HS256", secret }));
});
after(() => world.stop());

/** The row of an event that was sent with this token. */
async function stored(name, token) {
  const response = await client.batch([event(name)], { api_key: token });
  assert.equal(response.status, 200, await response.text());
  return (await client.events()).find((row) => row.event_name === name);
}

function isVouchedFor(row) {
  assert.deepEqual([row.organization_id, row.user_id, row.trust], [given.org, given.user, "token"]);
}

test("Python, PyJWT", async () => {
  const program = `import sys, json\norg, user, secret = json.loads(sys.argv[1])\n${shown("python")}print(token, end="")`;
  const argument = JSON.stringify([given.org, given.user, given.secret]);
  const { stdout } = await run(await interpreter(), ["-c", program, argument]);
  isVouchedFor(await stored("python", stdout));
});

test("Node, jose", async () => {
  const home = mkdtempSync(join(tmpdir(), "tallymark-tokens-"));
  try {
    symlinkSync(join(await folder(), "node_modules"), join(home, "node_modules"));
    const program = `const [org, user, secret] = JSON.parse(process.argv[2]);\n${shown("js")}process.stdout.write(token);`;
    writeFileSync(join(home, "sign.mjs"), program);
    const argument = JSON.stringify([given.org, given.user, given.secret]);
    const { stdout } = await run(process.execPath, [join(home, "sign.mjs"), argument]);
    isVouchedFor(await stored("node", stdout));
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("EdDSA, by a key that openssl has made, its public half as the docs cut it out", async () => {
  const { SignJWT } = await load("jose");
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const cut = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64url");
  const record = { algorithm: "EdDSA", public_key: cut, audience: "tallymark", organizations: ["*"], origins: ["*"] };
  await world.registry.put("signer:app-2", JSON.stringify(record));
  const jwt = new SignJWT({ org: given.org }).setProtectedHeader({ alg: "EdDSA", kid: "app-2" });
  const token = await jwt.setSubject("42").setAudience(["other", "tallymark"]).setExpirationTime("5m").sign(privateKey);
  isVouchedFor(await stored("eddsa", token));
});
