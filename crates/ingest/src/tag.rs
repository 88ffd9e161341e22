//! Verb 6, tag: everything that is known of an event → the event in its envelope.

use tallymark_event::{Consent, DomainEvent, RawJson, Source, Timestamp, json};
use tallymark_plan::plan::Object;

use crate::{
    Dialect, Place, Protocol, Request,
    admit::Admission,
    clean,
    decode::{Batch, Event, Kind, Value},
    judge::Checked,
    limits::{MAX_CONTEXT_TEXT_BYTES, MAX_USER_AGENT_BYTES},
    link,
    network::Network,
    person, pii,
    place::{Clocks, Moment},
    planned::{self, Private, UNVERSIONED},
    privacy::{AddressKept, PlaceKept, Privacy, Redaction},
    provenance::{Marks, Provenance},
    redact,
    text::{self, Text},
};

/// Puts the events of one request into their envelopes. Holds what is the same for all of them, and the
/// texts that each event's row is written from.
#[derive(Debug)]
pub(crate) struct Tagger<'r> {
    protocol: Protocol,
    admission: Admission<'r>,
    /// The time of receipt and the tenant, as JSON strings.
    received_at: String,
    organization_id: String,
    /// What the contexts of all events begin with.
    context_start: String,
    /// Whether the request says that Global Privacy Control is on.
    has_gpc: bool,
    redaction: &'r Redaction,
    /// How many secrets have been replaced already, before the event was quarantined.
    pub(crate) redacted_before: u32,
    occurred_at: String,
    properties: String,
    /// The properties before anything is withheld of them or replaced; empty unless something is.
    unredacted: String,
    context: String,
}

/// Names that a domain event's own context can't take.
pub(crate) fn is_reserved_in_context(name: &[u8]) -> bool {
    matches!(name, b"dialect" | b"client_timestamp" | b"redacted" | b"pii")
        || planned::is_reserved_in_context(name)
}

impl<'r> Tagger<'r> {
    pub(crate) fn new(
        protocol: Protocol,
        request: &Request<'_>,
        admission: Admission<'r>,
        privacy: &'r Privacy,
        clocks: Clocks,
    ) -> Self {
        let mut context_start = String::with_capacity(256);
        context_start.push_str("{\"dialect\":\"");
        context_start.push_str(protocol.name());
        context_start.push('"');
        if let Some(sent_at) = clocks.sent_at {
            context_start.push_str(",\"sent_at\":\"");
            sent_at.write(&mut context_start);
            context_start.push('"');
        }
        if let Some(shift_ms) = clocks.shift_ms() {
            context_start.push_str(",\"clock_shift_ms\":");
            context_start.push_str(&shift_ms.to_string());
        }
        // Of a back end's request, these would be the server's and not the visitor's.
        if admission.source == Source::Browser {
            write_text(&mut context_start, ",\"user_agent\":", request.user_agent, MAX_USER_AGENT_BYTES);
            if privacy.place != PlaceKept::Nothing {
                write_text(&mut context_start, ",\"country\":", request.country, MAX_CONTEXT_TEXT_BYTES);
            }
            if privacy.place == PlaceKept::City || privacy.address == AddressKept::Truncated {
                write_whereabouts(&mut context_start, request, privacy);
            }
        }
        // Of a back end's request, too: it has passed on what its visitor's browser says.
        let has_gpc = request.gpc == Some("1");
        if has_gpc {
            context_start.push_str(GPC);
        }
        let received_at = clocks.received_at;
        Self::in_context(protocol, admission, received_at, context_start, has_gpc, &privacy.redaction)
    }

