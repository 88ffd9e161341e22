//! `tallymark erase`, `anonymise` and `readmit`: somebody is forgotten, or taken in again.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

use std::fmt::Write;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    collector::{Address, Secret},
    output::{GOOD, NOTE, Report, plain},
};

#[derive(Args)]
pub(crate) struct Order {
    #[command(flatten)]
    address: Address,
    /// An id of whom it is about, as rows have it: `user_id` or `anonymous_id`. All that are linked to it are meant
    #[arg(long, value_name = "ID")]
    subject: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Order {
    /// `mode`: `erase`, `anonymise` or `readmit`.
    pub(crate) fn run(&self, mode: &str) -> anyhow::Result<Report> {
        let collector = self.address.collector(Secret::Key)?;
        // One namespace: the collector finds an id whatever it was called.
        let order = json!({ "subject": { "user_id": self.subject }, "mode": mode, "dry_run": self.dry_run });
        let receipt = collector.post("/v1/erasures", &order)?;
        let mut remarks = Vec::new();
        if !self.dry_run && receipt["is_complete"] != true {
            remarks
                .push("it is under way and goes on by itself: give the same order again to see".to_owned());
        }
        Ok(Report { text: told(mode, &receipt), result: receipt, remarks, ..Report::default() })
    }
}

fn told(mode: &str, receipt: &Value) -> String {
    let count = |name: &str| receipt[name].as_u64().unwrap_or_default();
    let would = if receipt["dry_run"] == true { "would be " } else { "" };
    let ids = count("ids");
    if mode == "readmit" {
        return format!("{GOOD}{ids} ids {would}taken in again{GOOD:#}\n");
    }
    let done = if mode == "erase" { "erased" } else { "made anonymous" };
    let mut text = format!(
        "{GOOD}{} events {would}{done}{GOOD:#}, {} in quarantine erased, under {ids} ids\n",
        count("events"),
        count("quarantined"),
    );
    if let Some(id) = receipt["erasure_id"].as_str() {
        let subject = receipt["subject"].as_str().unwrap_or_default();
        let _ = writeln!(text, "{NOTE}receipt {}, subject {}{NOTE:#}", plain(id), plain(subject));
    }
    text
}
