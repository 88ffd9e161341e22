//! A PostgreSQL to talk to: its URL, TLS, the session.

mod tls;
mod url;

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use postgres::Client;

use crate::output::{Problem, Stop};
use url::DatabaseUrl;

/// How long a server may take to answer a connection, unless its URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Which database.
#[derive(Args)]
pub(crate) struct Database {
    #[arg(
        long,
        env = "WAREHOUSE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        help = "The database, such as postgres://user:password@db.example/app?sslmode=verify-full"
    )]
    database_url: Option<String>,
}

impl Database {
    /// A session. `as_name` is what the server's own lists say of it.
    pub(crate) fn connect(&self, as_name: &str) -> Result<Client> {
        let given = self.database_url.as_deref().filter(|url| !url.is_empty()).ok_or_else(|| {
            stopped(
                "no database is named".to_owned(),
                "set WAREHOUSE_DATABASE_URL, or give --database-url: postgres://user:password@host/name",
            )
        })?;
        let DatabaseUrl { mut config, verification } = DatabaseUrl::parse(given)?;
        if config.get_application_name().is_none() {
            config.application_name(as_name);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        let connector = tls::connector(&verification)?;
        config.connect(connector).map_err(explained).context("the database could not be reached")
    }
}

/// A driver's error with what the server said of it: its own text says only "db error".
pub(crate) fn explained(error: postgres::Error) -> anyhow::Error {
    let Some(server) = error.as_db_error() else { return anyhow::Error::new(error) };
    let mut said = format!("{} (SQLSTATE {})", server.message(), server.code().code());
    for more in [server.detail(), server.hint(), server.where_()].into_iter().flatten() {
        said.push_str("; ");
        said.push_str(more);
    }
    anyhow::Error::msg(said)
}

fn stopped(message: String, remedy: &str) -> Stop {
    Stop::refused(Problem::new(message, Some(remedy.to_owned())))
}
