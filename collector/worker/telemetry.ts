/**
 * What is said of each request once it is answered: a line in the journal if it failed or was refused, and a data point
 * for Analytics Engine where that is bound.
 *
 * An isolate is one of many and lives for minutes, so it keeps no counters: what has to be exact is counted by the
 * tenant's log (log/figures.ts).
 */
import type { Answer, Brain } from "./brain.ts";
import type { Env } from "./env.ts";
import { note } from "./journal.ts";
import type { Receipt } from "./log/log.ts";

const NONE: Receipt = { stored: 0, quarantined: 0, duplicates: 0 };

/** What a `cf-ray` looks like. Off Cloudflare anybody can send one. */
const RAY = /^[\w-]{1,64}$/;

/** Most bytes of Analytics Engine's index; organizations' ids are ASCII. */
const MAX_INDEX = 96;

/** A code in the body of a refusal. */
const CODE = /^[a-z0-9_]{1,64}$/;

/** One request, from receipt to answer. */
export class Call {
  /** Cloudflare's ray, by which the client's and the platform's own logs name the request; else made. */
  readonly id: string;
  readonly startMs = Date.now();
  /** Whose events it brings or asks for, once that is known. */
  organizationId: string | undefined;
  /** How long the log took to commit, in ms, if it was asked to. */
  appendMs: number | undefined;
  /** What became of its events, if they were committed. */
  receipt: Receipt | undefined;

  constructor(request: Request) {
    const ray = request.headers.get("cf-ray");
    this.id = ray !== null && RAY.test(ray) ? ray : crypto.randomUUID();
  }

  /** Says what there is to say; never fails a request for it. `brain` is none if it has just failed. */
  answered(request: Request, answer: Answer, brain: Brain | undefined, env: Env): void {
    const isRefused = answer.status >= 400;
    if (!isRefused && env.ANALYTICS === undefined) return;
    const durationMs = Date.now() - this.startMs;
    const { method } = request;
    try {
      const route = brain?.routeName(request) ?? "unknown";
      const code = isRefused ? codeOf(answer.body) : "";
      if (isRefused) {
        const isOurs = answer.status >= 500;
        note(isOurs ? "error" : "warn", isOurs ? "request.failed" : "request.refused", {
          request_id: this.id, method: METHODS.has(method) ? method : "other", route, status: answer.status, code,
          organization_id: this.organizationId, duration_ms: durationMs,
        });
      }
      const { stored, quarantined, duplicates } = this.receipt ?? NONE;
      env.ANALYTICS?.writeDataPoint({
        indexes: [(this.organizationId ?? "").slice(0, MAX_INDEX)],
        blobs: [route, METHODS.has(method) ? method : "other", String(answer.status), code],
        doubles: [durationMs, this.appendMs ?? 0, stored, quarantined, duplicates],
      });
    } catch {
      // Telemetry is worth no event.
    }
  }
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

/** The code of a refusal, in the terms of whichever protocol it is written. */
function codeOf(body: string): string {
  const { code, error } = JSON.parse(body.startsWith("{") ? body : "{}") as Record<string, unknown>;
  const text = typeof code === "string" ? code : error;
  return typeof text === "string" && CODE.test(text) ? text : "";
}
