//! `cargo xtask <command>`: builds, runs, tests and measures Tallymark with what Rust and Node bring along.
//!
//! # In scope
//! Order of steps, and whether a step is needed. What a step does is done by the tool that owns it: cargo,
//! esbuild, wasm-opt, workerd, a browser.

mod bench;
mod build;
mod deploy;
mod dev;
mod differential;
mod ga4_names;
mod r#gen;
mod run;
mod setup;
mod size;
mod test;
mod wire_doc;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask <command>

  dev  [--port N]      build everything, serve demo and collector on loopback, rebuild on change
  test [--only STEP]   set up what is missing and run every test (--list names the steps)
  build [sdk|worker|demo]
                       the SDK (sdk/dist, target/site) and the Worker (target/worker), as they ship
  size                 brotli sizes of what a page loads, held to their budget
  bench [plan|sdk|leave|harm|collector|neighbour|store] [--quick]
                       ratios beside the peers, measured in one run (store --prove: 200,000 events arrive to the byte;
                       store --large: ten million rows)
  differential [EVENTS [SEED]]
                       a million generated events, judged alike in native Rust, both wasm modules and the JSON Schema
  gen  [--check]       write what is generated from Rust (or fail if it has drifted)
  setup                the wasm target, npm packages, the browsers
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match command(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes, without a backtrace: what failed is a tool, not our stack.
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(args: &[&str]) -> Result<()> {
    match args {
        ["dev"] => dev::dev(None),
        ["dev", "--port", port] => dev::dev(Some(port)),
        ["test"] => test::test(None),
        ["test", "--list"] => {
            test::list();
            Ok(())
        }
        ["test", "--only", step] => test::test(Some(step)),
        ["build"] => {
            setup::toolchain()?;
            build::all()
        }
        ["build", "sdk"] => build::sdk(),
        ["build", "worker"] => build::worker(),
        ["build", "demo"] => build::demo(),
        ["size"] => {
            setup::toolchain()?;
            build::sdk()?;
            size::gate()
        }
        ["bench", rest @ ..] => bench::bench(rest),
        ["differential", rest @ ..] if rest.len() <= 2 => {
            setup::toolchain()?;
            build::all()?;
            differential::differential(rest.first().copied(), rest.get(1).copied())
        }
        ["gen"] => r#gen::generate(r#gen::Mode::Write),
        ["gen", "--check"] => r#gen::generate(r#gen::Mode::Check),
        ["setup"] => {
            setup::toolchain()?;
            setup::browser()?;
            setup::firefox()?;
            setup::webkitgtk().map(drop)
        }
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("no such command: {}\n\n{HELP}", other.join(" ")),
    }
}
