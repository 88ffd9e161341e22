//! `wrangler deploy --dry-run`: what a deploy would upload, for each environment of wrangler.toml, and whether wrangler
//! takes it. Nothing is sent, and no account is asked for.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{capture, command, root, run};

/// Wrangler's command line wants Node.js 22; all else here is content with 20. npm has that, too.
const WRANGLER_NODE: &str = "22.23.3";
const WRANGLER_MIN_NODE: u32 = 22;

/// Tries every environment.
pub fn check() -> Result<()> {
    let toml = fs::read_to_string(root().join("wrangler.toml")).context("could not read wrangler.toml")?;
    // "" is the one without a name.
    for environment in std::iter::once("").chain(environments(&toml)) {
        run(node()?.args([
            "node_modules/wrangler/bin/wrangler.js",
            "deploy",
            "--dry-run",
            "--env",
            environment,
        ]))?;
    }
    Ok(())
}

/// The Node.js that is here if it is new enough, else npm's.
fn node() -> Result<Command> {
    let version = capture(command("node").arg("--version"))?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    if major.is_some_and(|major: u32| major >= WRANGLER_MIN_NODE) {
        return Ok(command("node"));
    }
    let mut npm = command("npm");
    npm.args(["exec", "--yes", &format!("--package=node@{WRANGLER_NODE}"), "--", "node"]);
    Ok(npm)
}

/// The names in `[env.<name>]` and `[env.<name>.…]`.
fn environments(toml: &str) -> BTreeSet<&str> {
    toml.lines()
        .filter_map(|line| line.trim_start_matches('[').strip_prefix("env."))
        .filter_map(|rest| rest.split(['.', ']']).next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::environments;

    #[test]
    fn environments_are_those_that_have_a_table() {
        let toml =
            "name = \"x\"\n[vars]\n[env.staging]\n[env.staging.vars]\n[[env.eu.kv_namespaces]]\n# [env.no]\n";
        assert_eq!(environments(toml).into_iter().collect::<Vec<_>>(), ["eu", "staging"]);
    }
}
