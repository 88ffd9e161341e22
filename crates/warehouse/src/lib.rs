//! Tables, and the statements that fill them, per backend store.
//!
//! # In scope
//! The text of statements: what a store is to hold, in which versions it came to be, and how a batch gets in.
//!
//! # Out of scope
//! Running them. `cli/` does, and the Worker, which bundles the same files.
#![forbid(unsafe_code)]
#![warn(clippy::disallowed_methods)]

pub mod postgres;
