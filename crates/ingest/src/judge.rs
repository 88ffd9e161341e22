//! Verb 5, judge: an event → its checked fields, or the rule that it breaks.
//!
//! The built-in rules: what every event must be, whatever its tenant's tracking plan says. What that says is
//! `planned`'s.

use std::borrow::Cow;

use tallymark_event::{
    EventId, Rule, json,
    limits::{MAX_EVENT_BYTES, MAX_EVENT_NAME, MAX_ID, MAX_STREAM_SEQ},
};

use crate::{
    Dialect,
    admit::Admission,
    decode::{Event, Kind, Unstorable, Value},
    identity::Identity,
    limits::{MAX_DEPTH, MAX_ECHO_BYTES},
    place::Moment,
    planned::Planned,
    privacy::Redaction,
    redact,
    text::{self, IdDefect, Overlong, Text},
};

/// The fields of an event that breaks no rule.
#[derive(Clone, Debug)]
pub(crate) struct Checked<'t> {
    pub(crate) event_id: EventId,
    pub(crate) name: Text<'t>,
    /// Batch dialect only, and always there.
    pub(crate) distinct_id: Option<Text<'t>>,
    pub(crate) user_id: Option<Text<'t>>,
    pub(crate) device_id: Option<Text<'t>>,
    pub(crate) anon_distinct_id: Option<Text<'t>>,
    /// Domain events only.
    pub(crate) anonymous_id: Option<Text<'t>>,
    pub(crate) session_id: Option<Text<'t>>,
    pub(crate) entity_type: Option<Text<'t>>,
    pub(crate) entity_id: Option<Text<'t>>,
    pub(crate) correlation_id: Option<Text<'t>>,
    /// Domain events only.
    pub(crate) source: Option<Text<'t>>,
    /// None if it names none.
    pub(crate) schema_version: Option<u32>,
    pub(crate) planned: Planned<'t>,
}

/// The rule that an event breaks: the first one found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: BrokenRule,
    /// The field, from the event's own top: `properties.$entity_id`. Empty: the event as a whole.
    pub(crate) path: Cow<'static, str>,
    pub(crate) expected: Cow<'static, str>,
    /// What is there instead, shortened, and without secrets.
    pub(crate) got: String,
}

/// A rule of ours or of the tenant's plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BrokenRule {
    BuiltIn(Rule),
    Planned { rule: tallymark_plan::Rule, plan_version: u32 },
}

impl BrokenRule {
    /// The stable name. A name means the same in both: `wrong_type`, `too_long`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BuiltIn(rule) => rule.name(),
            Self::Planned { rule, .. } => rule.name(),
        }
    }

    /// Appends the version of the plan whose rule it is, or null.
    pub(crate) fn write_plan_version(self, out: &mut String) {
        match self {
            Self::BuiltIn(_) => out.push_str("null"),
            Self::Planned { plan_version, .. } => json::write_u64(out, u64::from(plan_version)),
        }
    }
}

/// What the fields are called, for paths.
struct Names {
    event: &'static str,
    id: &'static str,
    timestamp: &'static str,
    user_id: &'static str,
    session_id: &'static str,
    entity_type: &'static str,
    entity_id: &'static str,
    correlation_id: &'static str,
    schema_version: &'static str,
}

const BATCH: Names = Names {
    event: "event",
    id: "uuid",
    timestamp: "timestamp",
    user_id: "properties.$user_id",
    session_id: "properties.$session_id",
    entity_type: "properties.$entity_type",
    entity_id: "properties.$entity_id",
    correlation_id: "properties.$correlation_id",
    schema_version: "properties.$schema_version",
};

const DOMAIN: Names = Names {
    event: "event_name",
    id: "event_id",
    timestamp: "occurred_at",
    user_id: "user_id",
    session_id: "session_id",
    entity_type: "entity_type",
    entity_id: "entity_id",
    correlation_id: "correlation_id",
    schema_version: "schema_version",
};

