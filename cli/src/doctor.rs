//! `tallymark doctor`: follows an event from a key to its row and on to each destination, and says where it stopped.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

mod destinations;
mod http;
mod network;
mod probe;
mod walk;

use std::{env, fmt::Write, time::Duration};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    collector::{Address, Secret},
    output::{BAD, GOOD, PLACE, Problem, Report, Stop, plain},
};

use http::Http;
use probe::{Probe, Sender};
use walk::{Step, Walk};

/// The server key's own variable, since the read key has `TALLYMARK_KEY`.
const SERVER_KEY: &str = "TALLYMARK_SERVER_KEY";

#[derive(Args)]
#[command(after_help = "\
Reads with TALLYMARK_KEY (rk_…). Sends with --browser-key and --origin, as a page of that origin would, or else with
TALLYMARK_SERVER_KEY (sk_…), as a back end would. The probe is an event named $tallymark_probe, of nobody and of no
session; it is stored like any other.")]
pub(crate) struct Doctor {
    #[command(flatten)]
    address: Address,
    /// Send as a page does, with this key (wk_…: it is public)
    #[arg(long, value_name = "KEY", requires = "origin")]
    browser_key: Option<String>,
    #[arg(
        long,
        value_name = "ORIGIN",
        requires = "browser_key",
        help = "The origin of that page, such as https://shop.example"
    )]
    origin: Option<String>,
    /// How long destinations may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(0..=600))]
    wait: u64,
}

impl Doctor {
    pub(crate) fn run(&self) -> anyhow::Result<Report> {
        let url = self.address.url()?;
        let reader = http::secret(Secret::Key.variable(), "rk_")?;
        let sender = self.sender()?;
        let probe = Probe::new(sender)?;
        let mut walk = Walk::default();
        let stored = follow(&mut walk, &url, &reader, &probe, Duration::from_secs(self.wait));
        Ok(report(&walk.steps, &probe, stored.as_ref()))
    }

    fn sender(&self) -> Result<Sender, Stop> {
        match (&self.browser_key, &self.origin) {
            (Some(key), Some(origin)) => Ok(Sender::Page { key: key.clone(), origin: origin.clone() }),
            _ if env::var_os(SERVER_KEY).is_none() => Err(Stop::refused(Problem::new(
                "there is no key to send with".to_owned(),
                Some(format!(
                    "give --browser-key and --origin, or put a server key (sk_…) into {SERVER_KEY}"
                )),
            ))),
            _ => Ok(Sender::Server { key: http::secret(SERVER_KEY, "sk_")? }),
        }
    }
}

/// Where the probe ended up.
struct Stored {
    organization_id: String,
    seq: u64,
}

/// Goes as far as it gets. None if the probe was not stored.
fn follow(walk: &mut Walk, url: &str, reader: &str, probe: &Probe, wait: Duration) -> Option<Stored> {
    let addresses = walk.take("dns", || network::resolve(url))?;
    walk.take("tcp", || network::connect(&addresses))?;
    let http = Http::new(url);
    walk.take(if url.starts_with("https:") { "https" } else { "http" }, || http.is_up())?;
    walk.take("ready", || http.is_ready())?;
    let log = walk.take("read_key", || probe::log_of(&http, reader))?;
    walk.take("accepted", || probe.send(&http))?;
    let seq = walk.take("stored", || probe.find(&http, reader, &log))?;
    destinations::follow(walk, &http, reader, probe, seq, wait);
    Some(Stored { organization_id: log.organization_id, seq })
}

fn report(steps: &[Step], probe: &Probe, stored: Option<&Stored>) -> Report {
    let mut text = String::new();
    let mut problems = Vec::new();
    for Step { name, ms, outcome } in steps {
        let name = plain(name);
        let (mark, said) = match outcome {
            Ok(said) => (format!("{GOOD}ok{GOOD:#}   "), said),
            Err(fault) => {
                problems.push(Problem::new(
                    format!("{name}: {}", plain(&fault.what)),
                    Some(fault.remedy.clone()),
                ));
                (format!("{BAD}stop{BAD:#} "), &fault.what)
            }
        };
        // A String takes all that is written into it.
        let _ = writeln!(text, "{mark}{PLACE}{name}{PLACE:#} {ms} ms: {}", plain(said));
    }
    let told: Vec<Value> = steps
        .iter()
        .map(|Step { name, ms, outcome }| match outcome {
            Ok(said) => json!({ "step": name, "ok": true, "ms": ms, "detail": said }),
            Err(fault) => {
                json!({ "step": name, "ok": false, "ms": ms, "detail": fault.what, "remedy": fault.remedy })
            }
        })
        .collect();
    let result = json!({
        "event_id": probe.event_id,
        "organization_id": stored.map(|it| &it.organization_id),
        "seq": stored.map(|it| it.seq),
        "stopped_at": steps.iter().find(|step| step.outcome.is_err()).map(|step| &step.name),
        "steps": told,
    });
    Report { text, result, problems, ..Report::default() }
}
