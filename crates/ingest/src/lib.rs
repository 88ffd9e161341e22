//! The collector's brain: what the Worker does with a request, without the Worker.
//!
//! A request goes through seven verbs, each a file of its own, always in this order (see `pipeline.rs`):
//!
//! | verb     | takes                                   | gives                                            |
//! |----------|-----------------------------------------|--------------------------------------------------|
//! | `decode` | the bytes of some dialect               | events, every field still the client's own text  |
//! | `admit`  | key, origin, the registry's record      | tenant, source and trust, or a refusal           |
//! | `place`  | the client's clocks, the time of receipt | `occurred_at`                                   |
//! | `clean`  | properties                              | the properties that may be kept                  |
//! | `judge`  | fields, the tenant's tracking plan      | checked fields, or the rule that was broken      |
//! | `tag`    | all of that                             | the event in its envelope                        |
//! | `append` | rows, violations, reports               | what the tenant's log takes in one transaction   |
//!
//! On the way `link` reads who is who, and `append` takes that along. What is quarantined keeps its `provenance`, by which
//! [`Collector::replay`] takes it through `place` to `tag` again.
//!
//! # In scope
//! Everything that decides: routes, dialects, keys and origins, the rule of time, the built-in rules, the
//! envelope, what is answered. Sans I/O: [`Collector::receive`] says which key or plan it must know
//! ([`Step::NeedKey`]), what the log is to store ([`Step::Append`]) or to be asked ([`Step::Query`]), what
//! is wanted of its quarantine ([`Step::Quarantine`]), that the operator calls ([`Step::Administer`]), or what to answer at
//! once ([`Step::Answer`]); the shell carries it out.
//!
//! Whoever sends too much is refused before that is looked at (`shed`): [`Collector::gate`] takes a request's head alone.
//!
//! # Out of scope
//! Clocks, randomness, I/O, any platform type, CORS headers and preflights (the shell's), and what a tracking plan is
//! (`crates/plan`'s).
//!
//! # Accounting
//! Every event of an accepted request is either in [`Append::rows`] or in [`Append::quarantined`]. Nothing
//! is dropped in here: a request is refused whole, loudly, or taken whole.
//! A stream's last will is no event as long as it waits: it is beside both, in [`Append::wills`].
#![warn(clippy::disallowed_methods)]
#![forbid(unsafe_code)]

mod admin;
mod admit;
mod anonymise;
mod answer;
mod append;
mod bucket;
mod clean;
mod collector;
mod decode;
mod delivery;
mod erasure;
mod ga4;
mod identity;
mod judge;
mod keys;
pub mod limits;
mod link;
mod members;
mod metrics;
mod moment;
mod network;
mod person;
mod pii;
mod pipeline;
mod place;
mod planned;
mod plans;
mod posthog;
mod preview;
mod privacy;
mod provenance;
mod quarantine;
mod query;
mod redact;
mod refusal;
mod registry;
mod request;
mod retention;
mod route;
mod settings;
mod shed;
mod shelf;
mod signer;
mod sweep;
mod tag;
mod tally;
mod text;
mod token;

pub use admin::{Administration, Defect as AdminDefect, Operators, RecordCheck, Wanted, Write};
pub use answer::Answer;
pub use append::Append;
pub use bucket::Rate;
pub use collector::{Collector, Step};
pub use delivery::{DeliveryRequest, ParkedFilter};
pub use erasure::{ErasureMode, ErasureOrder, ErasureRequest, pseudonyms};
pub use network::Network;
pub use posthog::capture_v1::Defect as CaptureV1Defect;
pub use preview::{Broken, Preview, preview};
pub use quarantine::{QuarantineFilter, QuarantineRequest, Replayed};
pub use query::Query;
pub use refusal::{KeyDefect, Limited, Refusal, TokenDefect};
pub use request::{Dialect, Place, Protocol, Request, Settings};
pub use retention::Retention;
pub use settings::{OrganizationLimits, SettingsDefect};
pub use sweep::Sweep;
pub use tally::Refused;
