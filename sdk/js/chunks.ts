// The chunks on disk, whosever they are: crates/tracker/src/spool.rs says what is in them.
import { PREFIX } from "./store.js";

/** What the keys of chunks begin with. */
export const CHUNK = PREFIX + "q";

/** A stream's books, as of when they were written. */
export interface Report {
  id: string;
  seq: number;
  dropped: Record<string, number>;
}

export interface Chunk {
  /** The key of the page that captured it: one origin may serve many tenants. */
  api_key: string;
  batch: { timestamp: string; properties: { $seq: number } }[];
  /** Properties of all its events, unless each has all of its own. */
  context?: object;
  stream: Report;
}

/** Of a chunk's name: one digit for the priority, then the stream's id. */
export const streamOf = (name: string): string => name.slice(1, 37);

/** All chunks by name, in the order of eviction. */
export const chunks = (): [name: string, text: string][] =>
  Object.entries(localStorage)
    .flatMap(([key, text]): [string, string][] => (key.startsWith(CHUNK) ? [[key.slice(CHUNK.length), text]] : []))
    .sort();

/** Removes a chunk whose events are settled. */
export function forget(name: string): void {
  try {
    localStorage.removeItem(CHUNK + name);
  } catch {
    // Then it is sent once more, which changes nothing.
  }
}
