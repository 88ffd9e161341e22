/** TCP proxies on loopback: a network that is slow, or that goes away and comes back on the same port. */
import { connect, createServer } from "node:net";
import { once } from "node:events";

/** A connection that broke has nobody to tell: both ends see it closed. */
const ignore = () => {};

async function listen(server, port = 0) {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
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
