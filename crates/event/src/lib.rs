//! The one definition of an event: its envelope, ids, limits, outcomes and drop reasons.
//!
//! # In scope
//! What the SDK in the page and the collector at the edge must agree on, to the letter: the columns of
//! `domain_event`, the names of what can become of an event, the limits both enforce, the few
//! functions (UUID text, RFC 3339 text, JSON strings) that both need to write the same bytes, and the scanner that
//! collector and tracking plans read JSON with.
//!
//! # Out of scope
//! Clocks, randomness, I/O, any platform type, and any tree of JSON. The crate is `no_std` so that
//! the compiler holds us to it.
#![cfg_attr(not(feature = "schema"), no_std)]
#![warn(clippy::disallowed_methods)]

extern crate alloc;

mod consent;
mod envelope;
mod id;
pub mod json;
pub mod limits;
pub mod names;
mod outcome;
#[cfg(feature = "schema")]
pub mod schema;
mod time;
pub mod wire;

pub use consent::{Consent, Purpose};
pub use envelope::{COLUMNS, DomainEvent, Source, Trust};
pub use id::{EventId, OrganizationId, SessionId, StreamId};
pub use json::RawJson;
pub use outcome::{DropReason, Outcome, RemovalReason, Rule};
pub use time::Timestamp;
