//! `tallymark sink`: a topic of Kafka's into the backend's `PostgreSQL`.
//!
//! # In scope
//! A program of its own, since librdkafka is C and takes minutes to build: `tallymark` runs it where it is.
//!
//! # Architecture invariant
//! No offset is committed before its rows are: whoever is killed leaves messages that come again, and the table's key
//! makes each of them once.
//!
//! # Out of scope
//! Statements (crates/warehouse), what a database's answer means (crates/delivery), what an event is (crates/event).
#![allow(clippy::disallowed_methods)] // a clock, a thread, the environment: that is what it is for
#![forbid(unsafe_code)]

mod batch;
mod ends;
mod event;
mod report;
mod settings;
mod sink;
mod source;
mod store;

use std::{
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use anyhow::Result;
use clap::Parser as _;
use signal_hook::consts::TERM_SIGNALS;

use ends::Ends;
use report::Report;
use settings::Settings;
use sink::Sink;
use source::Source;
use store::Store;

fn main() -> ExitCode {
    let settings = Settings::parse();
    let mut report = Report::new(settings.json, !settings.once);
    let outcome = run(settings, &mut report);
    report.close(outcome)
}

fn run(settings: Settings, report: &mut Report) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in TERM_SIGNALS {
        // In this order: the first signal finds the flag unset and sets it, the second one finds it set.
        signal_hook::flag::register_conditional_shutdown(*signal, 1, Arc::clone(&stop))?;
        signal_hook::flag::register(*signal, Arc::clone(&stop))?;
    }
    let rule = settings.rule();
    let source = Source::new(&settings.kafka()?, settings.topic.clone())?;
    let store = Store::start(settings.database, settings.topic)?;
    let ends = if settings.once { Some(Ends::of(&source)?) } else { None };
    Sink::new(source, store, rule, ends, report).run(&stop)
}
