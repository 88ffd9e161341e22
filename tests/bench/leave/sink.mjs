/** Servers of `bench leave`: the site's pages, and a sink that says yes to every peer and keeps what it got. */
import { once } from "node:events";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";

/** The first label of the host is the visit's: each visit is a site of its own. */
const visitOf = (request) => request.headers.host.split(".")[0];

async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

/** Pages of the visits in `heads`, by the visit's name. `/blank` is a page of the same site without any SDK. */
export async function servePages(heads) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    const head = pathname === "/blank" ? "" : heads.get(visitOf(request));
    if (head === undefined) return response.writeHead(404).end();
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.setHeader("cache-control", "no-store");
    response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>bench</title>
      <link rel="icon" href="data:,">${head}</head><body><h1>Shop</h1></body></html>`);
  });
  return { port: await listen(server), stop: () => server.close() };
}

/** A request's body as text, whatever a peer has wrapped it in. */
function plain(body, search) {
  const text = (body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body).toString();
  const form = new URLSearchParams(text.startsWith("data=") ? text : search).get("data");
  return form ? Buffer.from(form, "base64").toString() : text;
}

/** @typedef {Awaited<ReturnType<typeof startSink>>} Sink */
export async function startSink() {
  const scripts = new Map();
  const bodies = new Map();
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url, "http://sink");
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    response.setHeader("access-control-allow-credentials", "true");
    response.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "*");
    response.setHeader("access-control-max-age", "7200");
    if (scripts.has(pathname)) return response.setHeader("content-type", "text/javascript").end(scripts.get(pathname));
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const visit = visitOf(request);
      bodies.set(visit, `${bodies.get(visit) ?? ""}\n${plain(Buffer.concat(chunks), search)}`);
      response.setHeader("content-type", "application/json").end('{"status":"Ok"}');
    });
  });
  return {
    port: await listen(server),
    /** @param {string} path @param {string | Uint8Array} script */
    serve: (path, script) => scripts.set(path, script),
    /** All that a visit has sent, as text. @param {string} visit */
    received: (visit) => bodies.get(visit) ?? "",
    stop: () => server.close(),
  };
}
