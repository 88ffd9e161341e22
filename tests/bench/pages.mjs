/** Pages that load Tallymark, posthog-js slim or nothing, isolated for a timer of 5 µs, and a collector that says yes. */
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { freePort } from "../harness/network.mjs";
import { ROOT, stubTag } from "../harness/world.mjs";
import * as posthogSlim from "./posthog-slim.mjs";

/** Runs in the page: the same eight properties for everybody. */
const properties = (i) => ({
  recipe_id: i,
  scale: 2.5,
  unit: "g",
  from_template: true,
  label: "Lavender & oat soap, winter batch",
  batch_type: "product",
  projected_yield: 1250.5,
  tags: "soap",
});

const html = (body) => `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<script>
  window.__start = performance.now();
  window.__properties = ${properties};
  window.__isReady = new Promise((ready) => { window.__ready = () => { window.__readyAt ??= performance.now(); ready(); }; });
</script>${body}`;

const tallymark = (attributes = "") => `${stubTag()}<script>tallymark.on("ready", () => window.__ready());</script>
<script async src="/tm.js" data-key="wk_bench" ${attributes}></script>`;

/** @returns {Promise<{ origin: string, stop(): void }>} `/blank`, `/tallymark`, `/unreachable`, `/posthog` */
export async function servePages() {
  const dist = readdirSync(join(ROOT, "sdk/dist"), { withFileTypes: true }).filter((entry) => entry.isFile());
  const type = (file) => (file.endsWith(".wasm") ? "application/wasm" : "text/javascript");
  const files = {
    ...Object.fromEntries(dist.map(({ name }) => [`/${name}`, [type(name), readFileSync(join(ROOT, "sdk/dist", name))]])),
    "/posthog.js": ["text/javascript", await posthogSlim.script()],
    [posthogSlim.remoteConfig.path]: ["text/javascript", posthogSlim.remoteConfig.script],
  };
  const nobody = await freePort();
  const pages = {
    "/blank": html(""),
    "/tallymark": html(tallymark()),
    "/unreachable": html(tallymark(`data-host="http://127.0.0.1:${nobody}"`)),
    "/posthog": html(`<script async src="/posthog.js"></script>`),
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://bench").pathname;
    request.resume();
    request.on("end", () => {
      response.setHeader("cross-origin-opener-policy", "same-origin");
      response.setHeader("cross-origin-embedder-policy", "require-corp");
      if (pages[path] !== undefined) return response.setHeader("content-type", "text/html").end(pages[path]);
      const [type, body] = files[path] ?? ["application/json", '{"status":"Ok"}'];
      response.setHeader("content-type", type).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
