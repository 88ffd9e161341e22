//! `tallymark deliveries`: what destinations would not take, seen, tried again or given up; and where one event is.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

mod show;

use std::{collections::BTreeMap, fmt::Write};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::{
    collector::{Address, Secret, escaped},
    output::{NOTE, PLACE, Report, plain},
    page::{self, Page},
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List parked deliveries, with what each destination said
    List(List),
    /// Show where one event is, destination by destination
    Show(show::Show),
    /// Try parked deliveries again
    Retry(Sweep),
    /// Give parked deliveries up: nobody tries any more
    Drop(Drop),
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    address: Address,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    page: Page,
}

#[derive(Args)]
pub(crate) struct Sweep {
    #[command(flatten)]
    address: Address,
    #[command(flatten)]
    filter: Filter,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("which").args(["destination", "event_id", "reason"]).required(true).multiple(true)))]
pub(crate) struct Drop {
    #[command(flatten)]
    sweep: Sweep,
}

/// Which deliveries: those for which all of these hold.
#[derive(Args)]
struct Filter {
    /// Only those of this destination
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// Only those of this event
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
    /// Only those parked for this reason: refused, faulted or unfit
    #[arg(long)]
    reason: Option<String>,
}

impl Filter {
    fn members(&self) -> impl Iterator<Item = (&'static str, &String)> {
        [("destination", &self.destination), ("event_id", &self.event_id), ("reason", &self.reason)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
    }
}

impl Command {
    /// What the JSON says that it is of.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List(_) => "deliveries list",
            Self::Show(_) => "deliveries show",
            Self::Retry(_) => "deliveries retry",
            Self::Drop(_) => "deliveries drop",
        }
    }

    pub(crate) fn run(self) -> anyhow::Result<Report> {
        match self {
            Self::List(list) => list.run(),
            Self::Show(show) => show.run(),
            Self::Retry(sweep) => sweep.run("retry", "retried"),
            Self::Drop(drop) => drop.sweep.run("drop", "dropped"),
        }
    }
}

impl List {
    fn run(&self) -> anyhow::Result<Report> {
        let collector = self.address.collector(Secret::Key)?;
        let Page { after, limit } = self.page;
        let mut path = format!("/v1/deliveries/parked?after={after}&limit={}", limit.min(page::MAX_EVENTS));
        for (name, value) in self.filter.members() {
            write!(path, "&{name}={}", escaped(value))?;
        }
        let page = collector.get(&path)?;
        let parked = page["deliveries"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        let mut text = String::new();
        for one in parked {
            let of = |name: &str| plain(one[name].as_str().unwrap_or("(erased)"));
            let (name, id, event) = (of("destination"), of("event_id"), of("event_name"));
            let (reason, detail) = (of("reason"), of("detail"));
            writeln!(text, "{PLACE}{id}{PLACE:#}  {event}  {name}  {NOTE}{reason}{NOTE:#} {detail}")?;
        }
        if parked.is_empty() {
            text.push_str("nothing is parked\n");
        }
        let more = (!parked.is_empty()).then(|| format!("there may be more: --after {}", page["next_after"]));
        Ok(Report { text, remarks: more.into_iter().collect(), result: page, ..Report::default() })
    }
}

impl Sweep {
    fn run(&self, verb: &str, done: &str) -> anyhow::Result<Report> {
        let collector = self.address.collector(Secret::Key)?;
        let mut counts = BTreeMap::<String, u64>::new();
        let path = format!("/v1/deliveries/{verb}");
        page::throughout(&collector, &path, self.dry_run, self.filter.members(), |part| {
            for (name, count) in part[done].as_object().into_iter().flatten() {
                *counts.entry(name.clone()).or_default() += count.as_u64().unwrap_or_default();
            }
        })?;
        let would = if self.dry_run { "would be " } else { "" };
        let mut text = format!("{} {would}{done}\n", counts.values().sum::<u64>());
        for (name, count) in &counts {
            writeln!(text, "    {PLACE}{}{PLACE:#}  {count}", plain(name))?;
        }
        let result = Value::Object(Map::from_iter([
            ("dry_run".to_owned(), json!(self.dry_run)),
            (done.to_owned(), json!(counts)),
        ]));
        Ok(Report { text, result, ..Report::default() })
    }
}