/// Judges one event.
pub(crate) fn judge<'t>(
    dialect: Dialect,
    admission: &Admission<'_>,
    event: &Event<'t>,
    identity: Identity,
    moment: &Moment<'_>,
) -> Result<Checked<'t>, Violation> {
    whole(event)?;
    let names = match dialect {
        Dialect::Batch => &BATCH,
        Dialect::DomainEvents => &DOMAIN,
    };
    let name = event_name(event.name, names.event)?;
    if !identity.is_legible {
        return Err(Violation::of(Rule::InvalidId, names.id, "a UUID", event.id));
    }
    kind(event.timestamp, &[Kind::String, Kind::Null], names.timestamp, "a string (RFC 3339)")?;
    kind(event.properties.value, part_kinds(dialect), "properties", "an object")?;
    match dialect {
        Dialect::Batch => batch_only(admission, event)?,
        Dialect::DomainEvents => domain_only(admission, event, moment)?,
    }
    let lifted = &event.lifted;
    // Ids of people are cut, as PostHog cuts them. An id of a thing that is cut might be another thing's.
    let person = match dialect {
        Dialect::Batch => Overlong::Cut,
        Dialect::DomainEvents => Overlong::Refuse,
    };
    let checked = Checked {
        event_id: identity.id,
        name,
        distinct_id: match dialect {
            Dialect::Batch => Some(distinct_id(event)?),
            Dialect::DomainEvents => None,
        },
        user_id: id(lifted.user_id, person, names.user_id)?,
        device_id: id(lifted.device_id, person, "properties.$device_id")?,
        anon_distinct_id: id(lifted.anon_distinct_id, person, "properties.$anon_distinct_id")?,
        anonymous_id: id(event.anonymous_id, person, "anonymous_id")?,
        session_id: id(lifted.session_id, person, names.session_id)?.map(text::session_id),
        entity_type: id(lifted.entity_type, Overlong::Refuse, names.entity_type)?,
        entity_id: id(lifted.entity_id, Overlong::Refuse, names.entity_id)?,
        correlation_id: id(lifted.correlation_id, Overlong::Refuse, names.correlation_id)?,
        source: id(event.source, Overlong::Refuse, "source")?,
        schema_version: schema_version(lifted.schema_version, names.schema_version)?,
        planned: Planned::default(),
    };
    match admission.user_id {
        None => Ok(checked),
        Some(user_id) => own_user(user_id, event, &checked).map(|()| checked),
    }
}

/// A page with a token speaks of its user, or of nobody. What it says of another is nobody's word: it was forged, or left
/// behind by whoever used this browser before, and must not become an event of this user's.
#[cold]
fn own_user(user_id: &Text<'_>, event: &Event<'_>, checked: &Checked<'_>) -> Result<(), Violation> {
    let names_user = event.lifted.is_identified.is_some_and(Value::is_true)
        || matches!(&*checked.name, "\"$identify\"" | "\"$create_alias\"" | "\"$merge_dangerously\"");
    let named = checked.distinct_id.as_ref().filter(|_| names_user);
    for (claimed, path) in [(checked.user_id.as_ref(), BATCH.user_id), (named, "distinct_id")] {
        if let Some(claimed) = claimed
            && claimed != user_id
        {
            let expected = format!("{user_id}, whom the token was signed for, or nobody");
            let got = Some(Value::well_formed(claimed));
            return Err(Violation::of(Rule::ForeignUser, path, expected, got));
        }
    }
    Ok(())
}

/// Rules for the item as such.
fn whole(event: &Event<'_>) -> Result<(), Violation> {
    if !event.is_object {
        let item = Some(Value::well_formed(event.text));
        return Err(Violation::of(Rule::NotAnObject, "", "an object", item));
    }
    if event.text.len() > MAX_EVENT_BYTES {
        return Err(Violation {
            rule: BrokenRule::BuiltIn(Rule::EventTooLarge),
            path: Cow::Borrowed(""),
            expected: format!("at most {MAX_EVENT_BYTES} bytes of JSON").into(),
            got: format!("{} bytes", event.text.len()),
        });
    }
    let (expected, got) = match event.unstorable {
        None => return Ok(()),
        Some(Unstorable::LoneSurrogate) => ("text in Unicode".into(), "an escape for half a surrogate pair"),
        Some(Unstorable::NumberOutOfRange) => {
            ("numbers within a double's range".into(), "a number beyond a double's range")
        }
        Some(Unstorable::TooDeep) => {
            (format!("at most {MAX_DEPTH} levels of nesting").into(), "more of them")
        }
    };
    Err(Violation {
        rule: BrokenRule::BuiltIn(Rule::Unstorable),
        path: Cow::Borrowed(""),
        expected,
        got: got.into(),
    })
}

fn event_name<'t>(value: Option<Value<'t>>, path: &'static str) -> Result<Text<'t>, Violation> {
    let expected = "a string that is not empty";
    let given = match value {
        Some(value) if !matches!(value.as_str(), "null" | "\"\"") => value,
        _ => return Err(Violation::of(Rule::MissingName, path, expected, value)),
    };
    let Some(name) = given.string() else {
        return Err(Violation::of(Rule::WrongType, path, expected, value));
    };
    // No text has more UTF-16 units than bytes.
    if name.len() > MAX_EVENT_NAME && name.encode_utf16().count() > MAX_EVENT_NAME {
        let expected = format!("at most {MAX_EVENT_NAME} UTF-16 units");
        return Err(Violation::of(Rule::TooLong, path, expected, value));
    }
    Ok(match name {
        Cow::Borrowed(_) => Cow::Borrowed(given.as_str()),
        Cow::Owned(name) => Cow::Owned(text::quoted(&name)),
    })
}

/// A domain event without properties may say so with null.
const fn part_kinds(dialect: Dialect) -> &'static [Kind] {
    match dialect {
        Dialect::Batch => &[Kind::Object],
        Dialect::DomainEvents => &[Kind::Object, Kind::Null],
    }
}

