//! Every limit of the collector alone, with its reason. What it shares with the SDK is in
//! [`tallymark_event::limits`].

pub use tallymark_event::limits::MAX_DEPTH;

use crate::Rate;

/// Largest body as it comes over the wire: python's client sends up to 5 MB in one request.
pub const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

/// Largest payload once decompressed: four times what any client sends plain, and small enough that a
/// handful of them fit into an isolate's 128 MB.
pub const MAX_DECODED_BYTES: usize = 20 * 1024 * 1024;

/// Largest window of a zstd frame, whose header alone makes room for it: what RFC 8878 asks every decoder to have.
pub const MAX_ZSTD_WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// Most events in one request: a hundred times what the SDKs send, for back-fills.
pub const MAX_EVENTS_PER_REQUEST: usize = 10_000;

/// Most links between ids believed of one request that no back end vouches for. A page is one visitor's, and `PostHog`'s
/// server clients send 100 events at once, of two links each: who links more ids than that is up to no good.
pub const MAX_UNVOUCHED_LINKS: usize = 256;

/// Largest body in GA4's protocols: gtag sends 16 kB at the most, Google takes 130 kB, and each parameter becomes an
/// entry in a map.
pub const MAX_GA4_BODY_BYTES: usize = 1024 * 1024;

/// Most events in one request in GA4's protocols: gtag sends 20, Google takes 25. Each repeats what they share.
pub const MAX_HITS_PER_REQUEST: usize = 200;

/// How often a payload may be wrapped (base64 around gzip, or gzip around base64).
pub const MAX_WRAPPINGS: usize = 2;

/// Longest API key, as at `PostHog`. The registry takes names of up to 512 bytes.
pub const MAX_KEY_BYTES: usize = 64;

/// Longest signed token. One with what is read here has some 300 bytes; it goes with every request, also with beacons, whose
/// 64 KiB it is a part of.
pub const MAX_TOKEN_BYTES: usize = 2_048;

/// How far the clock of the back end that signs may be from ours, in ms.
pub const TOKEN_LEEWAY_MS: i64 = 60_000;

/// Longest that a token may be valid from its receipt on, in ms: a page's day. What lives longer is no token for a page but a
/// key that nobody can revoke.
pub const MAX_TOKEN_LIFE_MS: i64 = 24 * 60 * 60 * 1_000;

/// Shortest secret of HS256, in bytes: what RFC 7518 asks for. A shorter one can be guessed from any token.
pub const MIN_SECRET_BYTES: usize = 32;

/// Most keys remembered of each kind, known and unknown: some 300 kB in all at the worst.
pub const MAX_CACHED_KEYS: usize = 1_024;

/// How long what the registry said of a key is believed, in ms: the longest that a revoked key works on.
pub const KEY_TTL_MS: i64 = 60_000;

/// How long what the registry said of a tenant's plan is believed, in ms: the longest that the version before holds on.
pub const PLAN_TTL_MS: i64 = 60_000;

/// How long it is believed that a tenant has no plan, or that it is off, in ms: as long as everything else, so that a first
/// plan holds as soon as any other. It costs an isolate a lookup a minute, beside that of the tenant's key.
pub const PLANLESS_TTL_MS: i64 = 60_000;

/// Largest record of a plan: a hundred times the largest seed's, and parsed in some 10 ms.
pub const MAX_PLAN_RECORD_BYTES: usize = 1024 * 1024;

/// Most bytes of plans remembered, as text: some 400 of the seeds' size, and a part of an isolate's 128 MB even as
/// ten times that in memory.
pub const MAX_CACHED_PLAN_BYTES: usize = 4 * 1024 * 1024;

/// Most tenants remembered to have no plan: some 100 kB.
pub const MAX_CACHED_PLANLESS: usize = 1_024;

/// Shortest salt that hashes what says something about a person, in bytes: 128 bits can't be tried.
pub const MIN_SALT_BYTES: usize = 16;

/// Most properties that a row names as saying something about a person: a plan that classes more has them all named at once.
pub const MAX_NOTED_PII: usize = 32;

/// Most violations noted with an event that is stored all the same, and most of their text: a quarter of a page.
pub const MAX_NOTED_VIOLATIONS: usize = 5;

/// Where a chunk of rows is closed. The log binds a chunk as one SQL value of at most 2 MB.
pub const MAX_CHUNK_BYTES: usize = 1024 * 1024;

