//! The wasm module of `tallymark/dev`: what the collector would say of the events that a page sends.
//!
//! # In scope
//! [`Check`]: a plan, held against requests; and its boundary with `js/dev/check.ts` (`abi`).
//!
//! # Out of scope
//! Judging, which is [`tallymark_ingest::preview`]'s, the collector's own code; and the console, which is `js/dev/`'s.

mod abi;
mod remedy;

use core::fmt::Write;

use tallymark_event::{Source, json};
use tallymark_ingest::{Broken, preview};
use tallymark_plan::{Diagnostic, Note, Plan};

/// A plan, held against what a page sends.
#[derive(Debug)]
pub struct Check(Plan);

impl Check {
    /// By a plan.json.
    pub fn new(plan_json: &str) -> Result<Self, Vec<Diagnostic>> {
        Plan::from_json(plan_json).map(Self)
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.0
    }

    /// Appends what the collector would say of a request's events, and of its streams' last wills after them: a JSON
    /// array of `[event_name, [[path, rule, expected, got, remedy]…], how many more, [[path, deprecated since, what to
    /// use|null]…]]`, in their order. Whether it is a request of the batch dialect at all; if not, nothing is appended.
    pub fn request(&self, source: Source, body: &str, out: &mut String) -> bool {
        let Ok(previews) = preview(&self.0, source, body) else { return false };
        out.push('[');
        for (at, preview) in previews.iter().enumerate() {
            out.push_str(if at > 0 { ",[" } else { "[" });
            json::write_str(out, &preview.event_name);
            out.push_str(",[");
            for (at, Broken { path, rule, expected, got }) in preview.broken.iter().enumerate() {
                strings(out, at, [&**path, rule, expected, got, remedy::of(rule)].map(Some));
            }
            out.push_str("],");
            json::write_u64(out, u64::from(preview.omitted));
            out.push_str(",[");
            for (at, Note { path, deprecated }) in preview.notes.iter().enumerate() {
                strings(out, at, [Some(path), Some(&deprecated.since), deprecated.replacement.as_deref()]);
            }
            out.push_str("]]");
        }
        out.push(']');
        true
    }
}

/// Appends an array of strings or nulls, the `at`th of its kind.
fn strings<const N: usize>(out: &mut String, at: usize, texts: [Option<&str>; N]) {
    out.push_str(if at > 0 { ",[" } else { "[" });
    for (at, text) in texts.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match text {
            Some(text) => json::write_str(out, text),
            None => out.push_str("null"),
        }
    }
    out.push(']');
}

/// What is wrong with a plan, a line each.
fn problems(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for (at, diagnostic) in diagnostics.iter().enumerate() {
        let line_end = if at > 0 { "\n" } else { "" };
        // A string takes whatever is written to it.
        let _ = write!(out, "{line_end}{diagnostic}");
    }
    out
}
