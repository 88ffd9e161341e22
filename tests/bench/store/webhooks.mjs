/** Webhooks: what a log delivers, beside a bare loop in the same workerd that posts the same requests. */
import { randomBytes } from "node:crypto";
import { Receiver } from "../../harness/receiver.mjs";
import { cpuUs, median } from "../load.mjs";
import { drain, tenantWith } from "./world.mjs";

const EVENTS = 2_000;
/** As many as the log has under way. */
const CONCURRENCY = 4;

const contents = `export default {
  async fetch(request) {
    const { url, requests, concurrency } = await request.json();
    const start = Date.now();
    let next = 0;
    const work = async () => {
      while (next < requests.length) {
        const { headers, body } = requests[next++];
        const response = await fetch(url, { method: "POST", headers, body, redirect: "manual" });
        if (response.status !== 200) throw new Error(String(response.status));
        await response.text();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    return Response.json((Date.now() - start) / 1_000);
  },
};`;

/** Among the `extraWorkers` of the bench's world. */
export const BARE_LOOP = {
  name: "bare",
  modules: [{ type: "ESModule", path: "bare.mjs", contents }],
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
};

/** @returns deliveries/s and µs of CPU of workerd a delivery, medians: of the log and of the loop */
export async function benchWebhooks(store, rounds, scale) {
  const { mf, workerd } = store.world;
  const bare = (await mf.unsafeGetDirectURL("bare")).origin;
  const secret = `whsec_${randomBytes(24).toString("base64")}`;
  const receiver = await Receiver.start();
  receiver.answer = () => ({ status: 200 });
  const runs = { log: [], loop: [] };
  const count = EVENTS / scale;
  for (let round = 0; round <= rounds; round++) {
    receiver.requests = [];
    const tenant = await tenantWith(store, count);
    const log = await drain(store, tenant, { kind: "webhook", url: `${receiver.url}/hooks`, secrets: [secret], batch_size: 200 });
    // What the log has sent, once more.
    const requests = receiver.requests.map(({ headers, body }) => ({ headers: own(headers), body }));
    if (receiver.deliveries.size !== count) throw new Error(`${receiver.deliveries.size} events of ${count} were delivered`);
    const cpu = cpuUs(workerd);
    const body = JSON.stringify({ url: `${receiver.url}/hooks`, requests, concurrency: CONCURRENCY });
    const response = await fetch(bare, { method: "POST", body });
    if (!response.ok) throw new Error(await response.text());
    const loop = { seconds: await response.json(), cpuUs: cpuUs(workerd) - cpu };
    if (round > 0) runs.log.push(log), runs.loop.push(loop);
  }
  await receiver.stop();
  const of = (all) => ({
    perSecond: median(all.map(({ seconds }) => count / seconds)),
    us: median(all.map((run) => run.cpuUs / count)),
  });
  return { log: of(runs.log), loop: of(runs.loop) };
}

/** What the platform does not add by itself. */
function own(headers) {
  const names = Object.keys(headers).filter((name) => name.startsWith("webhook-") || name === "content-type" || name === "user-agent");
  return Object.fromEntries(names.map((name) => [name, headers[name]]));
}
