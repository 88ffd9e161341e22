//! `tallymark`: the command line.
//!
//! # In scope
//! Arguments, files, what is asked of a collector, what is printed, and the code that it exits with.
//!
//! # Out of scope
//! Deciding anything: `crates/plan` does about plans, the collector about what it stores, and this hands on what they say.
#![allow(clippy::disallowed_methods)] // reads and writes files: that is what it is for
#![forbid(unsafe_code)]

mod agent;
mod collector;
mod deliveries;
mod destinations;
mod dispatch;
mod doctor;
mod erase;
mod keys;
mod migrate;
mod operator;
mod output;
mod page;
mod plan;
mod quarantine;
mod sink;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// First-party product analytics: the command line.
///
/// Exits with 0 if nothing is wrong, 1 if something was found, and 2 if the command could not be carried out.
#[derive(Parser)]
#[command(name = "tallymark", version, max_term_width = 100)]
struct Arguments {
    /// Print one JSON object on standard output, and nothing else
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tracking plans: check, compare, write what follows from them
    #[command(subcommand)]
    Plan(plan::Command),
    /// Keys of an organization: make, list, rotate, revoke
    #[command(subcommand)]
    Keys(keys::Command),
    /// Events that broke a rule: see them, judge them again, give them up
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    /// Destinations of events: how far each is, and having one go on
    #[command(subcommand)]
    Destinations(destinations::Command),
    /// Where an event is, and what a destination would not take: see it, try it again, give it up
    #[command(subcommand)]
    Deliveries(deliveries::Command),
    /// Forget somebody: remove all events that are theirs, and take none of them any more
    Erase(erase::Order),
    /// Forget somebody: keep their events without anything that says whose they are, and take none any more
    Anonymise(erase::Order),
    /// Take events again of somebody who was forgotten
    Readmit(erase::Order),
    /// Follow an event from key to row to destination, and say where it stops
    Doctor(doctor::Doctor),
    /// Make the tables of a PostgreSQL, or bring them to the newest version
    Migrate(migrate::Migrate),
    /// Deliver the events that services have written into a PostgreSQL in their own transactions
    Dispatch(dispatch::Dispatch),
    /// Load a topic of Kafka's into a PostgreSQL
    Sink(sink::Sink),
}

fn main() -> ExitCode {
    let Arguments { json, command } = Arguments::parse();
    let (name, outcome) = match command {
        Command::Plan(command) => (command.name(), command.run()),
        Command::Keys(command) => (command.name(), command.run()),
        Command::Quarantine(command) => (command.name(), command.run()),
        Command::Destinations(command) => (command.name(), command.run()),
        Command::Deliveries(command) => (command.name(), command.run()),
        Command::Erase(order) => ("erase", order.run("erase")),
        Command::Anonymise(order) => ("anonymise", order.run("anonymise")),
        Command::Readmit(order) => ("readmit", order.run("readmit")),
        Command::Doctor(doctor) => ("doctor", doctor.run()),
        Command::Migrate(migrate) => ("migrate", migrate.run()),
        Command::Dispatch(dispatch) => match dispatch.run(json).transpose() {
            Some(outcome) => ("dispatch", outcome),
            // It has told all along.
            None => return ExitCode::SUCCESS,
        },
        Command::Sink(sink) => match sink.run(json) {
            Ok(code) => return code,
            Err(error) => ("sink", Err(error)),
        },
    };
    output::print(name, outcome, json)
}