    /// For events of a request of which there is no more than this: its part of their contexts, as [`Self::provenance`]
    /// has given it.
    pub(crate) fn in_context(
        protocol: Protocol,
        admission: Admission<'r>,
        received: Timestamp,
        context_start: String,
        has_gpc: bool,
        redaction: &'r Redaction,
    ) -> Self {
        let mut received_at = String::new();
        write_quoted(&mut received_at, received);
        let mut organization_id = String::new();
        json::write_str(&mut organization_id, admission.organization_id);
        Self {
            protocol,
            admission,
            received_at,
            organization_id,
            context_start,
            has_gpc,
            redaction,
            redacted_before: 0,
            occurred_at: String::new(),
            properties: String::new(),
            unredacted: String::new(),
            context: String::new(),
        }
    }

    /// What of the request an event has to keep for being tagged another time.
    pub(crate) fn provenance(&self) -> Provenance<'_> {
        Provenance {
            protocol: self.protocol,
            source: self.admission.source,
            trust: self.admission.trust,
            user_id: self.admission.user_id.cloned(),
            context_start: &self.context_start,
            marks: Marks::default(),
        }
    }

    /// Tags one event.
    pub(crate) fn tag<'a>(
        &'a mut self,
        event: &Event<'_>,
        batch: &Batch<'_>,
        checked: &'a Checked<'_>,
        moment: &Moment<'a>,
    ) -> DomainEvent<'a> {
        match checked.planned.private {
            None => write_properties(&mut self.properties, event, batch),
            Some(Private { object, salt, withheld }) => {
                write_properties(&mut self.unredacted, event, batch);
                self.properties.clear();
                pii::write(&self.unredacted, object, salt, withheld, &mut self.properties);
            }
        }
        let is_suspect = event.is_suspect || !person::is_silent(event) || self.redaction.adds_any();
        let redacted = self.redacted_before + if is_suspect { self.redact(checked) } else { 0 };
        self.write_context(event, batch, checked, moment);
        if redacted > 0 {
            note_redacted(&mut self.context, redacted);
        }
        if let Some(object) = checked.planned.classed {
            note_classed(&mut self.context, &self.properties, object);
        }
        if moment.verbatim.is_none() {
            self.occurred_at.clear();
            write_quoted(&mut self.occurred_at, moment.occurred_at);
        }
        let Who { user_id, anonymous_id } = self.who(event, checked);
        let column = |text: Option<&'a Text<'_>>| text.map(|text| RawJson::trusted(text));
        DomainEvent {
            event_id: checked.event_id,
            event_name: RawJson::trusted(&checked.name),
            occurred_at: RawJson::trusted(moment.verbatim.map_or(&self.occurred_at, Value::as_str)),
            received_at: RawJson::trusted(&self.received_at),
            organization_id: RawJson::trusted(&self.organization_id),
            user_id: column(user_id),
            anonymous_id: column(anonymous_id),
            session_id: column(checked.session_id.as_ref()),
            entity_type: column(checked.entity_type.as_ref()),
            entity_id: column(checked.entity_id.as_ref()),
            correlation_id: column(checked.correlation_id.as_ref()),
            source: column(checked.source.as_ref()).unwrap_or(RawJson::trusted(
                match self.admission.source {
                    Source::Browser => "\"browser\"",
                    Source::Server => "\"server\"",
                },
            )),
            trust: self.admission.trust,
            schema_version: checked.schema_version.unwrap_or(UNVERSIONED),
            properties: RawJson::trusted(&self.properties),
            context: RawJson::trusted(&self.context),
        }
    }

    /// Replaces secrets among the properties: how many.
    #[cold]
    fn redact(&mut self, checked: &Checked<'_>) -> u32 {
        self.unredacted.clear();
        let found =
            redact::write(&self.properties, checked.planned.known, self.redaction, &mut self.unredacted);
        if found > 0 {
            core::mem::swap(&mut self.properties, &mut self.unredacted);
        }
        found
    }

    /// Who did it, by what the dialect's clients send.
    pub(crate) fn who<'a, 't>(&self, event: &Event<'_>, checked: &'a Checked<'t>) -> Who<'a, 't>
    where
        'r: 'a,
    {
        match self.protocol.dialect() {
            Dialect::Batch => {
                let who = who(self.admission.source, event, checked);
                // Also where the page has not said who is signed in; but not for who is not to be recognized.
                match self.admission.user_id {
                    Some(user_id) if who.user_id.is_none() && !link::is_unrecognized(event) => {
                        Who { user_id: Some(user_id), ..who }
                    }
                    _ => who,
                }
            }
            Dialect::DomainEvents => {
                Who { user_id: checked.user_id.as_ref(), anonymous_id: checked.anonymous_id.as_ref() }
            }
        }
    }

    fn write_context(
        &mut self,
        event: &Event<'_>,
        batch: &Batch<'_>,
        checked: &Checked<'_>,
        moment: &Moment<'_>,
    ) {
        let lifted = &event.lifted;
        let out = &mut self.context;
        out.clear();
        out.push_str(&self.context_start);
        write_value(out, ",\"client_timestamp\":", moment.client_timestamp, Kind::String);
        write_value(out, ",\"offset_ms\":", event.offset, Kind::Number);
        write_value(out, ",\"stream_id\":", lifted.stream_id, Kind::String);
        write_value(out, ",\"seq\":", lifted.seq, Kind::Number);
        write_value(out, ",\"monotonic_ms\":", lifted.monotonic_ms, Kind::Number);
        write_value(out, ",\"lib\":", lifted.lib, Kind::String);
        write_value(out, ",\"lib_version\":", lifted.lib_version, Kind::String);
        if self.has_gpc || lifted.consent.is_some() || lifted.gpc.is_some() {
            write_consent(out, lifted.consent, lifted.gpc, self.has_gpc);
        }
        out.push_str(&checked.planned.notes);
        let end = out.len();
        out.push(',');
        if !clean::write_kept(&event.context, batch, out) {
            out.truncate(end);
        }
        out.push('}');
    }
}

