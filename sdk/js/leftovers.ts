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

/** Sends a request of chunks of no `living` stream, with `most` events at most; how many the next may have, 0 for none. */
async function sendLeft(key: string, living: string[], most: number, post: Post): Promise<number> {
  const names: string[] = [];
  const batch: object[] = [];
  const reports: object[] = [];
  for (const [name, text] of chunks()) {
    if (living.includes(streamOf(name))) continue;
    try {
      const chunk = JSON.parse(text) as Chunk;
      if (name.endsWith("will") && Date.now() - Date.parse(chunk.batch[0]!.timestamp) < WILL_MS) continue;
      if (names.length && Math.max(names.length, batch.length + chunk.batch.length) >= most) break;
      for (const event of chunk.batch) batch.push({ ...event, properties: { ...chunk.context, ...event.properties } });
      reports.push(chunk.stream);
      names.push(name);
    } catch {
      // Not ours, or half written: nobody will ever read it.
      forget(name);
    }
  }
  left = names.length > 0;
  if (!left) return 0;
  const body = JSON.stringify({ api_key: key, batch, sent_at: new Date(), stream: reports });
  // Reports are for a collector that keeps books; see crates/tracker/src/encode.rs.
  const [status] = batch.length || key[0] == "w" ? await post(body) : [200];
  // Too large: chunk by chunk.
  if (status == 413 && names.length > 1) return 1;
  // What is refused for good is of no more use; the rest waits for the collector, or the next page.
  if (status < 200 || status == 408 || status == 429 || status > 499) return 0;
  names.forEach(forget);
  return most;
}
