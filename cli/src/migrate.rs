//! `tallymark migrate`: brings a PostgreSQL to the newest schema.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use clap::Args;
use postgres::Client;
use serde_json::json;
use tallymark_database::{Database, explained};
use tallymark_warehouse::postgres::{
    ADD_MONTHS, HISTORY, IS_PARTITIONED, LOCK, MIGRATIONS, Migration, PARTITION, RECORD,
};

use crate::output::{GOOD, Report};

/// The oldest PostgreSQL that is tried, as `server_version_num` counts.
const MIN_SERVER: i32 = 150_000;

#[derive(Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    database: Database,

    #[arg(long, help = "Partition domain_event by month, for more than 50 million rows; for good")]
    partitioned: bool,

    /// Print what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(crate) fn run(&self) -> Result<Report> {
        let mut client = self.database.connect("tallymark migrate")?;
        check_version(&mut client)?;
        if self.dry_run {
            return self.plan(&mut client);
        }
        client.batch_execute(LOCK).map_err(explained)?;
        client.batch_execute(HISTORY).map_err(explained).context("the list of versions can't be made")?;
        let pending = pending(&mut client)?;
        for migration in &pending {
            apply(&mut client, migration)?;
        }
        let turned =
            self.partitioned && client.query_one(PARTITION, &[]).map_err(explained)?.get::<_, bool>(0);
        let is_partitioned = is_partitioned(&mut client)?;
        let months: i32 = client.query_one(ADD_MONTHS, &[]).map_err(explained)?.get(0);
        Ok(done(&pending, turned, is_partitioned, months))
    }

    fn plan(&self, client: &mut Client) -> Result<Report> {
        let pending = pending(client)?;
        let partition = self.partitioned && !is_partitioned(client)?;
        let mut text = String::new();
        for Migration { version, name, sql } in &pending {
            write!(
                text,
                "-- {version}: {name}\nbegin;\n{sql}insert into tallymark_migration (version, name) values ({version}, '{name}');\ncommit;\n\n"
            )?;
        }
        if !pending.is_empty() {
            text.insert_str(0, &format!("{HISTORY};\n\n"));
        }
        if partition {
            writeln!(text, "{PARTITION};")?;
        }
        let result =
            json!({ "dry_run": true, "pending": names(&pending), "would_partition": partition, "sql": text });
        let remarks = text.is_empty().then(|| "nothing is to be done".to_owned()).into_iter().collect();
        Ok(Report { text, result, remarks, ..Report::default() })
    }
}

fn check_version(client: &mut Client) -> Result<()> {
    let row = client
        .query_one("select current_setting('server_version_num')::integer, version()", &[])
        .map_err(explained)?;
    let (number, name): (i32, String) = (row.get(0), row.get(1));
    anyhow::ensure!(number >= MIN_SERVER, "PostgreSQL 15 or newer is needed, this is {name}");
    Ok(())
}

/// The migrations that the database has not run.
fn pending(client: &mut Client) -> Result<Vec<Migration>> {
    let has_history: bool = client
        .query_one("select to_regclass('tallymark_migration') is not null", &[])
        .map_err(explained)?
        .get(0);
    let done: i32 = if has_history {
        client
            .query_one("select coalesce(max(version), 0) from tallymark_migration", &[])
            .map_err(explained)?
            .get(0)
    } else {
        0
    };
    let newest = MIGRATIONS.last().map_or(0, |migration| migration.version);
    anyhow::ensure!(
        done <= newest,
        "the database is at version {done}, which this tallymark, at {newest}, does not know; use a newer one"
    );
    Ok(MIGRATIONS.iter().filter(|migration| migration.version > done).copied().collect())
}

/// All of it or nothing: PostgreSQL makes tables in transactions, too.
fn apply(client: &mut Client, Migration { version, name, sql }: &Migration) -> Result<()> {
    let run = |client: &mut Client| -> Result<(), postgres::Error> {
        let mut transaction = client.transaction()?;
        transaction.batch_execute(sql)?;
        transaction.execute(RECORD, &[version, name])?;
        transaction.commit()
    };
    run(client)
        .map_err(explained)
        .with_context(|| format!("version {version}, {name}, can't be applied; nothing of it was"))
}

fn is_partitioned(client: &mut Client) -> Result<bool> {
    Ok(client.query_opt(IS_PARTITIONED, &[]).map_err(explained)?.is_some_and(|row| row.get(0)))
}

fn names(migrations: &[Migration]) -> Vec<serde_json::Value> {
    migrations
        .iter()
        .map(|Migration { version, name, .. }| json!({ "version": version, "name": name }))
        .collect()
}

fn done(applied: &[Migration], turned: bool, is_partitioned: bool, months: i32) -> Report {
    let mut text = String::new();
    for Migration { version, name, .. } in applied {
        let _ = writeln!(text, "{GOOD}applied{GOOD:#} {version} {name}");
    }
    if turned {
        let _ = writeln!(text, "{GOOD}partitioned{GOOD:#} domain_event by month");
    }
    if months > 0 {
        let _ = writeln!(text, "{GOOD}added{GOOD:#} {months} months");
    }
    if text.is_empty() {
        text.push_str("up to date\n");
    }
    let version = MIGRATIONS.last().map(|migration| migration.version);
    let result = json!({
        "version": version,
        "applied": names(applied),
        "is_partitioned": is_partitioned,
        "partitioned": turned,
        "months_added": months,
    });
    Report { text, result, ..Report::default() }
}
