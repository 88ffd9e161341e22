/** A receiver of events on loopback, which answers as a test wants it to: well, badly, late or not at all. */
import { createServer } from "node:http";
import { once } from "node:events";

/**
 * @typedef {object} Received
 * @property {string} path
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} body
 */

export class Receiver {
  /** Every request, in the order in which its body was whole. @type {Received[]} */
  requests = [];
  /**
   * What to answer: `{ status, headers, body }`, or "hang" (never), "cut" (half an answer), "reset" (none), or "garbage"
   * (no HTTP). May take its time.
   * @type {(request: Received) => unknown}
   */
  answer = () => ({ status: 204 });
  #server;

  static async start() {
    const receiver = new Receiver();
    receiver.#server = createServer((request, response) => receiver.#take(request, response));
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Messages by webhook-id: how often each has come. */
  get deliveries() {
    const counts = new Map();
    for (const { headers } of this.requests) {
      counts.set(headers["webhook-id"], (counts.get(headers["webhook-id"]) ?? 0) + 1);
    }
    return counts;
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request, response) {
    let body = "";
    for await (const chunk of request) body += chunk;
    const received = { path: request.url, headers: request.headers, body };
    this.requests.push(received);
    const answer = await this.answer(received);
    const { socket } = request;
    if (answer === "hang") return;
    if (answer === "reset") return void socket.resetAndDestroy();
    if (answer === "garbage") return void socket.end("I am no HTTP server\r\n\r\n");
    if (answer === "cut") {
      response.writeHead(500, { "content-length": "1000" });
      response.write("half an ans", () => socket.destroy());
      return;
    }
    const { status, headers = {}, body: text = "" } = answer;
    response.writeHead(status, headers).end(text);
  }
}
