//! What was done.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What was done, by rounds that tell of themselves or by all of them.
#[derive(Default)]
pub(crate) struct Tally {
    /// Events that each destination has taken.
    pub(super) delivered: BTreeMap<String, u64>,
    /// Events that were parked.
    pub(super) parked: BTreeMap<String, u64>,
    /// Events that all destinations are done with.
    pub(super) processed: u64,
    /// What failing destinations say, the latest of each.
    pub(super) failures: BTreeMap<String, String>,
}

impl Tally {
    pub(super) fn is_empty(&self) -> bool {
        self.delivered.is_empty() && self.parked.is_empty() && self.processed == 0 && self.failures.is_empty()
    }

    pub(super) fn to_json(&self) -> Value {
        let Self { delivered, parked, processed, failures } = self;
        json!({ "delivered": delivered, "parked": parked, "processed": processed, "failures": failures })
    }

    pub(super) fn to_text(&self) -> String {
        let delivered = self.delivered.iter().map(|(name, n)| format!("delivered {n} to {name}\n"));
        let parked = self.parked.iter().map(|(name, n)| format!("parked {n} of {name}\n"));
        delivered.chain(parked).collect()
    }

    /// Why each destination that fails does.
    pub(super) fn to_failures(&self) -> impl Iterator<Item = String> {
        self.failures.iter().map(|(name, answer)| format!("{name}: {answer}"))
    }
}
