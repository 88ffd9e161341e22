//! Streams' reports of themselves: how many events each captured, what it dropped, whether it keeps a copy, and its
//! last will.

use std::borrow::Cow;

use tallymark_event::{DropReason, StreamId, limits::MAX_STREAM_SEQ, wire};

use super::{
    event::Event,
    scan::{Malformed, Scanner, each_member},
    value::{Kind, Value},
};

/// `{"id":…,"seq":…,"dropped":{reason: count},"memory":…,"will":…}` of a batch (see [`wire::STREAM`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamReport<'t> {
    /// The stream.
    pub(crate) id: Cow<'t, str>,
    /// Its highest number so far.
    pub(crate) seq: u64,
    /// Its drops so far, by reason; no reason twice.
    pub(crate) dropped: Vec<(DropReason, u64)>,
    /// It can keep no copy of its events on disk.
    pub(crate) is_memory_only: bool,
    /// What is to be its last event: any value.
    pub(crate) will: Option<Value<'t>>,
}

impl<'t> StreamReport<'t> {
    /// Reads what a batch carries under [`wire::STREAM`]: a report, or an array of which the first
    /// [`wire::MAX_STREAM_REPORTS`] items count. It may be anything: what is no report of ours is passed over, since
    /// no event is to be lost for it.
    pub(super) fn read_all(value: Value<'t>) -> Vec<Self> {
        if value.kind() != Kind::Array {
            return Self::read(value).into_iter().collect();
        }
        let mut reports = Vec::new();
        let mut scanner = Scanner::new(value.as_str());
        let mut read = || -> Result<(), Malformed> {
            scanner.enter_array()?;
            let mut first = true;
            for _ in 0..wire::MAX_STREAM_REPORTS {
                if !scanner.next_item(&mut first)? {
                    break;
                }
                reports.extend(Self::read(scanner.value()?));
            }
            Ok(())
        };
        // Too deep a value may hold no JSON: what was read before that counts.
        let _ = read();
        reports
    }

    /// Reads a report. `None` if it is none of ours; a number above [`MAX_STREAM_SEQ`] would drown the tenant's
    /// books. Drops for reasons that this collector doesn't know stay open in the books, which is where the
    /// owner sees them.
    fn read(value: Value<'t>) -> Option<Self> {
        let mut id = None;
        let mut seq = None;
        let mut drops = None;
        let mut is_memory_only = false;
        let mut will = None;
        each_member(&mut Scanner::new(value.as_str()), |scanner, key| {
            let value = scanner.value()?;
            match str::from_utf8(&key.name()) {
                Ok(wire::STREAM_ID_KEY) => id = Some(value),
                Ok(wire::STREAM_SEQ_KEY) => seq = Some(value),
                Ok(wire::STREAM_DROPPED_KEY) => drops = Some(value),
                Ok(wire::STREAM_MEMORY_KEY) => is_memory_only = value.is_true(),
                Ok(wire::STREAM_WILL_KEY) => will = Some(value),
                _ => {}
            }
            Ok(())
        })
        .ok()?;
        let id = stream_id(id?)?;
        let seq = u64::try_from(seq?.integer()?).ok().filter(|seq| *seq <= MAX_STREAM_SEQ)?;
        let dropped = drops.map(|drops| read_dropped(drops, seq)).unwrap_or_default();
        Some(Self { id, seq, dropped, is_memory_only, will })
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

    fn read_all(text: &str) -> Vec<StreamReport<'_>> {
        StreamReport::read_all(Value::well_formed(text))
    }

    fn ids(text: &str) -> Vec<String> {
        read_all(text).into_iter().map(|report| report.id.into_owned()).collect()
    }

    #[test]
    fn a_report() {
        let reports = read_all(
            r#"{"id":"s1","seq":57,"dropped":{"queue_full":2,"refused":9999,"lost":1,"too_large":0},"memory":true,"v":2}"#,
        );
        let dropped = vec![(DropReason::QueueFull, 2), (DropReason::Refused, 57)];
        let report = StreamReport { id: "s1".into(), seq: 57, dropped, is_memory_only: true, will: None };
        assert_eq!(reports, [report]);
    }

    #[test]
    fn it_keeps_a_copy_unless_it_says_not() {
        for memory in ["", r#","memory":false"#, r#","memory":1"#, r#","memory":"true""#, r#","memory":null"#]
        {
            let reports = format!(r#"{{"id":"s1","seq":0{memory}}}"#);
            let is_memory_only: Vec<_> =
                read_all(&reports).iter().map(|report| report.is_memory_only).collect();
            assert_eq!(is_memory_only, [false], "{memory}");
        }
    }

    #[test]
    fn an_array_of_reports() {
        assert_eq!(ids(r#" [ {"id":"a","seq":1}, {"id":"b","seq":2} ]"#.trim()), ["a", "b"]);
        let mixed = r#"[7,{"id":"a","seq":1},[{"id":"nested","seq":1}],null,{"id":"b"},{"id":"c","seq":3}]"#;
        assert_eq!(ids(mixed), ["a", "c"], "what is no report hides none");
        let many: Vec<String> =
            (0..wire::MAX_STREAM_REPORTS + 9).map(|n| format!(r#"{{"id":"s{n}","seq":1}}"#)).collect();
        let read = ids(&format!("[{}]", many.join(",")));
        assert_eq!((read.len(), read.last().map(String::as_str)), (wire::MAX_STREAM_REPORTS, Some("s63")));
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
            assert_eq!(read_all(text), [], "{text}");
        }
    }
}
