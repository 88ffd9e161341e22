// This side of the boundary to the wasm module; the other is ../src/abi.rs, which documents it.

/** What the module can be asked to do, in the order of `Op` there. */
export const enum Op {
  Capture,
  Page,
  Locate,
  Identify,
  Group,
  Register,
  Unregister,
  Reset,
  Seed,
  Restore,
  Start,
  Adopt,
  Scroll,
  Tick,
  Flush,
  Online,
  Hide,
  Leave,
  Answer,
  Refused,
  Show,
  Save,
  Unkept,
  Lose,
  Permit,
  Decide,
}

/** What the module exports, be it wasm or its translation. */
export interface Exports {
  /** A view of a memory that has since grown has length 0. */
  memory: { buffer: ArrayBuffer };
  buffer(size: number): number;
  call(op: Op, length: number, wall: number, mono: number, x?: number, i?: number, j?: number, k?: number): void;
  poll(): number;
}

/** The module, when it is up. */
export let module: Exports;
let input: Uint8Array | undefined;
let encoder: TextEncoder;
let decoder: TextDecoder;

/** Where the module is. */
export interface Source {
  /** The wasm; `false` where it is known to be refused, as trying it would be reported to the site's owner. */
  wasmUrl: string | URL | false;
  /** What the wasm has to be, as `integrity` of a script tag says it. */
  integrity?: string;
  /** Imports its translation into JavaScript. */
  brain(): Promise<{ instantiate(): Exports }>;
  /** The module, where it is at hand: then nothing is loaded, and all is done before `load` returns. */
  module?: Exports;
}

// Not by streaming: bytes that are checked first are all there before the first is handed on.
const fromWasm = async (url: string | URL, integrity?: string) =>
  (await WebAssembly.instantiate(await (await fetch(url, { integrity })).arrayBuffer())).instance
    .exports as unknown as Exports;

/**
 * Loads the module, gives it the browser's randomness, and says that it is up. Whatever wasm fails for (a CSP
 * without 'wasm-unsafe-eval', no WebAssembly, a filter, a wrong file), the same code as JavaScript may still be had.
 */
export async function load(source: Source, up: () => unknown, warn?: (message: unknown) => void): Promise<void> {
  const { wasmUrl, integrity, brain } = source;
  const fromJavaScript = async (refused?: unknown) => {
    if (refused) warn?.(refused);
    return (await brain()).instantiate();
  };
  module = source.module ?? (await (wasmUrl ? fromWasm(wasmUrl, integrity).catch(fromJavaScript) : fromJavaScript()));
  encoder = new TextEncoder();
  decoder = new TextDecoder();
  const random = crypto.getRandomValues(new Uint32Array(4));
  for (let i = 0; i < 4; i += 2) module.call(Op.Seed, 0, 0, 0, 0, random[i], random[i + 1]);
  await up();
}

/** A call: what, with which text, when on both clocks, and numbers as the operation takes them. */
export type Call = [op: Op, message: string, wall: number, mono: number, x?: number, i?: number, j?: number, k?: number];

/** A call that is made now. */
export const now = (op: Op, message = "", x = NaN, i?: number, j?: number, k?: number): Call => [
  op,
  message,
  Date.now(),
  performance.now(),
  x,
  i,
  j,
  k,
];

/** Makes a call. */
export function make(made: Call): void {
  // When it happened: the module has no calendar. An event may have been given another time than its call.
  const message = new Date((!made[0] && made[4]) || made[2]).toISOString() + "\n" + made[1];
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  const most = message.length * 3;
  if (!(input?.length! >= most)) {
    const address = module.buffer(most);
    input = new Uint8Array(module.memory.buffer, address, most);
  }
  const { written } = encoder.encodeInto(message, input!);
  module.call(made[0], written, made[2], made[3], made[4], made[5], made[6], made[7]);
}

/** What `poll` fills: kind, text's address, its length, a, b, highest number, settled number, last id's address. */
export let polled: Uint32Array | undefined;

/** Polls the next effect; its kind, 0 if there is none. */
export function poll(): number {
  const address = module.poll();
  if (!polled?.length) polled = new Uint32Array(module.memory.buffer, address, 8);
  return polled[0]!;
}

/** The text at an address. */
export const text = (address: number, length: number): string =>
  decoder.decode(new Uint8Array(module.memory.buffer, address, length));

/** A copy of the bytes at an address, which outlives the next call. */
export const bytes = (address: number, length: number) =>
  new Uint8Array(module.memory.buffer, address, length).slice();
