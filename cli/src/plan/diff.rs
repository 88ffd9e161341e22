//! `tallymark plan diff`.

use std::{fmt::Write, path::PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tallymark_plan::diff::{Change, Effect, diff};

use super::files::read_plan;
use crate::output::{BAD, GOOD, NOTE, PLACE, Problem, Report};

/// Two versions of a plan.
#[derive(Args)]
pub(crate) struct Diff {
    /// The plan as it was: a folder of TOML files, one such file, or a plan.json
    old: PathBuf,
    /// The plan as it is to be
    new: PathBuf,
    /// What it exits with 1 for
    #[arg(long, value_enum, default_value_t = FailOn::Breaking)]
    fail_on: FailOn,
}

/// What is too much of a change.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A version that should have been raised, and was not
    Fault,
    /// That, and whatever breaks a sender or reader that kept to the old plan, with a version raised or not
    Breaking,
    /// Any change
    Any,
}

impl Diff {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        let diff = diff(&read_plan(&self.old)?, &read_plan(&self.new)?);
        let mut problems: Vec<Problem> = diff
            .faults
            .iter()
            .map(|it| Problem::new(format!("{}: {}", it.path, it.message), Some(it.remedy.clone())))
            .collect();
        let is_too_much = |change: &Change| match self.fail_on {
            FailOn::Fault => false,
            FailOn::Breaking => change.effect == Effect::Breaking,
            FailOn::Any => true,
        };
        let too_many = diff.changes.iter().filter(|change| is_too_much(change)).count();
        if too_many > 0 {
            let what = if self.fail_on == FailOn::Any { "changes" } else { "changes that break somebody" };
            let remedy = "if they are meant, run it with --fail-on fault".to_owned();
            problems.push(Problem::new(format!("{what}: {too_many}"), Some(remedy)));
        }
        let changes: Vec<Value> = diff.changes.iter().map(as_json).collect();
        let faults: Vec<Value> = diff
            .faults
            .iter()
            .map(|it| json!({ "path": it.path, "message": it.message, "remedy": it.remedy }))
            .collect();
        Ok(Report {
            text: text(&diff.changes),
            result: json!({
                "effect": diff.effect().map(Effect::name),
                "changes": changes,
                "faults": faults,
            }),
            problems,
            remarks: Vec::new(),
        })
    }
}

fn as_json(Change { effect, path, message }: &Change) -> Value {
    json!({ "effect": effect.name(), "path": path, "message": message })
}

fn text(changes: &[Change]) -> String {
    let mut text = String::new();
    for Change { effect, path, message } in changes {
        let style = match effect {
            Effect::Breaking => BAD,
            Effect::Additive => GOOD,
            Effect::Neutral => NOTE,
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{style}{:<8}{style:#}  {PLACE}{path}{PLACE:#}: {message}", effect.name());
    }
    if changes.is_empty() {
        text.push_str("nothing has changed\n");
    }
    text
}
