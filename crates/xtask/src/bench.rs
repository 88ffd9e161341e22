//! `cargo xtask bench`: ratios beside the peers, each pair measured in one run.

use anyhow::{Result, bail};

use crate::run::{cargo, command, run};
use crate::{build, setup};

const NAMES: [&str; 7] = ["plan", "sdk", "leave", "harm", "collector", "neighbour", "store"];

/// Runs the benches named (all, if none is).
pub fn bench(args: &[&str]) -> Result<()> {
    let (flags, names): (Vec<&str>, Vec<&str>) = args.iter().partition(|a| a.starts_with("--"));
    if let Some(unknown) = names.iter().find(|n| !NAMES.contains(n)) {
        bail!("no such bench: {unknown}; there are {}", NAMES.join(", "));
    }
    let wanted = |name| names.is_empty() || names.contains(&name);
    if wanted("plan") {
        run(cargo().args([
            "run",
            "--quiet",
            "--locked",
            "--release",
            "-p",
            "tallymark-plan",
            "--example",
            "check",
        ]))?;
    }
    // All else measures what ships.
    setup::toolchain()?;
    build::all()?;
    if wanted("plan") {
        run(command("node").arg("tests/bench/plan.mjs"))?;
    }
    for name in ["sdk", "leave", "harm"].into_iter().filter(|name| wanted(name)) {
        let chromium = setup::browser()?;
        run(command("node").arg(format!("tests/bench/{name}.mjs")).args(&flags).env("CHROMIUM", chromium))?;
    }
    for name in ["collector", "neighbour"].into_iter().filter(|name| wanted(name)) {
        run(command("node").arg(format!("tests/bench/{name}.mjs")).args(&flags))?;
    }
    if wanted("store") {
        setup::postgres()?;
        // What makes the tables, and the peer.
        run(cargo().args(["build", "--quiet", "--locked", "-p", "tallymark-cli"]))?;
        let peer = ["--release", "-p", "tallymark-warehouse", "--example", "native"];
        run(cargo().args(["build", "--quiet", "--locked"]).args(peer))?;
        run(command("node").arg("tests/bench/store.mjs").args(&flags))?;
    }
    Ok(())
}
