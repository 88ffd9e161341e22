//! `cargo xtask bench`: ratios beside the peers, each pair measured in one run.

use anyhow::{Result, bail};

use crate::run::{command, run};
use crate::{build, setup};

/// Runs the benches named (all, if none is).
pub fn bench(args: &[&str]) -> Result<()> {
    let (flags, names): (Vec<&str>, Vec<&str>) = args.iter().partition(|a| a.starts_with("--"));
    if let Some(unknown) = names.iter().find(|n| !matches!(**n, "sdk" | "collector")) {
        bail!("no such bench: {unknown}; there are sdk and collector");
    }
    setup::toolchain()?;
    build::all()?;
    let wanted = |name| names.is_empty() || names.contains(&name);
    if wanted("sdk") {
        let chromium = setup::browser()?;
        run(command("node").arg("tests/bench/sdk.mjs").args(&flags).env("CHROMIUM", chromium))?;
    }
    if wanted("collector") {
        run(command("node").arg("tests/bench/collector.mjs").args(&flags))?;
    }
    Ok(())
}
