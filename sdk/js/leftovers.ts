// What pages that are gone have left on disk: a script of its own, fetched by pages that find some.
import { type Chunk, chunks, forget, streamOf } from "./chunks.js";
import { PREFIX } from "./store.js";

/** Most events of earlier pages in a request, and most reports: of more the collector takes no notice. */
const BATCH_EVENTS = 50;
/** A will younger than that, in ms, may be of a page that is merely hidden: as long as a session may idle. */
const WILL_MS = 30 * 60_000;

/** Posts a request's text to the collector; gives the status of the answer, 0 or 1 if there was none. */
type Post = (body: string) => PromiseLike<[status: number, ...rest: unknown[]]>;

let looking = false;
/** Whether what others have left could not be sent. */
let left = false;

/**
 * Sends what pages that are gone have left, request by request, as the one tab that does, for as long as this page,
 * whose stream is `own`, `isSeen`. Whether some of it could not be sent.
 */
export async function inherit(key: string, own: string, isSeen: () => boolean, post: Post): Promise<boolean> {
  const { locks } = navigator;
  // Without locks two tabs may send the same; the collector stores it once.
  const elected = async (lock: unknown) => {
    if (!lock) return;
    const held = locks ? (await locks.query()).held! : [];
    const living = [own, ...held.map(({ name }) => name!.slice(PREFIX.length))];
    for (let most = BATCH_EVENTS; isSeen() && most; ) most = await sendLeft(key, living, most, post);
  };
  if (looking) return left;
  looking = true;
  try {
    await (locks ? locks.request(PREFIX + "sender", { ifAvailable: true }, elected) : elected(true));
  } finally {
    looking = false;
  }
  return left;
}

/** What a token says of itself, if the key is one (docs/TOKENS.md); nobody here can check it, and nobody has to. */
function claims(key: string): { org?: string; exp?: number } {
  try {
    return JSON.parse(atob(key.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/")));
  } catch {
    return {};
  }
}

/** Keys that the collector did not know on this page: tokens end, and another page of that tenant brings a new one. */
const unknown = new Set<string>();

/**
 * The key that a chunk can be sent under, if there is one: its own, since one origin may serve many tenants; or this
 * page's, `own`, if both are tokens of one organization, as the older has an end.
 */
function keyFor(own: string, { api_key = own }: Chunk): string | undefined {
  const { org, exp = Infinity } = claims(api_key);
  if (org != undefined && org == claims(own).org) return own;
  return exp * 1_000 > Date.now() && !unknown.has(api_key) ? api_key : undefined;
}

/** Sends a request of chunks of no `living` stream, with `most` events at most; how many the next may have, 0 for none. */
async function sendLeft(own: string, living: string[], most: number, post: Post): Promise<number> {
  const names: string[] = [];
  const batch: object[] = [];
  const reports: object[] = [];
  let key: string | undefined;
  for (const [name, text] of chunks()) {
    if (living.includes(streamOf(name))) continue;
    try {
      const chunk = JSON.parse(text) as Chunk;
      if (name.endsWith("will") && Date.now() - Date.parse(chunk.batch[0]!.timestamp) < WILL_MS) continue;
      const its = keyFor(own, chunk);
      if (!its || (key && its != key)) continue;
      if (names.length && Math.max(names.length, batch.length + chunk.batch.length) >= most) break;
      for (const event of chunk.batch) batch.push({ ...event, properties: { ...chunk.context, ...event.properties } });
      reports.push(chunk.stream);
      names.push(name);
      key = its;
    } catch {
      // Not ours, or half written: nobody will ever read it.
      forget(name);
    }
  }
  left = names.length > 0;
  if (!key) return 0;
  const body = JSON.stringify({ api_key: key, batch, sent_at: new Date(), stream: reports });
  // Reports are for a collector that keeps books; see crates/tracker/src/encode.rs.
  const [status] = batch.length || /^(wk_|eyJ)/.test(key) ? await post(body) : [200];
  // Too large: chunk by chunk.
  if (status == 413 && names.length > 1) return 1;
  // A token has ended, though not by this machine's clock.
  if (status == 401 && claims(key).exp) {
    unknown.add(key);
    return key == own ? 0 : most;
  }
  // What is refused for good is of no more use; the rest waits for the collector, or the next page.
  if (status < 200 || status == 408 || status == 429 || status > 499) return 0;
  names.forEach(forget);
  return most;
}
