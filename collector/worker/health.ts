/**
 * What an orchestrator, a load balancer or an uptime check asks: `/healthz`, whether the Worker runs, and `/readyz`,
 * whether it could take an event, which depends on the registry, the logs and the brain.
 */
import type { Answer, Brain } from "./brain.ts";
import type { Env } from "./env.ts";
import { note, textOf } from "./journal.ts";

/** Longest that one check may take, in ms: who asks gives up soon after. */
const CHECK_TIMEOUT_MS = 2_000;

/** How long an answer is given again, in ms: whoever asks in a loop moves nothing behind the isolate. */
const CACHE_MS = 5_000;

/** A log that no organization has (theirs are `log:…`), and a record that the registry hasn't. */
const PROBE = "readyz";

/** What one check found. */
type Check = { ok: boolean; ms: number; detail?: string };

let last: { readonly answer: Answer; readonly untilMs: number } | undefined;
/** Until when somebody else's check may still be under way; it ends unheard of if its client leaves. */
let checkingUntilMs = 0;

/** The answer if the request is for one of the two paths. */
export function health(request: Request, env: Env, newBrain: () => Brain): Promise<Answer> | Answer | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  switch (new URL(request.url).pathname) {
    case "/healthz":
      return json(200, { status: "ok" });
    case "/readyz":
      return ready(env, newBrain);
    default:
      return undefined;
  }
}

async function ready(env: Env, newBrain: () => Brain): Promise<Answer> {
  const nowMs = Date.now();
  if (last !== undefined && (nowMs < last.untilMs || nowMs < checkingUntilMs)) return last.answer;
  checkingUntilMs = nowMs + CHECK_TIMEOUT_MS;
  const [registry, log, brain] = await Promise.all([
    checked("registry", () => env.REGISTRY.get(PROBE)),
    checked("log", () => env.LOG.getByName(PROBE).ping()),
    checked("brain", async () => newBrain()),
  ]);
  const isReady = registry.ok && log.ok && brain.ok;
  const checks = { registry, log, brain };
  const answer = json(isReady ? 200 : 503, { status: isReady ? "ok" : "unavailable", checks });
  last = { answer, untilMs: Date.now() + CACHE_MS };
  checkingUntilMs = 0;
  return answer;
}

async function checked(name: string, check: () => Promise<unknown>): Promise<Check> {
  const startMs = Date.now();
  const timer = new AbortController();
  const late = scheduler.wait(CHECK_TIMEOUT_MS, { signal: timer.signal }).then(() => {
    throw new Error(`no answer in ${CHECK_TIMEOUT_MS} ms`);
  });
  // It is aborted below, and nobody waits for it any more.
  late.catch(() => undefined);
  try {
    await Promise.race([check(), late]);
    return { ok: true, ms: Date.now() - startMs };
  } catch (error) {
    note("error", "readyz.failed", { check: name, error: textOf(error) });
    // What exactly is for the journal: the answer is public.
    return { ok: false, ms: Date.now() - startMs, detail: "failed, or took too long: the Worker's logs say which" };
  } finally {
    timer.abort();
  }
}

function json(status: number, body: object): Answer {
  return { status, contentType: "application/json", body: JSON.stringify(body), maxAgeS: 0 };
}
