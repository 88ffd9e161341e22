import { callBench } from "./bench-api";
import { benchOf } from "./bench";
import type { Collector } from "./collector";
import { submitAdjustment, submitRecipe, type Submitted } from "./forms";
import { Refused } from "./inventory";
import { hostOf, shopLayout, type LayoutConfig, type Section } from "./layout";
import { batches } from "./pages/batches";
import { home } from "./pages/home";
import { inventory } from "./pages/inventory";
import { recipe } from "./pages/recipe";
import { recipes } from "./pages/recipes";
import { workbench } from "./pages/workbench";
import type { Html } from "./html";
import { json, newNonce, page, seeOther } from "./respond";
import { recipeOf, type Shop } from "./shop";
import type { Tenant } from "./tenants";

/** One request to one tenant's shop. */
export class Site {
  private readonly base: string;

  constructor(
    private readonly tenant: Tenant,
    private readonly shop: Shop,
    private readonly collector: Collector,
    private readonly url: URL,
    private readonly now: number,
    private readonly settings: LayoutConfig,
  ) {
    this.base = `/${tenant.slug}`;
  }

  /** `null`: there is nothing at that path. */
  async answer(request: Request, path: string[]): Promise<Response | null> {
    const [first = "", second, third] = path;
    if (request.method === "POST") return this.post(request, first, second, third);
    if (request.method !== "GET" && request.method !== "HEAD") return null;
    const context = { base: this.base, shop: this.shop, url: this.url, now: this.now };
    switch (first) {
      case "":
        return path.length === 0 ? seeOther(`${this.base}/`) : this.page("Home", "/", home(context));
      case "recipes": {
        if (!second) return this.page("Recipes", "/recipes", recipes(context));
        const found = recipeOf(this.shop, Number(second));
        return found ? this.page(found.name, "/recipes", recipe(context, found)) : null;
      }
      case "inventory":
        return second ? null : this.page("Inventory", "/inventory", inventory(context));
      case "batches":
        return second ? null : this.page("Batches", "/batches", batches(context));
      case "workbench":
        return this.page("Workbench", "/workbench", workbench(this.base));
      case "_store":
        return this.relay(() => this.collector.storeAfter({ after: this.seq("after"), quarantined_after: this.seq("quarantined_after") }));
      case "_ledger":
        return this.relay(() => this.collector.ledger());
      default:
        return null;
    }
  }

  private async post(request: Request, first: string, second?: string, third?: string): Promise<Response | null> {
    if (first === "api" && !second) {
      const call: unknown = await request.json().catch(() => null);
      return callBench(this.shop, this.collector, call, this.now);
    }
    const form = await request.formData().catch(() => null);
    if (!form) return json({ error: "the form can’t be read" }, 400);
    const context = { base: this.base, shop: this.shop, url: this.url, now: this.now };
    if (first === "inventory" && second && !third) {
      const item_id = Number(second);
      return this.submit(
        () => submitAdjustment(this.shop, item_id, form, this.now),
        (text) => this.page("Inventory", "/inventory", inventory(context, { item_id, text }), 422),
      );
    }
    if (first === "recipes" && !second) {
      return this.submit(
        () => submitRecipe(this.shop, form, this.now),
        (text) => this.page("Recipes", "/recipes", recipes(context, text), 422),
      );
    }
    return null;
  }

  private seq(parameter: string): number {
    return Math.max(0, Number(this.url.searchParams.get(parameter)) || 0);
  }

  private async submit(work: () => Submitted, refuse: (text: string) => Response): Promise<Response> {
    try {
      const { event, action, path } = work();
      await this.collector.emit([event], action, this.shop.user.id);
      return seeOther(this.base + path);
    } catch (error) {
      if (error instanceof Refused) return refuse(error.message);
      throw error;
    }
  }

  /** The panel's questions go through here, since the read key must not reach the page. */
  private async relay(ask: () => Promise<unknown>): Promise<Response> {
    try {
      return json(await ask());
    } catch (error) {
      return json({ error: error instanceof Error ? error.message : String(error) }, 502);
    }
  }

  private page(title: string, section: Section, main: Html, status = 200): Response {
    const nonce = newNonce();
    // The collector next door, unless whoever deploys this says otherwise.
    const config: LayoutConfig = {
      POSTHOG_PROJECT_API_KEY: this.tenant.browser_key,
      POSTHOG_HOST: this.url.origin,
      ...this.settings,
    };
    const isBench = section === "/workbench";
    const markup = shopLayout({
      title,
      section,
      craft: this.shop.craft,
      shop_name: this.tenant.name,
      tagline: this.shop.tagline,
      config,
      page: {
        base: this.base,
        organization_id: this.tenant.organization_id,
        browser_key: this.tenant.browser_key,
        user: this.shop.user,
        ...(isBench && { bench: benchOf(this.shop, this.now) }),
      },
      nonce,
      main,
      workbench: isBench,
    });
    const host = new URL(hostOf(config)).origin;
    return page(markup, nonce, status, host === this.url.origin ? "" : host);
  }
}
