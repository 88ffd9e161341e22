//! A stream's report of itself: how many events it captured, and what it dropped.

use std::borrow::Cow;

use tallymark_event::{DropReason, StreamId, limits::MAX_STREAM_SEQ, wire};

use super::{
    event::{Event, each_member},
    scan::Scanner,
    value::Value,
};

/// `{"id":…,"seq":…,"dropped":{reason: count}}` of a batch (see [`wire::STREAM`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamReport<'t> {
    /// The stream.
    pub(crate) id: Cow<'t, str>,
    /// Its highest number so far.
    pub(crate) seq: u64,
    /// Its drops so far, by reason; no reason twice.
    pub(crate) dropped: Vec<(DropReason, u64)>,
}

impl<'t> StreamReport<'t> {
    /// Reads a report. `None` if it is none of ours: a batch may carry anything under this name, and a
    /// number above [`MAX_STREAM_SEQ`] would drown the tenant's books. Drops for reasons that this
    /// collector doesn't know stay open in the books, which is where the owner sees them.
    pub(super) fn read(value: Value<'t>) -> Option<Self> {
        let mut id = None;
        let mut seq = None;
        let mut drops = None;
        each_member(&mut Scanner::new(value.as_str()), |scanner, key| {
            let value = scanner.value()?;
            match str::from_utf8(&key.name()) {
                Ok(wire::STREAM_ID_KEY) => id = Some(value),
                Ok(wire::STREAM_SEQ_KEY) => seq = Some(value),
                Ok(wire::STREAM_DROPPED_KEY) => drops = Some(value),
                _ => {}
            }
            Ok(())
        })
        .ok()?;
        let id = stream_id(id?)?;
        let seq = u64::try_from(seq?.integer()?).ok().filter(|seq| *seq <= MAX_STREAM_SEQ)?;
        let dropped = drops.map(|drops| read_dropped(drops, seq)).unwrap_or_default();
        Some(Self { id, seq, dropped })
    }
}

/// An event's place in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamPosition<'t> {
    /// The stream.
    pub(crate) id: Cow<'t, str>,
    /// The event's number in it, from 1.
    pub(crate) seq: u64,
}

impl<'t> StreamPosition<'t> {
    /// Reads `$stream_id` and `$seq`. `None` unless both are there and can be believed: the event is then
    /// counted outside the books of any stream.
    pub(crate) fn of(event: &Event<'t>) -> Option<Self> {
        let seq = u64::try_from(event.lifted.seq?.integer()?).ok()?;
        let id = stream_id(event.lifted.stream_id?)?;
        (1..=MAX_STREAM_SEQ).contains(&seq).then_some(Self { id, seq })
    }
}

/// The text of a stream's id, if it can be one.
fn stream_id(value: Value<'_>) -> Option<Cow<'_, str>> {
    value.string().filter(|id| StreamId::new(id).is_some())
}

/// Counts by reason, none above the number of events captured.
fn read_dropped(value: Value<'_>, seq: u64) -> Vec<(DropReason, u64)> {
    let mut dropped: Vec<(DropReason, u64)> = Vec::new();
    // A text that is no object counts nothing: the value itself is well-formed.
    let _ = each_member(&mut Scanner::new(value.as_str()), |scanner, key| {
        let count = scanner.value()?.integer().and_then(|count| u64::try_from(count).ok());
        let reason = str::from_utf8(&key.name()).ok().and_then(DropReason::from_name);
        if let (Some(reason), Some(count @ 1..)) = (reason, count) {
            dropped.retain(|(known, _)| *known != reason);
            dropped.push((reason, count.min(seq)));
        }
        Ok(())
    });
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<StreamReport<'_>> {
        StreamReport::read(Value::well_formed(text))
    }

    #[test]
    fn a_report() {
        let report = read(
            r#"{"id":"s1","seq":57,"dropped":{"queue_full":2,"refused":9999,"lost":1,"too_large":0},"v":2}"#,
        );
        let dropped = vec![(DropReason::QueueFull, 2), (DropReason::Refused, 57)];
        assert_eq!(report, Some(StreamReport { id: "s1".into(), seq: 57, dropped }));
        assert!(read(r#"{"id":"s1","seq":0}"#).is_some());
    }

    #[test]
    fn what_is_no_report_of_ours() {
        for text in [
            "null",
            "7",
            "[]",
            "{}",
            r#"{"id":"s1"}"#,
            r#"{"id":"","seq":1}"#,
            r#"{"id":1,"seq":1}"#,
            r#"{"id":"s1","seq":-1}"#,
            r#"{"id":"s1","seq":1.5}"#,
            r#"{"id":"s1","seq":10000001}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
