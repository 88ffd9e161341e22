//! `cargo xtask dev`: from a fresh clone to a shop to click through.

use anyhow::Result;

use crate::run::{command, run};
use crate::{build, setup};

/// Builds, then hands over to Node, which keeps workerd running and calls us again when a source changes.
pub fn dev(port: Option<&str>) -> Result<()> {
    setup::toolchain()?;
    build::all()?;
    run(command("node").arg("tests/harness/dev.mjs").args(port))
}
