//! What bounds delivery. Each is a promise to a receiver or a bound on memory; none is silent.

/// Most destinations of a tenant: each has its state, its requests under way and its line in the answers.
pub const MAX_DESTINATIONS: usize = 32;

/// Most bytes of a destination's name.
pub const MAX_NAME_BYTES: usize = 64;

/// Most patterns of a destination, each compared with every event's name.
pub const MAX_PATTERNS: usize = 64;

/// Most bytes of a pattern: as long as an event's name may be.
pub const MAX_PATTERN_BYTES: usize = 200;

/// Most bytes of a URL: what proxies pass without complaint.
pub const MAX_URL_BYTES: usize = 2_048;

/// Most secrets that sign at a time: the one that holds, the next one, and one to spare.
pub const MAX_SECRETS: usize = 3;

/// Least and most bytes of a webhook's secret, as Standard Webhooks has it.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Most events of a batch: what a receiver handles in one of its transactions.
pub const MAX_BATCH_SIZE: u32 = 1_000;

/// Events of a batch unless configured.
pub const DEFAULT_BATCH_SIZE: u32 = 100;

/// Longest that an event waits for others, in ms.
pub const MAX_FLUSH_INTERVAL_MS: u32 = 3_600_000;

/// How long an event waits for others unless configured, in ms.
pub const DEFAULT_FLUSH_INTERVAL_MS: u32 = 1_000;

/// How long a receiver may take for its answer, in ms: at least, at most and unless configured. Most webhook senders
/// give 5 to 20 s; a connection that waits is one of six that the platform gives.
pub const TIMEOUT_MS: std::ops::RangeInclusive<u32> = 100..=30_000;
/// See [`TIMEOUT_MS`].
pub const DEFAULT_TIMEOUT_MS: u32 = 10_000;

/// How long an attempt may begin requests, as a multiple of the time that each may take.
pub const ATTEMPT_TIMEOUTS: i64 = 2;

/// What a lease lasts beyond the longest attempt, in ms: for what is read and written around it.
pub const LEASE_MARGIN_MS: i64 = 1_000;

/// Most bytes of rows in a request of several: receivers' defaults begin at 1 MB (nginx). A larger row goes alone, and none is
/// much larger ([`tallymark_event::limits::MAX_EVENT_BYTES`]).
pub const MAX_REQUEST_BYTES: usize = 900_000;

/// Most requests of an attempt at a destination whose last one failed: enough to see whether it is the event's fault.
pub const PROBE_REQUESTS: usize = 4;

/// Most batches of an attempt, where one may have several. Lease and settlement are a commit of the log's each, which a
/// database waits for with nothing to do.
pub const MAX_BATCHES: u32 = 1_000;

/// Most rows of an attempt that has several batches: when the first of them fails, all others may be ahead of it.
pub const MAX_ROWS_UNDER_WAY: u32 = 10_000;

/// Most statements that are sent to a database before the first of them is answered. The time that each may take goes by
/// for all of them; a database that lets it pass is given one at a time.
pub const MAX_PIPELINED: u32 = 16;

/// Most rows of them, or two statements: enough for the database to have the next one when it is done with the last, and
/// no more in memory.
pub const MAX_ROWS_PIPELINED: u32 = 1_000;

/// While so many events are delivered and an earlier one is not, an attempt makes one request.
pub const MAX_AHEAD: usize = 256;

/// Failures of a request of several events until it is halved: the fault may lie with one of them, or in their number.
pub const ATTEMPTS_BEFORE_SPLIT: u32 = 3;

/// Failures of one event, while others get through, until it is parked.
pub const MAX_EVENT_ATTEMPTS: u32 = 5;

/// Events parked in a row, with none delivered in between, until the destination is paused: it refuses everything.
pub const MAX_PARKED_IN_A_ROW: u32 = 20;

/// How long a destination may fail until it is paused, in ms: a long weekend, and the events stay where they are.
pub const MAX_FAILING_MS: i64 = 3 * 24 * 3_600_000;

/// The first wait after a failure unless configured, in ms; each further one is twice as long.
pub const DEFAULT_RETRY_FIRST_MS: u32 = 1_000;

/// The longest wait after a failure unless configured, in ms.
pub const DEFAULT_RETRY_CAP_MS: u32 = 600_000;

/// The longest wait that may be configured, in ms.
pub const MAX_RETRY_CAP_MS: u32 = 3_600_000;

/// The longest that a receiver's `Retry-After` is heeded, in ms.
pub const MAX_RETRY_AFTER_MS: i64 = 3_600_000;

/// Waits of a destination that refuses us (401, 403, 404…) are this many times as long: asking again helps only once
/// somebody has mended it.
pub const DENIED_FACTOR: u32 = 10;

/// Most bytes of an answer that are kept for the eyes of whoever mends it.
pub const MAX_DETAIL_BYTES: usize = 300;
