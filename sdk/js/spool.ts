// The copy on disk of what was captured and not acknowledged: chunks in localStorage, which the module writes and
// removes. Here is what takes a browser: room, and who inherits.
import { collector, run, warn } from "./carry.js";
import { CHUNK, type Chunk, chunks, forget, streamOf } from "./chunks.js";
import { make, now, Op } from "./core.js";
import { GECKO } from "./engine.js";
import { stream } from "./fallback.js";
import { PREFIX } from "./store.js";
import { post } from "./transport.js";

/** Most that an origin's chunks take, in bytes: a tenth of what browsers give, which is the host page's to fill. */
const MAX_BYTES = 512 * 1024;
/** What is left when it was too much: so that making room is rare. */
const KEPT_BYTES = MAX_BYTES * 0.9;
/** A chunk's share for its key, which has 50 characters, and what a browser adds. */
const CHUNK_BYTES = 64;
/** How often the script for what others have left may fail to load before a page leaves that to the next. */
const MAX_FAILURES = 3;

/** Bytes of all chunks when they were last counted, and of those written since; not a number before. */
let used = NaN;

/** Ends this page's claim on its own chunks. */
let release: (() => void) | undefined;
/** How often it has failed. */
let failures = 0;
/** Whether what others have left is still to be sent. */
let left = false;

/** Browsers keep a text in one byte a character, or, if it has others than Latin-1's, in two. */
const sizeOf = (text: string) => CHUNK_BYTES + (/[^\0-\xff]/.test(text) ? 2 : 1) * text.length;

/** Puts a chunk on disk; false if there is no disk, or no room on it. */
export function keep(name: string, chunk: string): boolean {
  try {
    const bytes = sizeOf(chunk);
    used += bytes;
    // To count at every chunk what is there would cost more than all the rest.
    if (!(used <= MAX_BYTES)) makeRoom(bytes);
    localStorage.setItem(CHUNK + name, chunk);
    return true;
  } catch {
    return false;
  }
}

/** Removes all chunks; throws if there is no disk. */
export function wipe(): void {
  chunks().forEach(([name]) => forget(name));
}

/** Our own chunk is gone: `evicted`, or sent by another tab. */
const lose = (text: string, evicted: number) => {
  const { batch } = JSON.parse(text) as Chunk;
  const [first, last] = [batch[0], batch[batch.length - 1]];
  return now(Op.Lose, "", 0, first?.properties.$seq, last?.properties.$seq, evicted);
};

/** What is evicted of a stream: one of its chunks, whose report is as high as any, and how many events. */
interface Gone {
  chunk: Chunk;
  events: number;
}

/** Makes room for `bytes`, if there is none: the least and oldest go first, each counted in its stream's books. */
function makeRoom(bytes: number): void {
  const all = chunks();
  used = all.reduce((sum, [, text]) => sum + sizeOf(text), bytes);
  if (used <= MAX_BYTES) return;
  const gone: Record<string, Gone> = {};
  for (const [name, text] of all) {
    const id = streamOf(name);
    // Reports come last: what they say goes on in a new one.
    if (used <= KEPT_BYTES && !(gone[id] && name > "9")) continue;
    used -= sizeOf(text);
    forget(name);
    // The module counts what it still held.
    if (id == stream.id) make(lose(text, 1));
    else {
      const chunk = JSON.parse(text) as Chunk;
      const { batch, stream } = chunk;
      const of = (gone[id] ??= { chunk, events: 0 });
      of.events += batch.length;
      // What is evicted later may have been captured earlier.
      const report = of.chunk.stream;
      report.seq = Math.max(report.seq, stream.seq);
      for (const reason in stream.dropped) {
        report.dropped[reason] = Math.max(report.dropped[reason] ?? 0, stream.dropped[reason]!);
      }
    }
  }
  for (const id in gone) bury(gone[id]!);
}

/**
 * Leaves a report in the place of events that nobody will send: a chunk without events, evicted last. One a stream: of
 * two, the ledger would believe the higher figure for a reason, and not their sum.
 */
function bury({ chunk: { api_key, stream }, events }: Gone): void {
  const { id, dropped } = stream;
  dropped.storage_full = (dropped.storage_full ?? 0) + events;
  const text = JSON.stringify({ api_key, batch: [], stream });
  used += sizeOf(text);
  // By another name each time: who is sending the report of before will remove that one.
  localStorage.setItem(`${CHUNK}9${id}_${dropped.storage_full}`, text);
}

/** Another tab has written or removed a chunk. */
export function noticed({ key, oldValue, newValue }: StorageEvent): void {
  if (!key?.startsWith(CHUNK)) return;
  if (newValue) used += sizeOf(newValue);
  else if (oldValue && streamOf(key.slice(CHUNK.length)) == stream.id) run(lose(oldValue, 0));
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
}

/** Where to find what sends what others have left, and under which key. */
interface Inheritance {
  key: string;
  leftovers(): Promise<typeof import("./leftovers.js")>;
}

let inheritance: Inheritance;

/** Sees to what pages that are gone have left. If that can't be now, it waits: see `retry`, or for the next page. */
export async function inherit(given: Inheritance): Promise<void> {
  inheritance = given;
  try {
    left = failures < MAX_FAILURES && chunks().some(([name]) => streamOf(name) != stream.id);
    if (!left) return;
    const { inherit } = await given.leftovers();
    left = await inherit(given.key, stream.id, () => !!release, (body) => post(collector, body, true, warn));
  } catch (error) {
    // No network for the script, no disk, or no right to locks.
    failures++;
    warn?.(error);
  }
}

/** The collector answers again. */
export function retry(): void {
  if (left) void inherit(inheritance);
}