fn batch_only(admission: &Admission<'_>, event: &Event<'_>) -> Result<(), Violation> {
    for (value, path) in [(event.set, "$set"), (event.set_once, "$set_once")] {
        kind(value, &[Kind::Object, Kind::Null], path, "an object")?;
    }
    if event.offset.is_some_and(|value| !value.is_null() && value.integer().is_none()) {
        return Err(Violation::of(Rule::WrongType, "offset", "a whole number of ms", event.offset));
    }
    if event.lifted.seq.and_then(Value::integer).is_some_and(|seq| seq.unsigned_abs() > MAX_STREAM_SEQ) {
        let expected = format!("a number from 1 to {MAX_STREAM_SEQ}");
        return Err(Violation::of(Rule::WrongType, "properties.$seq", expected, event.lifted.seq));
    }
    own_organization(admission, event.organization_id, "organization_id")?;
    own_organization(admission, event.lifted.organization_id, "properties.$organization_id")
}

fn domain_only(admission: &Admission<'_>, event: &Event<'_>, moment: &Moment<'_>) -> Result<(), Violation> {
    if !moment.is_legible {
        let expected = "a moment by RFC 3339";
        return Err(Violation::of(Rule::InvalidTimestamp, DOMAIN.timestamp, expected, event.timestamp));
    }
    kind(event.context.value, part_kinds(Dialect::DomainEvents), "context", "an object")?;
    let path = "organization_id";
    kind(event.organization_id, &[Kind::String, Kind::Null], path, "a string")?;
    own_organization(admission, event.organization_id, path)
}

/// Whoever names an organization names that of its key or token. A number is its text.
fn own_organization(
    admission: &Admission<'_>,
    named: Option<Value<'_>>,
    path: &'static str,
) -> Result<(), Violation> {
    let Some(value) = named.filter(|value| !value.is_null()) else { return Ok(()) };
    if value
        .string()
        .map_or(value.as_str() == admission.organization_id, |id| id == admission.organization_id)
    {
        return Ok(());
    }
    let expected = format!("{}, the key's own", admission.organization_id);
    Err(Violation::of(Rule::ForeignOrganization, path, expected, named))
}

/// The event's own wins over its properties'.
fn distinct_id<'t>(event: &Event<'t>) -> Result<Text<'t>, Violation> {
    let given = event.distinct_id.filter(|value| !value.is_null()).or(event.lifted.distinct_id);
    given.and_then(text::distinct_id).ok_or_else(|| {
        Violation::of(Rule::MissingDistinctId, "distinct_id", "an id that is not blank", given)
    })
}

/// Inlined: most ids of most events are absent, and what this returns goes through memory. 2 % of an event.
#[allow(clippy::inline_always)]
#[inline(always)]
fn id<'t>(
    value: Option<Value<'t>>,
    overlong: Overlong,
    path: &'static str,
) -> Result<Option<Text<'t>>, Violation> {
    text::id(value, overlong).map_err(|defect| match defect {
        IdDefect::WrongType => Violation::of(Rule::WrongType, path, "a string or a number", value),
        IdDefect::TooLong => {
            Violation::of(Rule::TooLong, path, format!("at most {MAX_ID} characters"), value)
        }
    })
}

fn schema_version(value: Option<Value<'_>>, path: &'static str) -> Result<Option<u32>, Violation> {
    match value.filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(version) => version
            .integer()
            .and_then(|version| u32::try_from(version).ok())
            .filter(|version| *version > 0)
            .map(Some)
            .ok_or_else(|| Violation::of(Rule::WrongType, path, "a whole number from 1", value)),
    }
}

fn kind(
    value: Option<Value<'_>>,
    allowed: &[Kind],
    path: &'static str,
    expected: &'static str,
) -> Result<(), Violation> {
    match value {
        Some(given) if !allowed.contains(&given.kind()) => {
            Err(Violation::of(Rule::WrongType, path, expected, value))
        }
        _ => Ok(()),
    }
}

impl Violation {
    pub(crate) fn of(
        rule: Rule,
        path: &'static str,
        expected: impl Into<Cow<'static, str>>,
        got: Option<Value<'_>>,
    ) -> Self {
        let got = match got {
            None => "nothing".to_owned(),
            Some(value) if value.is_null() => "null".to_owned(),
            Some(value) => {
                let mut text = String::new();
                redact::write_member(None, value, Redaction::DEFAULT, &mut text);
                let end = text.floor_char_boundary(MAX_ECHO_BYTES);
                let ellipsis = if end < text.len() { "…" } else { "" };
                format!("{}: {}{ellipsis}", value.kind().name(), text.get(..end).unwrap_or_default())
            }
        };
        Self { rule: BrokenRule::BuiltIn(rule), path: Cow::Borrowed(path), expected: expected.into(), got }
    }
}
