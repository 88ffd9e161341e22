//! What a command says, as text or as JSON, and the code that it exits with.

use std::{
    fmt,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Value, json};
use tallymark_database::Unusable;
use tallymark_plan::Diagnostic;

/// Where something stands, in messages.
pub(crate) const PLACE: Style = Style::new().bold();
/// What has to be put right.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What is worth knowing.
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default();

/// It was carried out, and nothing is wrong.
const CLEAN: u8 = 0;
/// It was carried out, and found something.
const FOUND: u8 = 1;
/// It could not be carried out; clap's code for arguments that it does not understand, too.
const FAILED: u8 = 2;

/// What a command found out.
#[derive(Default)]
pub(crate) struct Report {
    /// Standard output, for people and pipes. May be styled: what is no terminal gets it plain.
    pub(crate) text: String,
    /// The same for programs: `result` of the JSON.
    pub(crate) result: Value,
    /// What has to be put right: standard error. If there is anything, it exits with 1.
    pub(crate) problems: Vec<Problem>,
    /// What is worth knowing, a sentence each: standard error.
    pub(crate) remarks: Vec<String>,
}

/// Something that has to be put right.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    /// The file, as it was named.
    pub(crate) path: Option<String>,
    /// From 1.
    pub(crate) line: Option<usize>,
    /// From 1, in characters.
    pub(crate) column: Option<usize>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) remedy: Option<String>,
}

impl Problem {
    /// Of no file.
    pub(crate) fn new(message: String, remedy: Option<String>) -> Self {
        Self { path: None, line: None, column: None, message, remedy }
    }
}

impl From<Diagnostic> for Problem {
    fn from(Diagnostic { path, line, column, message, remedy }: Diagnostic) -> Self {
        let (path, remedy) = (Some(path), Some(remedy));
        Self { path, line: Some(line), column: Some(column), message, remedy }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, self.line, self.column) {
            (Some(path), Some(line), Some(column)) => write!(f, "{PLACE}{path}:{line}:{column}:{PLACE:#} ")?,
            (Some(path), ..) => write!(f, "{PLACE}{path}:{PLACE:#} ")?,
            (None, ..) => {}
        }
        f.write_str(&self.message)?;
        self.remedy.as_ref().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

/// Why a command has no result.
#[derive(Debug)]
pub(crate) struct Stop {
    problems: Vec<Problem>,
    code: u8,
}

impl Stop {
    /// What the command was given is wrong, and it said where: all that it is there for.
    pub(crate) fn found<P: Into<Problem>>(problems: impl IntoIterator<Item = P>) -> Self {
        Self { problems: problems.into_iter().map(Into::into).collect(), code: FOUND }
    }

    /// It could not be carried out, because of that file.
    pub(crate) fn failed(path: &Path, message: impl fmt::Display, remedy: &str) -> Self {
        let problem = Problem {
            path: Some(path.display().to_string()),
            line: None,
            column: None,
            message: message.to_string(),
            remedy: Some(remedy.to_owned()),
        };
        Self::refused(problem)
    }

    /// It could not be carried out, and no file is to blame.
    pub(crate) fn refused(problem: Problem) -> Self {
        Self { problems: vec![problem], code: FAILED }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Stop {}

/// Prints what a command has to say, and gives the code to exit with.
pub(crate) fn print(command: &str, outcome: anyhow::Result<Report>, as_json: bool) -> ExitCode {
    let (report, code) = judged(outcome);
    let written = if as_json { write_json(command, &report, code) } else { write_text(&report) };
    match written {
        // Whoever read it has read enough: `tallymark plan schema plans/shop | head`.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(FAILED),
        _ => ExitCode::from(code),
    }
}

/// A text from elsewhere, for a terminal: what would move its cursor or colour it is written as an escape.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() { out.extend(char.escape_default()) } else { out.push(char) }
    }
    out
}

fn judged(outcome: anyhow::Result<Report>) -> (Report, u8) {
    match outcome {
        Ok(report) => {
            let code = if report.problems.is_empty() { CLEAN } else { FOUND };
            (report, code)
        }
        Err(error) => match error.downcast::<Stop>() {
            Ok(Stop { problems, code }) => (Report { problems, ..Report::default() }, code),
            Err(error) => {
                let problem = match error.downcast::<Unusable>() {
                    Ok(Unusable { message, remedy }) => Problem::new(message, Some(remedy)),
                    Err(error) => Problem::new(format!("{error:#}"), None),
                };
                (Report { problems: vec![problem], ..Report::default() }, FAILED)
            }
        },
    }
}

fn write_text(report: &Report) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(report.text.as_bytes())?;
    stdout.flush()?;
    let mut stderr = anstream::stderr().lock();
    for problem in &report.problems {
        // Where a file is named, its place comes first on the line: editors jump to it.
        let mark = if problem.path.is_some() { String::new() } else { format!("{BAD}error:{BAD:#} ") };
        writeln!(stderr, "{mark}{problem}")?;
    }
    for remark in &report.remarks {
        writeln!(stderr, "{NOTE}note:{NOTE:#} {remark}")?;
    }
    Ok(())
}

fn write_json(command: &str, report: &Report, code: u8) -> io::Result<()> {
    let Report { result, problems, remarks, .. } = report;
    let object = json!({
        "command": command,
        "exit": code,
        "result": result,
        "problems": problems,
        "remarks": remarks,
    });
    // Not styled, whatever the terminal: texts in it may be anybody's.
    writeln!(io::stdout().lock(), "{object:#}")
}
