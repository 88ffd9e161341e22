//! What the collector would say of a page's events, for whoever develops that page: verbs 1 and 5 alone, with a plan.
//!
//! Nothing here knows a key, so what only a key can tell is believed: whose organization it is.

use std::borrow::Cow;

use tallymark_event::{Source, Timestamp, Trust};
use tallymark_plan::{Note, Plan};

use crate::{
    Dialect, Refusal,
    admit::Admission,
    decode::{self, Event, Value},
    identity::Identities,
    judge::{self, Violation},
    place::Clocks,
    planned,
};

/// What the collector would say of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview<'b, 'p> {
    /// The event's name; empty if it has none.
    pub event_name: Cow<'b, str>,
    /// What it breaks: one of the built-in rules, or, if it keeps to those, whatever it breaks of the plan.
    pub broken: Vec<Broken>,
    /// How much more it breaks than `broken` names.
    pub omitted: u32,
    /// What it uses that is to be used no more.
    pub notes: Vec<Note<'p>>,
}

/// A rule that an event breaks, and where: a row of the quarantine has the same four.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule's stable name.
    pub rule: &'static str,
    /// The field: `properties.items[2].price`. Empty: the event as a whole.
    pub path: Cow<'static, str>,
    /// What the rule says, in words.
    pub expected: Cow<'static, str>,
    /// What is there instead, shortened.
    pub got: String,
}

/// Judges the events of a request in the batch dialect, and after them its streams' last wills, by the built-in rules and
/// the plan, as events of that source. Refuses what is no such request.
pub fn preview<'b, 'p>(
    plan: &'p Plan,
    source: Source,
    body: &'b str,
) -> Result<Vec<Preview<'b, 'p>>, Refusal> {
    let batch = decode::events(Dialect::Batch, body)?;
    // No rule of this dialect asks when something happened, nor what id an event without one is given.
    let epoch = Timestamp::from_ms(0);
    let mut identities = Identities::new(epoch);
    let wills = batch.wills.iter().map(|will| &will.event);
    let previews = batch.events.iter().chain(wills).map(|event| {
        let organization_id = claimed_organization(event);
        let admission =
            Admission { organization_id: &organization_id, source, trust: Trust::Origin, user_id: None };
        let moment = Clocks::at(epoch, 0).place(event);
        let event_name = event.name.and_then(Value::string).unwrap_or_default();
        match judge::judge(Dialect::Batch, &admission, event, identities.of(event), &moment) {
            Err(violation) => {
                Preview { event_name, broken: vec![violation.into()], omitted: 0, notes: Vec::new() }
            }
            Ok(checked) => {
                let verdict = planned::verdict(plan, source, event, &checked);
                let broken = verdict.violations.into_iter().map(Broken::from).collect();
                Preview { event_name, broken, omitted: verdict.omitted, notes: verdict.notes }
            }
        }
    });
    Ok(previews.collect())
}

/// The organization that an event takes itself to be of, if it says so.
fn claimed_organization<'t>(event: &Event<'t>) -> Cow<'t, str> {
    let claims = [event.lifted.organization_id, event.organization_id];
    let text = |value: Value<'t>| value.string().unwrap_or(Cow::Borrowed(value.as_str()));
    claims.into_iter().flatten().find(|value| !value.is_null()).map(text).unwrap_or_default()
}

impl From<Violation> for Broken {
    fn from(Violation { rule, path, expected, got }: Violation) -> Self {
        Self { rule: rule.name(), path, expected, got }
    }
}

impl From<tallymark_plan::Violation> for Broken {
    fn from(violation: tallymark_plan::Violation) -> Self {
        let tallymark_plan::Violation { path, rule, expected, got } = violation;
        Self { rule: rule.name(), path: path.into(), expected: expected.into(), got }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"{"tallymark_plan":1,"plan":{"name":"p","version":1,"owner":"o"},"events":{
        "opened":{"description":"d","origin":"browser","entity":"recipe","schema_version":2,"properties":{
            "id":{"type":"integer","required":true},"way":{"type":"string"}}},
        "paid":{"description":"d","origin":"server","deprecated":{"since":"1"}}}}"#;

    fn rules_of(source: Source, event: &str) -> Vec<(&'static str, String)> {
        let plan = Plan::from_json(PLAN).unwrap();
        let body =
            format!("{{\"api_key\":\"wk_1\",\"batch\":[{event}],\"stream\":{{\"id\":\"s\",\"seq\":1}}}}");
        let previews = preview(&plan, source, &body).unwrap();
        previews.into_iter().flat_map(|it| it.broken).map(|it| (it.rule, it.path.into_owned())).collect()
    }

    fn rules(event: &str) -> Vec<(&'static str, String)> {
        rules_of(Source::Browser, event)
    }

    #[test]
    fn all_that_breaks_the_plan_is_named_and_of_our_own_rules_the_first() {
        let event = |name: &str, properties: &str| {
            format!("{{\"event\":\"{name}\",\"distinct_id\":\"d\",\"properties\":{{{properties}}}}}")
        };
        assert_eq!(rules(&event("opened", r#""id":1,"$entity_type":"recipe""#)), []);
        let broken = rules(&event("opened", r#""way":1,"$entity_type":"batch","$schema_version":3"#));
        let expected = [
            ("wrong_entity", "entity_type"),
            ("unknown_version", "schema_version"),
            ("wrong_type", "properties.way"),
            ("missing_required", "properties.id"),
        ];
        assert_eq!(broken, expected.map(|(rule, path)| (rule, path.to_owned())));
        let broken = rules(&event("opened", r#""way":1,"$entity_type":{}"#));
        assert_eq!(broken, [("wrong_type", "properties.$entity_type".to_owned())]);
        assert_eq!(
            rules(r#"{"event":"opened","properties":{"id":1}}"#),
            [("missing_distinct_id", "distinct_id".into())]
        );
        assert_eq!(rules(&event("paid", "")), [("origin_not_allowed", "source".to_owned())]);
        assert_eq!(rules_of(Source::Server, &event("paid", "")), []);
    }

    #[test]
    fn an_organization_that_an_event_names_is_believed_but_not_two() {
        let event = |outer: &str, inner: &str| {
            format!(
                r#"{{"event":"$x","distinct_id":"d","organization_id":{outer},"properties":{{"$organization_id":{inner}}}}}"#
            )
        };
        assert_eq!(rules(&event("\"o\"", "\"o\"")), []);
        assert_eq!(rules(&event("7", "\"7\"")), []);
        assert_eq!(rules(&event("null", "\"o\"")), []);
        let two = rules(&event("\"o\"", "\"p\""));
        assert_eq!(two, [("foreign_organization", "organization_id".to_owned())]);
    }

    #[test]
    fn wills_are_judged_and_what_is_deprecated_is_noted() {
        let plan = Plan::from_json(PLAN).unwrap();
        let will = r#"{"event":"paid","distinct_id":"d","properties":{"$stream_id":"s","$seq":1}}"#;
        let body = format!(r#"{{"batch":[],"stream":{{"id":"s","seq":0,"dropped":{{}},"will":{will}}}}}"#);
        let previews = preview(&plan, Source::Server, &body).unwrap();
        let [Preview { event_name, broken, notes, .. }] = &previews[..] else { panic!("{previews:?}") };
        assert_eq!((&**event_name, broken.len(), notes[0].path.as_str()), ("paid", 0, "event_name"));
        assert!(preview(&plan, Source::Browser, "{\"batch\":").is_err());
    }
}
