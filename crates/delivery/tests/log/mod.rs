//! Rows as a log has them.

use std::ops::RangeInclusive;

/// The text of a page of the rows with these numbers.
pub(crate) fn page(seqs: RangeInclusive<u64>) -> String {
    let rows: Vec<String> = seqs.map(row).collect();
    format!("[{}]", rows.join(","))
}

fn row(seq: u64) -> String {
    format!(
        r#"{{"seq":{seq},"event_id":"e{seq}","event_name":"a","occurred_at":"x","received_at":"x","organization_id":"o",
            "source":"server","trust":"server","schema_version":1,"properties":{{}},"context":{{}}}}"#
    )
}
