import type { Rate } from "./brain.ts";
import type { TenantLog } from "./log/log.ts";

/** What wrangler.toml binds. */
export interface Env {
  /**
   * Of every tenant its keys, `key:<public key>` or `key:sha256:<hex>`, its tracking plan, `plan:<organization_id>`, its
   * destinations, `destinations:<organization_id>`, and its settings, `settings:<organization_id>`: written by `tallymark`,
   * over /v1/admin (in dev, by `cargo xtask dev`).
   */
  readonly REGISTRY: KVNamespace;
  /** One log per organization, named `log:<organization_id>`. */
  readonly LOG: DurableObjectNamespace<TenantLog>;
  /** SHA-256s, in hexadecimal, of the operators' tokens (`tallymark keys admin-token`). None: nobody administers over HTTP. */
  readonly ADMIN_TOKEN_SHA256?: string;
  /** The platform's own rate limit of addresses, which holds for all isolates of a place; may be left out. */
  readonly ADDRESS_LIMIT?: RateLimit;
  /** How many requests of one address an isolate takes; left out: 100 a second, 1,000 at once. */
  readonly ADDRESS_RATE?: Rate;
  /** Further paths that take the batch dialect, for who must dodge a proxy rule or a path already taken. */
  readonly INGEST_PATHS?: readonly string[];
  /** Where posthog-js's own script is, for pages that load it by its snippet; empty: nowhere. */
  readonly POSTHOG_ASSETS?: string;
  /** How long a hidden page's stream is silent before its last will is executed, in ms. */
  readonly WILL_AFTER_MS?: number;
  /** Takes a data point for each request (telemetry.ts), if it is bound: docs/OPERATIONS.md. */
  readonly ANALYTICS?: AnalyticsEngineDataset;
}
