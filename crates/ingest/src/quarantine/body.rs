//! What a quarantined row keeps of an event: the event as it came, but for what no row of it would have.
//!
//! A visitor's address and keys go, secrets that nobody meant to send are replaced, and what the tenant's plan drops or
//! hashes is dropped or hashed, as far as the plan knows the event. [`Marks`] say what was done, for a replay.

use tallymark_event::{RawJson, Source, json, limits::MAX_EVENT_BYTES};
use tallymark_plan::{EventFacts, plan::Object};

use crate::{
    Dialect,
    decode::{Event, Kind, Malformed, Scanner, Value, each_member},
    limits::OVERSIZE_KEPT_BYTES,
    pii,
    planned::{self, UNVERSIONED},
    plans::PlanRecord,
    privacy::Redaction,
    provenance::Marks,
    redact,
};

/// What decides about an event's body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping<'k> {
    pub(crate) plan: Option<&'k PlanRecord>,
    pub(crate) redaction: &'k Redaction,
}

/// The body, see [`crate::Append::quarantined`], and what was done to it.
pub(super) fn kept(
    event: &Event<'_>,
    dialect: Dialect,
    source: Source,
    keeping: Keeping<'_>,
) -> (String, Marks) {
    let name = event.name.and_then(Value::string);
    let planned = keeping.plan.zip(name.as_deref());
    let known = planned.and_then(|(record, name)| record.plan.event(name)).map(|event| &event.properties);
    let mut rewriting = Rewriting { dialect, known, keeping, marks: Marks::default() };
    let mut text = String::with_capacity(event.text.len().min(MAX_EVENT_BYTES));
    let is_whole = rewriting.write_event(event, &mut text).is_ok();
    let mut marks = rewriting.marks;
    if let Some((record, name)) = planned
        && !marks.withheld.is_empty()
    {
        marks.is_spoilt = is_spoilt(record, name, source, event, &marks);
    }
    let is_oversized = event.text.len() > MAX_EVENT_BYTES;
    if is_whole && event.unstorable.is_none() && !is_oversized {
        return (text, marks);
    }
    let end = if is_oversized { text.floor_char_boundary(OVERSIZE_KEPT_BYTES) } else { text.len() };
    let mut excerpt = String::from("{\"$text\":");
    json::write_str(&mut excerpt, text.get(..end).unwrap_or_default());
    excerpt.push_str(",\"$bytes\":");
    json::write_u64(&mut excerpt, event.text.len() as u64);
    excerpt.push('}');
    (excerpt, marks)
}

/// Whether what is withheld was not as the plan wants it: nobody can judge that again.
fn is_spoilt(record: &PlanRecord, name: &str, source: Source, event: &Event<'_>, marks: &Marks) -> bool {
    let properties =
        event.properties.value.map_or(RawJson::EMPTY_OBJECT, |value| RawJson::trusted(value.as_str()));
    let facts = EventFacts { name, source, schema_version: UNVERSIONED, entity_type: None, properties };
    let verdict = record.plan.check(&facts);
    let concerns = |violation| planned::concerns(violation, &marks.withheld);
    verdict.omitted > 0 || verdict.violations.iter().any(concerns)
}

struct Rewriting<'k> {
    dialect: Dialect,
    /// The properties that the plan knows of.
    known: Option<&'k Object>,
    keeping: Keeping<'k>,
    marks: Marks,
}

impl Rewriting<'_> {
    /// Appends the event; of one that is nested too deep to be read, what is in front of that.
    fn write_event(&mut self, event: &Event<'_>, out: &mut String) -> Result<(), Malformed> {
        if !event.is_object {
            let item = Scanner::new(event.text).value()?;
            self.marks.redacted += redact::write_member(None, item, self.keeping.redaction, out);
            return Ok(());
        }
        out.push('{');
        let mut comma = "";
        each_member(&mut Scanner::new(event.text), |scanner, key| {
            let written_key = scanner.since(key.start);
            let value = scanner.value()?;
            let name = key.name();
            if is_withheld(self.dialect, &name) {
                return Ok(());
            }
            out.push_str(comma);
            comma = ",";
            out.push_str(written_key);
            let holds_more = matches!(value.kind(), Kind::Object | Kind::Array);
            match (&*name, value.kind()) {
                (b"properties", Kind::Object) => self.write_properties(value, out),
                (b"context", Kind::Object) if self.dialect == Dialect::DomainEvents => {
                    self.write_without_addresses(value, None, out);
                }
                (name, _) if is_field(name) && !holds_more => out.push_str(value.as_str()),
                (name, _) => {
                    let redaction = self.keeping.redaction;
                    self.marks.redacted += redact::write_member(Some(name), value, redaction, out);
                }
            }
            Ok(())
        })?;
        out.push('}');
        Ok(())
    }

    fn write_properties(&mut self, value: Value<'_>, out: &mut String) {
        let mut addressless = String::with_capacity(value.as_str().len());
        self.write_without_addresses(value, self.known, &mut addressless);
        let mut planned = String::new();
        let text = match self.known.filter(|object| object.holds_private()) {
            None => &addressless,
            Some(object) => {
                let salt = self.keeping.plan.and_then(|record| record.salt.as_ref());
                pii::write_and_note(&addressless, object, salt, &mut self.marks.withheld, &mut planned);
                &planned
            }
        };
        self.marks.redacted += redact::write(text, self.known, self.keeping.redaction, out);
    }

    fn write_without_addresses(&mut self, value: Value<'_>, known: Option<&Object>, out: &mut String) {
        let start = out.len();
        out.push('{');
        let mut comma = "";
        let read = each_member(&mut Scanner::new(value.as_str()), |scanner, key| {
            scanner.value()?;
            let name = key.name();
            if !is_withheld(self.dialect, &name) {
                out.push_str(comma);
                comma = ",";
                out.push_str(scanner.since(key.start));
            } else if known.is_some_and(|object| object.find(&name).is_some()) {
                self.marks.withheld.push(String::from_utf8_lossy(&name).into_owned());
            }
            Ok(())
        });
        if read.is_err() {
            // Never: it has been scanned before. But then, nothing of it is worth a leak.
            out.truncate(start);
            out.push('{');
        }
        out.push('}');
    }
}

/// What no row has, and no replay needs: a visitor's address, and keys, which the provenance stands for.
fn is_withheld(dialect: Dialect, name: &[u8]) -> bool {
    match dialect {
        Dialect::Batch => matches!(name, b"$ip" | b"ip" | b"token" | b"$token" | b"api_key"),
        Dialect::DomainEvents => matches!(name, b"$ip" | b"ip"),
    }
}

/// An event's own fields, in either dialect. They become columns, which are nobody's to replace.
fn is_field(name: &[u8]) -> bool {
    matches!(
        name,
        b"event"
            | b"uuid"
            | b"timestamp"
            | b"offset"
            | b"distinct_id"
            | b"$distinct_id"
            | b"event_id"
            | b"event_name"
            | b"occurred_at"
            | b"organization_id"
            | b"user_id"
            | b"anonymous_id"
            | b"session_id"
            | b"entity_type"
            | b"entity_id"
            | b"correlation_id"
            | b"schema_version"
            | b"source"
    )
}
