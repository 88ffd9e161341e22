import type { TenantLog } from "./log/log.ts";

/** What wrangler.toml binds. */
export interface Env {
  /**
   * Of every tenant its keys, `key:<public key>` or `key:sha256:<hex>`, its tracking plan, `plan:<organization_id>`, and
   * its destinations, `destinations:<organization_id>`: written by `tallymark`,
   * over /v1/admin (in dev, by `cargo xtask dev`).
   */
  readonly REGISTRY: KVNamespace;
  /** One log per organization, named `log:<organization_id>`. */
  readonly LOG: DurableObjectNamespace<TenantLog>;
  /** SHA-256s, in hexadecimal, of the operators' tokens (`tallymark keys admin-token`). None: nobody administers over HTTP. */
  readonly ADMIN_TOKEN_SHA256?: string;
  /** Further paths that take the batch dialect, for who must dodge a proxy rule or a path already taken. */
  readonly INGEST_PATHS?: readonly string[];
  /** Where posthog-js's own script is, for pages that load it by its snippet; empty: nowhere. */
  readonly POSTHOG_ASSETS?: string;
  /** How long a hidden page's stream is silent before its last will is executed, in ms. */
  readonly WILL_AFTER_MS?: number;
  /** Takes a data point for each request (telemetry.ts), if it is bound: docs/OPERATIONS.md. */
  readonly ANALYTICS?: AnalyticsEngineDataset;
}
