//! What is wrong with a plan, where, and what to do about it.

use core::fmt;

use crate::limits::MAX_PROBLEMS;

/// One file of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Source<'s> {
    /// What to call it in messages: its path.
    pub path: &'s str,
    /// What is in it.
    pub text: &'s str,
}

/// Where something stands: which of the files, and the byte in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: usize,
    pub(crate) offset: usize,
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) remedy: String,
}

/// What is wrong with a plan. Written out as `path:line:column: what is wrong; what to do about it`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, message, remedy } = self;
        write!(f, "{path}:{line}:{column}: {message}; {remedy}")
    }
}

impl core::error::Error for Diagnostic {}

/// Says of problems where they are, in the order of the text; the first [`MAX_PROBLEMS`] of them.
pub(crate) fn located(mut problems: Vec<Problem>, sources: &[Source<'_>]) -> Vec<Diagnostic> {
    problems.sort();
    problems.dedup();
    problems.truncate(MAX_PROBLEMS);
    problems
        .into_iter()
        .map(|Problem { place, message, remedy }| {
            let source = sources.get(place.file).copied().unwrap_or(Source { path: "", text: "" });
            let before = source.text.get(..source.text.floor_char_boundary(place.offset)).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            Diagnostic {
                path: source.path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: line.chars().count() + 1,
                message,
                remedy,
            }
        })
        .collect()
}
