//! The deliverer's brain: which destination is due, what it is sent, and what its answer means.
//!
//! A destination is a cursor on a tenant's log, a way to send, and a verdict on the answer. This crate holds all three
//! and does none of it: a shell (the log's alarm at the edge, `tallymark dispatch` beside Postgres) keeps a [`State`]
//! for each destination, and goes round:
//!
//! 1. [`State::due`]: when this destination is next to be served.
//! 2. [`State::lease`]: takes it, in one transaction with whatever else the shell writes. Nobody else may until
//!    [`State::settle`], or until the lease has run out.
//! 3. [`Attempt::compose`]: the rows behind the cursor become [`Request`]s.
//! 4. The shell sends them, and notes what came of each: an [`Outcome`].
//! 5. [`State::settle`]: the cursor moves, or the time of the next attempt does. One transaction with the rows that
//!    are [`Settled::parked`].
//!
//! Whatever fails between 2 and 5, the same events are sent again under the same ids: at least once on the wire, and
//! once in effect at a receiver that looks at them.
//!
//! # Out of scope
//! Clocks, randomness, I/O, any platform type: `now`, random numbers and facts are arguments.
#![warn(clippy::disallowed_methods)]

mod attempt;
mod backoff;
mod destination;
mod digest;
mod environment;
mod ga4;
pub mod guard;
mod http;
mod kafka;
mod kind;
pub mod limits;
mod message;
mod outcome;
mod pattern;
mod postgres;
mod posthog;
mod pubsub;
mod receiver;
mod request;
mod retry_after;
mod row;
mod settings;
mod settle;
mod signature;
mod standing;
mod state;
#[cfg(test)]
mod testing;
mod webhook;
mod withhold;

pub use attempt::Attempt;
pub use backoff::Backoff;
pub use destination::{Destination, Problem, Rule, Start};
pub use ga4::Ga4;
pub use http::Http;
pub use kafka::Kafka;
pub use kind::Kind;
pub use outcome::{Failure, Outcome, Verdict};
pub use pattern::Pattern;
pub use postgres::Postgres;
pub use posthog::PostHog;
pub use pubsub::PubSub;
pub use request::{Bearer, Method, Request};
pub use row::Row;
pub use settings::Settings;
pub use settle::{Parked, Sent, Settled};
pub use standing::{Standing, Unwanted};
pub use state::{Lease, NotDue, Pending, State};
pub use webhook::{Format, Webhook};
