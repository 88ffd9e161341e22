//! What the other commands need and a fresh machine lacks. Nothing here asks for an account, and everything
//! comes from a registry: crates, npm, the system's packages.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::run::{capture, command, root, run};

const WASM: &str = "wasm32-unknown-unknown";
const MIN_NODE: u32 = 20;

/// The wasm target and the npm packages that package-lock.json pins.
pub fn toolchain() -> Result<()> {
    wasm_target()?;
    npm_packages()
}

fn wasm_target() -> Result<()> {
    let libdir = capture(command("rustc").args(["--print", "target-libdir", "--target", WASM]));
    if libdir.is_ok_and(|dir| PathBuf::from(dir.trim()).is_dir()) {
        return Ok(());
    }
    run(command("rustup").args(["target", "add", WASM])).with_context(|| {
        format!(
            "the Rust target {WASM} is missing; with rustup: rustup target add {WASM}, else from your system"
        )
    })
}

fn npm_packages() -> Result<()> {
    let node = capture(command("node").arg("--version"))
        .context("Node.js 20 or newer is needed: https://nodejs.org, or your system's package")?;
    let major: u32 = node.trim_start_matches('v').split('.').next().unwrap_or("0").parse().unwrap_or(0);
    if major < MIN_NODE {
        bail!("Node.js {MIN_NODE} or newer is needed, this is {}", node.trim());
    }
    // npm writes this file last: newer than the lock file means that the lock file is installed.
    let modified = |path: &str| std::fs::metadata(root().join(path)).and_then(|m| m.modified()).ok();
    let installed = modified("node_modules/.package-lock.json");
    if installed.is_some() && installed >= modified("package-lock.json") {
        return Ok(());
    }
    run(command("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"]))
}

/// A Chromium to test with: `$CHROMIUM`, or one of the usual names, or installed where we may.
pub fn browser() -> Result<PathBuf> {
    if let Some(path) = find_browser() {
        return Ok(path);
    }
    let is_root = capture(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let debian = std::path::Path::new("/usr/bin/apt-get").exists();
    if is_root && debian {
        println!("no Chromium found: installing Debian's");
        run(command("apt-get").args(["update", "-qq"]))?;
        let install = ["install", "-y", "-qq", "--no-install-recommends", "chromium"];
        run(command("apt-get").args(install).env("DEBIAN_FRONTEND", "noninteractive"))?;
        if let Some(path) = find_browser() {
            return Ok(path);
        }
    }
    bail!(
        "the browser tests need Chromium. Debian or Ubuntu: sudo apt-get install chromium. Fedora: sudo dnf install \
         chromium. macOS: brew install --cask chromium. Or set CHROMIUM to the path of a Chromium or Chrome."
    )
}

fn find_browser() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        return path.exists().then_some(path);
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH")?;
    let on_path =
        std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name))).find(|p| p.exists());
    on_path.or_else(|| {
        let macos =
            ["Chromium.app/Contents/MacOS/Chromium", "Google Chrome.app/Contents/MacOS/Google Chrome"];
        macos.into_iter().map(|app| PathBuf::from("/Applications").join(app)).find(|p| p.exists())
    })
}
