//! Tracking plans: what events a team has agreed on, and everything that follows from it.
//!
//! A plan is a few TOML files in the team's repository ([`file`], docs/PLANS.md). Read, it is a [`Plan`]: it checks
//! events, and is what JSON Schema, types and docs are written from. The collector and the page read
//! it as one JSON text, plan.json ([`Plan::to_json`]), which is the same document with nothing left to look up.
//!
//! # In scope
//! Reading plans and saying what is wrong with them; judging an event ([`Plan::check`]); comparing versions; writing
//! what follows from a plan.
//!
//! # Out of scope
//! Files, network, where plans are kept, what becomes of an event that breaks one, and hashing what says something
//! about a person: the plan only says that it is to be done.
#![warn(clippy::disallowed_methods)]
#![forbid(unsafe_code)]

mod check;
mod compiled;
pub mod diff;
pub mod docs;
#[cfg(feature = "file")]
pub mod file;
pub mod import;
pub mod limits;
mod node;
mod pattern;
pub mod plan;
mod problem;
mod read;
pub mod schema;
mod to_toml;
pub mod types;
mod verdict;
mod write;

pub use check::EventFacts;
pub use pattern::{Pattern, PatternError};
pub use plan::{Plan, is_reserved};
pub use problem::{Diagnostic, Source};
pub use verdict::{Note, Rule, Verdict, Violation};