/// Appends what a tenant has asked for to be kept of where a page is, in `PostHog`'s names.
#[cold]
fn write_whereabouts(out: &mut String, request: &Request<'_>, privacy: &Privacy) {
    if privacy.place == PlaceKept::City {
        let Place { region, region_code, city, postal_code, time_zone, continent } = request.place;
        for (key, text) in [
            (",\"$geoip_continent_code\":", continent),
            (",\"$geoip_subdivision_1_code\":", region_code),
            (",\"$geoip_subdivision_1_name\":", region),
            (",\"$geoip_city_name\":", city),
            (",\"$geoip_postal_code\":", postal_code),
            (",\"$geoip_time_zone\":", time_zone),
        ] {
            write_text(out, key, text, MAX_CONTEXT_TEXT_BYTES);
        }
    }
    if privacy.address == AddressKept::Truncated {
        let network = request.address.and_then(Network::of).map(Network::truncated);
        write_text(out, ",\"ip\":", network.as_deref(), MAX_CONTEXT_TEXT_BYTES);
    }
}

/// Appends a member with a text of the platform's or a header's, if it says anything.
fn write_text(out: &mut String, key: &'static str, text: Option<&str>, max_bytes: usize) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        out.push_str(key);
        out.push_str(&cut_and_quoted(text, max_bytes));
    }
}

/// Of a context: see [`tallymark_event::Consent`].
const GPC: &str = ",\"gpc\":true";

/// Appends what the visitor has agreed to, and that Global Privacy Control is on unless the request has said so.
#[cold]
fn write_consent(out: &mut String, record: Option<Value<'_>>, gpc: Option<Value<'_>>, has_gpc: bool) {
    let said = record.map_or_else(Consent::default, Consent::read);
    let says_gpc = gpc.is_some_and(Value::is_true);
    if says_gpc && !has_gpc {
        out.push_str(GPC);
    }
    (if says_gpc || has_gpc { said.with_gpc() } else { said }).write(out);
}

