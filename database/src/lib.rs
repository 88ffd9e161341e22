//! A session with the backend's `PostgreSQL`: its URL, TLS, and what the server says when it refuses.
//!
//! Shared by the command line (`cli/`) and the event sink (`sink/`), so that one URL means the same to both.
//!
//! # Out of scope
//! Statements: crates/warehouse has their text.
#![forbid(unsafe_code)]

mod tls;
mod url;

use std::{fmt, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use postgres::{Client, Config};

use url::DatabaseUrl;

/// How long a server may take to answer a connection, unless its URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a silent server is believed to be there before its machine is asked, unless its URL says otherwise: of one
/// that has lost its power in the midst of an answer nothing else would tell.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Which database.
#[derive(Args, Clone)]
pub struct Database {
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
    pub fn connect(&self, as_name: &str) -> Result<Client> {
        let given = self.database_url.as_deref().filter(|url| !url.is_empty()).ok_or_else(|| {
            Unusable::new(
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
        if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
            config.keepalives_idle(KEEPALIVE);
        }
        let connector = tls::connector(&verification)?;
        config.connect(connector).map_err(explained).context("the database could not be reached")
    }
}

/// A driver's error with what the server said of it, a [`Refusal`]: its own text says only "db error".
pub fn explained(error: postgres::Error) -> anyhow::Error {
    let Some(server) = error.as_db_error() else { return anyhow::Error::new(error) };
    let more =
        [server.detail(), server.hint(), server.where_()].into_iter().flatten().map(str::to_owned).collect();
    let (sqlstate, message) = (server.code().code().to_owned(), server.message().to_owned());
    anyhow::Error::new(Refusal { sqlstate, message, more })
}

/// What a server answered instead of doing it.
#[derive(Debug)]
pub struct Refusal {
    /// Its code, five characters.
    pub sqlstate: String,
    /// What is wrong.
    pub message: String,
    /// Detail, hint, place; those that it gave.
    pub more: Vec<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLSTATE {})", self.message, self.sqlstate)?;
        self.more.iter().try_for_each(|more| write!(f, "; {more}"))
    }
}

impl std::error::Error for Refusal {}

/// What is wrong with a database's address, and what to do about it.
#[derive(Debug)]
pub struct Unusable {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Unusable {
    fn new(message: String, remedy: &str) -> Self {
        Self { message, remedy: remedy.to_owned() }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.remedy)
    }
}

impl std::error::Error for Unusable {}
