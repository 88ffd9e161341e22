//! `tallymark dispatch`: carries events that services have written in their own transactions to where they are wanted.

mod delivery;
mod destinations;
mod http;
mod line;
mod round;
mod stop;
mod tally;

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::Args;
use postgres::Client;
use serde_json::json;
use tallymark_database::{Database, explained};
use tallymark_warehouse::postgres::outbox::{PENDING, RETRY_PARKED};

use crate::output::{BAD, GOOD, NOTE, Problem, Report};
use line::Line;
use round::Round;
use stop::Stop;
use tally::Tally;

/// How long `--watch` sleeps where nothing is due, at the most: new rows come without a word.
const IDLE: Duration = Duration::from_secs(1);

/// How long `--watch` waits before it asks a database again that can't be reached.
const RECONNECT: Duration = Duration::from_secs(5);

/// How often it is said how far it has come.
const PROGRESS: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct Dispatch {
    #[command(flatten)]
    database: Database,

    #[command(flatten)]
    from: destinations::Source,

    /// Deliver what is due, and end: for cron. The default
    #[arg(long, conflicts_with = "watch")]
    once: bool,

    /// Go on delivering until it is stopped
    #[arg(long)]
    watch: bool,

    /// Have what was parked tried again first: all of it, or one destination's
    #[arg(long, value_name = "DESTINATION", num_args = 0..=1, default_missing_value = "")]
    retry_parked: Option<String>,
}

impl Dispatch {
    /// None of one that has told of its work while it was watching.
    pub(crate) fn run(&self, as_json: bool) -> Result<Option<Report>> {
        let mut lines: Vec<Line> = self.from.read()?.into_iter().map(Line::new).collect();
        let mut client = self.database.connect("tallymark dispatch")?;
        let stop = Stop::on_signals()?;
        let retried = match &self.retry_parked {
            None => 0,
            Some(name) => {
                let name = Some(name).filter(|name| !name.is_empty());
                client.execute(RETRY_PARKED, &[&name]).map_err(explained)?
            }
        };
        if self.watch {
            self.watch(client, &mut lines, &stop, as_json)?;
            return Ok(None);
        }
        let mut tally = Tally::default();
        let started: String =
            client.query_one("select clock_timestamp()::text", &[]).map_err(explained)?.get(0);
        let mut told = Instant::now();
        while !stop.is_set() && Round::new(&mut client, &mut lines, &started, &stop).run(&mut tally)? {
            if !as_json && told.elapsed() >= PROGRESS {
                let (pending, _) = pending(&mut client)?;
                anstream::eprintln!("{} done, {pending} pending", tally.processed);
                told = Instant::now();
            }
        }
        let (pending, _) = pending(&mut client)?;
        Ok(Some(report(&tally, pending, retried, stop.is_set())))
    }

    /// Goes on until it is told to end: a database that goes away comes back.
    fn watch(&self, mut client: Client, lines: &mut [Line], stop: &Stop, as_json: bool) -> Result<()> {
        while !stop.is_set() {
            let mut tally = Tally::default();
            let outcome = Round::new(&mut client, lines, "infinity", stop).run(&mut tally);
            tell(&tally, as_json)?;
            match outcome.and_then(|more| Ok((more, pending(&mut client)?))) {
                Ok((true, _)) => {}
                Ok((false, (_, next))) => stop.sleep(next.unwrap_or(IDLE).min(IDLE)),
                Err(error) => {
                    anstream::eprintln!("{NOTE}note:{NOTE:#} {error:#}");
                    stop.sleep(RECONNECT);
                    if let Ok(again) = self.database.connect("tallymark dispatch") {
                        client = again;
                    }
                }
            }
        }
        Ok(())
    }
}

/// How many rows are pending, and when the first of them is due.
fn pending(client: &mut Client) -> Result<(i64, Option<Duration>)> {
    let row = client.query_one(PENDING, &[]).map_err(explained)?;
    let ms: Option<f64> = row.get(1);
    Ok((row.get(0), ms.map(|ms| Duration::from_secs_f64(ms.clamp(0.0, 1e9) / 1_000.0))))
}

/// A line of `--watch`, where something was done.
fn tell(tally: &Tally, as_json: bool) -> Result<()> {
    use std::io::Write as _;
    if tally.is_empty() {
        return Ok(());
    }
    if as_json {
        writeln!(std::io::stdout().lock(), "{}", tally.to_json())?;
    } else {
        write!(anstream::stdout().lock(), "{}", tally.to_text())?;
        for failure in tally.to_failures() {
            anstream::eprintln!("{BAD}error:{BAD:#} {failure}");
        }
    }
    Ok(())
}

fn report(tally: &Tally, pending: i64, retried: u64, is_stopped: bool) -> Report {
    let mut text = tally.to_text();
    if text.is_empty() && !is_stopped {
        text.push_str("nothing is due\n");
    }
    let _ = writeln!(text, "{GOOD}pending{GOOD:#} {pending}");
    let mut result = tally.to_json();
    if let Some(object) = result.as_object_mut() {
        object.insert("pending".into(), json!(pending));
        object.insert("retried_parked".into(), json!(retried));
    }
    let problems = tally.to_failures().map(|failure| Problem::new(failure, None)).collect();
    let remarks = is_stopped.then(|| "it was told to end: what is pending is for the next one".to_owned());
    Report { text, result, problems, remarks: remarks.into_iter().collect() }
}
