/** Ways of serving a built page on loopback, each as `{ origin, stop }`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** A folder of files; a path without an ending is the single page's, index.html. */
export async function serveFolder(folder) {
  const server = createServer(async ({ url }, response) => {
    const path = normalize(new URL(url, "http://localhost").pathname);
    const file = join(folder, extname(path) ? path : "index.html");
    try {
      const body = await readFile(file);
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, stop };
}

/** A command that serves until it is killed, and prints the address it serves at. */
export async function serveCommand(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill();
    await ended;
  };
  const printed = [];
  for await (const line of createInterface({ input: child.stdout })) {
    printed.push(line);
    const [origin] = /http:\/\/(127\.0\.0\.1|localhost):\d+/.exec(line) ?? [];
    if (origin) {
      child.stdout.resume();
      return { origin, stop };
    }
  }
  throw new Error(`${command} ${args.join(" ")} has ended:\n${printed.join("\n")}`);
}
