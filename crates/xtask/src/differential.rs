//! `cargo xtask differential`: a generated event has one verdict, wherever it is checked.

use anyhow::Result;

use crate::run::{cargo, command, root, run};

/// Makes `events` (a million, unless told) from `seed` and has native Rust, the wasm modules that ship, and the JSON Schema
/// judge them: sdk/dev/examples/differential, tests/differential. What ships has to be built.
pub fn differential(events: Option<&str>, seed: Option<&str>) -> Result<()> {
    run(cargo().args([
        "build",
        "--quiet",
        "--locked",
        "--release",
        "--package",
        "tallymark-dev",
        "--example",
        "differential",
    ]))?;
    let native = root().join("target/release/examples/differential");
    let (events, seed) = (events.unwrap_or("1000000"), seed.unwrap_or("1"));
    run(command("node").arg("tests/differential/compare.mjs").arg(native).args([events, seed]))
}
