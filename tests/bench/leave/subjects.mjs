/**
 * Whom `bench leave` watches: Tallymark with its collector in workerd, and the best peers of the columns with a
 * sink that takes whatever they send.
 *
 * A subject's `begin(visit, pageOrigin)` gives the head of its pages (which sets `__capture(name, properties)` and
 * calls `__ready()`), and `arrived()`: the marks of the events that are there, how often a page-leave event is,
 * and how many events came more than once, over the wire and into the store (null: nobody can know).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { Client } from "../../harness/client.mjs";
import { ROOT, enrol, newTenant, stubTag } from "../../harness/world.mjs";
import * as posthogSlim from "../posthog-slim.mjs";

/** Each event of a visit carries one of its own in its properties, so that it is found in any encoding. */
export const MARK = /mark\d{3}end/g;

const boot = (collector, capture) => `<script>
  window.__collector = ${JSON.stringify(collector)};
  window.__isReady = new Promise((ready) => { window.__ready = ready; });
  window.__capture = (name, properties) => ${capture};
</script>`;

/** @param {{ registry: object, url: string }} world @param {number} port where pages find the collector */
export const tallymark = (world, port) => ({
  name: "tallymark",
  async begin(visit, pageOrigin) {
    const tenant = newTenant(visit);
    await enrol(world.registry, tenant, [pageOrigin]);
    const client = new Client(world.url, tenant);
    const collector = `http://${visit}.collect.localhost:${port}`;
    return {
      head: `${stubTag()}${boot(collector, "tallymark.capture(name, properties)")}
        <script>tallymark.on("ready", () => __ready());</script>
        <script async src="${collector}/tm.js" data-key="${tenant.browser_key}"></script>`,
      async arrived() {
        const [rows, books] = await Promise.all([client.events(), client.ledger()]);
        const marks = rows.flatMap((row) => row.properties.mark?.match(MARK) ?? []);
        const leaves = rows.filter((row) => row.event_name === "$pageleave");
        // A mark or a view that comes again under another id is the kind of double that no store can see.
        const left = leaves.map((row) => row.properties.$pageview_id);
        const twice = (all) => all.length - new Set(all).size;
        return {
          marks: new Set(marks),
          leaves: leaves.length,
          repeated: books.total.duplicate,
          storedTwice: twice(marks) + twice(left),
          books,
        };
      },
    };
  },
});

/** @param {import("./sink.mjs").Sink} sink @param {number} port where pages find it */
export async function peers(sink, port) {
  const plausible = await build({
    stdin: {
      contents: `import { init, track } from "@plausible-analytics/tracker";
        init({ domain: "shop.example", endpoint: __collector + "/api/event", captureOnLocalhost: true, logging: false });
        window.__track = track;
        __ready();`,
      resolveDir: ROOT,
    },
    bundle: true,
    minify: true,
    format: "iife",
    write: false,
    logLevel: "error",
  });
  const openpanel = readFileSync(join(ROOT, "node_modules/@openpanel/web/dist/src/tracker.global.js"));
  const openpanelStub = `(() => {
    const q = [];
    window.op = new Proxy((...given) => { q.push(given); }, {
      get: (_, name) => (name === "q" ? q : (...given) => { q.push([name, ...given]); }),
      has: (_, name) => name === "q",
    });
    op("init", { clientId: "bench", apiUrl: __collector, trackScreenViews: true, trackOutgoingLinks: true, trackAttributes: true });
  })()`;
  sink.serve(posthogSlim.remoteConfig.path, posthogSlim.remoteConfig.script);
  return [
    {
      name: `posthog-js slim ${posthogSlim.VERSION}`,
      capture: "posthog.capture(name, properties)",
      script: await posthogSlim.script(),
      leave: /\$pageleave/g,
    },
    {
      name: "plausible tracker 0.4.6",
      capture: "__track(name, { props: properties })",
      script: plausible.outputFiles[0].contents,
      leave: /"n":"engagement"/g,
    },
    {
      name: "openpanel web 1.4.1",
      capture: "op.track(name, properties)",
      before: openpanelStub,
      script: openpanel,
      after: "__ready()",
    },
  ].map(({ name, capture, before = "", script, after = "", leave }, i) => {
    const path = `/sdk/${i}.js`;
    sink.serve(path, script);
    return {
      name,
      async begin(visit) {
        const collector = `http://${visit}.collect.localhost:${port}`;
        return {
          head: `${boot(collector, capture)}<script>${before}</script>
            <script src="${collector}${path}"></script><script>${after}</script>`,
          async arrived() {
            const text = sink.received(visit);
            const marks = text.match(MARK) ?? [];
            const once = new Set(marks);
            const leaves = leave ? (text.match(leave) ?? []).length : null;
            return { marks: once, leaves, repeated: marks.length - once.size, storedTwice: null };
          },
        };
      },
    };
  });
}
