//! What is said on the way and at the end.

use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tallymark_database::Unusable;

use crate::store::{Stored, Trouble};

/// Least time between two lines of what was done, and between two of the same trouble.
const DONE_EVERY: Duration = Duration::from_secs(1);
const TROUBLE_EVERY: Duration = Duration::from_mins(1);

/// The code where it could not be carried out, as of every command.
const FAILED: u8 = 2;

/// Sums of what was stored.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    new: u64,
    known: u64,
    dead_letters: u64,
}

impl Tally {
    fn add(&mut self, Stored { new, known, dead_letters }: Stored) {
        self.new += new;
        self.known += known;
        self.dead_letters += dead_letters;
    }

    fn text(self) -> String {
        let Self { new, known, dead_letters } = self;
        format!("stored {new}, known already {known}, dead letters {dead_letters}")
    }

    fn json(self) -> Value {
        json!({ "stored": self.new, "known": self.known, "dead_letters": self.dead_letters })
    }
}

/// Tells how it goes.
pub(crate) struct Report {
    as_json: bool,
    /// Whether what was done is told on the way.
    is_running: bool,
    all: Tally,
    untold: Tally,
    told_at: Option<Instant>,
    trouble: Option<(String, Instant)>,
}

impl Report {
    pub(crate) fn new(as_json: bool, is_running: bool) -> Self {
        let (all, untold) = Default::default();
        Self { as_json, is_running, all, untold, told_at: None, trouble: None }
    }

    pub(crate) fn stored(&mut self, stored: Stored) {
        self.all.add(stored);
        self.untold.add(stored);
        self.trouble = None;
    }

    /// A line of what was done, where something was, and not too often.
    pub(crate) fn progress(&mut self, now: Instant) {
        let is_early = self.told_at.is_some_and(|told| now.saturating_duration_since(told) < DONE_EVERY);
        if !self.is_running || is_early || self.untold == Tally::default() {
            return;
        }
        self.told_at = Some(now);
        let done = std::mem::take(&mut self.untold);
        self.line(&done.text(), &done.json());
    }

    /// The database does not take a batch.
    pub(crate) fn failed(&mut self, trouble: &Trouble, now: Instant) {
        self.trouble(&format!("the database: {}", trouble.reason), now);
    }

    /// Something goes wrong, and is tried again.
    pub(crate) fn trouble(&mut self, what: &str, now: Instant) {
        let is_told = self
            .trouble
            .as_ref()
            .is_some_and(|(said, at)| said == what && now.saturating_duration_since(*at) < TROUBLE_EVERY);
        if is_told {
            return;
        }
        self.trouble = Some((what.to_owned(), now));
        if self.as_json {
            self.line("", &json!({ "trouble": what }));
        } else {
            anstream::eprintln!("{what}; trying again");
        }
    }

    /// The last line, and the code to exit with.
    pub(crate) fn close(self, outcome: anyhow::Result<()>) -> ExitCode {
        let (problem, code) = match outcome {
            Ok(()) => (None, 0),
            Err(error) => match error.downcast::<Unusable>() {
                Ok(Unusable { message, remedy }) => (Some((message, Some(remedy))), FAILED),
                Err(error) => (Some((format!("{error:#}"), None)), FAILED),
            },
        };
        if self.as_json {
            let problems: Vec<Value> = problem
                .iter()
                .map(|(message, remedy)| {
                    json!({ "path": null, "line": null, "column": null, "message": message, "remedy": remedy })
                })
                .collect();
            let result = self.all.json();
            self.line(
                "",
                &json!({ "command": "sink", "exit": code, "result": result, "problems": problems, "remarks": [] }),
            );
        } else {
            if code == 0 || self.all != Tally::default() {
                self.line(&self.all.text(), &Value::Null);
            }
            if let Some((message, remedy)) = problem {
                anstream::eprintln!(
                    "error: {message}{}",
                    remedy.map(|it| format!("; {it}")).unwrap_or_default()
                );
            }
        }
        ExitCode::from(code)
    }

    fn line(&self, text: &str, json: &Value) {
        let mut stdout = io::stdout().lock();
        // Whoever read it has gone; the rows come all the same.
        let _ = if self.as_json { writeln!(stdout, "{json}") } else { writeln!(stdout, "{text}") };
        let _ = stdout.flush();
    }
}
