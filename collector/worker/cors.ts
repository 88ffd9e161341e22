import type { Answer } from "./brain.ts";

/**
 * PostHog's policy (wire/posthog.md §1.3), on every route and on errors too: a page that can't read the
 * answer can't react to it. The origin is mirrored and credentials are allowed because some versions of
 * posthog-js send credentialed beacons, which a wildcard would break. Which origins may *write* is decided
 * by the key, in the brain.
 */
export function corsHeaders(request: Request): Record<string, string> {
  const origin = request.headers.get("origin");
  const vary = { vary: "origin, access-control-request-method, access-control-request-headers" };
  if (origin === null) return vary;
  return { ...vary, "access-control-allow-origin": origin, "access-control-allow-credentials": "true" };
}

/** How long a browser may remember a preflight, in seconds: Chromium's cap. PostHog sends none, and pays a preflight per POST. */
const PREFLIGHT_MAX_AGE_S = "7200";

export function preflight(request: Request): Response {
  const headers: Record<string, string> = {
    ...corsHeaders(request),
    "access-control-allow-methods": "GET,POST,OPTIONS",
    "access-control-max-age": PREFLIGHT_MAX_AGE_S,
  };
  const requested = request.headers.get("access-control-request-headers");
  if (requested !== null) headers["access-control-allow-headers"] = requested;
  return new Response(null, { status: 200, headers });
}

/** Seconds after which a client may try again when the collector itself failed, unless the answer says. */
const RETRY_AFTER_FAILURE_S = 1;

export function respond(request: Request, answer: Answer, requestId: string): Response {
  const headers: Record<string, string> = {
    ...corsHeaders(request),
    "x-request-id": requestId,
    "content-type": answer.contentType,
    "cache-control": answer.maxAgeS > 0 ? `public, max-age=${answer.maxAgeS}` : "no-store",
  };
  const retryAfterS = answer.retryAfterS ?? (answer.status === 503 ? RETRY_AFTER_FAILURE_S : 0);
  if (retryAfterS > 0) {
    headers["retry-after"] = String(retryAfterS);
    // A page of another origin sees no other header than those that are named.
    headers["access-control-expose-headers"] = "retry-after";
  }
  // A 204 has no body, not even an empty one.
  return new Response(answer.status === 204 ? null : answer.body, { status: answer.status, headers });
}
