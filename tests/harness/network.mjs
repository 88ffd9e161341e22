/** Proxies on loopback: a network that is slow, that goes away and comes back, or that lets not everything pass. */
import { once } from "node:events";
import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer } from "node:net";

/** A connection that broke has nobody to tell: both ends see it closed. */
const ignore = () => {};

async function listen(server, port = 0) {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

/** A port that refuses connections, until somebody takes it. */
export async function freePort() {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Every byte takes `ms` each way, handshakes of higher layers included.
 * @returns {Promise<{ port: number, stop(): void }>}
 */
export async function slowLine(target, ms) {
  const open = new Set();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    for (const [from, to] of [[near, far], [far, near]]) {
      // Timers of equal length fire in the order in which they were set, so bytes keep theirs.
      const later = (act) => setTimeout(() => to.destroyed || act(), ms);
      open.add(from);
      from.on("data", (bytes) => later(() => to.write(bytes)));
      from.on("end", () => later(() => to.end()));
      from.on("error", ignore);
      from.on("close", () => {
        open.delete(from);
        later(() => to.destroy());
      });
    }
  });
  return {
    port: await listen(server),
    stop() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/**
 * A line that can be cut: while it is, connections are refused and open ones broken.
 * @returns {Promise<{ url: string, cut(): void, mend(): Promise<void> }>}
 */
export async function line(target) {
  const open = new Set();
  let server;
  const start = async (port) => {
    server = createServer((near) => {
      const far = connect(target, "127.0.0.1");
      for (const [from, to] of [[near, far], [far, near]]) {
        open.add(from);
        from.on("error", ignore);
        from.on("close", () => {
          open.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    return listen(server, port);
  };
  const port = await start();
  return {
    url: `http://127.0.0.1:${port}`,
    cut() {
      server.close();
      for (const socket of open) socket.destroy();
    },
    mend: () => start(port),
  };
}

/**
 * A proxy that breaks the connection of each request to `path` until it is lifted, as an ad blocker does by a list
 * of paths. (Playwright's own interception lets pass what a page beacons when it goes.)
 * @returns {Promise<{ url: string, asked(): number, lift(): void, stop(): void }>}
 */
export async function blocker(target, path) {
  let blocking = true;
  let asked = 0;
  const server = createHttpServer((incoming, answer) => {
    const ours = incoming.url === path;
    asked += ours;
    if (ours && blocking) return incoming.socket.destroy();
    const { method, headers, url } = incoming;
    const outgoing = request({ host: "127.0.0.1", port: target, method, headers, path: url }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    outgoing.on("error", () => incoming.socket.destroy());
    incoming.pipe(outgoing);
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    /** Requests to `path` so far. */
    asked: () => asked,
    lift: () => (blocking = false),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
