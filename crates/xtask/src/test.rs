//! `cargo xtask test`: everything that must hold, in the order in which it fails fastest.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::run::{cargo, command, npm_tool, run};
use crate::{build, deploy, differential, r#gen, setup, size};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: &[Step] = &[
    ("format", || run(cargo().args(["fmt", "--all", "--check"]))),
    ("generated", || r#gen::generate(r#gen::Mode::Check)),
    ("clippy", clippy),
    ("unit", || {
        run(cargo().args(["test", "--quiet", "--locked"]))?;
        // No default members, since they are built for wasm32; their tests run anywhere.
        run(cargo().args(["test", "--quiet", "--locked", "-p", "tallymark-collector", "-p", "tallymark-dev"]))
    }),
    ("build", || build::all()),
    ("size", size::gate),
    ("differential", || differential::differential(None, None)),
    ("deploy", deploy::check),
    ("types", types),
    ("package", || node_tests("sdk/js/*.test.mjs")),
    ("demo", || node_tests("www/demo/*.test.mjs")),
    ("contract", || {
        // tests/harness/cli.mjs runs it.
        run(cargo().args(["build", "--quiet", "--locked", "--package", "tallymark-cli"]))?;
        run(node_test_command("tests/contract/*.test.mjs").env("PYTHON", setup::python()?))
    }),
    ("postgres", postgres),
    ("faults", || faults("tests/faults/*.test.mjs")),
    ("e2e", || browser_tests("tests/e2e/*.test.mjs")),
    ("layouts", || run(node_test_command("tests/layouts/*.test.mjs").env("PYTHON", setup::python()?))),
    ("clients", clients),
    ("packaging", || browser_tests("tests/packaging/*.test.mjs")),
    ("engines", engines),
    ("deny", deny),
];

/// What takes minutes, and runs when it is asked for.
const LONG_STEPS: &[Step] = &[
    ("sink", sink),
    ("faults-long", || {
        prepare_faults()?;
        run(node_test_command("tests/faults/delivery-rounds.test.mjs").env("ROUNDS", "100"))
    }),
    ("mutants", || {
        prepare_faults()?;
        setup::openssl()?;
        // The sink's tests have its Kafka from here.
        run(cargo().args(["build", "--quiet", "--locked", "--package", "tallymark-sink", "--examples"]))?;
        run(command("node").arg("tests/faults/mutants.mjs"))
    }),
];

/// Names of the steps, in order.
pub fn list() {
    for (name, _) in STEPS {
        println!("{name}");
    }
    for (name, _) in LONG_STEPS {
        println!("{name} (only by name)");
    }
}

/// Runs one step, or all of them.
pub fn test(only: Option<&str>) -> Result<()> {
    setup::toolchain()?;
    let wanted: Vec<&Step> = match only {
        None => STEPS.iter().collect(),
        Some(only) => STEPS.iter().chain(LONG_STEPS).filter(|(name, _)| *name == only).collect(),
    };
    if wanted.is_empty() {
        bail!("no such step; cargo xtask test --list names them");
    }
    for (name, step) in wanted {
        println!("── {name}");
        let start = Instant::now();
        step()?;
        println!("── {name}: passed in {:.1} s", start.elapsed().as_secs_f32());
    }
    Ok(())
}

fn clippy() -> Result<()> {
    let strict = ["--", "-D", "warnings"];
    run(cargo().args(["clippy", "--quiet", "--locked", "--all-targets"]).args(strict))?;
    let wasm = ["--lib", "--target", "wasm32-unknown-unknown"];
    let shells = ["-p", "tallymark-sdk", "-p", "tallymark-collector", "-p", "tallymark-dev"];
    run(cargo().args(["clippy", "--quiet", "--locked"]).args(wasm).args(shells).args(strict))
}

fn types() -> Result<()> {
    for project in ["collector", "sdk", "www/demo", "crates/plan/tests/types"] {
        run(npm_tool("tsc").args(["--noEmit", "-p", project]))?;
    }
    run(command("node").arg("crates/plan/tests/types/mypy.mjs").env("PYTHON", setup::python()?))
}

fn node_tests(files: &str) -> Result<()> {
    run(&mut node_test_command(files))
}

fn browser_tests(files: &str) -> Result<()> {
    // Found, or installed where we may: the tests read the same variable.
    let chromium = setup::browser()?;
    run(node_test_command(files).env("CHROMIUM", chromium))
}

fn node_test_command(files: &str) -> std::process::Command {
    // One file at a time: they share two cores with workerd and a browser, and time-outs must mean something.
    let mut node = command("sh");
    node.arg("-c").arg(format!("exec node --test --test-concurrency=1 --test-reporter=spec {files}"));
    node
}

/// The same scenarios in every engine that there is here.
fn engines() -> Result<()> {
    let (chromium, firefox) = (setup::browser()?, setup::firefox()?);
    let mut files = vec!["tests/engines/chromium.test.mjs", "tests/engines/firefox.test.mjs"];
    let webkitgtk = setup::webkitgtk()?;
    files.extend(webkitgtk.is_some().then_some("tests/engines/webkitgtk.test.mjs"));
    let mut node = node_test_command(&files.join(" "));
    node.env("CHROMIUM", chromium)
        .env("FIREFOX", firefox)
        .envs(webkitgtk.map(|path| ("WEBKIT_DRIVER", path)));
    run(&mut node)
}

/// The backend's store, with PostgreSQL itself.
fn postgres() -> Result<()> {
    setup::postgres()?;
    run(cargo().args(["build", "--quiet", "--locked", "--package", "tallymark-cli"]))?;
    run(node_test_command("tests/postgres/*.test.mjs").env("PYTHON", setup::python()?))
}

/// What runs where everything fails: browsers, workerd, receivers and PostgreSQL.
fn faults(files: &str) -> Result<()> {
    prepare_faults()?;
    browser_tests(files)
}

/// PostgreSQL, and the command line that makes its tables.
fn prepare_faults() -> Result<()> {
    setup::postgres()?;
    run(cargo().args(["build", "--quiet", "--locked", "--package", "tallymark-cli"]))
}

/// The event sink, which is no default member: its librdkafka takes most of two minutes of a core, once.
fn sink() -> Result<()> {
    setup::postgres()?;
    setup::openssl()?;
    let sink = ["--quiet", "--locked", "--package", "tallymark-sink"];
    run(cargo().arg("clippy").args(sink).args(["--all-targets", "--", "-D", "warnings"]))?;
    run(cargo().arg("test").args(sink))?;
    run(cargo().arg("build").args(sink).args(["--bins", "--examples"]))?;
    // By itself: beside another package rdkafka would have other features' dependencies, and librdkafka be built again.
    run(cargo().args(["build", "--quiet", "--locked", "--package", "tallymark-cli"]))?;
    node_tests("tests/sink/*.test.mjs")
}

/// The clients of others, from npm and `PyPI`, against the collector.
fn clients() -> Result<()> {
    let (chromium, python) = (setup::browser()?, setup::python()?);
    run(node_test_command("tests/clients/*.test.mjs").env("CHROMIUM", chromium).env("PYTHON", python))
}

fn deny() -> Result<()> {
    let installed = command("cargo-deny").arg("--version").output().is_ok_and(|o| o.status.success());
    if !installed {
        println!("installing cargo-deny: some minutes, once");
        run(cargo().args(["install", "--quiet", "--locked", "cargo-deny", "--version", "0.20.2"]))?;
    }
    // Not `advisories`: its database is fetched from the network, which a build must not depend on.
    run(cargo().args(["deny", "--all-features", "check", "bans", "licenses", "sources"]))
}
