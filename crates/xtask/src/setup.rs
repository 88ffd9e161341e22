//! What the other commands need and a fresh machine lacks. Nothing here asks for an account, and everything
//! comes from a registry: crates, npm, the system's packages.

use std::path::{Path, PathBuf};

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
    find_or_install(
        find_chromium,
        &["chromium"],
        "the browser tests need Chromium. Debian or Ubuntu: sudo apt-get install chromium. Fedora: sudo dnf install \
         chromium. macOS: brew install --cask chromium. Or set CHROMIUM to the path of a Chromium or Chrome.",
    )
}

/// A Firefox to test with: `$FIREFOX`, or one of the usual names, or Debian's ESR installed where we may.
pub fn firefox() -> Result<PathBuf> {
    find_or_install(
        find_firefox,
        &["firefox-esr"],
        "the engine tests need Firefox. Debian: sudo apt-get install firefox-esr. Fedora: sudo dnf install firefox. macOS: \
         brew install --cask firefox. Or set FIREFOX to the path of a Firefox (not of a snap, which can't read the \
         profile that the tests make).",
    )
}

/// The driver of `WebKitGTK`, with what tests/engines builds a browser from and a screen to draw on; `None` where
/// that engine doesn't exist.
pub fn webkitgtk() -> Result<Option<PathBuf>> {
    if !cfg!(target_os = "linux") {
        println!("WebKitGTK runs on Linux only: not tested here");
        return Ok(None);
    }
    find_or_install(
        find_webkitgtk,
        &["webkit2gtk-driver", "gir1.2-webkit2-4.1", "gjs", "xvfb"],
        "the engine tests need WebKitGTK and its driver. Debian or Ubuntu: sudo apt-get install webkit2gtk-driver \
         gir1.2-webkit2-4.1 gjs xvfb.",
    )
    .map(Some)
}

/// A Python 3 that can make virtual environments: `$PYTHON`, or `python3`, or Debian's installed where we may. The
/// tests make one of their own in the user's cache folder, with the clients from `PyPI`.
pub fn python() -> Result<PathBuf> {
    find_or_install(
        find_python,
        &["python3-venv"],
        "the tests of Python clients need Python 3.10 or newer with venv. Debian or Ubuntu: sudo apt-get install \
         python3-venv. Fedora: sudo dnf install python3. macOS: brew install python. Or set PYTHON to its path.",
    )
}

/// The programs of a PostgreSQL server. The tests start one of their own in a temporary folder.
pub fn postgres() -> Result<PathBuf> {
    find_or_install(
        find_postgres,
        &["postgresql"],
        "the tests of the backend's store need PostgreSQL 15 or newer, where Debian has it: sudo apt-get install postgresql.",
    )
}

/// OpenSSL to build with, and what builds C: for librdkafka alone.
pub fn openssl() -> Result<PathBuf> {
    find_or_install(
        find_openssl,
        &["libssl-dev", "pkg-config", "gcc", "g++", "make"],
        "the event sink is built with OpenSSL and a C compiler. Debian or Ubuntu: sudo apt-get install libssl-dev pkg-config \
         gcc g++ make. Fedora: sudo dnf install openssl-devel pkgconf gcc gcc-c++ make. macOS: brew install openssl pkgconf.",
    )
}

fn find_or_install(find: fn() -> Option<PathBuf>, packages: &[&str], else_say: &str) -> Result<PathBuf> {
    if let Some(path) = find() {
        return Ok(path);
    }
    let is_root = capture(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if is_root && Path::new("/usr/bin/apt-get").exists() {
        println!("installing Debian's {}", packages.join(", "));
        run(command("apt-get").args(["update", "-qq"]))?;
        let mut install = command("apt-get");
        install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
        run(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
        if let Some(path) = find() {
            return Ok(path);
        }
    }
    bail!("{else_say}")
}

fn find_chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let macos = ["Chromium.app/Contents/MacOS/Chromium", "Google Chrome.app/Contents/MacOS/Google Chrome"];
    find("CHROMIUM", &names, &macos)
}

fn find_firefox() -> Option<PathBuf> {
    find("FIREFOX", &["firefox-esr", "firefox"], &["Firefox.app/Contents/MacOS/firefox"])
}

fn find_webkitgtk() -> Option<PathBuf> {
    let driver = find("WEBKIT_DRIVER", &["WebKitWebDriver"], &[])?;
    let bindings = "imports.gi.versions.WebKit2 = '4.1'; imports.gi.WebKit2";
    let bound = command("gjs").args(["-c", bindings]).output().is_ok_and(|out| out.status.success());
    (bound && on_path(&["Xvfb"]).is_some()).then_some(driver)
}

fn find_postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions.flatten().map(|version| version.path().join("bin/initdb")).find(|initdb| initdb.exists())
}

fn find_openssl() -> Option<PathBuf> {
    on_path(&["make"])?;
    let headers = capture(command("pkg-config").args(["--variable=includedir", "openssl"])).ok()?;
    let compiles = ["cc", "c++"].iter().all(|compiler| on_path(&[compiler]).is_some());
    compiles.then(|| PathBuf::from(headers.trim()))
}

fn find_python() -> Option<PathBuf> {
    let python = find("PYTHON", &["python3"], &[])?;
    // Debian's python3 has `venv`, but not what it puts into the environments.
    let can = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    let output = command(&python).args(["-c", can]).output();
    output.is_ok_and(|out| out.status.success()).then_some(python)
}

/// What the variable says, and nothing else if it says something; or a name on the path, or an app of macOS.
fn find(variable: &str, names: &[&str], macos: &[&str]) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable).map(PathBuf::from) {
        return path.exists().then_some(path);
    }
    let app = || macos.iter().map(|app| Path::new("/Applications").join(app)).find(|p| p.exists());
    on_path(names).or_else(app)
}

fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|dir| names.iter().map(move |name| dir.join(name)))
        .find(|p| p.exists())
}
