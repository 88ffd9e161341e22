import { corsHeaders } from "./cors.ts";
import type { Env } from "./env.ts";

/** Where the loading snippet of posthog-js looks for it, on the host that it is told. */
const SCRIPT = "/static/array.js";
/** How long a browser may remember where it is, in seconds: as long as PostHog's own answers hold. */
const MAX_AGE_S = 300;

/**
 * The script of pages that load posthog-js by its snippet, so that they, too, move by changing one host name. A copy
 * among the Worker's static files is served before anybody asks here.
 */
export function snippetScript(request: Request, env: Env): Response | undefined {
  if (!env.POSTHOG_ASSETS || (request.method !== "GET" && request.method !== "HEAD")) return undefined;
  const { pathname, search } = new URL(request.url);
  if (pathname !== SCRIPT) return undefined;
  const location = new URL(SCRIPT + search, env.POSTHOG_ASSETS).href;
  // The snippet asks with CORS, which a redirection has to allow as well as what it leads to.
  return new Response(null, {
    status: 302,
    headers: { ...corsHeaders(request), location, "cache-control": `public, max-age=${MAX_AGE_S}` },
  });
}