/// Most bytes of quarantined events in one request: they are bound as one SQL value of at most 2 MB.
pub const MAX_QUARANTINED_BYTES: usize = 1_800 * 1024;

/// Largest last will, as JSON text: a page can't send more when it is hidden, and thousands of them wait.
pub const MAX_WILL_BYTES: usize = 64 * 1024;

/// How much is kept of an event that is itself too large for the log.
pub const OVERSIZE_KEPT_BYTES: usize = 64 * 1024;

/// Most violations named in an answer: enough to see what is wrong, whatever the batch's size.
pub const MAX_REPORTED_VIOLATIONS: u32 = 20;

/// A difference between `sent_at` and the time of receipt from which it is clock skew, in ms. Below, it
/// is taken for the transit of a request just built, retries of a slow network included.
pub const MIN_SKEW_MS: i64 = 5 * 60 * 1_000;

/// Skew is corrected in whole steps of this many ms, so that transit does not creep in.
pub const SKEW_STEP_MS: i64 = 5 * 60 * 1_000;

/// How far after its receipt an event may claim to have happened, in ms: clocks are that far apart.
pub const MAX_FUTURE_MS: i64 = 60_000;

/// Longest user agent kept, in bytes: what `PostHog`'s client keeps of it.
pub const MAX_USER_AGENT_BYTES: usize = 1_000;

/// Longest text of the client's kept in the context (a timestamp, a library's name), in bytes.
pub const MAX_CONTEXT_TEXT_BYTES: usize = 200;

/// Longest piece of the client's own text repeated in an answer, in bytes.
pub const MAX_ECHO_BYTES: usize = 120;

/// Rows given by `GET /v1/events` and `GET /v1/identities` unless told.
pub const DEFAULT_QUERY_ROWS: u32 = 100;

/// Most rows given at once: a page of some 600 kB.
pub const MAX_QUERY_ROWS: u32 = 1_000;

/// Days given by `GET /v1/ledger` unless told, today included.
pub const DEFAULT_LEDGER_DAYS: i64 = 30;

/// Longest text that quarantined events or parked deliveries are looked for by, in bytes: no name of a rule, an event or a
/// destination is longer.
pub const MAX_FILTER_BYTES: usize = 800;

/// Quarantined events that one replay or purge takes unless told: some 100 ms of the log's only thread, in pieces.
pub const DEFAULT_QUARANTINE_BATCH: u32 = 1_000;

/// Most of them that one takes: what a Worker does within a request's time. The answer says where to go on.
pub const MAX_QUARANTINE_BATCH: u32 = 10_000;

/// Most operators: the people of one team, and the tokens that theirs take the place of.
pub const MAX_OPERATORS: usize = 16;

/// Random bytes that come with a call of administration: for a key or for a salt.
pub const ADMIN_RANDOM_BYTES: usize = 32;

/// Random bytes in a key: 192 bits, in base64 without padding.
pub const KEY_RANDOM_BYTES: usize = 24;

/// Random bytes of a salt.
pub const SALT_RANDOM_BYTES: usize = 32;

/// Hexadecimal digits of a key's id: by 64 bits the keys of one organization are told apart.
pub const KEY_ID_HEX: usize = 16;

/// Most names that one reading of a list gives: what KV gives at once.
pub const MAX_LISTED_RECORDS: usize = 1_000;

/// Most keys of an organization, with those that ended lately: a list of them is one reading, also if some are made at
/// the same moment.
pub const MAX_KEYS_OF_ORGANIZATION: usize = 900;

/// Longest name that people give a key, in characters: KV keeps 1,024 bytes of what is to be seen in lists.
pub const MAX_KEY_LABEL: usize = 50;

/// Most bytes of a key's origins that a list says, as JSON: see [`MAX_KEY_LABEL`].
pub const MAX_METADATA_ORIGINS_BYTES: usize = 400;

/// Most origins of a key or signer.
pub const MAX_ORIGINS: usize = 100;

/// Longest origin: a host name has at most 253 bytes.
pub const MAX_ORIGIN_BYTES: usize = 300;

/// How long a key works on beside its successor unless told, in s: a day to deploy the new one.
pub const DEFAULT_OVERLAP_S: i64 = 24 * 60 * 60;

/// Longest that it may, in s: 90 days, for what is deployed once in a quarter. A key that lives on for longer was not rotated.
pub const MAX_OVERLAP_S: i64 = 90 * 24 * 60 * 60;

