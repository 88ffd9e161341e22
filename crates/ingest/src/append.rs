//! Verb 7, append: what the tenant's log takes in one transaction.

use std::{borrow::Cow, collections::BTreeMap};

use tallymark_event::{DomainEvent, DropReason, Timestamp, json};

use crate::{
    Protocol, Refusal,
    decode::{Event, StreamPosition, StreamReport, Will},
    identity::Identity,
    judge::Violation,
    limits::{MAX_CHUNK_BYTES, MAX_QUARANTINED_BYTES, MAX_REPORTED_VIOLATIONS},
    posthog::capture_v1,
    provenance::Provenance,
    quarantine::{Keeping, Quarantined},
};

/// What to append to a tenant's log: rows, quarantine and the books of it, in one transaction.
/// `events + quarantined_count` is the number of events in the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The tenant.
    pub organization_id: String,
    /// Rows for `domain_event`: JSON arrays of rows, each row an array in the order of
    /// [`tallymark_event::COLUMNS`]. None is larger than [`MAX_CHUNK_BYTES`], or it is a single row.
    pub rows: Vec<String>,
    /// How many rows there are in all.
    pub events: u32,
    /// Rows for `quarantined_event`: a JSON array of `[event_id, event_name|null, received_at,
    /// organization_id, stream_id|null, rule, path, expected, got, sdk_version|null, body, provenance,
    /// plan_version|null, subject|null]`, or empty.
    /// `body` is the event as it came, but for what no row of it would have: addresses and keys, secrets, and what the
    /// plan drops or hashes. If no database can hold that as JSON it is `{"$text":"…","$bytes":n}`:
    /// its text, or of an oversized event the beginning of it, and how long that was. `plan_version` is of the tracking
    /// plan whose rule it broke; null if the rule is built in. `subject` is whose event it is: see `erasure`.
    pub quarantined: String,
    /// How many rows that is.
    pub quarantined_count: u32,
    /// A JSON array of `[stream_id, seq_high, accounted_here, [[reason, dropped_so_far, may_have_arrived]…],
    /// is_memory_only]`, or empty: an entry for each stream that reports or has an event here. `accounted_here`
    /// counts this request's events and quarantined of the stream, also those that prove to be duplicates. For
    /// `may_have_arrived` see [`DropReason::may_have_arrived`].
    pub streams: String,
    /// A JSON array of `[stream_id, seq, event_id, occurred_at, is_quarantined, row]`, or empty: what is to be stored
    /// should nothing more be heard of a stream. `seq` is the event's own, the one after its stream's `seq_high`; `row`
    /// is the text of a row as in `rows`, or, if `is_quarantined`, in `quarantined`. Not counted anywhere else.
    pub wills: String,
    /// A JSON array of `[kind, id, user_id, occurred_at, event_id, trust, is_stated]`, or empty: that `id` is another
    /// one of `user_id`'s, by the earliest event here that says so. `kind` is `together`, `identify`, `alias` or
    /// `merge`. If `is_stated`, the tenant's own back end has said that they are one; else an id is one user's only.
    pub links: String,
    /// Events and quarantined that belong to no stream.
    pub unsequenced: u32,
    /// The UTC day of receipt, `2026-11-21`: the ledger's unit.
    pub day: String,
    /// How many events the tenant's day may have; the log, which knows how many it has, takes nothing beyond.
    pub events_per_day: u32,
    /// Which way the request came: it decides about the answer.
    pub protocol: Protocol,
    /// The first [`MAX_REPORTED_VIOLATIONS`] violations for the answer: `{"event_id","rule","path","detail"}`
    /// with commas between.
    pub violations: String,
    /// Capture v1: what became of each event, for the answer: `"<event_id>":{"result":…}` with commas between.
    pub results: String,
}

/// A stream's part in a request.
#[derive(Debug, Default)]
struct StreamCount {
    seq_high: u64,
    accounted: u32,
    /// So far, by reason; no reason twice.
    dropped: Vec<(DropReason, u64)>,
    is_memory_only: bool,
}

