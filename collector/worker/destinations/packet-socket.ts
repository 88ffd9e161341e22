import { CloudflareSocket } from "pg-cloudflare";

/** Bytes that wait for more until they are sent: the server may well begin with what it has. */
const MAX_PACKET_BYTES = 64 * 1024;

type Callback = (error?: unknown) => void;

/**
 * The driver's socket, which sends what is written in one go as one packet: the driver writes four messages a statement, and
 * each write is a crossing into the platform.
 */
export class PacketSocket extends CloudflareSocket {
  #messages: Uint8Array[] = [];
  #callbacks: Callback[] = [];
  #bytes = 0;

  override write(data: Uint8Array | string, encoding?: string | Callback, callback?: Callback): true | void {
    const bytes = typeof data === "string" ? Buffer.from(data, typeof encoding === "string" ? encoding : "utf8") : data;
    const done = typeof encoding === "function" ? encoding : callback;
    // The first one sends what comes until the end of this turn.
    if (this.#messages.push(bytes) === 1) queueMicrotask(() => this.#send());
    if (done !== undefined) this.#callbacks.push(done);
    this.#bytes += bytes.byteLength;
    if (this.#bytes >= MAX_PACKET_BYTES) this.#send();
    return true;
  }

  #send(): void {
    const [messages, callbacks] = [this.#messages, this.#callbacks];
    if (messages.length === 0) return;
    [this.#messages, this.#callbacks, this.#bytes] = [[], [], 0];
    super.write(Buffer.concat(messages), (error) => callbacks.forEach((callback) => callback(error)));
  }
}
