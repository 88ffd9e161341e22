//! Verb 4, clean: what may be kept of an event's properties.
//!
//! Everything is kept as the client wrote it, but for what has a column of its own, what belongs to the
//! wire, and the visitor's address, which is stored nowhere.

use core::ops::Range;

use crate::{
    Dialect,
    decode::{Batch, Part},
};

/// Whether a property is withheld, by its name. Asked only for names that decoding knows.
pub(crate) fn withholds(dialect: Dialect, name: &[u8]) -> bool {
    match dialect {
        Dialect::Batch => matches!(
            name,
            b"$ip"
                | b"ip"
                | b"token"
                | b"distinct_id"
                | b"$entity_type"
                | b"$entity_id"
                | b"$correlation_id"
                | b"$schema_version"
                | b"$stream_id"
                | b"$seq"
                | b"$monotonic_ms"
        ),
        // The fields of a domain event are beside its properties, which are all its own.
        Dialect::DomainEvents => matches!(name, b"$ip" | b"ip"),
    }
}

/// Appends what may be kept of `part`: its members without the braces, each run of them as it stands.
/// Says whether there was anything.
pub(crate) fn write_kept(part: &Part<'_>, batch: &Batch<'_>, out: &mut String) -> bool {
    let Some(value) = part.value else { return false };
    let withheld = batch.withheld.get(part.withheld.clone()).unwrap_or_default();
    if withheld.is_empty() {
        out.push_str(value.inside());
        return !value.inside().is_empty();
    }
    let text = value.as_str();
    let mut wrote = false;
    let mut keep = |run: Range<usize>| {
        // Between two members stand a comma and white space, and no member ends in either.
        let separator = |c: char| c == ',' || c.is_ascii_whitespace();
        let run = text.get(run).unwrap_or_default().trim_matches(separator);
        if !run.is_empty() {
            if wrote {
                out.push(',');
            }
            out.push_str(run);
            wrote = true;
        }
    };
    let mut start = 1;
    for member in withheld {
        keep(start..member.start);
        start = member.end;
    }
    keep(start..text.len().saturating_sub(1));
    wrote
}
