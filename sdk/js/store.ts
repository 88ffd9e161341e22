// What is kept between pages. Storage may be blocked, full or stolen: then the page's memory has to do.

/** What is kept, as `Slot` in crates/tracker has it, which says what is in each. */
export const enum Slot {
  Device,
  Anonymous,
  User,
  Session,
  Groups,
  Supers,
  Campaign,
  Blocked,
  Consent,
}

/** The slots' names in localStorage, in the same order. */
export const SLOTS = ["device", "anon", "user", "session", "groups", "props", "campaign", "blocked", "consent"];
export const PREFIX = "tm_";
const memory: Record<number, string> = {};

let blocked = false;

/** The slot's JSON text, well formed whoever wrote it; empty if there is nothing. */
export function read(slot: number): string {
  let json: string | null | undefined = memory[slot];
  try {
    if (!blocked) json = localStorage.getItem(PREFIX + SLOTS[slot]);
    return json ? JSON.stringify(JSON.parse(json)) : "";
  } catch {
    return memory[slot] ?? "";
  }
}

/** Keeps JSON text in the slot; nothing, to forget it. */
export function save(slot: number, json: string): void {
  memory[slot] = json;
  try {
    if (json) localStorage.setItem(PREFIX + SLOTS[slot], json);
    else localStorage.removeItem(PREFIX + SLOTS[slot]);
  } catch {
    blocked = true;
  }
}

/** The slot that a key of localStorage is for, or -1. */
export const slotOf = (key: string | null): number => SLOTS.findIndex((name) => PREFIX + name == key);

/**
 * The tab's id. It leaves sessionStorage while the page is seen, so that a duplicated tab, which copies
 * sessionStorage, does not copy it.
 */
export function takeWindowId(fresh: string): string {
  try {
    const id = sessionStorage.getItem(PREFIX + "window");
    sessionStorage.removeItem(PREFIX + "window");
    return id || fresh;
  } catch {
    return fresh;
  }
}

/** Leaves the tab's id for the next page. */
export function leaveWindowId(id: string): void {
  try {
    sessionStorage.setItem(PREFIX + "window", id);
  } catch {
    // The next page takes itself for another tab.
  }
}
