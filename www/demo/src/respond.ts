import type { Html } from "./html";

/**
 * Styles and scripts of our own origin only; the SDK compiles wasm, which CSP counts as a kind of eval. `host`: where
 * events go.
 */
function contentSecurityPolicy(nonce: string, host: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'wasm-unsafe-eval'`,
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${host}`.trim(),
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

const EVERYWHERE = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};

/** One per page: it lets exactly the scripts that the layout wrote run. */
export function newNonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

export function page(markup: Html, nonce: string, status = 200, host = ""): Response {
  return new Response(markup.text, {
    status,
    headers: {
      ...EVERYWHERE,
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": contentSecurityPolicy(nonce, host),
    },
  });
}

export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { ...EVERYWHERE, "content-type": "application/json", "cache-control": "no-store" },
  });
}

/** After a form was taken: the browser GETs the result, so that a reload repeats nothing. */
export function seeOther(path: string): Response {
  return new Response(null, { status: 303, headers: { ...EVERYWHERE, location: path, "cache-control": "no-store" } });
}

export function asset(text: string, contentType: string): Response {
  return new Response(text, {
    headers: {
      ...EVERYWHERE,
      "content-type": `${contentType}; charset=utf-8`,
      // Its URL carries a hash of its content.
      "cache-control": "public, max-age=31536000, immutable",
    },
  });
}
