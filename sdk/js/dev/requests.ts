// What leaves the page: the requests that docs/WIRE.md describes, looked at on their way, and let go as they are.
//
// Not the SDK's methods: there events still lack what was registered, and those that no call of the page's makes.

/** Largest body looked at, in bytes: what the SDK sends at once is a tenth of that at most. */
const MAX_BYTES = 1024 * 1024;

/** Has `look` see the text of each of the SDK's requests, in order, until what is returned is called. */
export function watch(look: (body: string) => void): () => void {
  let before: Promise<unknown> = Promise.resolve();
  const see = (body: unknown) => {
    // Begun at once, since a body may be gone later.
    const text = textOf(body);
    before = before.then(async () => {
      const said = await text;
      if (isRequest(said)) look(said);
    });
    // Neither the page nor what it sends is to notice.
    before = before.catch(() => {});
  };
  const endings = [
    wrap(window, "fetch", (given) => see((given[1] as RequestInit | undefined)?.body)),
    wrap(navigator, "sendBeacon", (given) => see(given[1])),
  ];
  return () => endings.forEach((end) => end());
}

/** Has `see` see what a method is given before it is called as ever. */
function wrap<K extends string>(owner: { [N in K]?: unknown }, name: K, see: (given: unknown[]) => void): () => void {
  const method = owner[name] as ((...given: unknown[]) => unknown) | undefined;
  if (!method) return () => {};
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const wrapped = function (this: unknown, ...given: unknown[]) {
    see(given);
    return method.apply(this, given);
  };
  const define = (descriptor: PropertyDescriptor) => Object.defineProperty(owner, name, { configurable: true, ...descriptor });
  define({ writable: true, value: wrapped });
  return () => {
    // Whoever has wrapped it after us is not undone.
    if (owner[name] !== wrapped) return;
    if (own) define(own);
    else delete owner[name];
  };
}

const isRequest = (text: string | undefined): text is string =>
  !!text?.startsWith('{"api_key":') && text.includes('"stream":');

/** The text of a body, if it may be one of ours; the SDK zips what it has time to zip. */
async function textOf(body: unknown): Promise<string | undefined> {
  if (typeof body == "string") return body;
  if (!(body instanceof Blob || body instanceof Uint8Array)) return undefined;
  const blob = new Blob([body as BlobPart]);
  if (blob.size > MAX_BYTES) return undefined;
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (first != 0x1f || second != 0x8b) return blob.text();
  return new Response(blob.stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
