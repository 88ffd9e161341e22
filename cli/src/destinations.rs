//! `tallymark destinations`: how far each is, and having one go on.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

use std::fmt::Write;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    collector::{Address, Secret, escaped},
    output::{GOOD, NOTE, PLACE, Report, plain},
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List destinations: how far each is, and what its last failure was
    List(List),
    /// Have a destination go on at once, by its configuration of now
    Resume(Resume),
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    address: Address,
}

#[derive(Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    address: Address,
    /// The destination's name
    name: String,
}

impl Command {
    /// What the JSON says that it is of.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List(_) => "destinations list",
            Self::Resume(_) => "destinations resume",
        }
    }

    pub(crate) fn run(self) -> anyhow::Result<Report> {
        match self {
            Self::List(list) => list.run(),
            Self::Resume(resume) => resume.run(),
        }
    }
}

impl List {
    fn run(&self) -> anyhow::Result<Report> {
        let answer = self.address.collector(Secret::Key)?.get("/v1/destinations")?;
        let mut text = String::new();
        let all = answer["destinations"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        for one in all {
            let of = |name: &str| plain(one[name].as_str().unwrap_or_default());
            writeln!(
                text,
                "{PLACE}{}{PLACE:#}  {}  {}, {} events and {} s behind, {} delivered, {} parked",
                of("name"),
                of("kind"),
                of("status"),
                one["lag_events"],
                one["lag_seconds"],
                one["delivered"],
                one["parked"]
            )?;
            for (what, said) in [("paused", of("paused_reason")), ("last error", of("last_error"))] {
                if !said.is_empty() {
                    writeln!(text, "    {NOTE}{what}{NOTE:#}: {said}")?;
                }
            }
        }
        if all.is_empty() {
            text.push_str("no destinations\n");
        }
        let unread = answer["problems"].as_array().cloned().unwrap_or_default();
        let remarks = unread.iter().map(|problem| {
            let of = |name: &str| plain(problem[name].as_str().unwrap_or_default());
            format!("{} {}", of("path"), of("detail"))
        });
        Ok(Report { text, remarks: remarks.collect(), result: answer, ..Report::default() })
    }
}

impl Resume {
    fn run(&self) -> anyhow::Result<Report> {
        let collector = self.address.collector(Secret::Key)?;
        collector.post(&format!("/v1/destinations/{}/resume", escaped(&self.name)), &json!({}))?;
        let text = format!("{GOOD}{} goes on{GOOD:#}\n", plain(&self.name));
        Ok(Report { text, result: json!({ "destination": self.name }), ..Report::default() })
    }
}
