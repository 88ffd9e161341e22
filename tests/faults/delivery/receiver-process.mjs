/**
 * A receiver of events as a process of its own, which a test may kill or stop: `node receiver-process.mjs <kind> <port>
 * <file> <seed>`. What it takes it writes to the file before it answers, a line a message, and each message once, by the
 * id that it came under; so what is in the file twice has come under two ids. How it behaves it is told as messages.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { between, randomFrom } from "../../harness/random.mjs";
import { KINDS } from "./kinds.mjs";

const [kindName, port, file, seed] = process.argv.slice(2);
const kind = KINDS[kindName];
const random = randomFrom(Number(seed));

/** @type {import("./http-store.mjs").Behaviour} */
const WELL = { fault: "none", share: 0, slowMs: 0, takes: true };
let behaviour = WELL;
const taken = new Set(existsSync(file) ? lines(readFileSync(file, "utf8")).map((line) => line.split(" ")[0]) : []);

/** Those that are whole: the last may have been cut off by a kill. */
function lines(text) {
  return text.split("\n").slice(0, -1);
}

/** @param {readonly { key: string, eventId: string }[]} messages */
function take(messages) {
  const fresh = messages.filter(({ key }) => !taken.has(key) && taken.add(key));
  if (fresh.length > 0) appendFileSync(file, fresh.map(({ key, eventId }) => `${key} ${eventId}\n`).join(""));
}

async function serve(request, response) {
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return; // The sender is gone.
  }
  const { headers } = request;
  const bytes = Buffer.concat(chunks);
  const body = (headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
  const messages = kind.messages({ headers, body });
  const { fault, share, slowMs, takes } = behaviour;
  // Time passes before it is taken, or behind.
  if (slowMs > 0 && random() < 0.5) await wait(random() * slowMs);
  if (fault === "partly" || fault === "torn") {
    const refuses = kind.refuses ?? (({ isOdd }) => isOdd);
    take(messages.filter((message) => !refuses(message)));
    const said = kind.partly(messages);
    return fault === "torn" && random() < share ? tear(response, said) : answer(response, said);
  }
  const fails = fault !== "none" && (fault === "refuse" ? messages.some(({ isOdd }) => isOdd) : random() < share);
  // One in two that fail have taken the events all the same: their answer is what is lost.
  if (!fails || (takes && random() < 0.5)) take(messages);
  if (slowMs > 0) await wait(random() * slowMs);
  if (fails) return fail(fault, request.socket, response);
  answer(response, kind.answer?.(messages) ?? {});
}

function answer(response, { status = 200, headers = {}, body = "" }) {
  response.writeHead(status, headers).end(body);
}

/** It says that all is well, and breaks off before it has said of what. */
function tear(response, { status, headers, body }) {
  const whole = Buffer.from(body);
  response.writeHead(status, { ...headers, "content-length": whole.length });
  response.write(whole.subarray(0, between(random, 0, whole.length - 1)), () => response.destroy());
}

function fail(fault, socket, response) {
  switch (fault) {
    case "hang":
      return;
    case "reset":
      return socket.resetAndDestroy();
    case "garbage":
      return socket.end("I am no HTTP server\r\n\r\n");
    case "cut":
      response.writeHead(500, { "content-length": "1000" });
      return response.write("half an ans", () => socket.destroy());
    case "refuse":
      return response.writeHead(422).end("this one is odd");
    case "429":
      return response.writeHead(429, random() < 0.3 ? { "retry-after": "1" } : {}).end();
    default:
      return response.writeHead(Number(fault)).end(fault === "507" ? "no space left on device" : "");
  }
}

const server = createServer((request, response) => {
  serve(request, response).catch((error) => response.destroy(error));
});
server.keepAliveTimeout = 60_000;

function listen() {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(port), "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Connections are refused, and those there are break. */
function close() {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

process.on("message", async (told) => {
  if (told.refuses === true) await close();
  else if (told.refuses === false) await listen();
  else behaviour = told.behaviour ?? WELL;
  process.send("done");
});
process.on("disconnect", () => process.exit());
await listen();
process.send("done");
