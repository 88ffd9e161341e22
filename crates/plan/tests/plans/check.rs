//! Verdicts: which rule, where, and what the owner is told.

use tallymark_event::{RawJson, Source as Sender};
use tallymark_plan::{EventFacts, Plan, Rule, Source, Verdict, file};

use super::plan;

const PLAN: &str = r#"
[plan]
name = "p"
version = 3
owner = "o"

[policy]
unknown_events = "reject"
unknown_properties = "reject"

[events.order]
description = "d"
origin = "server"
entity = "order"
schema_version = 2
max_bytes = 200

[events.order.properties]
id = { type = "uuid", required = true }
state = { type = "string", enum = ["open", "paid"] }
count = { type = "integer", min = 1, max = 9 }
price = { type = "number", nullable = true }
code = { type = "string", min_length = 2, max_length = 4, pattern = "[A-Z]*" }
mail = { type = "string", max_length = 5, pii = { class = "email", action = "hash" } }
old = { type = "boolean", deprecated = { since = "2", use = "state" } }
tags = { type = "array", items = { type = "string", max_length = 3 }, min_items = 1, max_items = 2 }
buyer = { type = "object", properties.name = { type = "string", required = true }, properties.since = { type = "date" } }
extra = { type = "object" }

[events.gone]
description = "d"
origin = "any"
deprecated = { since = "2026-11-21", use = "order" }

[events.clicked]
description = "d"
origin = "browser"
unknown_properties = "accept"
"#;

const ID: &str = r#""id":"0199a3c0-0000-7000-8000-000000000000""#;

fn small() -> Plan {
    file::parse(&[Source { path: "p.toml", text: PLAN }]).unwrap()
}

fn facts<'e>(name: &'e str, source: Sender, properties: &'e str) -> EventFacts<'e> {
    EventFacts {
        name,
        source,
        schema_version: 1,
        entity_type: None,
        properties: RawJson::trusted(properties),
    }
}

fn broken(verdict: &Verdict<'_>) -> Vec<(Rule, String)> {
    verdict.violations.iter().map(|violation| (violation.rule, violation.path.clone())).collect()
}

