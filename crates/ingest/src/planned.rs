//! Verb 5, judge, with the tenant's tracking plan: what the plan says of an event that breaks no built-in rule.
//!
//! The plan sees the properties as they came. What it withholds is withheld as tagging writes them ([`crate::pii`]).

use tallymark_event::{RawJson, Source, json};
use tallymark_plan::{EventFacts, Plan, Verdict, plan::Object};

use crate::{
    decode::{Event, Kind, Value},
    judge::{BrokenRule, Checked, Violation},
    limits::MAX_NOTED_VIOLATIONS,
    plans::{Mode, PlanRecord, Salt},
    privacy::Redaction,
    redact,
    text::{self, Text},
};

/// What the plan adds to an event that is stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planned<'p> {
    /// What its properties may hold, if any of them is to be dropped or hashed.
    pub(crate) private: Option<Private<'p>>,
    /// The same, if any of them says something about a person, whatever is done about that.
    pub(crate) classed: Option<&'p Object>,
    /// What its properties may hold, if the plan knows the event.
    pub(crate) known: Option<&'p Object>,
    /// Members for its context, each with a comma in front: what it breaks of a plan that is observed.
    pub(crate) notes: String,
}

/// What is withheld as properties are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Private<'p> {
    pub(crate) object: &'p Object,
    pub(crate) salt: Option<&'p Salt>,
    /// Where it has been withheld already, before the event was quarantined.
    pub(crate) withheld: &'p [String],
}

/// The version of an event that names none, where no plan knows better.
pub(crate) const UNVERSIONED: u32 = 1;

/// Holds an event against the plan. What was `withheld` of its properties before is in order: see
/// [`crate::provenance::Marks`].
pub(crate) fn judge<'t>(
    record: &'t PlanRecord,
    source: Source,
    event: &Event<'t>,
    mut checked: Checked<'t>,
    withheld: &'t [String],
) -> Result<Checked<'t>, Violation> {
    let mut verdict = verdict(&record.plan, source, event, &checked);
    if !verdict.accepted() {
        if !withheld.is_empty() && verdict.omitted == 0 {
            verdict.violations.retain(|violation| !concerns(violation, withheld));
        }
        keep_secrets(event, &mut verdict);
    }
    if let Some(broken) = verdict.violations.first() {
        match record.mode {
            Mode::Enforce => {
                return Err(Violation {
                    rule: BrokenRule::Planned { rule: broken.rule, plan_version: record.plan.version },
                    path: broken.path.clone().into(),
                    expected: broken.expected.clone().into(),
                    got: broken.got.clone(),
                });
            }
            Mode::Observe => checked.planned.notes = notes(&verdict, record.plan.version),
        }
    }
    if let Some(known) = verdict.event {
        checked.schema_version = checked.schema_version.or(Some(known.schema_version));
        checked.planned.known = Some(&known.properties);
        checked.planned.classed = Some(&known.properties).filter(|object| object.holds_classed());
        if known.properties.holds_private() {
            let (object, salt) = (&known.properties, record.salt.as_ref());
            checked.planned.private = Some(Private { object, salt, withheld });
        }
    }
    Ok(checked)
}

/// Whether a violation is of what was withheld, or may be but for that.
pub(crate) fn concerns(violation: &tallymark_plan::Violation, withheld: &[String]) -> bool {
    let Some(path) = violation.path.strip_prefix("properties.") else {
        // A hash is not as long as what it is of.
        return violation.rule == tallymark_plan::Rule::TooLarge;
    };
    // `items[2].price` is of `items.price`.
    let mut of_plan = String::with_capacity(path.len());
    for part in path.split('[') {
        of_plan.push_str(part.split_once(']').map_or(part, |(_, rest)| rest));
    }
    withheld.iter().any(|path| {
        of_plan.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// What is said of an event does not repeat its secrets.
fn keep_secrets(event: &Event<'_>, verdict: &mut Verdict<'_>) {
    let properties = event.properties.value.filter(|_| event.is_suspect);
    let secrets =
        properties.map(|value| redact::write(value.as_str(), None, Redaction::DEFAULT, &mut String::new()));
    if secrets.unwrap_or_default() == 0 {
        return;
    }
    for violation in
        verdict.violations.iter_mut().filter(|violation| violation.path.starts_with("properties"))
    {
        if let Some((kind, _)) = violation.got.split_once(": ") {
            violation.got = kind.to_owned();
        }
    }
}

/// What the plan says of an event whose own fields are in order.
pub(crate) fn verdict<'p>(
    plan: &'p Plan,
    source: Source,
    event: &Event<'_>,
    checked: &Checked<'_>,
) -> Verdict<'p> {
    let name = Value::well_formed(&checked.name).string().unwrap_or_default();
    let entity_type =
        checked.entity_type.as_ref().and_then(|text: &Text<'_>| Value::well_formed(text).string());
    let properties = event.properties.value.filter(|value| value.kind() == Kind::Object);
    plan.check(&EventFacts {
        name: &name,
        source,
        schema_version: checked.schema_version.unwrap_or(UNVERSIONED),
        entity_type: entity_type.as_deref(),
        properties: properties.map_or(RawJson::EMPTY_OBJECT, |value| RawJson::trusted(value.as_str())),
    })
}

/// Names that an event's own context can't take, so that nobody else says what it breaks.
pub(crate) fn is_reserved_in_context(name: &[u8]) -> bool {
    matches!(name, b"plan_version" | b"plan_violations" | b"plan_violations_omitted")
}

#[cold]
fn notes(verdict: &Verdict<'_>, plan_version: u32) -> String {
    let mut out = String::from(",\"plan_version\":");
    json::write_u64(&mut out, u64::from(plan_version));
    out.push_str(",\"plan_violations\":[");
    for (at, broken) in verdict.violations.iter().take(MAX_NOTED_VIOLATIONS).enumerate() {
        out.push_str(if at > 0 { ",{" } else { "{" });
        let members = [
            ("\"path\":", broken.path.as_str()),
            (",\"rule\":", broken.rule.name()),
            (",\"expected\":", &broken.expected),
            (",\"got\":", &broken.got),
        ];
        for (key, text) in members {
            out.push_str(key);
            out.push_str(&text::quoted(text));
        }
        out.push('}');
    }
    out.push(']');
    let unnamed = verdict.violations.len().saturating_sub(MAX_NOTED_VIOLATIONS) as u64;
    let omitted = unnamed + u64::from(verdict.omitted);
    if omitted > 0 {
        out.push_str(",\"plan_violations_omitted\":");
        json::write_u64(&mut out, omitted);
    }
    out
}
