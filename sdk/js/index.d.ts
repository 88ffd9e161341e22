/** Properties of an event: whatever `JSON.stringify` makes a JSON object of. */
export type Properties = Record<string, unknown>;

/** What an event can say beside its properties. */
export interface CaptureOptions {
  /** What it happened to. */
  entity?: { type: string; id: string };
  /** Ties together what one action caused, across page and back end. */
  correlationId?: string;
  /** When it happened, if not now. */
  timestamp?: Date | string | number;
}

/** Why an event was given up. A closed list. */
export type DropReason =
  | "queue_full"
  | "event_too_large"
  | "invalid_name"
  | "invalid_properties"
  | "refused"
  | "too_large"
  | "retries_exhausted"
  | "storage_full"
  | "blocked"
  | "sampled"
  | "rate_limited"
  | "before_send";

/** Yes, no, or not decided yet. */
export type Choice = boolean | "granted" | "denied" | "pending";

/** What the visitor agrees to; a purpose that is left out stays as it was. Names of Google's consent mode do, too. */
export interface Consent {
  /** To count visits and the use of features. */
  analytics?: Choice;
  /** To pass events, and the click ids of ad networks, on for advertising. */
  advertising?: Choice;
  analytics_storage?: Choice;
  ad_storage?: Choice;
  ad_user_data?: Choice;
  ad_personalization?: Choice;
}

/** An event as it is sent. */
export interface CapturedEvent {
  event: string;
  uuid: string;
  distinct_id: string;
  timestamp: string;
  properties: Properties;
}

/** What `on` tells of. */
export interface Events {
  /** An event was numbered; it ends in `sent` or `dropped`. */
  captured: { event: string; uuid: string; seq: number };
  /** The collector has acknowledged so many events. */
  sent: { count: number };
  /** So many events were given up. */
  dropped: { reason: DropReason; count: number };
  /** The module is up; calls made before are done. */
  ready: Record<string, never>;
}

/** What to capture without code: each is off unless it is switched on. See "Without code" in the README. */
export interface AutoOptions {
  /** What elements with `data-tm-event` say, when they are clicked (a form: when it is submitted). */
  elements?: boolean;
  /** `click`, for a link that leads to another site. */
  outboundClicks?: boolean;
  /** `file_download`, for a link to a file. */
  fileDownloads?: boolean;
  /** `form_submit`, without any field's value. */
  forms?: boolean;
  /**
   * `view_search_results`, on views whose query has a search term. Which parameters may hold it, the first
   * that does counts; `true`: `q`, `s`, `search`, `query`, `keyword`.
   */
  siteSearch?: boolean | readonly string[];
  /** `scroll`, once a view, when 90 % of the page's height have been seen by scrolling. */
  scroll?: boolean;
  /** `$web_vitals`, once a view, when it is first hidden or left. */
  webVitals?: boolean;
}

/** Who is sent to, and in which words. */
export type Destination =
  | {
      /** The write key: `wk_…` of a collector of ours, `phc_…` of a PostHog. */
      key: string;
      dialect?: "posthog";
      measurementId?: undefined;
    }
  | {
      /** GA4's own protocol, to `/g/collect`. */
      dialect: "ga4";
      /** GA4's name for the data stream, `G-…`. */
      measurementId: string;
      key?: undefined;
    };

/** Who is sent to, and all else that `init` can be told. */
export type Options = Settings & Destination;

/** Where to send, and what to capture without being asked. */
export interface Settings {
  /** The collector's origin. Default: the page's own; in GA4's dialect Google's. */
  host?: string;
  /** The collector's path. Default: `/batch/`. */
  path?: string;
  /**
   * Where `tm.wasm` is served. Default: beside this module. `false` where the page's policy refuses WebAssembly: the
   * same code is then loaded as JavaScript at once, without the browser reporting an attempt.
   */
  wasmUrl?: string | URL | false;
  /** Capture `$pageview` on load and when the path or the query changes. Default: true. */
  capturePageview?: boolean;
  /** The pattern of the route that the page is at, such as `/recipes/[id]`: each view has it as `$route`. */
  route?: () => string | undefined;
  /** Capture `$pageleave` when the page is left. Default: true. */
  capturePageleave?: boolean;
  /** Capture without code; what isn't asked for isn't downloaded. `true`: all but `webVitals`. Default: false. */
  autocapture?: boolean | AutoOptions;
  /** Count a change of the fragment (`#/recipes`) as a view, too. Default: false. */
  captureHash?: boolean;
  /**
   * What holds until the visitor decides: `"pending"` keeps events in memory, sends and stores nothing, and discards
   * them on refusal; `"denied"` captures nothing. One word for both purposes, or one for each. Default: `"granted"`.
   */
  consent?: Choice | Consent;
  /** Honour Global Privacy Control, which denies advertising. Default: true. */
  gpc?: boolean;
  /**
   * Query parameters that events may hold beside those that name a campaign (`utm_*`, click ids); `true` for all.
   * Default: none.
   */
  urlParameters?: string[] | true;
  /** Which part of the visits, from 0 to 1, events of a name are captured in. Others: all. */
  sampling?: Record<string, number>;
  /** Sees every event before it leaves, and returns it, changed or not; or nothing, to refuse it. */
  beforeSend?: (event: CapturedEvent) => CapturedEvent | null | undefined;
  /** Say on the console what goes wrong. Default: false. */
  debug?: boolean;
}

/** The SDK. No method throws, blocks, or reaches the network before it returns (but for `flush`). */
export interface Tallymark {
  /** Captures an event. */
  capture(name: string, properties?: Properties, options?: CaptureOptions): void;
  /** Captures a `$pageview` of the current URL. */
  page(properties?: Properties): void;
  /** Says who the visitor is, and what is known of them (`$set`). */
  identify(userId: string, properties?: Properties): void;
  /** Says which group of a type (a company, a team) the visitor belongs to, and what is known of it. */
  group(type: string, key: string, properties?: Properties): void;
  /** Adds properties to every event from now on, on the pages to come too. */
  register(properties: Properties): void;
  /** Removes one of them. */
  unregister(key: string): void;
  /** Forgets the visitor: a new id and a new session on the same device. */
  reset(): void;
  /** Says what the visitor agrees to. It holds on later pages and in other tabs, and `reset` does not change it. */
  consent(choice: Consent): void;
  /** Sends what is held; resolves when everything captured so far was acknowledged or given up. */
  flush(): Promise<void>;
  /** Calls `listener` whenever that happens; what is returned ends it. */
  on<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): () => void;
}

/**
 * Starts the SDK, once: later calls return the same instance. On a server it returns an instance that does
 * nothing.
 */
export function init(options: Options): Tallymark;
