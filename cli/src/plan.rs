//! `tallymark plan`.

mod check;
mod diff;
mod files;
mod import;
mod lint_source;
mod push;
mod written;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::output::{Report, Stop};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say what is wrong with a plan
    Check(Plan),
    /// Compare two versions of a plan, and say whom the new one breaks
    Diff(diff::Diff),
    /// Write types of the plan's events
    Types(written::Types),
    /// Write the JSON Schema (2020-12) of the plan's events
    Schema(written::Schema),
    /// Write documentation of the plan
    Docs(written::Docs),
    /// Write plan.json: what the collector and the page load
    Build(written::Build),
    /// Make a plan of another tool's, or a first one from stored events
    Import(import::Import),
    /// Find code that captures events which the plan does not know
    LintSource(lint_source::LintSource),
    /// Have a collector check events by this plan from now on
    Push(push::Push),
    /// List the versions of a plan that a collector has
    Versions(push::Versions),
    /// Have an earlier version hold again
    Rollback(push::Rollback),
}

/// The plan.
#[derive(Args)]
pub(crate) struct Plan {
    /// The plan: a folder of TOML files, one such file, or a plan.json
    plan: PathBuf,
}

impl Command {
    /// What the JSON says that it is of.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Check(_) => "plan check",
            Self::Diff(_) => "plan diff",
            Self::Types(_) => "plan types",
            Self::Schema(_) => "plan schema",
            Self::Docs(_) => "plan docs",
            Self::Build(_) => "plan build",
            Self::Import(_) => "plan import",
            Self::LintSource(_) => "plan lint-source",
            Self::Push(_) => "plan push",
            Self::Versions(_) => "plan versions",
            Self::Rollback(_) => "plan rollback",
        }
    }

    pub(crate) fn run(self) -> anyhow::Result<Report> {
        match self {
            Self::Check(plan) => check::check(&plan),
            Self::Diff(diff) => diff.run(),
            Self::Types(types) => types.run(),
            Self::Schema(schema) => schema.run(),
            Self::Docs(docs) => docs.run(),
            Self::Build(build) => build.run(),
            Self::Import(import) => import.run(),
            Self::LintSource(lint) => lint.run(),
            Self::Push(push) => push.run(),
            Self::Versions(versions) => versions.run(),
            Self::Rollback(rollback) => rollback.run(),
        }
    }
}

impl Plan {
    fn read(&self) -> Result<tallymark_plan::Plan, Stop> {
        files::read_plan(&self.plan)
    }
}
