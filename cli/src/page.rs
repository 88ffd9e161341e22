//! Rows of a collector's, a page at a time.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

use clap::Args;
use serde_json::{Map, Value, json};

use crate::{
    collector::Collector,
    output::{Problem, Stop},
};

/// Most events in one page of a list, and in one order: what the collector takes.
pub(crate) const MAX_EVENTS: u64 = 1_000;

/// Which part of a list is wanted.
#[derive(Args)]
pub(crate) struct Page {
    /// Only those behind this seq, as the end of an earlier list names it
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    pub(crate) after: u64,
    /// Those of so many events at the most
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: u64,
}

/// Has an order carried out on all rows that are meant, a page after the other, and hands on what came of each. `order`:
/// the members of its body that say which are meant.
pub(crate) fn throughout<'o>(
    collector: &Collector,
    path: &str,
    dry_run: bool,
    order: impl IntoIterator<Item = (&'static str, &'o String)>,
    mut done: impl FnMut(&Value),
) -> Result<(), Stop> {
    let mut order: Map<String, Value> =
        order.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    order.insert("dry_run".to_owned(), json!(dry_run));
    order.insert("limit".to_owned(), json!(MAX_EVENTS));
    let mut after = 0;
    loop {
        order.insert("after".to_owned(), json!(after));
        let page = collector.post(path, &Value::Object(order.clone()))?;
        done(&page);
        if page["is_complete"] == true {
            return Ok(());
        }
        let next = page["next_after"].as_u64().unwrap_or_default();
        // It would be asked for ever.
        if next <= after {
            let message = format!("the collector does not say where to go on behind {after}");
            return Err(Stop::refused(Problem::new(message, Some("run it again".to_owned()))));
        }
        after = next;
    }
}
