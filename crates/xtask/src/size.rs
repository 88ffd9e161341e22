//! What a page downloads for the script tag, as the network carries it. A gate, not advice.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::run::root;

/// What every page loads, brotli 11: loader, glue and wasm. What else there is, is loaded only where it is needed.
const BUDGET_BYTES: u64 = 14_000;
const EVERY_PAGE: [&str; 2] = ["tm.js", "tm.wasm"];

/// Prints the sizes, as `sdk/build.mjs` measured them, and fails over the budget.
pub fn gate() -> Result<()> {
    let manifest = root().join("sdk/dist/integrity.json");
    let manifest = fs::read(&manifest).with_context(|| format!("could not read {}", manifest.display()))?;
    let manifest: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&manifest)?;
    let mut total = 0;
    println!("{:<24} {:>10} {:>10}", "file", "raw", "brotli 11");
    for (name, file) in &manifest {
        let size = |key: &str| file.get(key).and_then(serde_json::Value::as_u64);
        let (Some(raw), Some(brotli)) = (size("bytes"), size("brotli")) else {
            bail!("{name} was not measured");
        };
        let every_page = EVERY_PAGE.contains(&name.as_str());
        println!("{name:<24} {raw:>10} {brotli:>10}{}", if every_page { "" } else { "   where needed" });
        total += if every_page { brotli } else { 0 };
    }
    println!("{:<24} {:>10} {total:>10} of {BUDGET_BYTES}", "every page loads", "");
    if total > BUDGET_BYTES {
        bail!("the SDK is {} bytes over its budget", total - BUDGET_BYTES);
    }
    Ok(())
}
