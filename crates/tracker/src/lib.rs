//! The SDK's brain: facts and `now` in, effects out.
//!
//! # In scope
//! Everything that the SDK decides: what an event says, who it is about, which session and page view it
//! belongs to, how events are batched, when and by which transport they leave the page, what an answer
//! means, and what becomes of each event in the end. [`Tracker`] is the whole of it; its methods take facts
//! and [`Now`], and leave [`Effect`]s to be polled.
//!
//! # Out of scope
//! Clocks, timers, randomness (a seed is an argument), storage, the network, the DOM, and any JSON parser:
//! properties come as text made by the browser's own `JSON.stringify` and are spliced, not read. The crate
//! is `no_std` so that the compiler holds us to it.
#![no_std]
#![warn(clippy::disallowed_methods)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod campaign;
mod consent;
mod context;
mod device;
mod drops;
mod effect;
mod encode;
mod flush;
mod identity;
mod kept;
mod members;
mod now;
mod page;
mod queue;
mod rate;
mod retry;
mod rng;
mod session;
mod spool;
mod text;
mod tracker;

pub use consent::{Change, Consent, Decision};
pub use effect::{Effect, FlushReason, Slot, Transport};
pub use now::Now;
pub use session::{Session, sessions};
pub use tracker::{Start, Tracker};
