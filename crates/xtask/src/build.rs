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

/// Some of LLVM's optimisations trade size for speed at `opt-level = "z"`, too, or bytes for fewer of them after
/// compression: loops over several running pointers instead of one index, copies of code where a value is then already
/// known, branches that share their ends by way of more variables, and functions inlined because they are small (here: as
/// large as a call of two arguments).
const SMALL_AFTER_COMPRESSION: &str = "-C llvm-args=-disable-lsr -C llvm-args=-enable-pre=0 \
     -C llvm-args=-simplifycfg-sink-common=0 -C llvm-args=-inline-threshold=10";

/// Everything.
pub fn all() -> Result<()> {
    sdk()?;
    worker()?;
    demo()
}

/// The SDK: wasm, loader, npm package; and what of it the Worker serves.
pub fn sdk() -> Result<()> {
    let wasm = cargo_wasm("tallymark-sdk", "sdk", Some(SMALL_AFTER_COMPRESSION))?;
    let optimised = root().join("target/sdk/tm.wasm");
    let again = ["--flatten", "--rereloop", "-Oz"];
    // Two that nobody asks for, which the linker exports. Below 1024 there is only the end of the stack, which is four
    // times as deep as it needs to be. Nothing counts on a trap of the machine's own.
    let first = [
        "--remove-exports",
        "--pass-arg=remove-exports@__data_end,__heap_base",
        "--low-memory-unused",
        "--ignore-implicit-traps",
    ];
    // Last, what belongs together side by side: it compresses better.
    let last = ["--flatten", "--dfo", "-Oz", "-Oz", "--reorder-functions-by-name", "--reorder-locals"];
    let flags = [&first[..], &again, &again, &last, &["--strip-target-features"]].concat();
    optimise(&wasm, &optimised, "-Oz", &flags)?;
    let translated = root().join("target/sdk/wasm2js.js");
    as_javascript(&optimised, &translated)?;
    let check = check()?;
    let loader = root().join("sdk/dist/tm.js");
    node_step("sdk/build.mjs", &[&optimised, &translated, &check], &["sdk/js", "sdk/package.json"], &loader)?;
    site()
}

/// The module of `tallymark/dev`. It need not be small: it is for developers, as fast as at the edge.
fn check() -> Result<PathBuf> {
    let wasm = cargo_wasm("tallymark-dev", "sdk-dev", None)?;
    let optimised = root().join("target/sdk/check.wasm");
    optimise(&wasm, &optimised, "-O3", &[])?;
    Ok(optimised)
}

/// The module as JavaScript. wasm2js wants it without saturating conversions, bulk memory and sign extensions.
fn as_javascript(wasm: &Path, translated: &Path) -> Result<()> {
    if is_newer(translated, &[wasm.to_owned()])? {
        return Ok(());
    }
    let low = wasm.with_extension("low.wasm");
    run(npm_tool("wasm-opt").arg(wasm).arg("-o").arg(&low).args(WASM_FEATURES).args([
        "--llvm-nontrapping-fptoint-lowering",
        "--llvm-memory-copy-fill-lowering",
        "--signext-lowering",
    ]))?;
    run(npm_tool("wasm2js").arg(&low).arg("-o").arg(translated).args([
        // A function that makes an instance, rather than one instance.
        "--emscripten",
        "-O3",
        "--disable-nontrapping-float-to-int",
        "--disable-bulk-memory",
        "--disable-sign-ext",
    ]))
}

/// What the Worker serves as static files: all that a script tag comes to load, which is what goes by `tm.` or
/// bears such a name, and how it is to be cached.
fn site() -> Result<()> {
    let site = root().join("target/site");
    fs::create_dir_all(&site)?;
    let dist = root().join("sdk/dist");
    let mut files = vec![(root().join("collector/_headers"), site.join("_headers"))];
    files.push((dist.join("integrity.json"), site.join("tm.integrity.json")));
    for entry in fs::read_dir(&dist)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("tm.") {
            files.push((entry.path(), site.join(entry.file_name())));
        }
    }
    for entry in fs::read_dir(&site)? {
        let path = entry?.path();
        // Of an earlier build.
        if !files.iter().any(|(_, to)| *to == path) {
            fs::remove_file(path)?;
        }
    }
    for (from, to) in files {
        fs::copy(&from, to).with_context(|| format!("could not copy {}", from.display()))?;
    }
    Ok(())
}

/// The collector's Worker.
pub fn worker() -> Result<()> {
    // Every Worker runs on V8 with SIMD; scanning JSON and UTF-8 is what it is for.
    let wasm = cargo_wasm("tallymark-collector", "edge", Some("-C target-feature=+simd128"))?;
    optimise(&wasm, &root().join("target/worker/collector.wasm"), "-O3", &["--enable-simd"])?;
    bundle("index", &[&format!("--external:{POSTGRES}")])?;
    // A module of its own, which an isolate loads when the first tenant needs it. Its driver is CommonJS, of Node.js.
    let require =
        "--banner:js=import{createRequire}from\"node:module\";const require=createRequire(\"file:///\");";
    let driver = ["--platform=node", "--conditions=workerd,worker", "--external:pg-native", require];
    bundle("destinations/postgres", &driver)
}

/// As `index.ts`'s side names it.
const POSTGRES: &str = "./destinations/postgres.js";

/// A module of the Worker's: `collector/worker/<name>.ts` and what it imports.
fn bundle(name: &str, flags: &[&str]) -> Result<()> {
    let bundle = root().join(format!("target/worker/{name}.js"));
    let sources = ["collector/worker", "crates/warehouse/src/postgres", "package-lock.json"];
    if is_newer(&bundle, &sources.map(|source| root().join(source)))? {
        return Ok(());
    }
    run(npm_tool("esbuild")
        .arg(format!("collector/worker/{name}.ts"))
        .args([
            "--bundle",
            "--format=esm",
            "--target=es2022",
            "--loader:.sql=text",
            "--external:cloudflare:*",
            "--external:*.wasm",
            "--log-level=warning",
            &format!("--outfile={}", bundle.display()),
        ])
        .args(flags))
}

/// The demo's Worker.
pub fn demo() -> Result<()> {
    let out = root().join("target/demo");
    fs::create_dir_all(&out)?;
    let sources = ["www/demo", "collector/worker/api.ts", "sdk/js"];
    node_step("www/demo/build.mjs", &[&out], &sources, &out.join("index.js"))
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

fn optimise(wasm: &Path, optimised: &Path, level: &str, further: &[&str]) -> Result<()> {
    if is_newer(optimised, &[wasm.to_owned()])? {
        return Ok(());
    }
    if let Some(dir) = optimised.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut opt = npm_tool("wasm-opt");
    opt.arg(wasm).arg("-o").arg(optimised).arg(level).args(WASM_FEATURES).args(further);
    run(opt.args(["--strip-debug", "--strip-producers"]))
}

/// Runs `node script args…`, which makes `output`, unless that is newer than the script, its sources and those
/// arguments that are files.
fn node_step(script: &str, args: &[&Path], sources: &[&str], output: &Path) -> Result<()> {
    let mut inputs: Vec<PathBuf> = sources.iter().map(|s| root().join(s)).collect();
    inputs.push(root().join(script));
    inputs.extend(args.iter().filter(|arg| arg.is_file()).map(|arg| (*arg).to_owned()));
    if is_newer(output, &inputs)? {
        return Ok(());
    }
    run(command("node").arg(script).args(args))
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
