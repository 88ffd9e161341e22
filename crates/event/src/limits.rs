//! Every limit that the SDK and the collector share, with its reason.

/// Longest event name, in UTF-16 units: `PostHog` stores the first 200 and a longer name is a bug.
pub const MAX_EVENT_NAME: usize = 200;

/// Longest distinct id, user id, entity id, correlation id…: `PostHog` cuts there, indexes stay small.
pub const MAX_ID: usize = 200;

/// Largest event, as JSON text. python's client refuses more, and a log row must stay under the 2 MB that
/// a Durable Object's `SQLite` holds in one value.
pub const MAX_EVENT_BYTES: usize = 900 * 1024;

/// Most events that the SDK puts into one request: beyond 50 the cost per event no longer falls.
pub const MAX_BATCH_EVENTS: usize = 50;

/// Most bytes of JSON that the SDK puts into one request: browsers refuse beacons above 64 KiB in flight.
pub const MAX_BATCH_BYTES: usize = 64 * 1024;

/// Longest that an event waits in the page for company, in ms.
pub const MAX_BATCH_WAIT_MS: u32 = 3_000;

/// A visitor who does nothing for this long starts a new session, in ms (`PostHog`'s and GA4's rule).
pub const SESSION_IDLE_MS: i64 = 30 * 60 * 1_000;

/// A session ends after this long whatever happens, in ms (`PostHog`'s rule).
pub const SESSION_MAX_MS: i64 = 24 * 60 * 60 * 1_000;

/// Highest sequence number that the collector believes of one stream (one page's life). Above it, the
/// number is a forgery or a bug and would drown the tenant's books.
pub const MAX_STREAM_SEQ: u64 = 10_000_000;

/// Deepest nesting of the JSON of a request that is looked at, the envelope included: one bit a level in one register,
/// and far beyond any event seen. An event that holds a deeper value is quarantined.
pub const MAX_DEPTH: u32 = 64;