/// Collects an [`Append`] event by event.
#[derive(Debug)]
pub(crate) struct Appender<'t> {
    append: Append,
    chunk: String,
    streams: BTreeMap<Cow<'t, str>, StreamCount>,
    received_at: Timestamp,
}

impl<'t> Appender<'t> {
    /// `payload_bytes` and `events`: what came, to reserve for what will be written.
    pub(crate) fn new(
        protocol: Protocol,
        organization_id: &str,
        received_at: Timestamp,
        payload_bytes: usize,
        events: usize,
    ) -> Self {
        /// The columns that a row has over its event, roughly.
        const EXPECTED_OVERHEAD: usize = 400;
        let mut day = String::with_capacity(24);
        received_at.write_day(&mut day);
        let expected = payload_bytes + events * EXPECTED_OVERHEAD;
        Self {
            append: Append {
                organization_id: organization_id.to_owned(),
                rows: Vec::new(),
                events: 0,
                quarantined: String::new(),
                quarantined_count: 0,
                streams: String::new(),
                wills: String::new(),
                links: String::new(),
                unsequenced: 0,
                day,
                events_per_day: 0,
                protocol,
                violations: String::new(),
                results: String::new(),
            },
            chunk: String::with_capacity(expected.min(MAX_CHUNK_BYTES)),
            streams: BTreeMap::new(),
            received_at,
        }
    }

    /// An event for `domain_event`.
    pub(crate) fn store(&mut self, event: &DomainEvent<'_>, position: Option<StreamPosition<'t>>) {
        /// No row's other columns, at their limits, are longer.
        const MAX_OTHER_COLUMNS: usize = 16 * 1024;
        let row = event.properties.as_str().len() + event.context.as_str().len() + MAX_OTHER_COLUMNS;
        if !self.chunk.is_empty() && self.chunk.len() + row > MAX_CHUNK_BYTES {
            self.close_chunk();
        }
        self.chunk.push(if self.chunk.is_empty() { '[' } else { ',' });
        event.write_row(&mut self.chunk);
        self.append.events += 1;
        if self.append.protocol == Protocol::CaptureV1 {
            capture_v1::write_result(&mut self.append.results, event.event_id, None);
        }
        self.account(position);
    }

    /// An event for `quarantined_event`.
    pub(crate) fn quarantine(
        &mut self,
        event: &Event<'t>,
        identity: Identity,
        violation: &Violation,
        position: Option<StreamPosition<'t>>,
        provenance: &Provenance<'_>,
        keeping: Keeping<'_>,
    ) -> Result<(), Refusal> {
        if self.append.quarantined_count < MAX_REPORTED_VIOLATIONS {
            write_reported(&mut self.append.violations, identity, violation);
        }
        let out = &mut self.append.quarantined;
        out.push(if out.is_empty() { '[' } else { ',' });
        let position_here = position.as_ref();
        let row = Quarantined { event, identity, violation, position: position_here, provenance, keeping };
        row.write_row(self.received_at, &self.append.organization_id, out);
        if out.len() > MAX_QUARANTINED_BYTES {
            return Err(Refusal::TooMuchQuarantined);
        }
        self.append.quarantined_count += 1;
        if self.append.protocol == Protocol::CaptureV1 {
            capture_v1::write_result(&mut self.append.results, identity.id, Some(violation));
        }
        self.account(position);
        Ok(())
    }

    /// Where the links go.
    pub(crate) const fn links(&mut self) -> &mut String {
        &mut self.append.links
    }

