//! `tallymark quarantine`: what broke a rule, seen, judged again or given up.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

use std::{collections::BTreeMap, fmt::Write};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::{
    collector::{Address, Secret, escaped},
    output::{GOOD, NOTE, PLACE, Report, Stop, plain},
    page::{self, Page},
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List events in quarantine, with the rule that each broke and where
    List(List),
    /// Show one of them whole, as it came
    Show(Show),
    /// Judge them again, by the plan of now, and store what is accepted
    Replay(Sweep),
    /// Give them up for good
    Purge(Purge),
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
pub(crate) struct Show {
    #[command(flatten)]
    address: Address,
    /// The event's id
    event_id: String,
}

#[derive(Args)]
pub(crate) struct Sweep {
    #[command(flatten)]
    address: Address,
    #[command(flatten)]
    filter: Filter,
    /// Only those received before this day or moment (2026-11-21, or as RFC 3339 has it)
    #[arg(long, value_name = "WHEN")]
    before: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("which").args(["rule", "event", "before"]).required(true).multiple(true)))]
pub(crate) struct Purge {
    #[command(flatten)]
    sweep: Sweep,
}

/// Which events: those for which all of these hold.
#[derive(Args)]
struct Filter {
    /// Only those that broke this rule
    #[arg(long)]
    rule: Option<String>,
    /// Only those of this name
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
}

impl Filter {
    fn members(&self) -> impl Iterator<Item = (&'static str, &String)> {
        [("rule", &self.rule), ("event_name", &self.event)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
    }
}

impl Command {
    /// What the JSON says that it is of.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List(_) => "quarantine list",
            Self::Show(_) => "quarantine show",
            Self::Replay(_) => "quarantine replay",
            Self::Purge(_) => "quarantine purge",
        }
    }

    pub(crate) fn run(self) -> anyhow::Result<Report> {
        match self {
            Self::List(list) => list.run(),
            Self::Show(show) => show.run(),
            Self::Replay(sweep) => sweep.replay(),
            Self::Purge(purge) => purge.sweep.purge(),
        }
    }
}

impl List {
    fn run(&self) -> anyhow::Result<Report> {
        let collector = self.address.collector(Secret::Key)?;
        let mut filter = String::new();
        for (name, value) in self.filter.members() {
            write!(filter, "&{name}={}", escaped(value))?;
        }
        let (mut events, mut after, mut is_complete) = (Vec::new(), self.page.after, false);
        while !is_complete && (events.len() as u64) < self.page.limit {
            let limit = page::MAX_EVENTS.min(self.page.limit - events.len() as u64);
            let page = collector.get(&format!("/v1/quarantine?after={after}&limit={limit}{filter}"))?;
            let found = page["events"].as_array().cloned().unwrap_or_default();
            // A page that is not full is the last.
            is_complete = (found.len() as u64) < limit;
            after = page["next_after"].as_u64().filter(|next| *next > after).unwrap_or(after);
            events.extend(found);
        }
        let mut text = String::new();
        for event in &events {
            let of = |name: &str| plain(event[name].as_str().unwrap_or("(none)"));
            writeln!(
                text,
                "{PLACE}{}{PLACE:#}  {}  {NOTE}{}{NOTE:#} {}: expected {}, got {}",
                of("event_id"),
                of("event_name"),
                of("rule"),
                of("path"),
                of("expected"),
                of("got")
            )?;
        }
        if events.is_empty() {
            text.push_str("nothing is in quarantine\n");
        }
        let more = (!is_complete).then(|| format!("there may be more: --after {after}"));
        Ok(Report {
            text,
            result: json!({ "events": events, "next_after": after, "is_complete": is_complete }),
            remarks: more.into_iter().collect(),
            ..Report::default()
        })
    }
}

impl Show {
    fn run(&self) -> anyhow::Result<Report> {
        let collector = self.address.collector(Secret::Key)?;
        let event = collector.get(&format!("/v1/quarantine/{}", escaped(&self.event_id)))?;
        let text = format!("{event:#}").lines().map(|line| plain(line) + "\n").collect();
        Ok(Report { text, result: event, ..Report::default() })
    }
}

impl Sweep {
    fn replay(&self) -> anyhow::Result<Report> {
        let done = self.run("replay")?;
        let verb = if self.dry_run { "would be stored" } else { "stored" };
        let mut text = format!("{GOOD}{} {verb}{GOOD:#}", done.count("stored"));
        for (count, what) in
            [(done.total("quarantined"), "stay"), (done.count("unreplayable"), "can't be judged")]
        {
            if count > 0 {
                write!(text, ", {NOTE}{count} {what}{NOTE:#}")?;
            }
        }
        writeln!(text, ", of {}", done.count("examined"))?;
        text.push_str(&done.by_rule("quarantined"));
        Ok(Report { text, result: done.result(self.dry_run), ..Report::default() })
    }

    fn purge(&self) -> anyhow::Result<Report> {
        let done = self.run("purge")?;
        let verb = if self.dry_run { "would be given up" } else { "given up" };
        let text = format!("{} {verb}\n{}", done.total("purged"), done.by_rule("purged"));
        Ok(Report { text, result: done.result(self.dry_run), ..Report::default() })
    }

    fn run(&self, verb: &str) -> Result<Done, Stop> {
        let collector = self.address.collector(Secret::Key)?;
        let mut done = Done::default();
        let order = self.filter.members().chain(self.before.as_ref().map(|before| ("before", before)));
        let path = format!("/v1/quarantine/{verb}");
        page::throughout(&collector, &path, self.dry_run, order, |part| done.add(part))?;
        Ok(done)
    }
}

/// What the collector's answers to all parts of an order add up to.
#[derive(Default)]
struct Done {
    counts: Map<String, Value>,
    by_rule: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Done {
    fn add(&mut self, part: &Value) {
        for (name, value) in part.as_object().into_iter().flatten() {
            match value {
                Value::Number(count) if name != "next_after" => {
                    let sum = self.count(name) + count.as_u64().unwrap_or_default();
                    self.counts.insert(name.clone(), json!(sum));
                }
                Value::Object(by_rule) => {
                    let sums = self.by_rule.entry(name.clone()).or_default();
                    for (rule, count) in by_rule {
                        *sums.entry(rule.clone()).or_default() += count.as_u64().unwrap_or_default();
                    }
                }
                _ => {}
            }
        }
    }

    fn count(&self, name: &str) -> u64 {
        self.counts.get(name).and_then(Value::as_u64).unwrap_or_default()
    }

    fn total(&self, name: &str) -> u64 {
        self.by_rule.get(name).map_or(0, |by_rule| by_rule.values().sum())
    }

    fn by_rule(&self, name: &str) -> String {
        let mut text = String::new();
        for (rule, count) in self.by_rule.get(name).into_iter().flatten() {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {count} {}", plain(rule));
        }
        text
    }

    fn result(mut self, dry_run: bool) -> Value {
        self.counts.insert("dry_run".to_owned(), json!(dry_run));
        for (name, by_rule) in self.by_rule {
            self.counts.insert(name, json!(by_rule));
        }
        Value::Object(self.counts)
    }
}
