// A page's own look at every event before it leaves, and sampling: a script of its own, fetched by pages that want it.
import type { CapturedEvent, Settings } from "./index.js";

type Report = { id: string; dropped: Record<string, number>; will?: CapturedEvent };
type Reason = "sampled" | "before_send";
type Books = { $stream_id: string; $seq: number; $session_id: string };

/** What was refused, by stream and reason: an event that is sent again is refused again, and counts once. */
const refused: Record<string, Record<Reason, Set<string>>> = {};

/**
 * Whether a visit has events of that name, of which `rate` are captured: a question of both alone, so that a visit has
 * all events of a name or none, and one that is kept at a rate is kept at every higher one.
 */
export function keeps(sessionId: string, name: string, rate: number): boolean {
  // FNV-1a gathers the bytes; its high bits, which decide, are weak without MurmurHash3's finalizer.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(sessionId + JSON.stringify(name))) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32 < rate;
}

/** What a body goes through: what the options refuse is taken out, and counted in its stream's report. */
export function reviewer({ beforeSend, sampling }: Settings, warn?: (message: unknown) => void): (body: string) => string {
  // An attribute of the script tag names a function of the page's, and writes rates as a URL does its parameters.
  const hook = typeof beforeSend == "string" ? (window as never as Record<string, typeof beforeSend>)[beforeSend] : beforeSend;
  const rates: Record<string, number> = {};
  new URLSearchParams(sampling as never).forEach((rate, name) => (rates[name] = +rate));

  const asked = (event: CapturedEvent): CapturedEvent | null | undefined => {
    if (!hook) return event;
    try {
      return hook(event);
    } catch (error) {
      // A hook that was to remove something and could not: nothing leaves unreviewed.
      warn?.(error);
    }
  };
  const reviewed = (event: CapturedEvent): CapturedEvent | Reason => {
    const { event: name, uuid } = event;
    const { $stream_id, $seq, $session_id } = event.properties as Books;
    const rate = rates[name] ?? 1;
    if (!keeps($session_id, name, rate)) return "sampled";
    if (rate < 1) event.properties.$sample_rate = rate;
    const kept = asked(event);
    // The books need these whatever the page makes of the rest.
    return kept ? { ...kept, uuid, properties: { ...kept.properties, $stream_id, $seq } } : "before_send";
  };
  return (body) => {
    const request = JSON.parse(body) as { batch: CapturedEvent[]; stream: Report | Report[] };
    request.batch = request.batch.flatMap((event) => {
      const { $stream_id } = event.properties as Books;
      const { uuid } = event;
      const result = reviewed(event);
      if (typeof result == "object") return [result];
      (refused[$stream_id] ??= { sampled: new Set(), before_send: new Set() })[result].add(uuid);
      return [];
    });
    for (const report of [request.stream].flat()) {
      const { id, dropped, will } = report;
      // It has no number yet, and is no loss.
      const last = will && reviewed(will);
      report.will = typeof last == "object" ? last : undefined;
      for (const reason in refused[id]) dropped[reason] = refused[id][reason as Reason].size;
    }
    return JSON.stringify(request);
  };
}
