//! What is generated from Rust and committed, so that TypeScript, SQL and docs read one definition.

use std::fs;

use anyhow::{Context, Result, bail};
use tallymark_plan::{Plan, Source, file, types};

use crate::{ga4_names, run::root, wire_doc};

/// What to do with a generated file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Write it.
    Write,
    /// Fail if it differs from what would be written.
    Check,
}

/// Every generated file.
pub fn generate(mode: Mode) -> Result<()> {
    const WIRE: &str = "docs/WIRE.md";
    let page = fs::read_to_string(root().join(WIRE)).with_context(|| format!("could not read {WIRE}"))?;
    let plan = demo_plan()?;
    let files = [
        ("tests/fixtures/schema/event.v1.schema.json", tallymark_event::schema::event_schema()),
        (WIRE, wire_doc::with_names(&page).with_context(|| format!("{WIRE} has lost its place for names"))?),
        ("sdk/js/ga4/names.ts", ga4_names::module()),
        ("www/demo/plan.json", plan.to_json()),
        ("www/demo/src/plan.d.ts", types::typescript(&plan)),
    ];
    for (path, text) in files {
        let file = root().join(path);
        match mode {
            Mode::Write => {
                if let Some(dir) = file.parent() {
                    fs::create_dir_all(dir)?;
                }
                fs::write(&file, text).with_context(|| format!("could not write {path}"))?;
                println!("wrote {path}");
            }
            Mode::Check => {
                if fs::read_to_string(&file).unwrap_or_default() != text {
                    bail!("{path} has drifted from the Rust that it is made of; run: cargo xtask gen");
                }
            }
        }
    }
    Ok(())
}

/// The plan that the demo's shops keep to.
fn demo_plan() -> Result<Plan> {
    const FOLDER: &str = "plans/demo";
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(FOLDER)).with_context(|| format!("could not list {FOLDER}"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "toml") {
            files.push((path.display().to_string(), fs::read_to_string(&path)?));
        }
    }
    files.sort();
    let sources: Vec<Source<'_>> = files.iter().map(|(path, text)| Source { path, text }).collect();
    file::parse(&sources).map_err(|problems| {
        let first = problems.first().map(|it| format!("{}:{}: {}", it.path, it.line, it.message));
        anyhow::anyhow!("{FOLDER}: {}", first.unwrap_or_default())
    })
}
