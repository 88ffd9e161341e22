/** From a tenant's log to PostgreSQL, beside a native client with the same rows, the same table and the same batches. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../../harness/world.mjs";
import { cpuUs, median } from "../load.mjs";
import { HEADERS, drain, postgres, tenantWith } from "./world.mjs";

const NATIVE = join(ROOT, "target/release/examples/native");
const COLUMNS = [
  "event_id", "event_name", "occurred_at", "received_at", "organization_id", "user_id", "anonymous_id", "session_id",
  "entity_type", "entity_id", "correlation_id", "source", "trust", "schema_version", "properties", "context",
];
const EVENTS = { 1: 1_000, 10: 5_000, 50: 10_000, 500: 20_000 };

export const PEERS = ["COPY", "multi-row INSERT"];
export const OURS = "log → Postgres";

/** @returns by batch size and variant: events/s, µs of CPU an event of the client and of the server, medians */
export async function benchPostgres(store, sizes, rounds, scale) {
  const native = await startNative(store, await rowsOf(store, Math.max(...Object.values(EVENTS)) / scale));
  const variants = {
    COPY: (size, events) => native.run(`copy ${size} ${events}`),
    "multi-row INSERT": (size, events) => native.run(`insert ${size} ${events}`),
    [OURS]: (size, events) => delivered(store, size, events),
  };
  const figures = new Map();
  for (const size of sizes) {
    const events = EVENTS[size] / scale;
    const runs = new Map(Object.keys(variants).map((name) => [name, []]));
    for (let round = 0; round <= rounds; round++) {
      for (const [name, run] of Object.entries(variants)) {
        await store.server.query("truncate domain_event; checkpoint", "bench");
        const spent = await run(size, events);
        const [[stored]] = await store.server.query("select count(*) from domain_event", "bench");
        if (Number(stored) !== events) throw new Error(`${name} at ${size}: ${stored} rows of ${events}`);
        // The first round warms up.
        if (round > 0) runs.get(name).push(spent);
      }
    }
    for (const [name, all] of runs) {
      const of = (figure) => median(all.map(figure));
      figures.set(`${name} ${size}`, {
        perSecond: of(({ seconds }) => events / seconds),
        clientUs: of(({ cpuUs }) => cpuUs / events),
        serverUs: of(({ serverUs }) => serverUs / events),
      });
    }
  }
  await native.stop();
  return figures;
}

async function delivered(store, size, events) {
  const tenant = await tenantWith(store, events);
  const spent = await drain(store, tenant, postgres(store, size));
  const [[session]] = await store.server.query(
    "select pid from pg_stat_activity where application_name = 'tallymark' order by backend_start desc limit 1",
  );
  return { ...spent, serverUs: cpuUs([session]) };
}

/** Rows as the log has them, each a list of texts: what the native client stores. */
async function rowsOf(store, count) {
  const tenant = await tenantWith(store, count);
  const headers = { ...HEADERS, authorization: `Bearer ${tenant.read_key}` };
  const rows = [];
  for (let after = 0; rows.length < count; ) {
    const page = await (await fetch(`${store.url}/v1/events?after=${after}&limit=1000`, { headers })).json();
    rows.push(...page.events);
    after = page.next_after;
  }
  const now = new Date().toISOString();
  const text = (value) => (value === null ? null : typeof value === "object" ? JSON.stringify(value) : String(value));
  return rows.map((row) => [...COLUMNS.map((column) => text(row[column])), "true", now]);
}

/** A native client with these rows (crates/warehouse/examples/native.rs). Each command has a process and a session of its own, as each log has. */
async function startNative({ server }, rows) {
  const folder = mkdtempSync(join(tmpdir(), "tallymark-bench-"));
  const file = join(folder, "rows.json");
  writeFileSync(file, JSON.stringify(rows));
  return {
    async run(command) {
      const url = `${server.url("bench")}?application_name=native&sslmode=disable`;
      const child = spawn(NATIVE, [url, file], { stdio: ["pipe", "pipe", "inherit"] });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const ended = once(child, "exit");
      if ((await lines.next()).value !== "ready") throw new Error("the native client did not start");
      const [[session]] = await server.query("select pid from pg_stat_activity where application_name = 'native'");
      const before = cpuUs([child.pid]);
      child.stdin.write(`${command}\n`);
      const { value } = await lines.next();
      const spent = { seconds: Number(value), cpuUs: cpuUs([child.pid]) - before, serverUs: cpuUs([session]) };
      child.stdin.end();
      await ended;
      return spent;
    },
    stop: () => rmSync(folder, { recursive: true }),
  };
}
