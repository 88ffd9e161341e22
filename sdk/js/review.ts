// The page's own look at every event before it leaves: `beforeSend`.
import type { CapturedEvent } from "./index.js";
import { warn } from "./carry.js";

type Review = (event: CapturedEvent) => CapturedEvent | null | undefined;
type Report = { id: string; dropped: Record<string, number>; will?: CapturedEvent };

let reviewer: Review | undefined;
/** What was refused, by stream: an event that is sent again is refused again, and counts once. */
const refused: Record<string, Set<string>> = {};

/** Sets what every event goes through: a function, or the name of one of the page's. */
export function reviewBy(given: Review | string | undefined): void {
  reviewer = typeof given == "string" ? (window as never)[given] : given;
}

/** The request without what the page refuses, which is counted in its report. */
export function review<Body extends Uint8Array<ArrayBuffer> | string>(body: Body): Body | string {
  if (!reviewer) return body;
  const text = typeof body == "string" ? body : new TextDecoder().decode(body);
  const request = JSON.parse(text) as { batch: CapturedEvent[]; stream: Report | Report[] };
  const reviewed = (event: CapturedEvent): CapturedEvent | undefined => {
    const { uuid } = event;
    const { $stream_id, $seq } = event.properties as { $stream_id: string; $seq: number };
    try {
      const kept = reviewer!(event);
      // The books need these whatever the page makes of the rest.
      if (kept) return { ...kept, uuid, properties: { ...kept.properties, $stream_id, $seq } };
    } catch (error) {
      // A hook that was to remove something and could not: nothing leaves unreviewed.
      warn?.(error);
    }
    (refused[$stream_id] ??= new Set()).add(uuid);
  };
  request.batch = request.batch.flatMap((event) => reviewed(event) ?? []);
  for (const report of [request.stream].flat()) {
    const { id, dropped, will } = report;
    if (will) report.will = reviewed(will);
    if (refused[id]) dropped.before_send = refused[id].size;
  }
  return JSON.stringify(request);
}