    /// A stream's report of itself. Reports only grow, so of two for one stream the higher figure is the later.
    pub(crate) fn report(&mut self, report: StreamReport<'t>) {
        let count = self.streams.entry(report.id).or_default();
        count.seq_high = count.seq_high.max(report.seq);
        count.is_memory_only |= report.is_memory_only;
        for (reason, dropped) in report.dropped {
            match count.dropped.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, most)) => *most = dropped.max(*most),
                None => count.dropped.push((reason, dropped)),
            }
        }
    }

    /// What is to become of a stream's last will, should that be executed: a row, or a rule that it breaks.
    pub(crate) fn bequeath(
        &mut self,
        Will { event, position }: &Will<'t>,
        identity: Identity,
        occurred_at: Timestamp,
        verdict: Result<DomainEvent<'_>, (&Violation, Provenance<'_>, Keeping<'_>)>,
    ) {
        let mut row = String::new();
        let is_quarantined = verdict.is_err();
        match verdict {
            Ok(event) => event.write_row(&mut row),
            Err((violation, provenance, keeping)) => {
                let (position, provenance) = (Some(position), &provenance);
                Quarantined { event, identity, violation, position, provenance, keeping }.write_row(
                    self.received_at,
                    &self.append.organization_id,
                    &mut row,
                );
            }
        }
        let out = &mut self.append.wills;
        out.push_str(if out.is_empty() { "[[" } else { ",[" });
        json::write_str(out, &position.id);
        out.push(',');
        json::write_u64(out, position.seq);
        out.push_str(",\"");
        identity.id.write(out);
        out.push_str("\",\"");
        occurred_at.write(out);
        out.push_str(if is_quarantined { "\",true," } else { "\",false," });
        json::write_str(out, &row);
        out.push(']');
    }

    /// `events_per_day`: how many the tenant may have.
    pub(crate) fn finish(mut self, events_per_day: u32) -> Append {
        self.append.events_per_day = events_per_day;
        if !self.chunk.is_empty() {
            self.close_chunk();
        }
        if !self.append.quarantined.is_empty() {
            self.append.quarantined.push(']');
        }
        if !self.append.wills.is_empty() {
            self.append.wills.push(']');
        }
        if !self.streams.is_empty() {
            write_streams(&mut self.append.streams, &self.streams);
        }
        self.append
    }

    fn close_chunk(&mut self) {
        self.chunk.push(']');
        self.append.rows.push(core::mem::take(&mut self.chunk));
    }

    fn account(&mut self, position: Option<StreamPosition<'t>>) {
        match position {
            Some(StreamPosition { id, seq }) => {
                let count = self.streams.entry(id).or_default();
                count.seq_high = count.seq_high.max(seq);
                count.accounted += 1;
            }
            None => self.append.unsequenced += 1,
        }
    }
}

fn write_streams(out: &mut String, streams: &BTreeMap<Cow<'_, str>, StreamCount>) {
    for (id, count) in streams {
        out.push_str(if out.is_empty() { "[[" } else { ",[" });
        json::write_str(out, id);
        out.push(',');
        json::write_u64(out, count.seq_high);
        out.push(',');
        json::write_u64(out, u64::from(count.accounted));
        out.push_str(",[");
        for (at, (reason, dropped)) in count.dropped.iter().enumerate() {
            out.push_str(if at == 0 { "[\"" } else { ",[\"" });
            out.push_str(reason.name());
            out.push_str("\",");
            json::write_u64(out, *dropped);
            out.push_str(if reason.may_have_arrived() { ",true]" } else { ",false]" });
        }
        out.push_str(if count.is_memory_only { "],true]" } else { "],false]" });
    }
    out.push(']');
}

fn write_reported(out: &mut String, identity: Identity, violation: &Violation) {
    out.push_str(if out.is_empty() { "{\"event_id\":\"" } else { ",{\"event_id\":\"" });
    identity.id.write(out);
    out.push_str("\",\"rule\":\"");
    out.push_str(violation.rule.name());
    out.push_str("\",\"path\":");
    json::write_str(out, &violation.path);
    out.push_str(",\"detail\":");
    json::write_str(out, &format!("expected {}, got {}", violation.expected, violation.got));
    out.push('}');
}
