//! Names that the SDK writes and the collector reads, beyond what `PostHog`'s clients send.
//!
//! They are extra keys of `PostHog`'s batch dialect, which a real `PostHog` ignores (in the batch) or keeps
//! as ordinary properties (in an event).

/// Batch level: the stream's report, `{"id": StreamId, "seq": u64, "dropped": {DropReason: u64}}`, or an array of
/// such reports, where a page also sends what earlier pages have left.
/// `seq` is the highest number given to a captured event so far, dropped ones included; `dropped` counts
/// since the stream began. Both only grow, so a report that comes twice, or late, changes nothing.
pub const STREAM: &str = "stream";
/// In [`STREAM`]: the stream's id.
pub const STREAM_ID_KEY: &str = "id";
/// In [`STREAM`]: its highest sequence number.
pub const STREAM_SEQ_KEY: &str = "seq";
/// In [`STREAM`]: drops so far, by reason.
pub const STREAM_DROPPED_KEY: &str = "dropped";
/// In [`STREAM`], `true` if the page could keep no copy of its events on disk (storage is blocked or full): what
/// it had not sent when it ended is lost.
pub const STREAM_MEMORY_KEY: &str = "memory";
/// In [`STREAM`]: the stream's last will, an event as in the batch, with the number after [`STREAM_SEQ_KEY`]. A
/// hidden page may be killed without another word: if nothing more is heard of the stream, this is its last event
/// (`$pageleave`). Anything newer from the stream revokes it.
pub const STREAM_WILL_KEY: &str = "will";
/// Most reports in one batch: one for each of its events, which may all be of different streams.
pub const MAX_STREAM_REPORTS: usize = 64;

/// Property: the part of events of its name that is captured, above 0 and below 1, where the owner has set one.
pub const SAMPLE_RATE: &str = "$sample_rate";
/// Property: what the visitor has agreed to, `{"analytics": bool, "advertising": bool}`.
pub const CONSENT: &str = "$consent";
/// Property, `true` where the browser's Global Privacy Control is on and the request itself can't say so. Moves to
/// `context.gpc`.
pub const GPC: &str = "$gpc";
/// Of a row's context: what the visitor has agreed to. See [`crate::Consent`].
pub const CONTEXT_CONSENT: &str = "consent";
/// Of a row's context: that Global Privacy Control is on. See [`crate::Consent`].
pub const CONTEXT_GPC: &str = "gpc";

/// Property: the stream that the event belongs to. Moves to `context.stream_id`.
pub const STREAM_ID: &str = "$stream_id";
/// Property: the event's number in its stream, from 1. Moves to `context.seq`.
pub const SEQ: &str = "$seq";
/// Property: `performance.now()` at capture, in ms since the page began. Moves to `context.monotonic_ms`.
pub const MONOTONIC_MS: &str = "$monotonic_ms";
/// Property: the entity's type. Moves to the column `entity_type`.
pub const ENTITY_TYPE: &str = "$entity_type";
/// Property: the entity's id. Moves to the column `entity_id`.
pub const ENTITY_ID: &str = "$entity_id";
/// Property: the correlation id. Moves to the column `correlation_id`.
pub const CORRELATION_ID: &str = "$correlation_id";
/// Property: the schema version. Moves to the column `schema_version`.
pub const SCHEMA_VERSION: &str = "$schema_version";
