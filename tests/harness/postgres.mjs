/** A PostgreSQL of one's own, where the machine has one installed: a folder, a Unix socket, and a loopback port if asked for. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./network.mjs";

const DEBIAN = "/usr/lib/postgresql";
const run = promisify(execFile);

/** The folder of the newest server's programs, if there is one. */
function programs() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(DEBIAN, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
}

/** Whom the server runs as: it refuses root, who has to lend it a user. */
function owner() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync("id", [flag, "postgres"]).toString());
  return { uid: id("-u"), gid: id("-g") };
}

/** Why there can be no PostgreSQL here, or false. */
export const NO_POSTGRES = programs() === undefined ? "PostgreSQL is not installed" : false;

/**
 * @param {object} [options]
 * @param {boolean} [options.tcp] listens on a loopback port, too, with TLS: `url` and `ca` say how to get there
 * @param {boolean} [options.durable] survives its own kill -9, as one in earnest does
 * @param {Record<string, string | number>} [options.settings] of postgresql.conf
 */
export async function startPostgres({ tcp = false, durable = false, settings = {} } = {}) {
  const bin = programs();
  const folder = mkdtempSync(join(tmpdir(), "tallymark-postgres-"));
  const as = owner();
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid);
  const options = { ...as, cwd: folder };
  const data = join(folder, "data");
  await run(join(bin, "initdb"), ["-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync"], options);
  const all = { listen_addresses: "", unix_socket_directories: folder, fsync: durable ? "on" : "off", ...settings };
  if (tcp) Object.assign(all, { listen_addresses: "127.0.0.1", port: await freePort(), ssl: "on" });
  if (tcp) await certify(data, options);
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let server;
  let ended;

  async function start() {
    const stdio = ["ignore", "ignore", "pipe"];
    server = spawn(join(bin, "postgres"), ["-D", data, ...flags], { ...options, stdio });
    ended = once(server, "exit");
    await new Promise((resolve, reject) => {
      let log = "";
      server.stderr.on("data", (chunk) => {
        if (log !== undefined) log += chunk;
        if (!log?.includes("ready to accept")) return;
        log = undefined;
        resolve();
      });
      ended.then(() => reject(new Error(`PostgreSQL did not start: ${log}`)));
    });
  }
  await start();

  const database = (name = "postgres") => ["-h", folder, ...(tcp ? ["-p", String(all.port)] : []), "-U", "test", "-d", name];
  return {
    port: all.port,
    /** The certificate that its own is signed by, a PEM file. */
    ca: join(data, "ca.crt"),
    /** Its address on loopback, or as its socket. */
    url: (name = "postgres") =>
      tcp
        ? `postgres://test@localhost:${all.port}/${name}`
        : `postgres://test@/${name}?host=${encodeURIComponent(folder)}`,
    /** Process id of the server that the others are children of. */
    get pid() {
      return server.pid;
    },
    /** Runs statements; the rows of the last as texts. No value may hold a tab or a line's end. */
    async query(statements, name) {
      const plain = ["-X", "-v", "ON_ERROR_STOP=1", "-q", "--no-align", "--tuples-only", "--field-separator=\t"];
      const psql = spawn(join(bin, "psql"), [...database(name), ...plain], { ...options, stdio: ["pipe", "pipe", "pipe"] });
      const closed = once(psql, "close");
      let problems = "";
      psql.stderr.setEncoding("utf8").on("data", (chunk) => (problems += chunk));
      psql.stdin.end(statements);
      let text = "";
      for await (const chunk of psql.stdout.setEncoding("utf8")) text += chunk;
      const [code] = await closed;
      if (code !== 0) throw new Error(`psql ended with ${code}: ${problems}`);
      return text.split("\n").filter((line) => line !== "").map((line) => line.split("\t"));
    },
    /** kill -9 of the server and of all that it has started, as when a machine goes down. */
    async kill() {
      const { stdout } = await run("ps", ["-o", "pid=", "--ppid", String(server.pid)]).catch(() => ({ stdout: "" }));
      const children = stdout.trim().split(/\s+/).filter(Boolean).map(Number);
      for (const pid of [server.pid, ...children]) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {} // It has ended with its parent.
      }
      await ended;
      rmSync(join(data, "postmaster.pid"), { force: true });
    },
    start,
    async stop() {
      // Immediate: there is nothing to keep.
      server.kill("SIGQUIT");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** A certificate for localhost where the server looks for it, and beside it the authority's that has signed it. */
async function certify(data, options) {
  const file = (name) => join(data, name);
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-x509"];
  const openssl = (...flags) => run("openssl", ["req", ...kind, ...flags], options);
  await openssl("-subj", "/CN=Test authority", "-keyout", file("ca.key"), "-out", file("ca.crt"));
  const authority = ["-CA", file("ca.crt"), "-CAkey", file("ca.key")];
  const extensions = ["subjectAltName=DNS:localhost,IP:127.0.0.1", "basicConstraints=critical,CA:FALSE"];
  const names = ["-subj", "/CN=localhost", ...extensions.flatMap((extension) => ["-addext", extension])];
  await openssl(...authority, ...names, "-keyout", file("server.key"), "-out", file("server.crt"));
  chmodSync(file("server.key"), 0o600);
}
