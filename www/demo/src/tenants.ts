import type { LayoutConfig } from "./layout";

/** The collector as a service binding: the Worker next door, reached without a socket. */
export interface Fetcher {
  fetch(request: Request): Promise<Response>;
}

/** What the demo is given by `cargo xtask dev`, or by whoever deploys it. */
export interface Env {
  COLLECTOR: Fetcher;
  /** `Tenant[]`, as JSON text or as a JSON binding. */
  TENANTS: string | Tenant[];
  POSTHOG_PROJECT_API_KEY?: string;
  POSTHOG_HOST?: string;
  POSTHOG_CAPTURE_PAGEVIEW?: string | boolean;
  POSTHOG_CAPTURE_PAGELEAVE?: string | boolean;
  GOOGLE_ANALYTICS_MEASUREMENT_ID?: string;
}

/** What of the layout's settings is given; a deployment's variables are texts. */
export function layoutSettings(env: Env): LayoutConfig {
  const settings: LayoutConfig = {};
  for (const name of ["POSTHOG_PROJECT_API_KEY", "POSTHOG_HOST", "GOOGLE_ANALYTICS_MEASUREMENT_ID"] as const) {
    const value = env[name];
    if (value !== undefined) settings[name] = value;
  }
  for (const name of ["POSTHOG_CAPTURE_PAGEVIEW", "POSTHOG_CAPTURE_PAGELEAVE"] as const) {
    if (env[name] !== undefined) settings[name] = String(env[name]).toLowerCase() !== "false";
  }
  return settings;
}

/** One shop, and its three keys. Only `browser_key` may ever appear in a page. */
export interface Tenant {
  slug: string;
  name: string;
  organization_id: string;
  browser_key: string;
  server_key: string;
  read_key: string;
}

/** What a shop makes decides its sample data and its colours. */
export const CRAFTS = ["soap", "candle", "syrup"] as const;
export type Craft = (typeof CRAFTS)[number];

export function tenants(env: Env): Tenant[] {
  return typeof env.TENANTS === "string" ? (JSON.parse(env.TENANTS) as Tenant[]) : env.TENANTS;
}

/** Tenants take turns with the crafts, so that two shops in one demo never look alike. */
export function craftOf(tenant: Tenant, all: readonly Tenant[]): Craft {
  const at = all.findIndex((t) => t.slug === tenant.slug);
  return CRAFTS[Math.max(at, 0) % CRAFTS.length] ?? "soap";
}
