/** A load of bounded size on loopback, and what it cost the server's process in CPU time. */
import { Agent, request } from "node:http";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export const CONNECTIONS = 16;
/** Linux counts CPU time in ticks of this many µs. */
const TICK_US = 1_000_000 / Number(execFileSync("getconf", ["CLK_TCK"]).toString());

/** User and system time of the processes so far, in µs. */
export function cpuUs(pids) {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_US;
  }, 0);
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
  const cpu = cpuUs(pids);
  const start = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < requests) await send(makeBody(next++));
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
