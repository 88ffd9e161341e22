//! `tallymark keys`: an organization's keys, and the operator's token.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    collector::escaped,
    operator::Operator,
    output::{NOTE, PLACE, Problem, Report, Stop, plain},
};

/// Random bytes of a token: 192 bits.
const TOKEN_BYTES: usize = 24;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a key, and say it: once
    Make(Make),
    /// List keys, those that ended within 30 days included
    List(List),
    /// Make a key's successor, and have the key end after a while
    Rotate(Rotate),
    /// End a key now
    Revoke(Revoke),
    /// Make a token for an operator. Nothing is asked of a collector
    AdminToken,
}

#[derive(Args)]
pub(crate) struct Make {
    #[command(flatten)]
    operator: Operator,
    /// What it is for
    #[arg(long, value_enum)]
    kind: Kind,
    #[arg(
        long,
        value_name = "ORIGIN",
        help = "Of a browser key: where its pages are, like https://shop.example; * for anywhere. May come several times"
    )]
    origin: Vec<String>,
    /// What to call it in lists: where it is used
    #[arg(long)]
    name: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Public, for pages: sends events from its origins
    Browser,
    /// Secret, for back ends: sends events, changes what is stored
    Server,
    /// Secret, for dashboards and warehouses: reads
    Read,
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    operator: Operator,
}

#[derive(Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    operator: Operator,
    /// The key's id, as a list has it
    key_id: String,
    /// How long the key works on beside its successor: 0, 90m, 24h, 7d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = seconds)]
    overlap: u64,
}

#[derive(Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    operator: Operator,
    /// The key's id, as a list has it
    key_id: String,
}

impl Command {
    /// What the JSON says that it is of.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Make(_) => "keys make",
            Self::List(_) => "keys list",
            Self::Rotate(_) => "keys rotate",
            Self::Revoke(_) => "keys revoke",
            Self::AdminToken => "keys admin-token",
        }
    }

    pub(crate) fn run(self) -> anyhow::Result<Report> {
        match self {
            Self::Make(make) => make.run(),
            Self::List(list) => list.run(),
            Self::Rotate(rotate) => rotate.run(),
            Self::Revoke(revoke) => revoke.run(),
            Self::AdminToken => admin_token(),
        }
    }
}

impl Make {
    fn run(&self) -> anyhow::Result<Report> {
        let kind = match self.kind {
            Kind::Browser => "browser",
            Kind::Server => "server",
            Kind::Read => "read",
        };
        let mut order = json!({ "kind": kind });
        if !self.origin.is_empty() {
            order["origins"] = json!(self.origin);
        }
        if let Some(name) = &self.name {
            order["name"] = json!(name);
        }
        let made = self.operator.collector()?.post(&self.operator.path("keys"), &order)?;
        let remark = format!("its id is {}. {}", text(&made, "key_id"), said_once(&made));
        Ok(Report {
            text: text(&made, "key") + "\n",
            result: made,
            remarks: vec![remark],
            ..Report::default()
        })
    }
}

impl List {
    fn run(&self) -> anyhow::Result<Report> {
        let answer = self.operator.collector()?.get(&self.operator.path("keys"))?;
        let mut out = String::new();
        for key in answer["keys"].as_array().into_iter().flatten() {
            let state = match key["state"].as_str() {
                Some("ending") => format!("ends {}", text(key, "expires_at")),
                _ => text(key, "state"),
            };
            write!(
                out,
                "{PLACE}{}{PLACE:#}  {:<7}  {NOTE}{state}{NOTE:#}  made {}",
                text(key, "key_id"),
                text(key, "kind"),
                text(key, "made_at")
            )?;
            for more in ["name", "key"] {
                if key[more].is_string() {
                    write!(out, "  {}", text(key, more))?;
                }
            }
            let origins = key["origins"].as_array().into_iter().flatten().filter_map(Value::as_str);
            out.extend(origins.map(|origin| format!("  {}", plain(origin))));
            out.push('\n');
        }
        if out.is_empty() {
            out.push_str(
                "no keys: make one, or see those that were written into the registry by hand there\n",
            );
        }
        Ok(Report { text: out, result: answer, ..Report::default() })
    }
}

impl Rotate {
    fn run(&self) -> anyhow::Result<Report> {
        let path = self.operator.path(format_args!("keys/{}/rotate", escaped(&self.key_id)));
        let answer = self.operator.collector()?.post(&path, &json!({ "overlap_s": self.overlap }))?;
        let made = &answer["key"];
        let remarks = vec![
            format!("its id is {}. {}", text(made, "key_id"), said_once(made)),
            format!(
                "{} works on until {}",
                text(&answer["rotated"], "key_id"),
                text(&answer["rotated"], "expires_at")
            ),
        ];
        Ok(Report { text: text(made, "key") + "\n", result: answer, remarks, ..Report::default() })
    }
}

impl Revoke {
    fn run(&self) -> anyhow::Result<Report> {
        let path = self.operator.path(format_args!("keys/{}", escaped(&self.key_id)));
        let key = self.operator.collector()?.delete(&path)?;
        let remark =
            "a collector may take it for two minutes more, until all of its instances have heard".to_owned();
        Ok(Report {
            text: format!("{} is revoked\n", text(&key, "key_id")),
            result: key,
            remarks: vec![remark],
            ..Report::default()
        })
    }
}

/// A new token, and what a collector has to know of it.
fn admin_token() -> anyhow::Result<Report> {
    let mut random = [0; TOKEN_BYTES];
    getrandom::fill(&mut random).map_err(|error| {
        let message = format!("the system gives no random bytes: {error}");
        Stop::refused(Problem::new(message, Some("make the token elsewhere".to_owned())))
    })?;
    let token = format!("ak_{}", BASE64_URL_SAFE_NO_PAD.encode(random));
    let mut sha256 = String::new();
    for byte in Sha256::digest(&token) {
        write!(sha256, "{byte:02x}")?;
    }
    Ok(Report {
        text: format!("TALLYMARK_ADMIN_TOKEN={token}\nADMIN_TOKEN_SHA256={sha256}\n"),
        result: json!({ "token": token, "sha256": sha256 }),
        remarks: vec![
            "the first is the operator's, and kept nowhere; the second goes into the collector's settings (wrangler.toml)"
                .to_owned(),
        ],
        ..Report::default()
    })
}

fn said_once(key: &Value) -> &'static str {
    if key["kind"] == "browser" { "It is public" } else { "It is said this once: keep it where it is used" }
}

fn text(value: &Value, name: &str) -> String {
    plain(value[name].as_str().unwrap_or("(none)"))
}

/// A time like `90m`, in seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err("write it like 3600, 90m, 24h or 7d".to_owned()),
    };
    let number: Option<u64> = number.parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "write it like 3600, 90m, 24h or 7d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times() {
        for (text, expected) in
            [("0", 0), ("90", 90), ("30s", 30), ("90m", 5_400), ("24h", 86_400), ("7d", 604_800)]
        {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "h", "1w", "-1h", "1.5h", "99999999999999999d", "1é"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
