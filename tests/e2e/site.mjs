/**
 * The site under test, as a Worker: pages that load the SDK as a customer's layout would.
 *
 * `/<browser key>/<page>?…` is a page of that tenant; query parameters `tm-*` become `data-*` attributes of the
 * script tag, `options` (JSON) those of the npm package's `init`; with `load=inline` the SDK's text is in the page. `/<browser key>/strict?csp=…` has that policy, and
 * a nonce wherever the policy says NONCE. `plan=<address>` has tallymark/dev check the page by that plan. `/flaky/batch/` is the collector behind a door that
 * `/flaky/door?status=503` shuts, and `/flaky/door` says how many it has sent away.
 */
import { AUTO } from "./site-auto.mjs";
import { PLANS } from "./site-plans.mjs";

let door = 200;
/** Batches sent away at the door. */
let refused = 0;
/** Documents asked for by browsers that only prerender them. */
let prerendered = 0;

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/flaky/door") {
      door = Number(url.searchParams.get("status") ?? door);
      return Response.json({ door, refused });
    }
    if (url.pathname === "/flaky/batch/") {
      if (door !== 200) {
        refused += 1;
        return new Response("shut", { status: door });
      }
      return env.COLLECTOR.fetch(new Request(new URL("/batch/", url), request));
    }
    if (url.pathname.startsWith("/npm/")) {
      const file = env.NPM[url.pathname.slice("/npm/".length)];
      return new Response(file, { headers: { "content-type": "text/javascript" } });
    }
    if (url.pathname.startsWith("/plans/")) {
      const plan = PLANS[url.pathname.slice("/plans/".length, -".json".length)];
      return plan ? Response.json(plan) : new Response("no such plan", { status: 404 });
    }
    if (url.pathname === "/favicon.ico") return new Response(null, { status: 204 });
    const [, key, page] = url.pathname.split("/");
    if (request.headers.get("sec-purpose")?.includes("prerender")) prerendered++;
    if (page === "prerendered") return new Response(String(prerendered));
    if (page === "prerendering") {
      return new Response(prerendering(key), { headers: { "content-type": "text/html; charset=utf-8" } });
    }
    if (page === "strict") return strict(env.STUB, key, url.searchParams);
    return new Response(html(env, key, page, url.searchParams), {
      headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" },
    });
  },
};

/** What a layout adds in development, in front of all else. */
const devTag = (plan, attributes = "") =>
  plan === undefined || plan === null ? "" : `<script ${attributes} src="/tm.dev.js" data-plan="${plan}"></script>`;

const dataAttributes = (params) =>
  [...params].flatMap(([name, value]) => (name.startsWith("tm-") ? [`data-${name.slice(3)}="${value}"`] : []));

/** A page that keeps to its policy, and to what the documentation says, and tells what was refused. */
function strict(stub, key, params) {
  const nonce = crypto.randomUUID();
  const { csp, src = "/tm.js", integrity, importmap, plan } = Object.fromEntries(params);
  const attributes = dataAttributes(params);
  if (integrity) attributes.push(`integrity="${integrity}" crossorigin="anonymous"`);
  const map = importmap ? `<script type="importmap" nonce="${nonce}">${importmap}</script>` : "";
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>strict</title>
<script nonce="${nonce}">
  window.violations = [];
  addEventListener("securitypolicyviolation", (v) => violations.push([v.effectiveDirective, v.blockedURI]));
</script>
${map}${devTag(plan, `nonce="${nonce}"`)}${stub.replace("<script>", `<script nonce="${nonce}">`)}
<script nonce="${nonce}" async src="${src}" data-key="${key}" ${attributes.join(" ")}></script>
</head><body><h1>strict</h1></body></html>`;
  return new Response(body, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "content-security-policy": csp.replaceAll("NONCE", nonce),
    },
  });
}

/** A page that has its second page prerendered, and goes there when the door says 204. */
const prerendering = (key) => `<!doctype html><title>prerendering</title>
<script type="speculationrules">{"prerender":[{"urls":["/${key}/second"],"eagerness":"immediate"}]}</script>
<script>
  (async () => {
    while ((await (await fetch("/flaky/door")).json()).door !== 204) await new Promise((done) => setTimeout(done, 50));
    location.href = "/${key}/second";
  })();
</script>`;

function html({ STUB: stub, SCRIPT }, key, page, params) {
  const attributes = dataAttributes(params);
  const load = params.get("load");
  const plan = params.get("plan");
  const sdk =
    load === "npm"
      ? `<script type="module">
           import { init } from "/npm/index.js";
           const options = ${params.get("options") ?? "{}"};
           ${plan === null ? "" : `(await import("/npm/dev/index.js")).check("${plan}");`}
           window.client = init({ key: "${key}", host: location.origin, wasmUrl: "/tm.wasm", ...options });
         </script>`
      : load === "inline"
        ? `${devTag(plan)}${stub}<script data-key="${key}" data-wasm="/tm.wasm" ${attributes.join(" ")}>${SCRIPT}</script>`
        : `${devTag(plan)}${stub}<script async src="/tm.js" data-key="${key}" ${attributes.join(" ")}></script>`;
  if (page === "framing") return `<!doctype html><title>framing</title><iframe sandbox="allow-scripts" src="home"></iframe>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${page}</title>${sdk}</head>
<body style="margin:0">
  <h1>${page}</h1>
  <a id="next" href="/${key}/second">second page</a>
  <button id="scale">scale</button>
  ${page === "auto" ? AUTO : ""}
  <div style="height:4000px"></div>
  <script>
    document.getElementById("scale").addEventListener("click", () =>
      tallymark.capture("recipe_scaled", { scale: 2 }, { entity: { type: "recipe", id: "12" }, correlationId: "c-1" }));
  </script>
</body></html>`;
}
