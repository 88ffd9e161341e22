//! `tallymark plan push|versions|rollback`: the plan that a collector goes by.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Plan;
use crate::{
    operator::Operator,
    output::{GOOD, NOTE, PLACE, Report, plain},
};

#[derive(Args)]
pub(crate) struct Push {
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    operator: Operator,
    /// What becomes of events that break it. Without this it stays what it was; of a first plan it is enforce
    #[arg(long, value_enum)]
    mode: Option<Mode>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// They are quarantined
    Enforce,
    /// They are stored, and what they break is noted
    Observe,
    /// Nothing is checked
    Off,
}

#[derive(Args)]
pub(crate) struct Versions {
    #[command(flatten)]
    operator: Operator,
}

#[derive(Args)]
pub(crate) struct Rollback {
    #[command(flatten)]
    operator: Operator,
    /// The version, as a list has it. Without this it is the one before the one that holds
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
}

impl Push {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        let plan = self.plan.read()?;
        let mode = match self.mode {
            None => "",
            Some(Mode::Enforce) => "\"mode\":\"enforce\",",
            Some(Mode::Observe) => "\"mode\":\"observe\",",
            Some(Mode::Off) => "\"mode\":\"off\",",
        };
        let order = format!("{{{mode}\"plan\":{}}}", plan.to_json());
        let answer = self.operator.collector()?.put(&self.operator.path("plan"), order)?;
        Ok(holding(answer, &format!("{}, version {}", plan.name, plan.version)))
    }
}

impl Rollback {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        let order = self.to.as_ref().map_or_else(|| json!({}), |to| json!({ "to": to }));
        let answer = self.operator.collector()?.post(&self.operator.path("plan/rollback"), &order)?;
        Ok(holding(answer, "the plan"))
    }
}

/// What holds now, and that it takes a while.
fn holding(answer: Value, what: &str) -> Report {
    let mode = plain(answer["mode"].as_str().unwrap_or_default());
    let is_changed = answer["is_changed"] == true;
    let verb = if is_changed { "holds" } else { "holds already" };
    let version = &answer["version"];
    let mut text = format!("{GOOD}{} {verb}{GOOD:#} as push {version}, {mode}", plain(what));
    if let Some(superseded) = answer["superseded"].as_u64() {
        // Writing to a string does not fail.
        let _ = write!(text, ", in place of push {superseded}");
    }
    text.push('\n');
    let remark = "all of the collector's instances go by it within two minutes".to_owned();
    let remarks = if is_changed { vec![remark] } else { Vec::new() };
    Report { text, result: answer, remarks, ..Report::default() }
}

impl Versions {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        let answer = self.operator.collector()?.get(&self.operator.path("plan/versions"))?;
        let mut text = String::new();
        for version in answer["versions"].as_array().into_iter().flatten() {
            let of = |name: &str| plain(version[name].as_str().unwrap_or("(none)"));
            let mark = if version["is_current"] == true { "  holds" } else { "" };
            writeln!(
                text,
                "{PLACE}{:>4}{PLACE:#}  {}  {:<7}  {}, version {}  {}{NOTE}{mark}{NOTE:#}",
                version["version"].to_string(),
                of("pushed_at"),
                of("mode"),
                of("plan"),
                version["plan_version"],
                of("id"),
            )?;
        }
        if text.is_empty() {
            text.push_str("no plan was pushed\n");
        }
        Ok(Report { text, result: answer, ..Report::default() })
    }
}
