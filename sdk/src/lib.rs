//! The browser's wasm module: [`tallymark_tracker::Tracker`] behind a hand-written ABI.
//!
//! # In scope
//! Carrying calls and effects over the boundary (`abi`), and what a module without the standard library has
//! to bring: an allocator and a panic handler (`runtime`).
//!
//! # Out of scope
//! Decisions, which are the tracker's; and everything of the browser, which is `js/`'s.
// Elsewhere the standard library stands in for `runtime`, so that the crate can be checked anywhere.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod abi;
#[cfg(target_arch = "wasm32")]
mod runtime;
