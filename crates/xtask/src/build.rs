//! From Rust and TypeScript to what ships: `sdk/dist` and `target/worker` (and the demo, `target/demo`).
//!
//! cargo knows by itself what is fresh. For the steps behind it we compare times, as make does: the second
//! `cargo xtask dev` must start in seconds.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::run::{cargo, command, npm_tool, root, run};

const WASM: &str = "wasm32-unknown-unknown";

/// What rustc emits for wasm32 today; wasm-opt must be told.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-multivalue",
    "--enable-reference-types",
];

/// Everything. Says whether anything was rebuilt.
pub fn all() -> Result<bool> {
    let sdk = sdk()?;
    let worker = worker()?;
    Ok(demo()? || sdk || worker)
}

/// The SDK: wasm, loader, npm package.
pub fn sdk() -> Result<bool> {
    let wasm = cargo_wasm("tallymark-sdk", "sdk", None)?;
    let optimised = root().join("target/sdk/tm.wasm");
    optimise(
        &wasm,
        &optimised,
        "-Oz",
        &["--converge", "--flatten", "--rereloop", "-Oz", "--strip-target-features"],
    )?;
    // Its own clock: the step may begin by emptying sdk/dist.
    let stamp = root().join("target/sdk/.built");
    let fresh = node_step("sdk/build.mjs", &[&optimised], &["sdk/js", "sdk/package.json"], &stamp)?;
    if fresh || !root().join("target/site/tm.js").exists() {
        site()?;
    }
    Ok(fresh)
}

/// What the Worker serves as static files: the script tag's two files, and how they are to be cached.
fn site() -> Result<()> {
    let site = root().join("target/site");
    fs::create_dir_all(&site)?;
    for file in ["tm.js", "tm.wasm"] {
        fs::copy(root().join("sdk/dist").join(file), site.join(file))
            .with_context(|| format!("no sdk/dist/{file}"))?;
    }
    fs::copy(root().join("collector/_headers"), site.join("_headers"))?;
    Ok(())
}

/// The collector's Worker.
pub fn worker() -> Result<bool> {
    // Every Worker runs on V8 with SIMD; scanning JSON and UTF-8 is what it is for.
    let wasm = cargo_wasm("tallymark-collector", "edge", Some("-C target-feature=+simd128"))?;
    let optimised = root().join("target/worker/collector.wasm");
    let fresh = optimise(&wasm, &optimised, "-O3", &["--enable-simd"])?;
    let bundle = root().join("target/worker/index.js");
    if !fresh && is_newer(&bundle, &[root().join("collector/worker")])? {
        return Ok(false);
    }
    run(npm_tool("esbuild").args([
        "collector/worker/index.ts",
        "--bundle",
        "--format=esm",
        "--target=es2022",
        "--loader:.sql=text",
        "--external:cloudflare:workers",
        "--external:*.wasm",
        "--log-level=warning",
        &format!("--outfile={}", bundle.display()),
    ]))?;
    Ok(true)
}

/// The demo's Worker.
pub fn demo() -> Result<bool> {
    let out = root().join("target/demo");
    fs::create_dir_all(&out)?;
    node_step(
        "www/demo/build.mjs",
        &[&out],
        &["www/demo", "sdk/js/stub.js", "sdk/snippet.html"],
        &out.join(".built"),
    )
}

fn cargo_wasm(package: &str, profile: &str, rustflags: Option<&str>) -> Result<PathBuf> {
    // Flags differ, so folders do: else the two builds would invalidate each other.
    let target_dir = root().join("target").join(format!("{profile}-build"));
    let mut build = cargo();
    build.args([
        "build",
        "--quiet",
        "--lib",
        "--locked",
        "--target",
        WASM,
        "--package",
        package,
        "--profile",
        profile,
    ]);
    build.arg("--target-dir").arg(&target_dir);
    if let Some(flags) = rustflags {
        build.env("RUSTFLAGS", flags);
    }
    run(&mut build)?;
    Ok(target_dir.join(WASM).join(profile).join(format!("{}.wasm", package.replace('-', "_"))))
}

fn optimise(wasm: &Path, optimised: &Path, level: &str, further: &[&str]) -> Result<bool> {
    if is_newer(optimised, &[wasm.to_owned()])? {
        return Ok(false);
    }
    if let Some(dir) = optimised.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut opt = npm_tool("wasm-opt");
    opt.arg(wasm).arg("-o").arg(optimised).arg(level).args(WASM_FEATURES).args(further);
    run(opt.args(["--strip-debug", "--strip-producers"]))?;
    Ok(true)
}

/// Runs `node script args…` unless `stamp` is newer than the script's sources and arguments.
fn node_step(script: &str, args: &[&Path], sources: &[&str], stamp: &Path) -> Result<bool> {
    let mut inputs: Vec<PathBuf> = sources.iter().map(|s| root().join(s)).collect();
    inputs.push(root().join(script));
    inputs.extend(args.iter().filter(|a| a.is_file()).map(|a| (*a).to_owned()));
    if is_newer(stamp, &inputs)? {
        return Ok(false);
    }
    run(command("node").arg(script).args(args))?;
    fs::write(stamp, "").with_context(|| format!("could not write {}", stamp.display()))?;
    Ok(true)
}

/// Whether `output` exists and neither we, whose flags made it, nor any of `inputs` (folders: whatever lies in
/// them) has changed since.
fn is_newer(output: &Path, inputs: &[PathBuf]) -> Result<bool> {
    let Ok(made) = fs::metadata(output).and_then(|m| m.modified()) else { return Ok(false) };
    if newest(&std::env::current_exe()?)? > made {
        return Ok(false);
    }
    for input in inputs {
        if input.exists() && newest(input)? > made {
            return Ok(false);
        }
    }
    Ok(true)
}

fn newest(path: &Path) -> Result<SystemTime> {
    let meta = fs::metadata(path)?;
    let mut time = meta.modified()?;
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name();
            if name != "node_modules" && name != "dist" {
                time = time.max(newest(&entry.path())?);
            }
        }
    }
    Ok(time)
}
