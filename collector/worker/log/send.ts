/** Sending: requests out, what came of each back. Nothing in here judges. */

import type { Rows, Stated } from "../destinations/postgres.ts";
import type { Stores } from "../stores.ts";
import { authorizationOf, type Bearer } from "./bearer.ts";

/** `tallymark_delivery::Request`. */
export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** It brings the rows from one `seq` to another as they stand, and has no body. */
  readonly rows?: readonly [first: number, last: number];
  readonly gzip?: boolean;
  readonly bearer?: Bearer;
  readonly seqs: readonly number[];
  readonly event_ids?: readonly string[];
  /** Why it is not to be sent. */
  readonly unfit?: string;
}

/** `tallymark_delivery::Sent`. */
export interface Sent {
  readonly seqs: readonly number[];
  readonly event_ids?: readonly string[];
  readonly outcome?: Outcome;
}

/** `tallymark_delivery::Outcome`. */
export type Outcome =
  | Stated
  | { readonly status: number; readonly retry_after?: string; readonly body: string; readonly is_cut: boolean }
  | { readonly error: "timed_out" | "unreachable"; readonly detail: string }
  | { readonly unfit: string };

/** Most bytes of an answer that are read: some say which events they refuse. The rest is not waited for. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Failures after which an attempt begins no further request: the receiver is down, or refuses everything. */
const MAX_FAILURES = 4;

/** How long an attempt begins requests, in the time that each may take: `ATTEMPT_TIMEOUTS` of crates/delivery. */
const ATTEMPT_TIMEOUTS = 2;

/** How requests are sent. */
interface Sending {
  /** Requests at a time. */
  readonly concurrency: number;
  /** For each. */
  readonly timeoutMs: number;
  readonly stores: Stores;
  /** Rows of the log from one `seq` to another. */
  readonly columnsOf: (rows: readonly [first: number, last: number]) => Rows;
  /** Whether what was read for them may still go out. */
  readonly maySend: () => boolean;
  /** What the brain says of one. */
  readonly hasFailed: (sent: Sent) => boolean;
}

/**
 * Sends requests in their order. Those that there was no time for, no point in, or that may not be sent any more, have
 * no outcome.
 */
export async function sendAll(requests: readonly Request[], how: Sending): Promise<Sent[]> {
  const { concurrency, timeoutMs } = how;
  const sent: Sent[] = requests.map(({ seqs, event_ids }) => ({ seqs, ...(event_ids && { event_ids }) }));
  const deadline = Date.now() + ATTEMPT_TIMEOUTS * timeoutMs;
  let [next, failures] = [0, 0];
  const work = async () => {
    while (next < requests.length && failures < MAX_FAILURES && Date.now() < deadline && how.maySend()) {
      const at = next++;
      const outcome = await send(requests[at]!, how);
      if (outcome === undefined) break;
      sent[at] = { ...sent[at]!, outcome };
      if (!isCommitted(outcome) && how.hasFailed(sent[at])) failures++;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, requests.length) }, work));
  return sent;
}

/** What a database has committed is no failure: that needs no judge, and there may be thousands a second. */
const isCommitted = (outcome: Outcome) => "sqlstate" in outcome && outcome.sqlstate === "00000";

/** Whether it goes to a database over the connection that is kept, and is no request to the platform. */
export const isStatement = ({ url }: Request) => url.startsWith("postgres");

/** Undefined: it was not sent after all. */
async function send(request: Request, { timeoutMs, stores, columnsOf, maySend }: Sending): Promise<Outcome | undefined> {
  const { method, url, headers, body, rows, gzip, bearer, unfit } = request;
  if (unfit !== undefined) return { unfit };
  try {
    if (isStatement(request)) {
      const stored = () => (rows === undefined ? body : columnsOf(rows));
      return await stores.postgres(url, () => (maySend() ? stored() : undefined), timeoutMs);
    }
    const all = headers.map(([name, value]): [string, string] => [name, value]);
    if (gzip) all.push(["content-encoding", "gzip"]);
    if (bearer !== undefined) all.push(["authorization", await authorizationOf(bearer)]);
    const bytes = gzip ? await gzipped(body) : body;
    if (!maySend()) return undefined;
    const response = await fetch(url, {
      method,
      headers: all,
      body: bytes,
      // Wherever it leads, nobody has allowed it.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const retryAfter = response.headers.get("retry-after");
    return { status: response.status, ...(await beginningOf(response)), ...(retryAfter !== null && { retry_after: retryAfter }) };
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    return { error: timedOut ? "timed_out" : "unreachable", detail: timedOut ? "" : String(error) };
  }
}

function gzipped(text: string): Promise<ArrayBuffer> {
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

/** An answer's beginning. One that breaks off has said its status all the same, and perhaps not which events it refuses. */
async function beginningOf(response: Response): Promise<{ body: string; is_cut: boolean }> {
  const reader = response.body?.getReader();
  if (reader === undefined) return { body: "", is_cut: false };
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  try {
    while (bytes < MAX_ANSWER_BYTES) {
      const { done, value } = await reader.read();
      if (done) return { body: text, is_cut: false };
      bytes += value.byteLength;
      text += decoder.decode(value, { stream: true });
    }
    await reader.cancel();
  } catch {
    // Its status stands.
  }
  return { body: text, is_cut: true };
}
