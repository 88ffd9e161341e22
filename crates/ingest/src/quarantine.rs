//! A row of `quarantined_event`: an event as it came, and the rule that it broke.

mod body;
mod replay;
mod request;

pub(crate) use body::Keeping;
pub use replay::Replayed;
pub(crate) use replay::{replay, unreplayable};
pub use request::{QuarantineFilter, QuarantineRequest};

use tallymark_event::{Timestamp, json, limits::MAX_EVENT_NAME};

use crate::{
    decode::{Event, StreamPosition, Value},
    identity::Identity,
    judge::Violation,
    limits::MAX_CONTEXT_TEXT_BYTES,
    provenance::Provenance,
    tag::COOKIELESS,
    text::{self, Overlong, Text},
};

/// What such a row says of its event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quarantined<'a, 't> {
    pub(crate) event: &'a Event<'t>,
    pub(crate) identity: Identity,
    pub(crate) violation: &'a Violation,
    pub(crate) position: Option<&'a StreamPosition<'t>>,
    pub(crate) provenance: &'a Provenance<'a>,
    pub(crate) keeping: Keeping<'a>,
}

impl Quarantined<'_, '_> {
    /// Appends the row as a JSON array, in the order of [`crate::Append::quarantined`].
    pub(crate) fn write_row(&self, received_at: Timestamp, organization_id: &str, out: &mut String) {
        let Self { event, identity, violation, position, provenance, keeping } = self;
        out.push_str("[\"");
        identity.id.write(out);
        out.push_str("\",");
        write_or_null(out, event.name, MAX_EVENT_NAME);
        out.push_str(",\"");
        received_at.write(out);
        out.push_str("\",");
        json::write_str(out, organization_id);
        out.push(',');
        match position {
            Some(position) => json::write_str(out, &position.id),
            None => out.push_str("null"),
        }
        for column in [violation.rule.name(), &violation.path, &violation.expected, &violation.got] {
            out.push(',');
            out.push_str(&text::quoted(column));
        }
        out.push(',');
        write_or_null(out, event.lifted.lib_version, MAX_CONTEXT_TEXT_BYTES);
        out.push(',');
        let (body, marks) = body::kept(event, provenance.protocol.dialect(), provenance.source, *keeping);
        out.push_str(&body);
        out.push(',');
        Provenance { marks, ..(*provenance).clone() }.write(out);
        out.push(',');
        violation.rule.write_plan_version(out);
        out.push(',');
        out.push_str(self.subject().as_deref().unwrap_or("null"));
        out.push(']');
    }
}

impl<'t> Quarantined<'_, 't> {
    /// Whose event it is, as far as it can be told: what its row would have as `user_id`, or else as `anonymous_id`.
    fn subject(&self) -> Option<Text<'t>> {
        let Event { lifted, distinct_id, anonymous_id, .. } = self.event;
        let id = |value: Option<Value<'t>>| text::id(value, Overlong::Cut).ok().flatten();
        let distinct = || distinct_id.or(lifted.distinct_id).and_then(text::distinct_id);
        let token_user = self.provenance.user_id.clone();
        let subject =
            token_user.or_else(|| id(lifted.user_id)).or_else(distinct).or_else(|| id(*anonymous_id));
        subject.filter(|id| id != COOKIELESS)
    }
}

/// A text column of an event that may hold anything: a string, cut to `max` characters, or null.
fn write_or_null(out: &mut String, value: Option<Value<'_>>, max: usize) {
    match value.and_then(Value::string) {
        Some(string) => {
            let end = string.char_indices().nth(max).map_or(string.len(), |(at, _)| at);
            out.push_str(&text::quoted(string.get(..end).unwrap_or_default()));
        }
        None => out.push_str("null"),
    }
}
