/** The road to a server, which can be cut and mended: while it is cut, every connection is hung up on, and counted. */
import { once } from "node:events";
import { connect, createServer } from "node:net";

/** @param {string} url where it leads to */
export async function startRelay(url) {
  const { hostname, port } = new URL(url);
  const open = new Set();
  let cut = false;
  let refused = 0;
  const server = createServer((socket) => {
    // Whoever hangs up first: the other end learns of it by the close.
    socket.on("error", () => {});
    if (cut) {
      refused += 1;
      socket.resetAndDestroy();
      return;
    }
    const onward = connect(Number(port), hostname).on("error", () => {});
    open.add(socket);
    socket.once("close", () => open.delete(socket) && onward.destroy());
    onward.once("close", () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const hangUp = () => open.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut() {
      cut = true;
      hangUp();
    },
    mend() {
      cut = false;
    },
    /** How many connections were hung up on while it was cut. */
    refused: () => refused,
    async stop() {
      server.close();
      hangUp();
      await once(server, "close");
    },
  };
}
