import { serveAsset } from "./assets";
import { Collector } from "./collector";
import { plainLayout } from "./layout";
import { landing, notFound } from "./pages/landing";
import { json, newNonce, page } from "./respond";
import { shopOf } from "./shop";
import { Site } from "./site";
import { craftOf, layoutSettings, tenants, type Env } from "./tenants";

/**
 * The demo: `/` chooses a shop, `/<slug>/…` is a shop. It stands beside the collector on one origin, which has
 * `/batch/`, `/v1/…` and `/tm.*`; it talks to it over the service binding.
 */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    if (!isOurs(request)) return json({ error: "this comes from another site" }, 403);
    const [, slug = "", ...rest] = url.pathname.split("/");
    if (slug === "assets") return serveAsset(rest.join("/")) ?? missing(url);

    const all = tenants(env);
    if (slug === "") return page(plainLayout("Tallymark demo", landing(all)), newNonce());
    const tenant = all.find((t) => t.slug === slug);
    if (!tenant) return missing(url);

    const craft = craftOf(tenant, all);
    const now = Date.now();
    const site = new Site(tenant, shopOf(tenant, craft, now), new Collector(env.COLLECTOR, tenant, url.origin), url, now, layoutSettings(env));
    return (await site.answer(request, rest)) ?? missing(url);
  },
};

function missing(url: URL): Response {
  return page(plainLayout("Not found", notFound(url.pathname)), newNonce(), 404);
}

/** Forms and calls that change something are taken from our own pages alone. */
function isOurs(request: Request): boolean {
  const from = request.headers.get("sec-fetch-site");
  return request.method === "GET" || request.method === "HEAD" || from === null || from === "same-origin";
}