/// How long an ended key is kept, in ms: so long its users are told that it has ended, and operators see that it was there.
pub const ENDED_KEY_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Most versions kept of a plan: one a week for two years, of at most 1 MiB each.
pub const MAX_PLAN_VERSIONS: usize = 100;

/// Hexadecimal digits of a version's digest.
pub const VERSION_DIGEST_HEX: usize = 12;

/// Most organizations whose figures one answer of `/metrics` has: a call of a log each, beside each other.
pub const MAX_METRICS_ORGANIZATIONS: usize = 50;

/// Longest `kid` of a signer, as tokens may have it.
pub const MAX_KEY_ID_BYTES: usize = 64;

/// Largest record that is kept as it is given (a signer's, settings, destinations): all of a tenant's fit many times.
pub const MAX_ADMIN_RECORD_BYTES: usize = 64 * 1024;

/// Requests from one address, all organizations together, unless the collector is told otherwise. The SDK sends once in 3 s
/// while somebody is at it: 300 such visitors may share an office's address, and all of them come back at once.
pub const DEFAULT_ADDRESS_RATE: Rate = Rate { per_second: 100, burst: 1_000 };

/// Requests with one browser key to one isolate: 900 visitors who are at it, and ten seconds' worth at once, as after an
/// outage. A site with more visitors is served by more isolates.
pub const DEFAULT_BROWSER_KEY_RATE: Rate = Rate { per_second: 300, burst: 3_000 };

/// Requests with one server key to one isolate: back ends send batches, and what they can't send they have to keep.
pub const DEFAULT_SERVER_KEY_RATE: Rate = Rate { per_second: 1_000, burst: 10_000 };

/// Events of one organization a UTC day, unless its settings say otherwise: 58 a second all day long. At 1.2 kB each, rows and
/// indices, a day of that is more than half of the 10 GB that a tenant's log may hold: who brings more is to have been asked.
pub const DEFAULT_EVENTS_PER_DAY: u32 = 5_000_000;

/// Most events a day that settings may allow: a typing error above that.
pub const MAX_EVENTS_PER_DAY: u32 = 1_000_000_000;

/// Highest rate that settings may allow: more than an isolate can serve.
pub const MAX_RATE_PER_SECOND: u32 = 100_000;

/// Largest burst that settings may allow.
pub const MAX_BURST: u32 = 1_000_000;

/// Largest record of an organization's settings.
pub const MAX_SETTINGS_RECORD_BYTES: usize = 16 * 1024;

/// Longest retention that settings may ask for, in days: a typing error above a century.
pub const MAX_RETENTION_DAYS: u32 = 36_500;

/// Most names that an organization's settings add to those of secrets, or take from them: each is compared with each name
/// of an event that may hold one.
pub const MAX_REDACTION_NAMES: usize = 64;

/// Longest of these names, in bytes: longer than anybody calls a property.
pub const MAX_REDACTION_NAME_BYTES: usize = 64;

/// How long an organization's settings are believed, in ms: the longest that the limits before hold on.
pub const SETTINGS_TTL_MS: i64 = 60_000;

/// How long it is believed that an organization has no settings, in ms: most have none, and are not to pay a lookup a
/// minute for those that do.
pub const NO_SETTINGS_TTL_MS: i64 = 5 * 60_000;

/// Most organizations whose settings, or lack of them, are remembered: some 100 kB.
pub const MAX_CACHED_SETTINGS: usize = 1_024;

/// Addresses with a bucket, 16 bytes each: in the seconds that a bucket takes to fill, an isolate hears of fewer.
pub const ADDRESS_BUCKETS: usize = 8_192;

/// Keys with a bucket: as many as are remembered.
pub const KEY_BUCKETS: usize = MAX_CACHED_KEYS;

/// How long an isolate believes that a tenant's day is full, in ms, before it asks the tenant's log again, which may have
/// been given a larger quota meanwhile. In between, a flood does not reach the log.
pub const OVER_QUOTA_TTL_MS: i64 = 60_000;

/// Most tenants remembered to be over their quota.
pub const MAX_CACHED_OVER_QUOTA: usize = 1_024;

/// Most tenants whose refused requests are counted at a time, until they are written down seconds later.
pub const MAX_TALLIED_TENANTS: usize = 1_024;
