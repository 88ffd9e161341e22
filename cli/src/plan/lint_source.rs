//! `tallymark plan lint-source`: code that captures what the plan does not know.
//!
//! It scans and does not parse: calls and attributes are found by how they look, in files of the languages that it knows.
//! What it can't read (a name that is put together) it notes, and never guesses.

mod arguments;
mod calls;
mod language;
mod lines;
mod sources;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tallymark_plan::{
    Plan, Rule, is_reserved,
    plan::{Event, Origin},
};

use self::{
    calls::{Capture, How, Scanner},
    lines::Lines,
    sources::Source,
};
use super::files::read_plan;
use crate::output::{Problem, Report};

/// Most findings that are reported, and most notes: whoever has more begins with these.
const MAX_REPORTED: usize = 1_000;

/// The part of a name that has to be the same for it to be suggested: `recipe_scaled` is no slip of `recipe_created`.
const ALIKE: f64 = 0.75;

/// A line that has this is left alone: `capture("file.png")` may be a camera's.
const IGNORE: &str = "tallymark-ignore";

/// Code that captures what the plan does not know.
#[derive(Args)]
pub(crate) struct LintSource {
    #[arg(
        required = true,
        help = "Folders and files of source; without node_modules, and what .gitignore or .ignore name"
    )]
    paths: Vec<PathBuf>,
    /// The plan: a folder of TOML files, one such file, or a plan.json
    #[arg(long)]
    plan: PathBuf,
    #[arg(
        long,
        value_name = "FUNCTION",
        help = "Another function that captures, its event first or named so: track_event, EventEmitter.emit"
    )]
    call: Vec<String>,
}

/// What has been found so far.
#[derive(Default)]
struct Findings {
    captures: usize,
    /// Captures that are not as planned, reported or not.
    strange: usize,
    problems: Vec<Problem>,
    found: Vec<Value>,
    remarks: Vec<String>,
    unread: Vec<Value>,
}

impl LintSource {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        let plan = read_plan(&self.plan)?;
        let scanner = Scanner::new(&self.call)?;
        let mut findings = Findings::default();
        let mut files = 0_usize;
        let mut skipped = Vec::new();
        for source in sources::find(&self.paths)? {
            let Source { path, language, text } = source?;
            let Some(text) = text else {
                findings
                    .remark(format!("{path}: larger than {} bytes, and not read", sources::MAX_SOURCE_BYTES));
                skipped.push(path);
                continue;
            };
            files += 1;
            let lines = Lines::of(&text);
            for capture in scanner.captures(language, &text) {
                findings.judge(&plan, &path, &lines, &capture);
            }
        }
        let Findings { captures, strange, problems, found, remarks, unread } = findings;
        Ok(Report {
            text: format!("files: {files}, captures: {captures}, not as planned: {strange}\n"),
            result: json!({
                "files": files,
                "captures": captures,
                "findings": found,
                "unread": unread,
                "skipped": skipped,
            }),
            problems,
            remarks,
        })
    }
}

impl Findings {
    fn judge(&mut self, plan: &Plan, path: &str, lines: &Lines<'_>, capture: &Capture) {
        let (line, column, content) = lines.place(capture.offset);
        if content.contains(IGNORE) {
            return;
        }
        self.captures += 1;
        let Some(name) = &capture.event else {
            self.remark(format!(
                "{path}:{line}:{column}: the event's name is not written here, and was not checked"
            ));
            if self.unread.len() < MAX_REPORTED {
                self.unread.push(json!({ "path": path, "line": line, "column": column }));
            }
            return;
        };
        let (rule, message, remedy) = match plan.event(name) {
            None if is_reserved(name.as_bytes()) => return,
            None => (Rule::UnknownEvent, format!("the plan has no event {name:?}"), remedy(plan, name)),
            Some(event) if capture.how == How::Markup && event.origin == Origin::Server => (
                Rule::OriginNotAllowed,
                format!("{name:?} may be sent by back ends alone"),
                "capture it where it happens, or set its origin to \"any\"".to_owned(),
            ),
            Some(event) => return self.note_if_deprecated(event, &format!("{path}:{line}:{column}")),
        };
        self.strange += 1;
        if self.problems.len() < MAX_REPORTED {
            self.found.push(json!({
                "path": path, "line": line, "column": column, "event": name, "rule": rule.name(),
            }));
            let path = Some(path.to_owned());
            self.problems.push(Problem {
                path,
                line: Some(line),
                column: Some(column),
                message,
                remedy: Some(remedy),
            });
        }
    }

    fn note_if_deprecated(&mut self, event: &Event, place: &str) {
        if let Some(deprecation) = &event.deprecated {
            let instead = deprecation.replacement.as_ref().map(|other| format!("; use {other:?}"));
            let (name, since) = (&event.name, &deprecation.since);
            self.remark(format!(
                "{place}: {name:?} is deprecated since {since}{}",
                instead.unwrap_or_default()
            ));
        }
    }

    fn remark(&mut self, remark: String) {
        if self.remarks.len() < MAX_REPORTED {
            self.remarks.push(remark);
        }
    }
}

/// What to do about an event that the plan does not know.
fn remedy(plan: &Plan, name: &str) -> String {
    let likeness = |event: &Event| strsim::normalized_damerau_levenshtein(name, &event.name);
    let nearest = plan.events().iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest {
        Some(event) if likeness(event) >= ALIKE => format!("write {:?}, or add it to the plan", event.name),
        _ => "add it to the plan".to_owned(),
    }
}
