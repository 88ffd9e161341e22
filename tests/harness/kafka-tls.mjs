/** TLS in front of a broker that has none: the mock cluster's speaks plain Kafka. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createServer } from "node:tls";

/** A broker's own address in its answers: the host's text, and the port in four bytes. */
function address(host, port) {
  const bytes = Buffer.alloc(host.length + 4);
  bytes.write(host);
  bytes.writeUInt32BE(port, host.length);
  return bytes;
}

/**
 * @param {string} brokers `127.0.0.1:…`, one
 * @param {{ ca: string, certificate: string, key: string }} files of the server; clients must show one of the same authority
 */
export async function kafkaWithTls(brokers, { ca, certificate, key }) {
  const [host, port] = brokers.split(":");
  const options = { key: readFileSync(key), cert: readFileSync(certificate), ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true };
  const open = new Set();
  const server = createServer(options, (near) => {
    const far = connect(Number(port), host);
    near.on("data", (bytes) => far.write(bytes));
    // Who is told of the broker must come back to us.
    const [theirs, ours] = [address(host, Number(port)), address(host, server.address().port)];
    let pending = Buffer.alloc(0);
    far.on("data", (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      // Each answer has its length in front.
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE()) {
        const answer = pending.subarray(0, 4 + pending.readUInt32BE());
        pending = pending.subarray(answer.length);
        for (let at = answer.indexOf(theirs); at >= 0; at = answer.indexOf(theirs, at)) ours.copy(answer, at);
        near.write(answer);
      }
    });
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on("error", () => {}); // It closes as well.
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  server.on("tlsClientError", () => {}); // They are told by TLS itself.
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    brokers: `127.0.0.1:${server.address().port}`,
    stop() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
