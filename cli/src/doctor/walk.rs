//! The way of the probe: steps, how long each took, and what is wrong where it ends.

use std::time::Instant;

/// Why it goes no further.
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Fault {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// What a step found: something for the steps behind it, and something to tell.
pub(super) type Found<T> = Result<(T, String), Fault>;

pub(super) struct Step {
    pub(super) name: String,
    pub(super) ms: u128,
    pub(super) outcome: Result<String, Fault>,
}

#[derive(Default)]
pub(super) struct Walk {
    pub(super) steps: Vec<Step>,
}

impl Walk {
    /// Takes a step; none if it ends there.
    pub(super) fn take<T>(&mut self, name: &str, step: impl FnOnce() -> Found<T>) -> Option<T> {
        let start = Instant::now();
        let (found, outcome) = match step() {
            Ok((found, told)) => (Some(found), Ok(told)),
            Err(fault) => (None, Err(fault)),
        };
        self.steps.push(Step { name: name.to_owned(), ms: start.elapsed().as_millis(), outcome });
        found
    }
}
