/** A body that is larger than the collector reads. */
export const TOO_LARGE = Symbol("too large");

/**
 * How much of a body that is too large is still read, and thrown away, as a multiple of the limit. A client hears
 * an answer only when it has finished speaking: cut off, it would take the 413 for a broken connection and send the
 * same again. PostHog's clients send 20 MiB at the most.
 */
const DRAIN_FACTOR = 4;

/** Reads a body of at most `limit` bytes, whether or not its length was declared. */
export async function readBody(request: Request, limit: number): Promise<Uint8Array | typeof TOO_LARGE> {
  const declared = Number(request.headers.get("content-length") ?? NaN);
  // Before anybody looks at `body`, which makes a stream of it.
  if (declared <= limit) return new Uint8Array(await request.arrayBuffer());
  if (request.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    size += chunk.byteLength;
    if (size <= limit && !(declared > limit)) chunks.push(chunk);
    else chunks.length = 0;
    if (size > limit * DRAIN_FACTOR) break;
  }
  if (size > limit || declared > limit) return TOO_LARGE;
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}
