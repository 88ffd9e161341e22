/** A body that was cut off: it is larger than the collector reads. */
export const TOO_LARGE = Symbol("too large");

/**
 * Reads a body of at most `limit` bytes. A declared length over the limit is refused unread; an undeclared
 * one (chunked) is read until it passes the limit and no further.
 */
export async function readBody(request: Request, limit: number): Promise<Uint8Array | typeof TOO_LARGE> {
  if (request.body === null) return new Uint8Array(0);
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > limit) return TOO_LARGE;
    return new Uint8Array(await request.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    size += chunk.byteLength;
    if (size > limit) return TOO_LARGE;
    chunks.push(chunk);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}
