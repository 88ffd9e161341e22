//! `tallymark plan types|schema|docs|build`: texts that are written from a plan.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use tallymark_plan::{docs, schema, types};

use super::{
    Plan,
    files::{read_text, write_text},
};
use crate::output::{Problem, Report, Stop};

/// Types of a plan's events.
#[derive(Args)]
pub(crate) struct Types {
    #[command(flatten)]
    plan: Plan,
    /// The language
    #[arg(long, value_enum)]
    lang: Language,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    /// TypeScript: a .d.ts, of which nothing is left at run time
    Ts,
    /// Rust, with serde
    Rust,
    /// Python, from 3.11 on: typed dictionaries
    Python,
}

/// The schema of a plan's events.
#[derive(Args)]
pub(crate) struct Schema {
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    target: Target,
}

/// Documentation of a plan.
#[derive(Args)]
pub(crate) struct Docs {
    #[command(flatten)]
    plan: Plan,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Markdown
    Md,
    /// A page that needs nothing else
    Html,
}

/// plan.json.
#[derive(Args)]
pub(crate) struct Build {
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    target: Target,
}

/// Where what is written goes.
#[derive(Args)]
pub(crate) struct Target {
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write nothing, and exit with 1 if FILE is not what would be written: for CI
    #[arg(long, requires = "out")]
    check: bool,
}

impl Types {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        let write = match self.lang {
            Language::Ts => types::typescript,
            Language::Rust => types::rust,
            Language::Python => types::python,
        };
        self.target.take(write(&self.plan.read()?))
    }
}

impl Schema {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        self.target.take(schema::json_schema(&self.plan.read()?))
    }
}

impl Docs {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        let write = match self.format {
            Format::Md => docs::markdown,
            Format::Html => docs::html,
        };
        self.target.take(write(&self.plan.read()?))
    }
}

impl Build {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        self.target.take(self.plan.read()?.to_json())
    }
}

impl Target {
    /// Prints, writes or compares a text.
    pub(super) fn take(&self, text: String) -> anyhow::Result<Report> {
        let Some(path) = &self.out else {
            let result = json!({ "text": text, "file": null, "changed": null });
            return Ok(Report { text, result, ..Report::default() });
        };
        let name = path.display().to_string();
        // A file that is not there, or is no text, differs from any text.
        let is_changed = read_text(path).ok().as_ref() != Some(&text);
        if self.check && is_changed {
            let problem = Problem {
                path: Some(name),
                line: None,
                column: None,
                message: "is not what the plan gives".to_owned(),
                remedy: Some("run the same command without --check".to_owned()),
            };
            return Err(Stop::found([problem]).into());
        }
        // A file that is as it should be keeps its time: whatever is built from it need not be built again.
        if is_changed {
            write_text(path, &text)?;
        }
        let said = if is_changed { "written" } else { "is up to date" };
        let result = json!({ "text": null, "file": name, "changed": is_changed });
        Ok(Report { text: format!("{name}: {said}\n"), result, ..Report::default() })
    }
}
