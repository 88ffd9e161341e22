// A page made of memory: what the SDK's own code finds in the place of the globals with these names when
// ../../build.mjs builds it for tests. What is not here, a page need not have.
import type { World } from "./world.js";

declare const world: World;

const nothing = () => {};

/** What Node has and Jest's jsdom hides; here, and not within the SDK, which would keep quiet if it could not be had. */
const { process } = globalThis as unknown as { process: { getBuiltinModule(name: string): typeof globalThis } };
export const TextEncoder = globalThis.TextEncoder ?? process.getBuiltinModule("node:util").TextEncoder;
export const TextDecoder = globalThis.TextDecoder ?? process.getBuiltinModule("node:util").TextDecoder;
export const MessageChannel = globalThis.MessageChannel ?? process.getBuiltinModule("node:worker_threads").MessageChannel;

class MemoryStorage {
  [key: string]: unknown;
  getItem(key: string) {
    return this[key] ?? null;
  }
  setItem(key: string, value: string) {
    this[key] = value;
  }
  removeItem(key: string) {
    delete this[key];
  }
}

export const window = {};
export const self = {};
export const localStorage = new MemoryStorage();
export const sessionStorage = new MemoryStorage();
export const screen = { width: 1280, height: 720 };
export const [innerWidth, innerHeight, scrollY] = [1280, 720, 0];
export const { location } = world;
export const history = {
  pushState: (_state: unknown, _unused: string, url: string) => {
    location.href = new URL(url, location.href).href;
  },
  replaceState: nothing,
};
export const navigator = {
  userAgent: "tallymark/testing",
  language: "en",
};
export const document = {
  title: "",
  referrer: "",
  visibilityState: "visible",
  documentElement: { scrollHeight: innerHeight },
  addEventListener: nothing,
};
export const addEventListener = nothing;
export const removeEventListener = nothing;

export const { setTimeout, clearTimeout } = world.clock;
export const setInterval = nothing;
export const performance = { now: world.clock.monotonic, getEntriesByType: () => [] };
export class Date extends globalThis.Date {
  static override readonly now = world.clock.now;
  constructor(...given: [string | number | globalThis.Date] | []) {
    super(...(given.length ? given : [world.clock.now()]) as [number]);
  }
}
