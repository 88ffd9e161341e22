//! Where the outbox's events go: a file, and the environment that the collector has.

use std::{collections::HashMap, env, fs, path::PathBuf};

use anyhow::Result;
use clap::Args;
use tallymark_delivery::{Destination, Kind, Settings, guard::Reach};

use crate::output::{Problem, Stop};

#[derive(Args)]
pub(crate) struct Source {
    #[arg(
        long,
        value_name = "FILE",
        help = "A JSON array of destinations (docs/DELIVERY.md), besides those of the environment (DESTINATIONS)"
    )]
    destinations: Option<PathBuf>,
}

impl Source {
    /// All of them, or what is wrong with them.
    pub(crate) fn read(&self) -> Result<Vec<Destination>> {
        let env: HashMap<String, String> = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            // The database that the events come from is no place to send them to.
            .filter(|(name, _)| name != "WAREHOUSE_DATABASE_URL")
            .collect();
        let Settings { rule, mut destinations, mut problems, .. } =
            Settings::from_env(|name| env.get(name).map(String::as_str));
        if let Some(path) = &self.destinations {
            let text = fs::read_to_string(path)
                .map_err(|error| Stop::failed(path, error, "name a JSON file of destinations"))?;
            // Whoever names a file may send anywhere.
            let (own, wrong) = Destination::parse_list(&text, Reach::Anywhere, rule);
            destinations.extend(own);
            problems.extend(wrong);
        }
        let stores = destinations.iter().filter(|one| matches!(one.kind, Kind::Postgres(_)));
        let mut wrong: Vec<Problem> = stores
            .map(|one| format!("{} is a PostgreSQL, and the events are in one", one.name))
            .chain(problems.into_iter().map(|problem| format!("{} {}", problem.path, problem.detail)))
            .map(|message| Problem::new(message, Some("correct the destinations (docs/DELIVERY.md)".into())))
            .collect();
        if destinations.is_empty() && wrong.is_empty() {
            let remedy = "give --destinations FILE, or set DESTINATIONS (docs/DELIVERY.md)";
            wrong.push(Problem::new("there is no destination".into(), Some(remedy.into())));
        }
        if wrong.is_empty() { Ok(destinations) } else { Err(Stop::found(wrong).into()) }
    }
}
