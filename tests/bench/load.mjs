/** A load of bounded size on loopback, and what it cost the server's process in CPU time. */
import { Agent, request } from "node:http";
import { readFileSync, readdirSync } from "node:fs";

export const CONNECTIONS = 16;

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

/** Sends `requests` bodies over 16 kept connections; anything but 200 is an error. */
export async function load({ url, path, headers, makeBody, requests, pids }) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
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
  // Beforehand: a server that waits for its load to be made is woken for every request, and that is what would be measured.
  const bodies = Array.from({ length: requests }, (_, i) => makeBody(i));
  const cpu = cpuUs(pids);
  const start = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < requests) await send(bodies[next++]);
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  agent.destroy();
  return { cpuUs: cpuUs(pids) - cpu, seconds };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
