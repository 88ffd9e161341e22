//! The peer of `cargo xtask bench store`: rows into `domain_event` as a native client puts them there, by `COPY` and by
//! prepared multi-row `INSERT`, a transaction a batch.
//!
//! `native <url> <rows.json>`: a JSON array of rows, each an array of the columns of [`COLUMNS`] as texts. Connects,
//! prints `ready`; then for every line `copy <batch> <rows>` or `insert <batch> <rows>` of its input stores so many, and
//! prints how many seconds that took.

#![allow(clippy::print_stdout, clippy::disallowed_methods)] // a tool, that reads files and the clock

use std::{
    error::Error,
    fs::File,
    io::{BufReader, Write as _, stdin, stdout},
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use bytes::BytesMut;
use postgres::{
    Client, NoTls,
    types::{Format, IsNull, ToSql, Type, to_sql_checked},
};
use serde::Deserialize;

/// What the collector's own statement fills.
const COLUMNS: &str = "event_id, event_name, occurred_at, received_at, organization_id, user_id, anonymous_id, \
    session_id, entity_type, entity_id, correlation_id, source, trust, schema_version, properties, context, \
    is_processed, processed_at";
const WIDTH: usize = 18;

/// A value in PostgreSQL's own text form, whatever its column's type.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Value(Option<String>);

impl ToSql for Value {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Self(Some(text)) = self else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

type Row = [Value; WIDTH];

fn main() -> Result<()> {
    let [url, path] = <[String; 2]>::try_from(std::env::args().skip(1).collect::<Vec<_>>())
        .map_err(|_| anyhow::anyhow!("usage: native <url> <rows.json>"))?;
    let rows: Vec<Row> = serde_json::from_reader(BufReader::new(File::open(path)?))?;
    let mut client = Client::connect(&url, NoTls)?;
    println!("ready");
    for line in stdin().lines() {
        let line = line?;
        let [how, batch, count] = <[&str; 3]>::try_from(line.split(' ').collect::<Vec<_>>())
            .map_err(|_| anyhow::anyhow!("no command: {line}"))?;
        let rows = rows.get(..count.parse()?).context("there are not so many rows")?;
        let seconds = match how {
            "copy" => copy(&mut client, rows, batch.parse()?)?,
            "insert" => insert(&mut client, rows, batch.parse()?)?,
            _ => bail!("no command: {line}"),
        };
        println!("{seconds}");
        stdout().flush()?;
    }
    Ok(())
}

/// The texts are made beforehand.
fn copy(client: &mut Client, rows: &[Row], batch: usize) -> Result<f64> {
    let texts: Vec<String> = rows.chunks(batch).map(|rows| rows.iter().map(line).collect()).collect();
    let statement = format!("copy domain_event ({COLUMNS}) from stdin");
    let start = Instant::now();
    for text in texts {
        let mut writer = client.copy_in(&statement)?;
        writer.write_all(text.as_bytes())?;
        writer.finish()?;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// A row in the text form of `COPY`.
fn line(row: &Row) -> String {
    let escape = |text: &str| {
        text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
    };
    let values: Vec<String> =
        row.iter().map(|Value(value)| value.as_deref().map_or_else(|| "\\N".to_owned(), escape)).collect();
    format!("{}\n", values.join("\t"))
}

/// The statement is prepared beforehand, as is one for what is left over.
fn insert(client: &mut Client, rows: &[Row], batch: usize) -> Result<f64> {
    let whole = client.prepare(&statement(batch))?;
    let rest = client.prepare(&statement((rows.len() % batch).max(1)))?;
    let start = Instant::now();
    for rows in rows.chunks(batch) {
        let values: Vec<&(dyn ToSql + Sync)> = rows.iter().flatten().map(|value| value as _).collect();
        client.execute(if rows.len() == batch { &whole } else { &rest }, &values)?;
    }
    Ok(start.elapsed().as_secs_f64())
}

fn statement(rows: usize) -> String {
    let row = |at: usize| {
        let places: Vec<String> = (1..=WIDTH).map(|column| format!("${}", at * WIDTH + column)).collect();
        format!("({})", places.join(", "))
    };
    let all: Vec<String> = (0..rows).map(row).collect();
    format!("insert into domain_event ({COLUMNS}) values {}", all.join(", "))
}
