// The ways out of a page.

/** Longest that a request may take, in ms: a hung one would hold its events for ever. */
const TIMEOUT_MS = 30_000;
/** A compressed body up to this size goes with keepalive; four of them leave the page's 64 KiB to beacons. */
const KEEPALIVE_BYTES = 4_096;
const TYPE = "text/plain"; // CORS-simple: no preflight, which a page that is being left could not wait for.

/** The last fetch failed: if it was for want of room among the page's keepalive bodies, the next one must not need it. */
let failed = false;

/** Bytes of keepalive fetches under way, which the page's beacons have to leave out of their budget. */
export let reserved = 0;

/** What every body goes through before it leaves (see review.ts); and, in another dialect, its ways out (see ga4.ts). */
export interface Review {
  (body: string): string;
  beacon?(body: string): boolean;
  post?(body: string): Promise<[status: number, retryAfterMs: number]>;
}

let review: Review | undefined;

export function reviewBy(given: Review): void {
  review = given;
}

type Body = Uint8Array<ArrayBuffer> | string;
const reviewed = (body: Body): Body =>
  review ? review(typeof body == "string" ? body : new TextDecoder().decode(body)) : body;

/** Hands the body to the browser: 0 if it would not take it; 2 if that is all that there will ever be to know of it. */
export function beacon(url: string, given: Body): number {
  try {
    const body = reviewed(given);
    if (review?.beacon) return 2 * +review.beacon(body as string);
    return +navigator.sendBeacon(url, new Blob([body], { type: TYPE }));
  } catch {
    return 0;
  }
}

/** Whether the collector is well, though a request to it failed: then something in this browser has stopped it. */
async function isBlocked(url: string, error: unknown): Promise<boolean> {
  if ((error as Error).name == "TimeoutError" || !navigator.onLine) return false;
  try {
    const { ok } = await fetch(new URL("/_readiness", url), {
      credentials: "omit",
      signal: AbortSignal.timeout?.(TIMEOUT_MS),
    });
    return ok;
  } catch {
    return false;
  }
}

/**
 * Posts the body; status 0 if there was no answer, 1 if the browser has blocked the request. `patient`: there is time to
 * compress, and reason to outlive the page if that is cheap. Otherwise the request is under way before this returns.
 */
export async function post(
  url: string,
  given: Body,
  patient?: boolean,
  warn?: (message: unknown) => void,
): Promise<[status: number, retryAfterMs: number]> {
  let kept = 0;
  try {
    let body: Body | Blob = reviewed(given);
    if (review?.post) return await review.post(body as string);
    if (patient && self.CompressionStream) {
      const zipped = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
      body = await new Response(zipped).blob();
      if (body.size < KEEPALIVE_BYTES && !failed) reserved += kept = body.size;
    }
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { "Content-Type": TYPE },
      credentials: "omit",
      keepalive: !!kept,
      signal: AbortSignal.timeout?.(TIMEOUT_MS),
    });
    failed = false;
    // To its end: a request whose answer nobody reads may take its share of the page's 64 KiB for ever, in Chromium.
    const said = await response.text();
    if (!response.ok) warn?.(said);
    const after = response.headers.get("Retry-After");
    // So PostHog says that it has thrown away what it has taken: payment required.
    return [/quota_limited.*"events"/.test(said) ? 402 : response.status, after ? +after * 1000 || Date.parse(after) - Date.now() : 0];
  } catch (error) {
    failed = true;
    warn?.(error);
    return [+(await isBlocked(url, error)), 0];
  } finally {
    reserved -= kept;
  }
}
