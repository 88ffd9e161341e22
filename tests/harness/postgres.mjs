/** A PostgreSQL of one's own, where the machine has one installed: a folder, a Unix socket, no port. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const DEBIAN = "/usr/lib/postgresql";

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

export async function startPostgres() {
  const bin = programs();
  const folder = mkdtempSync(join(tmpdir(), "tallymark-postgres-"));
  const as = owner();
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid);
  const options = { ...as, cwd: folder };
  const data = join(folder, "data");
  const run = promisify(execFile);
  await run(join(bin, "initdb"), ["-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync"], options);
  const settings = ["-c", "listen_addresses=", "-c", `unix_socket_directories=${folder}`, "-c", "fsync=off"];
  const stdio = ["ignore", "ignore", "pipe"];
  const server = spawn(join(bin, "postgres"), ["-D", data, ...settings], { ...options, stdio });
  const ended = once(server, "exit");
  await new Promise((resolve, reject) => {
    let log = "";
    server.stderr.on("data", (chunk) => {
      log += chunk;
      if (log.includes("ready to accept connections")) resolve();
    });
    ended.then(() => reject(new Error(`PostgreSQL did not start: ${log}`)));
  });
  return {
    /** Runs statements; the rows of the last as texts. No value may hold a tab or a line's end. */
    async query(statements) {
      const database = ["-h", folder, "-U", "test", "-d", "postgres"];
      const plain = ["-X", "-v", "ON_ERROR_STOP=1", "-q", "--no-align", "--tuples-only", "--field-separator=\t"];
      const psql = spawn(join(bin, "psql"), [...database, ...plain], { ...options, stdio: ["pipe", "pipe", "inherit"] });
      const closed = once(psql, "close");
      psql.stdin.end(statements);
      let text = "";
      for await (const chunk of psql.stdout.setEncoding("utf8")) text += chunk;
      const [code] = await closed;
      if (code !== 0) throw new Error(`psql ended with ${code}`);
      return text.split("\n").filter((line) => line !== "").map((line) => line.split("\t"));
    },
    async stop() {
      // Immediate: there is nothing to keep.
      server.kill("SIGQUIT");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
