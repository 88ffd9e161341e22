//! The outbox: rows that services have written in their own transactions, and that a dispatcher carries on.
//!
//! Architecture invariant: a dispatcher that claims a row puts its next attempt behind the end of its lease, in the
//! statement that finds it. Whoever is killed leaves rows that become due again; whoever has lost its lease settles nothing.

/// Claims rows that are due, and were by `$4` (a time, text): `$1` (bigint) at most so many, `$2` (double precision) the
/// lease in ms, `$3` (text) its UUID.
/// Gives each as JSON as `GET /v1/events` does (text), its attempts with this one (integer), and the names of the
/// destinations that are done with it (text\[\]).
pub const CLAIM: &str = include_str!("outbox_claim.sql");

/// Settles rows of the lease `$2` (text): `$1` (text) is a JSON array of `{"organization_id","event_id","is_done","is_tried",
/// "next_at","delivered_to","parked":[{"destination","reason","attempts"}]}`.
///
/// Where the lease is another's by now, only what is parked is noted: the answer was one all the same.
pub const SETTLE: &str = include_str!("outbox_settle.sql");

/// Has what is parked tried again: of the destination `$1` (text), or of all if that is null. How many events: the count.
pub const RETRY_PARKED: &str = include_str!("outbox_retry.sql");

/// How many rows are pending (bigint), and in how many ms the next one is due (double precision; null if none is).
pub const PENDING: &str = "\
select count(*), extract(epoch from min(next_attempt_at) - now())::double precision * 1000
from domain_event where not is_processed";
