//! The wasm shell over tallymark-tracker.
