/** A load of bounded size on loopback, and what it cost the server's process in CPU time. */
import { Agent, request } from "node:http";
import { readFileSync, readdirSync } from "node:fs";

export const CONNECTIONS = 16;
/** Requests that may be under way when they come at a steady rate. */
const MAX_OPEN = 256;

/** Time on a CPU of all threads of the processes so far, in µs: the scheduler's own count, in ns, not in ticks. */
export function cpuUs(pids) {
  let ns = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      try {
        ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
      } catch {
        // A thread that has ended: workerd keeps those that serve.
      }
    }
  }
  return ns / 1_000;
}

/** Posts bodies over so many kept connections; anything but 200 is an error. */
function poster({ url, path, headers, connections }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(url);
  const send = (body) =>
    new Promise((resolve, reject) => {
      const options = { hostname, port, path, method: "POST", agent, headers: { ...headers, "content-length": body.length } };
      const sent = request(options, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode} ${text}`)),
        );
      });
      sent.on("error", reject);
      sent.end(body);
    });
  return { send, end: () => agent.destroy() };
}

/** Sends `requests` bodies over kept connections, 16 unless said otherwise, each as fast as it can. */
export async function load({ url, path, headers, makeBody, requests, pids, connections = CONNECTIONS }) {
  const { send, end } = poster({ url, path, headers, connections });
  // Beforehand: a server that waits for its load to be made is woken for every request, and that is what would be measured.
  const bodies = Array.from({ length: requests }, (_, i) => makeBody(i));
  const cpu = cpuUs(pids);
  const start = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < requests) await send(bodies[next++]);
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  end();
  return { cpuUs: cpuUs(pids) - cpu, seconds };
}

/**
 * Sends `requests` bodies at a steady rate, whatever the answers: how long each took in ms, from when it was due. One
 * that had to wait for its turn has waited, so a server that falls behind does not hide it.
 */
export async function steady({ url, path, headers, makeBody, requests, perSecond }) {
  const { send, end } = poster({ url, path, headers, connections: MAX_OPEN });
  const bodies = Array.from({ length: requests }, (_, i) => makeBody(i));
  const start = performance.now();
  const sent = [];
  for (const [i, body] of bodies.entries()) {
    const due = start + (i * 1_000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    sent.push(send(body).then(() => performance.now() - due));
  }
  const latencies = await Promise.all(sent);
  end();
  return latencies;
}

/** The value below which so great a part of them lies. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
