//! The wasm shell over tallymark-ingest.
