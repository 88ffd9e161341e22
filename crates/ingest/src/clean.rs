//! Verb 4, clean: what may be kept of an event's properties.
//!
//! Everything is kept as the client wrote it, but for what has a column of its own, what belongs to the
//! wire, and the visitor's address, which is stored nowhere.

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
                // Written by `person`, together with those beside the properties.
                | b"$set"
                | b"$set_once"
                | b"token"
                | b"distinct_id"
                | b"$entity_type"
                | b"$entity_id"
                | b"$correlation_id"
                | b"$schema_version"
                | b"$stream_id"
                | b"$seq"
                | b"$monotonic_ms"
                | b"$gpc"
        ),
        // The fields of a domain event are beside its properties, which are all its own.
        Dialect::DomainEvents => matches!(name, b"$ip" | b"ip"),
    }
}

/// Appends what may be kept of `part`: its members without the braces, each run of them as it stands.
/// Says whether there was anything.
pub(crate) fn write_kept(part: &Part<'_>, batch: &Batch<'_>, out: &mut String) -> bool {
    let runs = batch.kept.get(part.kept.clone()).unwrap_or_default();
    for (at, run) in runs.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(run);
    }
    !runs.is_empty()
}
