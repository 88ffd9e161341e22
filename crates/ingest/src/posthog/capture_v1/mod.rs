//! Capture v1, `PostHog`'s newer protocol of servers: the key and what belongs to the request in headers, the client's
//! options beside an event's properties, and an answer that says what became of each event.
//!
//! It is read by way of the batch dialect, into which it is translated.

mod answer;
mod defect;
mod encoding;

use std::collections::BTreeSet;

use tallymark_event::{EventId, Rule, Timestamp, json};

pub(crate) use answer::{refused, write_result};
pub use defect::Defect;

use crate::{
    Refusal, Request, admit,
    decode::{Event, Kind, Malformed, Scanner, Value, each_member, items},
    judge::Violation,
    limits::MAX_EVENTS_PER_REQUEST,
    members::Members,
    place::Moment,
    text,
};

/// Beside the properties here, among them in the batch dialect.
const LIFTED: [(&str, &str); 2] = [("session_id", "$session_id"), ("window_id", "$window_id")];
/// The same, of `options`.
const OPTIONS: [(&str, &str); 4] = [
    ("cookieless_mode", "$cookieless_mode"),
    ("disable_skew_correction", "$ignore_sent_at"),
    ("process_person_profile", "$process_person_profile"),
    ("product_tour_id", "$product_tour_id"),
];

/// The request's text in the batch dialect.
pub(crate) fn translated(request: &Request<'_>) -> Result<String, Refusal> {
    admit::bearer_key(request)?;
    defect::of_head(request)?;
    let text = encoding::text(request)?;
    let mut scanner = Scanner::new(&text);
    let envelope = Envelope::read(&mut scanner)
        .map_err(|malformed| Refusal::MalformedJson { at: scanner.at(), problem: malformed.problem() })?;
    let created_at = envelope.created_at.and_then(Value::string);
    if created_at.and_then(|text| Timestamp::parse(&text)).is_none() {
        return Err(Defect::InvalidCreatedAt.into());
    }
    let mut out = String::with_capacity(text.len() * 2);
    out.push_str("{\"sent_at\":");
    json::write_str(&mut out, request.request_timestamp.unwrap_or_default());
    if envelope.is_historical {
        out.push_str(",\"historical_migration\":true");
    }
    out.push_str(",\"batch\":[");
    let mut ids = BTreeSet::new();
    let library = Library::of(request.sdk_info.unwrap_or_default());
    for (at, item) in envelope.events()?.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        // Scanned before: what is no object has no id, and nothing else can go wrong.
        let event = V1Event::read(item).unwrap_or_default();
        let id = event.uuid.and_then(Value::string).and_then(|text| EventId::parse(&text));
        let id = id.ok_or(Defect::InvalidEventId { at })?;
        if !ids.insert(id) {
            return Err(Defect::DuplicateEventId { at }.into());
        }
        event.write(item, &library, &mut out).ok();
    }
    out.push_str("]}");
    Ok(out)
}

/// What v1 asks of an event beyond the batch dialect: its time.
pub(crate) fn judge(event: &Event<'_>, moment: &Moment<'_>) -> Result<(), Violation> {
    if event.timestamp.is_some_and(|value| !value.is_null()) && moment.is_legible {
        return Ok(());
    }
    Err(Violation::of(Rule::InvalidTimestamp, "timestamp", "a moment by RFC 3339", event.timestamp))
}

/// The members of the request's body.
#[derive(Default)]
struct Envelope<'t> {
    created_at: Option<Value<'t>>,
    is_historical: bool,
    batch: Option<Value<'t>>,
}

impl<'t> Envelope<'t> {
    fn read(scanner: &mut Scanner<'t>) -> Result<Self, Malformed> {
        let mut envelope = Self::default();
        each_member(scanner, |scanner, key| {
            let value = scanner.value()?;
            match &*key.name() {
                b"created_at" => envelope.created_at = Some(value),
                b"historical_migration" => envelope.is_historical = value.is_true(),
                b"batch" => envelope.batch = Some(value),
                _ => {}
            }
            Ok(())
        })?;
        scanner.end()?;
        Ok(envelope)
    }

