//! What a page downloads for the script tag, as the network carries it. A gate, not advice.

use anyhow::{Context, Result, bail};

use crate::run::{capture, command};

/// Loader, glue and wasm together, brotli 11.
const BUDGET_BYTES: u64 = 12_000;

const FILES: [&str; 2] = ["sdk/dist/tm.js", "sdk/dist/tm.wasm"];

/// Prints the sizes and fails over the budget.
pub fn gate() -> Result<()> {
    let mut total = 0;
    println!("{:<20} {:>10} {:>10}", "file", "raw", "brotli 11");
    for file in FILES {
        let sizes = capture(command("node").args(["crates/xtask/js/brotli.mjs", file]))?;
        let mut sizes = sizes.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(raw)), Some(Ok(brotli))) = (sizes.next(), sizes.next()) else {
            bail!("could not measure {file}");
        };
        println!("{file:<20} {raw:>10} {brotli:>10}");
        total += brotli;
    }
    println!("{:<20} {:>10} {total:>10} of {BUDGET_BYTES}", "a page loads", "");
    if total > BUDGET_BYTES {
        let over = total.checked_sub(BUDGET_BYTES).context("subtraction")?;
        bail!("the SDK is {over} bytes over its budget");
    }
    Ok(())
}
