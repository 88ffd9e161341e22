// Carries out what the module decides, and tells the page.
import type { Events } from "./index.js";
import { bytes, type Call, make, module, now, Op, poll, polled, text } from "./core.js";
import { forget } from "./chunks.js";
import { keep, retry } from "./spool.js";
import { save } from "./store.js";
import { beacon, post } from "./transport.js";

type Listener = (detail: never) => void;

const listeners: { [E in keyof Events]?: Set<Listener> } = {};
const later: Call[] = [];
let timer: ReturnType<typeof setTimeout>;
let carrying = false;
/** Where requests go. */
export let collector: string;

/** Says on the console what goes wrong, when that is wanted. */
export let warn: ((message: unknown) => void) | undefined;

/** Sets where requests go, and whether to say what goes wrong. */
export function direct(url: string, debug?: boolean): void {
  collector = url;
  warn = debug ? (message) => console.warn("tallymark:", message) : undefined;
}

/** What is to happen when all events up to a number are settled, by number: chunks go, promises of `flush()` resolve. */
export const flushes: [seq: number, then: () => void][] = [];

/** Calls `listener` whenever `event` happens; what is returned ends it. */
export function listen(event: keyof Events, listener: Listener): () => void {
  const set = (listeners[event] ??= new Set());
  set.add(listener);
  return () => set.delete(listener);
}

/** Tells the page. What its listeners throw is their own affair. */
export function emit<E extends keyof Events>(event: E, detail: Events[E]): void {
  listeners[event]?.forEach((listener) => {
    try {
      listener(detail as never);
    } catch (error) {
      warn?.(error);
    }
  });
}

/** What an operation captures, if it is an event; `Capture` itself has its name in the message. */
const EVENTS: { [op: number]: string } = {
  [Op.Capture]: "",
  [Op.Page]: "$pageview",
  [Op.Identify]: "$identify",
  [Op.Group]: "$groupidentify",
  [Op.Leave]: "$pageleave",
};

/** Makes a call of the module, if it is up, and does what it then asks for. */
export function run(made: Call): void {
  if (!module) return;
  // A listener may call us from within: its call has to wait for the one that it was told of.
  if (carrying) {
    later.push(made);
    return;
  }
  const before = polled?.[5] ?? 0;
  carrying = true;
  try {
    for (make(made); poll(); ) carry(polled!);
  } finally {
    carrying = false;
  }
  // By index: to take a typed array apart by pattern costs more than the call.
  const seq = polled![5]!;
  const name = EVENTS[made[0]];
  if (name != undefined && listeners.captured && seq > before) {
    emit("captured", { event: name || JSON.parse(made[1].split("\n")[0] || '""'), uuid: text(polled![7]!, 36), seq });
  }
  while (flushes[0] && flushes[0][0] <= polled![6]!) flushes.shift()![1]();
  const next = later.shift();
  if (next) run(next);
}

function carry(effect: Uint32Array): void {
  const [kind, start, length, a, b] = effect;
  if (kind == 1) {
    const body = bytes(start!, length!);
    const transport = b! & 3;
    if (transport != 1) {
      post(collector, body, !transport, warn).then(([status, after]) => run(now(Op.Answer, "", after, a, status)));
    } else {
      const taken = beacon(collector, body);
      // An answer not before all beacons are made: it would have the rest sent by fetch.
      if (taken != 1) (taken ? run : make)(now(taken ? Op.Answer : Op.Refused, "", 0, a, 200));
    }
  } else if (kind == 2) {
    clearTimeout(timer);
    timer = setTimeout(() => run(now(Op.Tick)), a);
  } else if (kind == 3) {
    save(a!, text(start!, length!));
  } else if (kind == 4) {
    emit("dropped", { reason: text(start!, length!) as Events["dropped"]["reason"], count: a! });
  } else if (kind == 5) {
    emit("sent", { count: a! });
    retry();
  } else if (kind == 6) {
    const name = text(start! + a!, length! - a!);
    if (!keep(name, text(start!, a!))) make(now(Op.Unkept));
    else if (b) flushes.push([b, () => forget(name)]);
  } else {
    forget(text(start!, length!));
  }
}
