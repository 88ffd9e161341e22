//! `tallymark dispatch`: carries events that services have written in their own transactions to where they are wanted.

mod destinations;
mod http;
mod round;

use std::{fmt::Write as _, thread::sleep, time::Duration};

use anyhow::Result;
use clap::Args;
use postgres::Client;
use serde_json::json;
use tallymark_database::{Database, explained};
use tallymark_delivery::Destination;
use tallymark_warehouse::postgres::outbox::{PENDING, RETRY_PARKED};

use crate::output::{GOOD, Problem, Report};
use round::{Round, Tally};

/// How long `--watch` sleeps where nothing is due, at the most: new rows come without a word.
const IDLE: Duration = Duration::from_secs(1);

/// How long `--watch` waits before it asks a database again that can't be reached.
const RECONNECT: Duration = Duration::from_secs(5);

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
    pub(crate) fn run(&self, as_json: bool) -> Result<Report> {
        let destinations = self.from.read()?;
        let mut client = self.database.connect("tallymark dispatch")?;
        let retried = match &self.retry_parked {
            None => 0,
            Some(name) => {
                let name = Some(name).filter(|name| !name.is_empty());
                client.execute(RETRY_PARKED, &[&name]).map_err(explained)?
            }
        };
        if self.watch {
            return self.watch(client, &destinations, as_json);
        }
        let mut tally = Tally::default();
        let started: String =
            client.query_one("select clock_timestamp()::text", &[]).map_err(explained)?.get(0);
        while Round::new(&mut client, &destinations, &started).run(&mut tally)? {}
        let (pending, _) = pending(&mut client)?;
        Ok(report(&tally, pending, retried))
    }

    /// Never ends by itself: a database that goes away comes back.
    fn watch(&self, mut client: Client, destinations: &[Destination], as_json: bool) -> Result<Report> {
        loop {
            let mut tally = Tally::default();
            match Round::new(&mut client, destinations, "infinity")
                .run(&mut tally)
                .and_then(|more| Ok((more, pending(&mut client)?)))
            {
                Ok((more, (_, next))) => {
                    tell(&tally, as_json)?;
                    if !more {
                        sleep(next.unwrap_or(IDLE).min(IDLE));
                    }
                }
                Err(error) => {
                    anstream::eprintln!("{error:#}");
                    sleep(RECONNECT);
                    if let Ok(again) = self.database.connect("tallymark dispatch") {
                        client = again;
                    }
                }
            }
        }
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
        writeln!(anstream::stdout().lock(), "{}", tally.to_text().trim_end())?;
    }
    Ok(())
}

fn report(tally: &Tally, pending: i64, retried: u64) -> Report {
    let mut text = tally.to_text();
    if text.is_empty() {
        text.push_str("nothing is due\n");
    }
    let _ = writeln!(text, "{GOOD}pending{GOOD:#} {pending}");
    let mut result = tally.to_json();
    if let Some(object) = result.as_object_mut() {
        object.insert("pending".into(), json!(pending));
        object.insert("retried_parked".into(), json!(retried));
    }
    let problems =
        tally.failures.iter().map(|(name, answer)| Problem::new(format!("{name}: {answer}"), None)).collect();
    Report { text, result, problems, ..Report::default() }
}
