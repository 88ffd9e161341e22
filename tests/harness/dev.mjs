/**
 * `cargo xtask dev`: two tenants, the demo shop and the collector on one port of this machine, kept running
 * and reloaded when a source changes. Data and keys stay in .tallymark/dev, of this checkout and no other.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, demoSite, newTenant, planDemo, startWorld, worldOptions } from "./world.mjs";

const HOME = join(ROOT, ".tallymark/dev");
const TENANTS = join(HOME, "tenants.json");
const ADMIN_TOKEN = join(HOME, "admin-token");
const port = Number(process.argv[2] ?? 8787);

function tenants() {
  if (existsSync(TENANTS)) return JSON.parse(readFileSync(TENANTS, "utf8"));
  const fresh = [newTenant("fern", "Fern & Kettle"), newTenant("juniper", "Juniper Works")];
  mkdirSync(HOME, { recursive: true });
  writeFileSync(TENANTS, JSON.stringify(fresh, null, 2), { mode: 0o600 });
  return fresh;
}

/** The operator's, for `tallymark keys` and `tallymark plan push`. */
function adminToken() {
  if (!existsSync(ADMIN_TOKEN)) writeFileSync(ADMIN_TOKEN, `ak_${randomBytes(24).toString("base64url")}`, { mode: 0o600 });
  return readFileSync(ADMIN_TOKEN, "utf8");
}

const made = tenants();
// A function: the demo is read anew after each build.
const options = () => ({ tenants: made, port, persist: join(HOME, "state"), site: demoSite(made), adminToken: adminToken() });
const world = await startWorld(options()).catch((error) => {
  if (String(error).includes("Address already in use") || error.code === "ERR_RUNTIME_FAILURE") {
    console.error(`port ${port} is taken; choose another: cargo xtask dev --port 8788`);
    process.exit(1);
  }
  throw error;
});
await planDemo(world.registry, made);

const bold = (text) => `\x1b[1m${text}\x1b[0m`;
console.log(`\n  ${bold("Tallymark")} is running. Open ${bold(world.url)}\n`);
for (const { slug, name, organization_id, browser_key, server_key, read_key } of made) {
  console.log(`  ${bold(name)}  ${world.url}/${slug}/  (${organization_id})`);
  console.log(`    browser ${browser_key}\n    server  ${server_key}\n    read    ${read_key}`);
}
const [first] = made;
console.log(`\n  The books:  curl -H "Authorization: Bearer ${first.read_key}" ${world.url}/v1/ledger`);
console.log(`  The events: curl -H "Authorization: Bearer ${first.read_key}" "${world.url}/v1/events?after=0"`);
console.log(`  The plan:   TALLYMARK_COLLECTOR=${world.url} TALLYMARK_ORGANIZATION=${first.organization_id} \\
              TALLYMARK_ADMIN_TOKEN=${adminToken()} cargo run -p tallymark-cli -- plan versions`);
console.log(`\n  Changed sources are rebuilt. Ctrl-C ends it.\n`);

/** Rebuilds after the last of a flurry of changes; once more if something changed meanwhile. */
const QUIET_MS = 150;
let timer;
let building = false;
let again = false;

function changed(_event, file) {
  if (file !== null && /(^|\/)(dist|node_modules|target)(\/|$)|\.test\.mjs$|~$/.test(file)) return;
  clearTimeout(timer);
  timer = setTimeout(rebuild, QUIET_MS);
}

function rebuild() {
  if (building) {
    again = true;
    return;
  }
  building = true;
  const started = Date.now();
  console.log("  changed: building…");
  const build = spawn("cargo", ["xtask", "build"], { cwd: ROOT, stdio: "inherit" });
  build.on("exit", async (code) => {
    if (code === 0) {
      await world.mf.setOptions(worldOptions(options()));
      console.log(`  reloaded after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    } else {
      console.log("  the build failed; what ran before goes on running");
    }
    building = false;
    if (again) {
      again = false;
      rebuild();
    }
  });
}

for (const folder of ["crates", "sdk", "collector", "www/demo"]) {
  watch(join(ROOT, folder), { recursive: true }, changed);
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    await world.stop();
    process.exit(0);
  });
}