/// Adds to a context how many secrets were replaced.
#[cold]
fn note_redacted(context: &mut String, redacted: u32) {
    context.truncate(context.len().saturating_sub("}".len()));
    context.push_str(",\"redacted\":");
    json::write_u64(context, u64::from(redacted));
    context.push('}');
}

/// Adds to a context which of the properties say something about a person.
#[cold]
fn note_classed(context: &mut String, properties: &str, object: &Object) {
    let end = context.len().saturating_sub("}".len());
    context.truncate(end);
    context.push_str(",\"pii\":");
    let start = context.len();
    pii::note(properties, object, context);
    if context.len() == start {
        context.truncate(end);
    }
    context.push('}');
}

/// Who did it: JSON strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who<'a, 't> {
    pub(crate) user_id: Option<&'a Text<'t>>,
    pub(crate) anonymous_id: Option<&'a Text<'t>>,
}

/// `posthog-js` without cookies: the distinct id of all its visitors.
pub(crate) const COOKIELESS: &str = "\"$posthog_cookieless\"";

/// By what the batch dialect's clients send.
fn who<'a, 't>(source: Source, event: &Event<'_>, checked: &'a Checked<'t>) -> Who<'a, 't> {
    // What every visitor without a cookie has is nobody's id, and neither is what server clients make of a group.
    let is_group = |id: &str| checked.name == "\"$groupidentify\"" && id.starts_with("\"$");
    let distinct_id = checked.distinct_id.as_ref().filter(|id| **id != COOKIELESS && !is_group(id));
    let is_person = |flag: Option<Value<'_>>| !flag.is_some_and(Value::is_false);
    let user_id = match source {
        _ if checked.user_id.is_some() => checked.user_id.as_ref(),
        Source::Browser => distinct_id.filter(|_| event.lifted.is_identified.is_some_and(Value::is_true)),
        Source::Server => distinct_id.filter(|_| {
            is_person(event.lifted.process_person_profile) && is_person(event.lifted.is_identified)
        }),
    };
    match user_id {
        Some(_) => {
            Who { user_id, anonymous_id: checked.device_id.as_ref().or(checked.anon_distinct_id.as_ref()) }
        }
        None => Who { user_id, anonymous_id: distinct_id },
    }
}

/// The properties that are kept, and what the event says of its person among them.
fn write_properties(out: &mut String, event: &Event<'_>, batch: &Batch<'_>) {
    out.clear();
    out.push('{');
    let wrote = clean::write_kept(&event.properties, batch, out);
    person::write(event, wrote, out);
    out.push('}');
}

/// Appends a value of the client's as a member, if it is of that kind; a long one is cut. The event's text
/// has been judged: there is nothing in it that can't be stored.
///
/// Inlined, `key` has a known length and is stored at once; else each costs wasm a `memory.copy`, which V8
/// makes a call of.
#[allow(clippy::inline_always)]
#[inline(always)]
fn write_value(out: &mut String, key: &'static str, value: Option<Value<'_>>, kind: Kind) {
    let Some(value) = value.filter(|value| value.kind() == kind) else { return };
    if value.as_str().len() <= MAX_CONTEXT_TEXT_BYTES {
        out.push_str(key);
        out.push_str(value.as_str());
    } else {
        write_long_value(out, key, value);
    }
}

#[cold]
fn write_long_value(out: &mut String, key: &'static str, value: Value<'_>) {
    if let Some(long) = value.string() {
        out.push_str(key);
        out.push_str(&cut_and_quoted(&long, MAX_CONTEXT_TEXT_BYTES));
    }
}

fn write_quoted(out: &mut String, moment: Timestamp) {
    out.push('"');
    moment.write(out);
    out.push('"');
}

fn cut_and_quoted(text: &str, max_bytes: usize) -> String {
    text::quoted(text.get(..text.floor_char_boundary(max_bytes)).unwrap_or_default())
}