    fn events(&self) -> Result<Vec<Value<'t>>, Refusal> {
        let Some(batch) = self.batch.filter(|batch| batch.kind() == Kind::Array) else {
            return Err(Refusal::BatchNotArray { field: "batch" });
        };
        let items = items(batch, MAX_EVENTS_PER_REQUEST).ok_or(Refusal::TooManyEvents)?;
        if items.is_empty() { Err(Refusal::NoEvent) } else { Ok(items) }
    }
}

/// The members of an event that are written elsewhere, or looked at.
#[derive(Default)]
struct V1Event<'t> {
    uuid: Option<Value<'t>>,
    options: Option<Value<'t>>,
    properties: Option<Value<'t>>,
    /// As [`LIFTED`].
    lifted: [Option<Value<'t>>; LIFTED.len()],
}

impl<'t> V1Event<'t> {
    fn read(item: Value<'t>) -> Result<Self, Malformed> {
        let mut event = Self::default();
        each_member(&mut Scanner::new(item.as_str()), |scanner, key| {
            let value = scanner.value()?;
            match &*key.name() {
                b"uuid" => event.uuid = Some(value),
                b"options" => event.options = Some(value),
                b"properties" => event.properties = Some(value),
                name => {
                    for ((known, _), slot) in LIFTED.iter().zip(&mut event.lifted) {
                        if known.as_bytes() == name {
                            *slot = Some(value);
                        }
                    }
                }
            }
            Ok(())
        })?;
        Ok(event)
    }

    /// Appends the event in the batch dialect.
    fn write(&self, item: Value<'t>, library: &Library, out: &mut String) -> Result<(), Malformed> {
        let mut properties = String::new();
        match self.properties.filter(|properties| !properties.is_null()) {
            // What is no object is for the judge.
            Some(other) if other.kind() != Kind::Object => properties.push_str(other.as_str()),
            own => self.write_properties(own, library, &mut properties)?,
        }
        let mut event = Members::open(out);
        event.add("properties", &properties);
        let moved =
            |name: &[u8]| name == b"options" || LIFTED.iter().any(|(known, _)| known.as_bytes() == name);
        each_member(&mut Scanner::new(item.as_str()), |scanner, key| {
            scanner.value()?;
            if !moved(&key.name()) {
                event.copy(key.name(), scanner.since(key.start));
            }
            Ok(())
        })?;
        event.close();
        Ok(())
    }

    fn write_properties(
        &self,
        own: Option<Value<'t>>,
        library: &Library,
        out: &mut String,
    ) -> Result<(), Malformed> {
        let mut members = Members::open(out);
        members.add("$lib", &library.name);
        members.add("$lib_version", &library.version);
        for ((_, property), value) in LIFTED.iter().zip(self.lifted) {
            if let Some(value) = value.filter(|value| !value.is_null()) {
                members.add(property, value.as_str());
            }
        }
        if let Some(options) = self.options.filter(|options| options.kind() == Kind::Object) {
            each_member(&mut Scanner::new(options.as_str()), |scanner, key| {
                let value = scanner.value()?;
                let known = OPTIONS.iter().find(|(option, _)| option.as_bytes() == &*key.name());
                if let (Some((_, property)), false) = (known, value.is_null()) {
                    members.add(property, value.as_str());
                }
                Ok(())
            })?;
        }
        own.map_or(Ok(()), |own| members.copy_all(own))?;
        members.close();
        Ok(())
    }
}

/// The client's library, as JSON strings.
struct Library {
    name: String,
    version: String,
}

impl Library {
    /// Reads `posthog-python/7.91.1`.
    fn of(sdk_info: &str) -> Self {
        let (name, version) = sdk_info.trim().rsplit_once('/').unwrap_or((sdk_info, ""));
        Self { name: text::verbatim(name), version: text::verbatim(version) }
    }
}
