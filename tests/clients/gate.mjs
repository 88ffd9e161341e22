/**
 * One host name, as a team has it: its pages under /site/, and the collector behind everything else. What a client
 * is told to change is this host, and nothing more. The gate can be shut in each way in which hosts fail, and it
 * remembers what it was asked, so that a test can tell that a client did what it was meant to do.
 */
import { once } from "node:events";
import { createServer, request } from "node:http";

/**
 * @typedef {object} Asked one request, once it was answered
 * @property {string} method
 * @property {string} path without its query
 * @property {URLSearchParams} query
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {Buffer} body
 * @property {number} status of the answer; 0: there was none
 */

/** How a body is wrapped, whatever its headers say. @param {Asked} asked */
export function wrapping({ body, query }) {
  if (body[0] === 0x1f && body[1] === 0x8b) return "gzip";
  const form = body.toString("latin1");
  if (!form.startsWith("data=")) return body.length > 0 ? "plain" : "none";
  return new URLSearchParams(form).get("compression") ?? query.get("compression") ?? "base64";
}

/** Paths that take events; the others configure clients. */
const INGEST = /^\/(e|batch|capture|track|engage|i\/v\d\/\S+|g\/collect|mp\/collect)\/?$/;
export const bringsEvents = ({ method, path }) => method !== "OPTIONS" && INGEST.test(path);

/**
 * @param {string} collector its URL
 * @param {Record<string, string>} site pages (`text/html`) and scripts (`*.js`) by their names under /site/
 */
export async function gate(collector, site = {}) {
  const target = new URL(collector);
  /** @type {Asked[]} */
  const asked = [];
  /** @type {"pass" | "refuse" | "forget" | number} what becomes of requests that bring events */
  let fate = "pass";
  /** What the answers that configure clients say instead of the collector's own compressions. */
  let compression;

  const server = createServer(async (incoming, answer) => {
    const body = await whole(incoming);
    if (body === undefined) return; // Whoever asked has gone.
    const { pathname: path, searchParams: query } = new URL(incoming.url, collector);
    const entry = { method: incoming.method, path, query, headers: incoming.headers, body, status: 0 };
    if (path === "/site/left") return serve("left", path, answer);
    if (path.startsWith("/site/")) return serve(site[path.slice("/site/".length)], path, answer);
    if (path === "/favicon.ico") return answer.writeHead(204).end();
    const shut = bringsEvents(entry) && fate;
    if (shut === "refuse") return asked.push(entry) && incoming.socket.destroy();
    if (typeof shut === "number") {
      asked.push({ ...entry, status: shut });
      return answer.writeHead(shut, corsOf(incoming)).end("shut");
    }
    forward(incoming, body, async (response) => {
      const bytes = await whole(response);
      const lost = bytes === undefined || shut === "forget";
      asked.push({ ...entry, status: lost ? 0 : response.statusCode });
      if (lost) return incoming.socket.destroy();
      const given = compression === undefined ? bytes : offering(bytes, compression);
      const headers = { ...response.headers, "content-length": given.length };
      delete headers["transfer-encoding"];
      answer.writeHead(response.statusCode, headers).end(response.statusCode === 204 ? undefined : given);
    });
  });

  function forward(incoming, body, take) {
    const { method, url } = incoming;
    const headers = { ...incoming.headers };
    // What is to be rewritten must not be compressed.
    if (compression !== undefined) delete headers["accept-encoding"];
    const outgoing = request({ host: target.hostname, port: target.port, method, headers, path: url }, take);
    outgoing.on("error", () => incoming.socket.destroy());
    outgoing.end(body);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    /** The same pages on another site. */
    elsewhere: `http://localhost:${port}`,
    asked,
    /** Requests that brought events, in the order in which they were answered. */
    deliveries: () => asked.filter(bringsEvents),
    /** Breaks the connection of every request that brings events. */
    refuse: () => (fate = "refuse"),
    /** Answers such requests with this status instead of handing them on. @param {number} status */
    answer: (status) => (fate = status),
    /** Hands them on, and breaks the connection instead of answering: the client can't know that all is well. */
    forget: () => (fate = "forget"),
    open: () => (fate = "pass"),
    /** Clients hear of these compressions, as from a server that knows no others. @param {string[]} names */
    offer: (names) => (compression = names),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The bytes of a message, or nothing if its connection broke. */
const whole = (message) => message.toArray().then((chunks) => Buffer.concat(chunks), () => undefined);

function serve(text, path, answer) {
  if (text === undefined) return answer.writeHead(404).end();
  const type = path.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
  answer.writeHead(200, { "content-type": type, "cache-control": "no-cache" }).end(text);
}

/** The collector's own policy, without which a page could not tell a 503 from a broken line. */
function corsOf({ headers }) {
  if (headers.origin === undefined) return {};
  return { "access-control-allow-origin": headers.origin, "access-control-allow-credentials": "true" };
}

/** The answer, with these compressions in place of the collector's own. */
function offering(bytes, names) {
  const own = /"supportedCompression":\[[^\]]*\]/;
  return Buffer.from(bytes.toString().replace(own, `"supportedCompression":${JSON.stringify(names)}`));
}
