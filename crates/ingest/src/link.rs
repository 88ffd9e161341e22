//! Who is who: what an event says of two ids being one person's.
//!
//! The log gathers these links, and finds the persons by them (collector/worker/log/identity.ts). Nothing is linked
//! that its sender keeps apart: events without consent, of cookieless visitors, of nobody in particular.

use std::collections::{BTreeMap, btree_map::Entry};

use tallymark_event::{Consent, EventId, Purpose, Timestamp, Trust, json};

use crate::{
    decode::{Event, Value},
    judge::Checked,
    limits::MAX_UNVOUCHED_LINKS,
    tag::Who,
    text::{self, Overlong, Text},
};

/// How an event links two ids. Of one event's for the same two, the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LinkKind {
    /// It has both: the device and who was signed in there.
    Together,
    /// `$identify`: who the user was before.
    Identify,
    /// `$create_alias`.
    Alias,
    /// `$merge_dangerously`.
    Merge,
}

impl LinkKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Together => "together",
            Self::Identify => "identify",
            Self::Alias => "alias",
            Self::Merge => "merge",
        }
    }
}

/// The earliest event that says so.
#[derive(Clone, Copy, Debug)]
struct Evidence {
    kind: LinkKind,
    at: Timestamp,
    event_id: EventId,
}

/// The links of one request, each once. At most two an event, so as bounded as those are.
#[derive(Debug)]
pub(crate) struct Links<'t> {
    trust: Trust,
    /// By id and the user whose it is: JSON strings.
    found: BTreeMap<(Text<'t>, Text<'t>), Evidence>,
}

impl<'t> Links<'t> {
    pub(crate) const fn new(trust: Trust) -> Self {
        Self { trust, found: BTreeMap::new() }
    }

    /// Takes what `event` says.
    pub(crate) fn read(&mut self, event: &Event<'t>, checked: &Checked<'t>, who: Who<'_, 't>, at: Timestamp) {
        let of_event = stated(event, checked);
        let Who { user_id, anonymous_id } = who;
        let of_row = anonymous_id.zip(user_id);
        if (of_event.is_none() && of_row.is_none()) || is_kept_apart(event) {
            return;
        }
        let evidence = |kind| Evidence { kind, at, event_id: checked.event_id };
        if let Some((kind, id, user_id)) = of_event {
            self.add(&id, user_id, evidence(kind));
        }
        if let Some((id, user_id)) = of_row {
            self.add(id, user_id, evidence(LinkKind::Together));
        }
    }

    fn add(&mut self, id: &Text<'t>, user_id: &Text<'t>, evidence: Evidence) {
        if id == user_id {
            return;
        }
        let is_full = self.trust < Trust::Server && self.found.len() >= MAX_UNVOUCHED_LINKS;
        match self.found.entry((id.clone(), user_id.clone())) {
            Entry::Vacant(entry) => {
                if !is_full && !is_nobodys(id) && !is_nobodys(user_id) {
                    entry.insert(evidence);
                }
            }
            Entry::Occupied(mut entry) => {
                let known = *entry.get();
                let earliest = (evidence.at, evidence.event_id).cmp(&(known.at, known.event_id));
                if earliest.is_lt() || (earliest.is_eq() && evidence.kind > known.kind) {
                    entry.insert(evidence);
                }
            }
        }
    }

    /// See [`crate::Append::links`].
    pub(crate) fn write(&self, out: &mut String) {
        for ((id, user_id), Evidence { kind, at, event_id }) in &self.found {
            out.push_str(if out.is_empty() { "[[" } else { ",[" });
            json::write_str(out, kind.name());
            for text in [id, user_id] {
                out.push(',');
                out.push_str(text);
            }
            out.push_str(",\"");
            at.write(out);
            out.push_str("\",\"");
            event_id.write(out);
            out.push_str("\",\"");
            out.push_str(self.trust.name());
            // A back end that names two of its own ids knows both; a page knows only the one it was given.
            let is_stated = self.trust == Trust::Server && *kind >= LinkKind::Alias;
            out.push_str(if is_stated { "\",true]" } else { "\",false]" });
        }
        if !out.is_empty() {
            out.push(']');
        }
    }
}

/// The two ids that an event is about: another of the user's, and the user's.
fn stated<'a, 't>(event: &Event<'t>, checked: &'a Checked<'t>) -> Option<(LinkKind, Text<'t>, &'a Text<'t>)> {
    let user_id = checked.distinct_id.as_ref()?;
    let alias = || text::id(event.lifted.alias, Overlong::Cut).ok().flatten();
    let (kind, id) = match checked.name.as_ref() {
        "\"$identify\"" => (LinkKind::Identify, checked.anon_distinct_id.clone()),
        "\"$create_alias\"" => (LinkKind::Alias, alias()),
        "\"$merge_dangerously\"" => (LinkKind::Merge, alias()),
        _ => return None,
    };
    Some((kind, id?, user_id))
}

/// Whether the event is of somebody who is not to be recognized.
fn is_kept_apart(event: &Event<'_>) -> bool {
    event.lifted.process_person_profile.is_some_and(Value::is_false) || is_unrecognized(event)
}

/// Whether the visitor has not agreed to be recognized.
pub(crate) fn is_unrecognized(event: &Event<'_>) -> bool {
    let lifted = &event.lifted;
    lifted.cookieless_mode.is_some_and(Value::is_true) || lifted.consent.is_some_and(denies_analytics)
}

fn denies_analytics(consent: Value<'_>) -> bool {
    !Consent::read(consent).permits(Purpose::Analytics)
}

/// What programs send for want of an id, in lower case: `PostHog`'s list, and its id for cookieless visitors. Linked,
/// they would make one person of everybody.
const NOBODYS: [&str; 23] = [
    "",
    "$posthog_cookieless",
    "-1",
    "0",
    "00000000-0000-0000-0000-000000000000",
    "[object object]",
    "anonymous",
    "anonymous-user",
    "backend",
    "distinct_id",
    "distinctid",
    "email",
    "false",
    "guest",
    "id",
    "nan",
    "none",
    "not_authenticated",
    "null",
    "system",
    "true",
    "undefined",
    "user",
];

/// Whether a JSON string is nobody's id. Quotes and blanks around it make no difference.
fn is_nobodys(id: &str) -> bool {
    let id = id.trim_matches(|c: char| matches!(c, '"' | '\'' | '\\' | '`') || c.is_whitespace());
    NOBODYS.iter().any(|nobody| nobody.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_stand_for_nobody() {
        for id in ["\"\"", "\"Anonymous\"", "\"\\\"null\\\"\"", "\"'undefined'\"", "\"0\"", "\" guest \""] {
            assert!(is_nobodys(id), "{id}");
        }
        for id in ["\"42\"", "\"a user\"", "\"00\"", "\"é\""] {
            assert!(!is_nobodys(id), "{id}");
        }
    }

    #[test]
    fn consent_is_read() {
        let denies = |text| denies_analytics(Value::well_formed(text));
        assert!(denies(r#"{"advertising":true,"analytics":false}"#));
        for text in [r#"{"analytics":true}"#, r#"{"x":{"analytics":false}}"#, "false", "{}", "\"analytics\""]
        {
            assert!(!denies(text), "{text}");
        }
    }
}