#[test]
fn each_rule_is_found_where_it_is_broken() {
    let plan = small();
    for (members, rule, path) in [
        (r#""state":"lost""#, Rule::NotInEnum, "state"),
        (r#""state":null"#, Rule::WrongType, "state"),
        (r#""count":0"#, Rule::OutOfRange, "count"),
        (r#""count":10"#, Rule::OutOfRange, "count"),
        (r#""count":1.5"#, Rule::WrongType, "count"),
        (r#""count":"1""#, Rule::WrongType, "count"),
        (r#""code":"A""#, Rule::TooShort, "code"),
        (r#""code":"ABCDE""#, Rule::TooLong, "code"),
        (r#""code":"Abc""#, Rule::Pattern, "code"),
        (r#""tags":[]"#, Rule::TooFewItems, "tags"),
        (r#""tags":["a","b","c"]"#, Rule::TooManyItems, "tags"),
        (r#""tags":["a","four"]"#, Rule::TooLong, "tags[1]"),
        (r#""tags":"a""#, Rule::WrongType, "tags"),
        (r#""buyer":{}"#, Rule::MissingRequired, "buyer.name"),
        (r#""buyer":{"name":"n","since":"today"}"#, Rule::WrongFormat, "buyer.since"),
        (r#""buyer":{"name":"n","$x":1}"#, Rule::UnknownProperty, "buyer.$x"),
        (r#""stranger":1"#, Rule::UnknownProperty, "stranger"),
        (r#""count":1,"count":1"#, Rule::DuplicateProperty, "count"),
    ] {
        let text = format!("{{{ID},{members}}}");
        let verdict = plan.check(&facts("order", Sender::Server, &text));
        assert_eq!(broken(&verdict), [(rule, format!("properties.{path}"))], "{members}");
        assert!(!verdict.accepted());
    }
}

#[test]
fn what_the_plan_allows_is_accepted() {
    let plan = small();
    for members in [
        r#""state":"p\u0061id","count":9,"price":null,"code":"AB""#,
        r#""count":1.0,"price":-1e-3,"extra":{"any":[1,{"thing":null}]}"#,
        r#""count":10e-1,"tags":["a","ééé"],"buyer":{"since":"2024-02-29","name":""}"#,
        r#""$lib":"web","distinct_id":"d","token":"t""#,
    ] {
        let text = format!("{{{ID},{members}}}");
        let verdict = plan.check(&facts("order", Sender::Server, &text));
        assert_eq!(verdict.violations, [], "{members}");
        assert!(verdict.accepted() && verdict.notes.is_empty());
    }
}

#[test]
fn an_event_is_judged_as_a_whole_first() {
    let plan = small();
    let facts = EventFacts {
        schema_version: 3,
        entity_type: Some("invoice"),
        ..facts("order", Sender::Browser, r#"{"zzz":1,"count":"x"}"#)
    };
    let verdict = plan.check(&facts);
    let found = broken(&verdict);
    let expected = [
        (Rule::OriginNotAllowed, "source"),
        (Rule::WrongEntity, "entity_type"),
        (Rule::UnknownVersion, "schema_version"),
        (Rule::UnknownProperty, "properties.zzz"),
        (Rule::WrongType, "properties.count"),
        (Rule::MissingRequired, "properties.id"),
    ];
    assert_eq!(found, expected.map(|(rule, path)| (rule, path.to_owned())));
    let wrong = &verdict.violations[4];
    assert_eq!((wrong.expected.as_str(), wrong.got.as_str()), ("a whole number", "a string: \"x\""));
}

#[test]
fn pages_and_back_ends_keep_to_their_own() {
    let plan = small();
    let rules = |name, source| broken(&plan.check(&facts(name, source, "{}")));
    assert_eq!(rules("clicked", Sender::Browser), []);
    assert_eq!(rules("clicked", Sender::Server), [(Rule::OriginNotAllowed, "source".to_owned())]);
    assert_eq!(rules("stranger", Sender::Server), [(Rule::UnknownEvent, "event_name".to_owned())]);
    assert_eq!(rules("$pageview", Sender::Browser), [], "the SDK's own");
}

#[test]
fn what_is_deprecated_is_noted_and_accepted() {
    let plan = small();
    let text = format!("{{{ID},\"old\":true}}");
    let verdict = plan.check(&facts("order", Sender::Server, &text));
    assert!(verdict.accepted());
    assert_eq!(verdict.notes[0].path, "properties.old");
    let verdict = plan.check(&facts("gone", Sender::Server, "{}"));
    assert!(verdict.accepted());
    assert_eq!(verdict.notes[0].deprecated.replacement.as_deref(), Some("order"));
}

#[test]
fn a_violation_repeats_nothing_private_and_no_more_than_it_must() {
    let plan = small();
    let text = format!("{{{ID},\"mail\":\"ada@example.com\",\"state\":\"{}\"}}", "x".repeat(150));
    let verdict = plan.check(&facts("order", Sender::Server, &text));
    assert_eq!(verdict.violations[0].got, "a string of 17 bytes");
    assert_eq!(verdict.violations[1].got.len(), "a string: ".len() + 120 + "…".len());
    let many: String = (0..100).map(|at| format!(",\"p{at}\":1")).collect();
    let text = format!("{{{ID}{many}}}");
    let verdict = plan.check(&facts("order", Sender::Server, &text));
    assert_eq!((verdict.violations.len(), verdict.omitted), (20, 81), "100 strangers, and too large");
}

#[test]
fn only_an_events_own_bytes_count() {
    let plan = small();
    let text = |length: usize| {
        format!(
            "{{{ID},\"$context\":\"{}\",\"extra\":{{\"a\":\"{}\"}}}}",
            "c".repeat(500),
            "x".repeat(length)
        )
    };
    let own = |length: usize| format!("{{{ID},\"extra\":{{\"a\":\"{}\"}}}}", "x".repeat(length)).len();
    let fits = 200 - own(0);
    assert!(plan.check(&facts("order", Sender::Server, &text(fits))).accepted());
    let verdict = plan.check(&facts("order", Sender::Server, &text(fits + 1)));
    assert_eq!(broken(&verdict), [(Rule::TooLarge, "properties".to_owned())]);
    assert_eq!(verdict.violations[0].got, "201 bytes");
}

#[test]
fn what_is_no_json_is_a_violation_and_no_panic() {
    let plan = small();
    for text in ["", "{", "null", "[]", "{\"id\":}", "{\"id\":\"\\ud83d\"}", "{\"price\":1e999}", "{} x"] {
        assert!(!plan.check(&facts("order", Sender::Server, text)).accepted(), "{text}");
    }
    let deep = format!("{{{ID},\"extra\":{}1{}}}", "{\"a\":".repeat(100), "}".repeat(100));
    assert!(
        broken(&plan.check(&facts("order", Sender::Server, &deep)))
            .contains(&(Rule::Unreadable, "properties".to_owned()))
    );
}

#[test]
fn rules_have_names_of_their_own() {
    let names: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
}

#[test]
fn events_of_the_seeds_pass_and_fail_as_their_documents_say() {
    let batchtrack = plan("batchtrack");
    let good = r#"{"change_type":"spoil","quantity_delta":-2.5,"unit":"kg","notes":"","cost_override":null,
        "original_quantity":10,"new_quantity":7.5,"item_name":"Shea butter","item_type":"ingredient","batch_id":null,
        "is_initial_stock":false,"new_in_2027":true}"#;
    assert_eq!(batchtrack.check(&facts("inventory_adjusted", Sender::Server, good)).violations, []);
    let forged = batchtrack.check(&facts("inventory_adjusted", Sender::Browser, good));
    assert_eq!(broken(&forged), [(Rule::OriginNotAllowed, "source".to_owned())]);
    let assistant = plan("assistant");
    let long = format!(r#"{{"conversationId":"c","role":"user","text":"{}"}}"#, "x".repeat(2_048));
    let verdict = assistant.check(&facts("message_sent", Sender::Server, &long));
    assert_eq!(broken(&verdict), [(Rule::TooLarge, "properties".to_owned())]);
    let verdict = assistant.check(&facts("message_sent", Sender::Server, r#"{"role":"system"}"#));
    let expected = [(Rule::NotInEnum, "role"), (Rule::MissingRequired, "conversationId")];
    assert_eq!(broken(&verdict), expected.map(|(rule, name)| (rule, format!("properties.{name}"))));
}
