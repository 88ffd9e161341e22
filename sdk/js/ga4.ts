// GA4's dialect: what leaves the page goes to `/g/collect` in the words of GA4's own tag. A script of its own, fetched by
// pages that want it. Bodies come in the batch dialect; what becomes of them is in ga4/.
import type { Config } from "./client.js";
import { engagement } from "./ga4/engagement.js";
import { type Hit, Page } from "./ga4/hit.js";
import { grouped, type Outgoing, written } from "./ga4/request.js";
import { Visitor } from "./ga4/visitor.js";
import type { CapturedEvent } from "./index.js";
import { reviewer as reviewerOfEvents } from "./review.js";
import type { Review } from "./transport.js";

/** Google's own, as its tag has it. */
const HOST = "https://www.google-analytics.com";
const PATH = "/g/collect";
/** Longest that a request may take, in ms: a hung one would hold its events for ever. */
const TIMEOUT_MS = 30_000;
/** What fetches may take of the page's 64 KiB for requests that outlive it: half; the rest is for beacons. */
const KEEPALIVE_BYTES = 32 * 1024;
/** Events that are remembered, so that none is told twice: twice what a page holds. */
const MAX_REMEMBERED = 2_000;

/** What has become of an event: its hit, which does not change however often it is tried, and whether it has left. */
interface Fate {
  hit?: Hit;
  gone: boolean;
}

interface Batch {
  batch: CapturedEvent[];
  /** One report of this page; or several, of pages that are gone. */
  stream: object | object[];
}

type Answer = [status: number, retryAfterMs: number];

/** What sees to everything that leaves, see review.ts; `key` is the measurement id. */
export function reviewer(config: Config, warn?: (message: unknown) => void): Review {
  const { key, host = HOST, path = PATH, beforeSend, sampling } = config;
  const endpoint = host.replace(/\/$/, "") + path;
  const fates = new Map<string, Fate>();
  /** Requests so far, by the page that they tell of. */
  const counts = new Map<string, number>();
  const here = new Page(key, config, engagement());
  let keptAlive = 0;
  /** Whether the last request met no server: a browser takes beacons all the same, and they are lost. */
  let isCut = false;

  /** What is to leave of a body, as requests. */
  function requests(body: string): { group: Outgoing[]; url: string; body: string }[] {
    const { batch, stream } = JSON.parse(body) as Batch;
    const visitor = new Visitor(key.replace(/^G-/, ""));
    const others = new Map<unknown, Page>();
    const pageOf = ({ properties: { $stream_id: id } }: CapturedEvent) => {
      if (!Array.isArray(stream)) return here;
      // Nobody knows how long the visitor was engaged with a page that is gone.
      const page = others.get(id) ?? new Page(key, config, () => 0);
      others.set(id, page);
      return page;
    };
    const run = batch.flatMap((event, nth): Outgoing[] => {
      const { uuid } = event;
      const known = fates.get(uuid);
      const fate = known ?? { hit: pageOf(event).hit(event, batch[nth + 1], visitor), gone: false };
      fates.set(uuid, fate);
      return fate.hit && !fate.gone ? [{ uuid, hit: fate.hit }] : [];
    });
    for (const uuid of fates.keys()) {
      if (fates.size <= MAX_REMEMBERED) break;
      fates.delete(uuid);
    }
    if (run.length) visitor.save();
    return grouped(run).map((group) => {
      const begun = group[0]!.hit.request.get("_p")!;
      const nth = (counts.get(begun) ?? 0) + 1;
      counts.set(begun, nth);
      const [url, body] = written(endpoint, group, nth, Date.now());
      return { group, url, body };
    });
  }

  const mark = (group: Outgoing[], gone: boolean) =>
    group.forEach(({ uuid }) => {
      const fate = fates.get(uuid);
      if (fate) fate.gone = gone;
    });

  /** The status; 0 if there was none, 1 if there should have been. */
  async function send(url: string, body: string): Promise<Answer> {
    const keepalive = keptAlive + body.length <= KEEPALIVE_BYTES;
    if (keepalive) keptAlive += body.length;
    try {
      const response = await fetch(url, {
        method: "POST",
        ...(body && { body }),
        // As its tag: Google answers no other site, and a site's own server container wants its cookies.
        mode: "no-cors",
        credentials: "include",
        cache: "no-store",
        keepalive,
        signal: AbortSignal.timeout?.(TIMEOUT_MS),
      });
      isCut = false;
      const { type, status, headers } = response;
      // Another site's answer is kept from us; that there is one is all that there is to know.
      return [type == "opaque" ? 204 : status, +(headers.get("Retry-After") ?? 0) * 1000 || 0];
    } catch (error) {
      isCut = true;
      warn?.(error);
      return [+((error as Error).name != "TimeoutError" && navigator.onLine), 0];
    } finally {
      if (keepalive) keptAlive -= body.length;
    }
  }

  const isFinal = ([status]: Answer) => status > 1 && status != 408 && status != 429 && status < 500;

  const review: Review = beforeSend || sampling ? reviewerOfEvents(config, warn) : (body) => body;
  return Object.assign((body: string) => review(body), {
    /** True once the browser has all of it: GA4 counts twice what is told twice, so that is delivery. */
    beacon: (body: string) =>
      !isCut &&
      navigator.onLine &&
      requests(body).every(({ group, url, body }) => {
        const isTaken = navigator.sendBeacon(url, body || null);
        mark(group, isTaken);
        return isTaken;
      }),
    /** All requests at once. Those that failed are what is left of the body when it is tried again. */
    async post(body: string): Promise<Answer> {
      const answers = await Promise.all(
        requests(body).map(async ({ group, url, body }) => {
          // Whoever sends the same by beacon, as the page is left, leaves this out.
          mark(group, true);
          const answer = await send(url, body);
          mark(group, isFinal(answer));
          return answer;
        }),
      );
      return answers.find((answer) => !isFinal(answer)) ?? answers.find(([status]) => status > 299) ?? [204, 0];
    },
  });
}
