// The copy on disk of what was captured and not acknowledged: chunks in localStorage, which the module writes and
// removes (crates/tracker/src/spool.rs says what is in them). Here is what takes a browser: room, and who inherits.
import { make, module, now, Op } from "./core.js";
import { run } from "./carry.js";
import { GECKO } from "./engine.js";
import { stream } from "./fallback.js";
import { PREFIX } from "./store.js";

/** Most that an origin's chunks take, in bytes: a tenth of what browsers give, which is the host page's to fill. */
const MAX_BYTES = 512 * 1024;
/** What is left when it was too much: so that making room is rare. */
const KEPT_BYTES = MAX_BYTES * 0.9;
/** A chunk's share for its key, which has 48 characters, and what a browser adds. */
const CHUNK_BYTES = 64;
/** As many events as the module inherits at a time. */
const MAX_INHERITED = 200;
/** A will younger than that, in ms, may be of a page that is merely hidden: as long as a session may idle. */
const WILL_MS = 30 * 60_000;

const CHUNK = PREFIX + "q";
/** Of a chunk's name: one digit for the priority, then the stream's id. */
const streamOf = (name: string) => name.slice(1, 37);

interface Chunk {
  stream: { id: string; seq: number; dropped: Record<string, number> };
  context: object;
  batch: { timestamp: string; properties: object }[];
}

let used = 0;
/** Chunks inherited and not yet forgotten, and what is to happen when there are none. */
const heirs = new Set<string>();
let settled: (() => void) | undefined;
/** Ends this page's claim on its own chunks. */
let release: (() => void) | undefined;
let looking = false;

/** Browsers keep a text in one byte a character, or, if it has others than Latin-1's, in two. */
const sizeOf = (value: string | null) =>
  value ? CHUNK_BYTES + (/[^\0-\xff]/.test(value) ? 2 : 1) * value.length : 0;

/** Names of all chunks, in the order of eviction. */
const chunks = (): string[] =>
  Object.keys(localStorage)
    .flatMap((key) => (key.startsWith(CHUNK) ? key.slice(CHUNK.length) : []))
    .sort();

const get = (name: string) => localStorage.getItem(CHUNK + name)!;

function remove(name: string): void {
  used -= sizeOf(get(name));
  localStorage.removeItem(CHUNK + name);
}

/** Puts a chunk on disk; false if there is no disk, or no room on it. */
export function keep(name: string, chunk: string): boolean {
  try {
    used += sizeOf(chunk) - sizeOf(get(name));
    if (used > MAX_BYTES) evict();
    localStorage.setItem(CHUNK + name, chunk);
    return true;
  } catch {
    return false;
  }
}

/** Removes a chunk whose events are settled. */
export function forget(name: string): void {
  try {
    remove(name);
  } catch {
    // Then it is sent once more, which changes nothing.
  }
  if (heirs.delete(name) && !heirs.size) settled?.();
}

/** Removes all chunks. */
export function wipe(): void {
  try {
    chunks().forEach(remove);
  } catch {
    // No disk.
  }
}

/** Makes room: the least and oldest first, each counted in its stream's books. */
function evict(): void {
  for (const name of chunks()) {
    if (used <= KEPT_BYTES) break;
    const text = get(name);
    remove(name);
    // The module counts what it still held.
    if (streamOf(name) == stream.id) make(now(Op.Lose, name, 0, 1));
    else bury(text);
  }
}

/** Leaves a report in the place of events that nobody will send: a chunk without events, evicted last. */
function bury(text: string): void {
  const { stream, batch } = JSON.parse(text) as Chunk;
  if (!batch.length) return;
  const name = `9${stream.id}_evicted`;
  const before = get(name);
  const { dropped } = before ? (JSON.parse(before) as Chunk).stream : stream;
  stream.dropped.storage_full = (dropped.storage_full ?? 0) + batch.length;
  const report = JSON.stringify({ stream, context: {}, batch: [] });
  used += sizeOf(report) - sizeOf(before);
  localStorage.setItem(CHUNK + name, report);
}

/** Another tab has written or removed a chunk. */
export function noticed({ key, oldValue, newValue }: StorageEvent): void {
  if (!key?.startsWith(CHUNK)) return;
  used += sizeOf(newValue) - sizeOf(oldValue);
  const name = key.slice(CHUNK.length);
  if (!newValue && streamOf(name) == stream.id) run(now(Op.Lose, name, 0, 0));
}

/** The page is seen: it sends its own. A lock says so, and ends with the page however that ends. */
export function claim(): void {
  if (release) return;
  release = () => {};
  // Firefox looks for locks before it tells a page that it is left, and keeps one that holds any out of the
  // back/forward cache. There another tab may send what this one is about to, and the collector stores it once.
  if (GECKO) return;
  navigator.locks
    ?.request(PREFIX + stream.id, () => new Promise<void>((resolve) => (release = resolve)))
    .catch(() => {});
}

/** The page is hidden, and may be killed or frozen: locks would keep it awake, and out of the back/forward cache. */
export function disclaim(): void {
  release?.();
  release = undefined;
  settled?.();
}

/** Hands what pages that are gone have left to the module, a part at a time, as the one tab that does. */
export async function inherit(): Promise<void> {
  const { locks } = navigator;
  // Without locks two tabs may send the same; the collector stores it once.
  const elected = async (lock: unknown) => {
    if (!lock) return;
    const held = locks ? (await locks.query()).held! : [];
    const claimed = held.map((lock) => lock.name!.slice(PREFIX.length));
    while (release && module && take(claimed)) await new Promise<void>((resolve) => (settled = resolve));
    heirs.clear();
  };
  if (looking) return;
  looking = true;
  try {
    await (locks ? locks.request(PREFIX + "sender", { ifAvailable: true }, elected) : elected(true));
  } catch {
    // No disk, or no right to locks.
  }
  looking = false;
}

/** Hands over what nobody claims; whether there was any. */
function take(claimed: string[]): boolean {
  used = 0;
  let events = 0;
  for (const name of chunks()) {
    const text = get(name);
    used += sizeOf(text);
    const id = streamOf(name);
    if (id == stream.id || claimed.includes(id) || events >= MAX_INHERITED) continue;
    try {
      const { stream, context, batch } = JSON.parse(text) as Chunk;
      if (name.endsWith("will") && Date.now() - Date.parse(batch[0]!.timestamp) < WILL_MS) continue;
      for (const event of batch) event.properties = { ...context, ...event.properties };
      heirs.add(name);
      events += batch.length + 1;
      run(now(Op.Inherit, [name, JSON.stringify(stream), JSON.stringify(batch).slice(1, -1)].join("\n")));
    } catch {
      // Not ours, or half written: nobody will ever read it.
      remove(name);
    }
  }
  return heirs.size > 0;
}
