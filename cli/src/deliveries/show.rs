//! `tallymark deliveries show`: where one event is.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

use std::fmt::Write;

use clap::Args;
use serde_json::Value;

use crate::{
    collector::{Address, Secret, escaped},
    output::{GOOD, NOTE, PLACE, Report, plain},
};

#[derive(Args)]
pub(crate) struct Show {
    #[command(flatten)]
    address: Address,
    /// The event's id
    event_id: String,
}

impl Show {
    pub(super) fn run(&self) -> anyhow::Result<Report> {
        let collector = self.address.collector(Secret::Key)?;
        let answer = collector.get(&format!("/v1/deliveries/{}", escaped(&self.event_id)))?;
        let destinations = answer["destinations"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        let mut text = head(&answer)?;
        let width = |of: fn(&Value) -> usize| destinations.iter().map(of).max().unwrap_or_default();
        let names = width(|one| said(&one["name"]).chars().count());
        let statuses = width(|one| said(&one["status"]).len());
        for one in destinations {
            let (name, status) = (said(&one["name"]), said(&one["status"]));
            let style = if matches!(status.as_str(), "delivered" | "unwanted") { GOOD } else { NOTE };
            let line = format!(
                "    {PLACE}{name:names$}{PLACE:#}  {style}{status:statuses$}{style:#}  {}",
                explained(one)
            );
            writeln!(text, "{}", line.trim_end())?;
        }
        if destinations.is_empty() {
            text.push_str("    no destinations\n");
        }
        let unread = answer["problems"].as_array().into_iter().flatten();
        let remarks = unread.map(|one| format!("{} {}", said(&one["path"]), said(&one["detail"]))).collect();
        Ok(Report { text, remarks, result: answer, ..Report::default() })
    }
}

/// Which event it is, and whether all are done with it.
fn head(event: &Value) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let (id, name) = (said(&event["event_id"]), said(&event["event_name"]));
    writeln!(
        text,
        "{PLACE}{id}{PLACE:#}  {name}  seq {}, received {}",
        event["seq"],
        said(&event["received_at"])
    )?;
    match event["processed_at"].as_str() {
        Some(at) => {
            writeln!(text, "processed since {}, attempts: {}", plain(at), event["delivery_attempts"])?;
        }
        None if event["is_processed"] == true => text.push_str("processed\n"),
        None => text.push_str("not processed yet\n"),
    }
    Ok(text)
}

/// What there is to say of a status.
fn explained(one: &Value) -> String {
    match (said(&one["status"]).as_str(), &one["parked"], &one["waiting"]) {
        ("unwanted", ..) => match said(&one["unwanted_by"]).as_str() {
            "from" => "it began after this event (from)".to_owned(),
            "events" => "its events leave this name out".to_owned(),
            "consent" => "the person has said no to what it takes (consent)".to_owned(),
            _ => "such a receiver has no use for it (kind)".to_owned(),
        },
        ("dropped", ..) => format!("at {}", said(&one["dropped_at"])),
        ("parked" | "retrying", parked, waiting) => {
            let tried = format!("{} {}", said(&parked["reason"]), said(&parked["detail"]));
            let next = waits_for(waiting).map(|next| format!("; {next}")).unwrap_or_default();
            format!("{} (attempts: {}){next}", tried.trim_end(), parked["attempts"])
        }
        (_, _, waiting) => waits_for(waiting).unwrap_or_default(),
    }
}

/// Why it is not tried now, if the destination has trouble.
fn waits_for(waiting: &Value) -> Option<String> {
    let of = |name: &str| waiting[name].as_str().map(plain);
    if let Some(reason) = of("paused_reason") {
        return Some(format!("the destination is paused: {reason}"));
    }
    let error = of("last_error")?;
    let next = of("next_attempt_at").map(|at| format!("; next attempt at {at}")).unwrap_or_default();
    Some(format!("the destination is failing: {error}{next}"))
}

/// A text of the collector's, for a terminal.
fn said(value: &Value) -> String {
    plain(value.as_str().unwrap_or_default())
}
