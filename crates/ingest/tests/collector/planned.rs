//! Judge with a tracking plan: what is quarantined, what is noted, and what is withheld.

use super::*;

use tallymark_event::{RawJson, Source as Sender};
use tallymark_plan::{EventFacts, Plan, Source, file};

const PLAN: &str = r#"
[plan]
name = "shop"
version = 7
owner = "Web team"
description = "For tests."

[events.order_paid]
description = "An order was paid."
origin = "server"
entity = "order"
schema_version = 3

[events.signed_up]
description = "Somebody signed up."
origin = "browser"
schema_version = 2
unknown_properties = "reject"

[events.signed_up.properties]
plan = { type = "string", enum = ["free", "paid"], required = true }
email = { type = "string", pii = { class = "email", action = "hash" } }
ip = { type = "string", pii = { class = "ip_address", action = "keep" } }
note = { type = "string", pii = { class = "free_text", action = "drop" } }
age = { type = "integer", min = 18 }
account = { type = "integer", nullable = true, pii = { class = "identifier", action = "hash" } }

[events.signed_up.properties.friends]
type = "array"

[events.signed_up.properties.friends.items]
type = "object"

[events.signed_up.properties.friends.items.properties]
name = { type = "string", pii = { class = "name", action = "drop" } }
since = { type = "date" }
"#;

const SALT: &str = "0123456789abcdef";

fn plan() -> Plan {
    file::parse(&[Source { path: "shop.toml", text: PLAN }]).unwrap()
}

fn plan_record(mode: &str) -> String {
    format!(r#"{{"mode":"{mode}","salt":"{SALT}","plan":{}}}"#, plan().to_json())
}

/// The next step, with that under `plan:org_shop`.
fn step_with(record: Option<&str>, request: &Request<'_>) -> Step {
    let mut collector = Collector::new(Settings::default());
    while let Step::NeedKey { lookup } = collector.receive(request, now()) {
        match lookup.as_str() {
            "plan:org_shop" => collector.learn(&lookup, record, now()),
            _ => collector.learn(&lookup, super::record(&lookup, request), now()),
        }
    }
    collector.receive(request, now())
}

fn append_with(mode: &str, request: &Request<'_>) -> Append {
    match step_with(Some(&plan_record(mode)), request) {
        Step::Append(append) => append,
        step => panic!("{step:?}"),
    }
}

fn named(name: &str, properties: &Value) -> Value {
    let mut event = event(properties);
    event["event"] = json!(name);
    event
}

fn from_page(mode: &str, event: &Value) -> Append {
    append_with(mode, &post("/batch/", of_browser(&json!([event])).as_bytes()))
}

fn from_back_end(mode: &str, event: &Value) -> Append {
    let body = event.to_string();
    append_with(mode, &Request { authorization: Some("Bearer sk_1"), ..post("/v1/events", body.as_bytes()) })
}

/// The columns from `rule` to `got`, and the plan's version.
fn verdict(append: &Append) -> (Vec<Value>, Value) {
    assert_eq!((append.events, append.quarantined_count), (0, 1));
    let row = quarantined(append).remove(0);
    (row[5..9].to_vec(), row[12].clone())
}

#[test]
fn an_event_that_breaks_the_plan_is_quarantined_with_path_rule_and_version() {
    let good = named("signed_up", &json!({"plan": "free", "age": 18}));
    let bad = named("signed_up", &json!({"plan": "free", "age": 17}));
    let append =
        append_with("enforce", &post("/batch/", of_browser(&json!([good, bad, {"event": 7}])).as_bytes()));
    assert_eq!((append.events, append.quarantined_count), (1, 2));
    let [planned, built_in] = &quarantined(&append)[..] else { panic!("two rows") };
    assert_eq!(planned[1], "signed_up");
    assert_eq!(planned[5..9], ["out_of_range", "properties.age", "at least 18", "a number: 17"]);
    assert_eq!(planned[10], bad, "whole, as it came");
    assert_eq!((&planned[12], &built_in[12]), (&json!(7), &Value::Null));
    let answer: Value = serde_json::from_str(&append.answer(1, 0, 2).body).unwrap();
    assert_eq!(answer["quarantined"][0]["detail"], "expected at least 18, got a number: 17");
}

#[test]
fn a_page_sends_no_servers_event_whatever_it_claims() {
    for claims in [
        json!({}),
        json!({"$source": "server", "source": "server", "trust": "server", "origin": "server", "$lib": "posthog-node"}),
    ] {
        let mut forged = named("order_paid", &claims);
        forged["source"] = json!("server");
        forged["trust"] = json!("server");
        let (columns, version) = verdict(&from_page("enforce", &forged));
        assert_eq!(columns, ["origin_not_allowed", "source", "server", "browser"]);
        assert_eq!(version, 7);
    }
    let (columns, _) = verdict(&from_back_end(
        "enforce",
        &json!({"event_name": "signed_up", "source": "browser", "properties": {"plan": "free"}}),
    ));
    assert_eq!(columns, ["origin_not_allowed", "source", "browser", "server"]);
    let paid = json!({"event_name": "order_paid", "source": "browser"});
    assert_eq!(from_back_end("enforce", &paid).events, 1, "a back end may name a part of it as it likes");
}

#[test]
fn verdicts_are_the_plans_own() {
    let plan = plan();
    for properties in [
        json!({"plan": "free"}),
        json!({}),
        json!({"plan": "gold"}),
        json!({"plan": "free", "unheard": 1}),
        json!({"plan": "free", "$unheard": 1, "distinct_id": "d"}),
        json!({"plan": "free", "friends": [{"since": "yesterday"}]}),
        json!({"plan": "free", "email": ["a"]}),
        json!({"plan": "free", "ip": "10.0.0.1"}),
        json!({"plan": "free", "ip": 1}),
        json!({"plan": "free", "account": null, "n\u{0}": true}),
    ] {
        let text = properties.to_string();
        let own = plan.check(&EventFacts {
            name: "signed_up",
            source: Sender::Browser,
            schema_version: 1,
            entity_type: None,
            properties: RawJson::trusted(&text),
        });
        let append = from_page("enforce", &named("signed_up", &properties));
        assert_eq!(append.events == 1, own.accepted(), "{properties}");
        let Some(broken) = own.violations.first() else { continue };
        let expected =
            [&broken.path, &broken.expected, &broken.got].map(|text| text.replace('\0', "\u{fffd}"));
        let (columns, _) = verdict(&append);
        assert_eq!(columns[0], broken.rule.name());
        assert_eq!(
            [&columns[1], &columns[2], &columns[3]],
            expected.each_ref().map(String::as_str),
            "{properties}"
        );
    }
}

#[test]
fn names_and_entities_are_read_however_they_are_written() {
    let request = |name: &str, entity: &str| {
        format!(r#"{{"event_name":{name},"entity_type":{entity},"entity_id":"1","properties":null}}"#)
    };
    for (name, entity, expected) in [
        (r#""order_paid""#, r#""order""#, None),
        (r#""order\u005fpaid""#, r#""\u006frder""#, None),
        (r#""order_paid""#, r#""basket""#, Some("wrong_entity")),
        (r#""order_unpaid""#, r#""order""#, Some("unknown_event")),
        (r#""$set""#, r#""order""#, None),
    ] {
        let body = request(name, entity);
        let request = Request { authorization: Some("Bearer sk_1"), ..post("/v1/events", body.as_bytes()) };
        let append = append_with("enforce", &request);
        let rule = quarantined(&append).first().map(|row| row[5].clone());
        assert_eq!(rule, expected.map(Value::from), "{body}");
    }
}

#[test]
fn the_plan_gives_a_version_to_events_that_name_none() {
    let version = |event: Value| rows(&from_back_end("enforce", &event)).remove(0)["schema_version"].clone();
    assert_eq!(version(json!({"event_name": "order_paid"})), 3);
    assert_eq!(version(json!({"event_name": "order_paid", "schema_version": null})), 3);
    assert_eq!(version(json!({"event_name": "order_paid", "schema_version": 2})), 2);
    assert_eq!(version(json!({"event_name": "$pageview"})), 1, "the plan has none");
    let ahead = from_back_end("enforce", &json!({"event_name": "order_paid", "schema_version": 4}));
    assert_eq!(verdict(&ahead).0[0], "unknown_version");
}

#[test]
fn an_observed_plan_stores_all_and_notes_what_is_broken() {
    let row = |event: &Value| rows(&from_page("observe", event)).remove(0);
    let good = row(&named("signed_up", &json!({"plan": "free"})));
    assert!(good["context"].get("plan_violations").is_none());
    assert_eq!(good["schema_version"], 2);
    let bad = row(&named("signed_up", &json!({"plan": "gold", "age": 1, "friends": "x", "note": 5})));
    assert_eq!(bad["context"]["plan_version"], 7);
    assert_eq!(
        bad["context"]["plan_violations"][3],
        json!({"path": "properties.plan", "rule": "not_in_enum", "expected": "one of free, paid", "got": "a string: \"gold\""})
    );
    assert_eq!(bad["context"]["plan_violations"].as_array().unwrap().len(), 4);
    assert!(bad["context"].get("plan_violations_omitted").is_none());
    assert_eq!(
        bad["properties"],
        json!({"plan": "gold", "age": 1, "friends": null}),
        "what is private stays so"
    );
    let strangers: Map<String, Value> = (0..30).map(|n| (format!("p{n}"), json!(n))).collect();
    let context = &row(&named("signed_up", &Value::Object(strangers)))["context"];
    let noted = context["plan_violations"].as_array().unwrap().len();
    assert_eq!(noted, limits::MAX_NOTED_VIOLATIONS);
    assert_eq!(context["plan_violations_omitted"], 31 - noted, "with the missing `plan`");
    let claims =
        json!({"event_name": "order_paid", "context": {"plan_violations": [], "plan_version": 9, "a": 1}});
    let context = &rows(&from_back_end("observe", &claims))[0]["context"];
    assert_eq!((context.get("plan_version"), &context["a"]), (None, &json!(1)), "nobody else says it");
}

#[test]
fn what_says_something_about_a_person_is_dropped_or_hashed() {
    let sent = json!({
        "plan": "free", "email": "a@example.com", "note": "secret", "ip": "10.0.0.1", "account": 42, "$lib": "x",
        "friends": [{"name": "Zo", "since": "2026-11-21"}, {"name": "Ru"}],
    });
    let properties = &rows(&from_page("enforce", &named("signed_up", &sent)))[0]["properties"];
    // printf a@example.com | openssl dgst -sha256 -hmac 0123456789abcdef; the same of 42
    assert_eq!(
        properties,
        &json!({
            "plan": "free", "$lib": "x", "friends": [{"since": "2026-11-21"}, {}],
            "email": EMAIL_HASH, "account": ACCOUNT_HASH,
        })
    );
    let escaped = r#"{"api_key":"wk_shop","event":"signed_up","distinct_id":"d","properties":{"plan":"free","\u0065mail":"a\u0040example.com","n\u006fte" : "secret","account":null}}"#;
    let append = append_with("enforce", &post("/e/", escaped.as_bytes()));
    let properties = &rows(&append)[0]["properties"];
    assert_eq!(properties, &json!({"plan": "free", "email": EMAIL_HASH, "account": null}));
    assert!(!append.rows[0].contains("secret") && !append.rows[0].contains("example.com"));
}

#[test]
fn a_row_names_what_of_it_says_something_about_a_person() {
    let noted = |properties: Value| {
        rows(&from_page("enforce", &named("signed_up", &properties)))[0]["context"]["pii"].clone()
    };
    assert_eq!(
        noted(json!({"plan": "free", "email": "a@example.com", "note": "x", "account": 4})),
        json!(["account", "email"]),
        "hashed, too; what is dropped is not there"
    );
    assert_eq!(noted(json!({"plan": "free", "friends": [{"name": "Zo"}]})), Value::Null);
    assert_eq!(noted(json!({"plan": "free"})), Value::Null);
    let from_elsewhere = json!({
        "event_name": "order_paid", "context": {"pii": ["nothing"], "shop": "berlin"},
    });
    let context = rows(&from_back_end("enforce", &from_elsewhere))[0]["context"].clone();
    assert_eq!([&context["pii"], &context["shop"]], [&Value::Null, &json!("berlin")], "nobody else says so");
}

const EMAIL_HASH: &str = "87c8707b0c61806881347867c370e9f6bba71e47fb7aa89200288026b10d38de";
const ACCOUNT_HASH: &str = "8d24a2a526d5f556469db8b6280e3a7b877a41155ca536be3a1f2a9d2be0eacd";

#[test]
fn last_wills_are_held_against_the_plan() {
    let will = json!({"event": "signed_up", "uuid": UUID, "distinct_id": "d", "properties": {"$stream_id": "s1", "$seq": 7}});
    let body = json!({"api_key": "wk_shop", "batch": [], "stream": {"id": "s1", "seq": 6, "dropped": {}, "will": will}});
    let append = append_with("enforce", &post("/batch/", body.to_string().as_bytes()));
    let wills: Value = serde_json::from_str(&append.wills).unwrap();
    assert_eq!(wills[0][4], true, "it would be quarantined");
    let row: Vec<Value> = serde_json::from_str(wills[0][5].as_str().unwrap()).unwrap();
    assert_eq!((&row[5], &row[12]), (&json!("missing_required"), &json!(7)));
}

#[test]
fn a_plan_that_is_off_or_absent_changes_nothing() {
    let forged = of_browser(&json!([named("order_paid", &json!({"note": "x"}))]));
    let request = post("/batch/", forged.as_bytes());
    let Step::Append(without) = step_with(None, &request) else { panic!("an append") };
    assert_eq!((without.events, without.quarantined_count), (1, 0));
    assert_eq!(append_with("off", &request), without);
    let off = Some(r#"{"mode":"off"}"#);
    assert_eq!(step_with(off, &request), Step::Append(without), "whatever else is there");
}

#[test]
fn a_plan_that_cannot_be_read_stores_nothing() {
    let no_salt = plan_record("enforce").replace(SALT, "");
    let short_salt = plan_record("enforce").replace(SALT, "0123456789abcde");
    for record in [
        "",
        "{}",
        r#"{"mode":"enforce"}"#,
        r#"{"mode":"enforce","plan":{}}"#,
        r#"{"mode":"no"}"#,
        &no_salt,
        &short_salt,
    ] {
        match step_with(Some(record), &post("/batch/", of_browser(&json!([event(&json!({}))])).as_bytes())) {
            Step::Answer(answer) => {
                assert_eq!(answer.status, 503, "{record}");
                assert!(answer.body.contains("registry_plan_invalid"));
            }
            step => panic!("{record}: {step:?}"),
        }
    }
}

#[test]
fn plans_are_asked_for_once_a_minute_and_their_absence_less() {
    let mut collector = Collector::new(Settings::default());
    let body = of_browser(&json!([named("order_paid", &json!({}))]));
    let request = post("/batch/", body.as_bytes());
    let mut asked_of_plan_at = |ms: i64, record: Option<&str>| {
        let now = Timestamp::from_ms(ms);
        let mut asked = false;
        while let Step::NeedKey { lookup } = collector.receive(&request, now) {
            asked |= lookup == "plan:org_shop";
            let record = if lookup == "plan:org_shop" { record } else { super::record(&lookup, &request) };
            collector.learn(&lookup, record, now);
        }
        asked
    };
    let record = plan_record("enforce");
    assert!(asked_of_plan_at(0, None));
    assert!(!asked_of_plan_at(limits::PLANLESS_TTL_MS - 1, Some(&record)));
    assert!(asked_of_plan_at(limits::PLANLESS_TTL_MS, Some(&record)));
    assert!(!asked_of_plan_at(limits::PLANLESS_TTL_MS + limits::PLAN_TTL_MS - 1, None));
    assert!(asked_of_plan_at(limits::PLANLESS_TTL_MS + limits::PLAN_TTL_MS, None));
}

#[test]
fn a_replay_goes_by_the_plan_of_now() {
    let forged = named("order_paid", &json!({}));
    let young = named("signed_up", &json!({"plan": "free", "age": 17, "note": "secret"}));
    let replayed = |event: &Value, record: Option<&str>| {
        let row = quarantined(&from_page("enforce", event)).remove(0);
        let page = format!("{UUID}\n{NOW}\n{}\n{}\n", row[11], row[10]);
        let mut collector = Collector::new(Settings::default());
        assert_eq!(collector.replay("org_shop", &page, now()).unreplayable, 1, "before it knows the plan");
        collector.learn("settings:org_shop", None, now());
        assert_eq!(collector.replay("org_shop", &page, now()).unreplayable, 1, "before it knows the plan");
        collector.learn("plan:org_shop", record, now());
        let replayed = collector.replay("org_shop", &page, now());
        let mut verdicts: Vec<Vec<Value>> = serde_json::from_str(&replayed.verdicts).unwrap();
        (replayed.unreplayable, verdicts.pop().unwrap_or_default())
    };
    let same = plan_record("enforce");
    let newer = same.replace("\"version\": 7", "\"version\": 8").replace("\"min\": 18", "\"min\": 16");
    assert_ne!(newer, same);
    let (_, still) = replayed(&forged, Some(&newer));
    assert_eq!(
        still[1..],
        ["origin_not_allowed".into(), "source".into(), "server".into(), "browser".into(), json!(8)]
    );
    let (_, still) = replayed(&young, Some(&same));
    assert_eq!((&still[1], &still[5]), (&json!("out_of_range"), &json!(7)));
    let (_, accepted) = replayed(&young, Some(&newer));
    assert_eq!(accepted.len(), 3);
    let row: Vec<Value> = serde_json::from_str(accepted[1].as_str().unwrap()).unwrap();
    assert_eq!(
        (&row[13], &row[14]),
        (&json!(2), &json!({"plan": "free", "age": 17})),
        "and withholds what it has to"
    );
    assert_eq!(
        replayed(&young, Some("{")),
        (1, Vec::new()),
        "by a plan that can't be read nothing is judged"
    );
}

/// What a replay makes of a quarantined row, by that plan.
fn replayed(row: &[Value], record: &str) -> (u32, Vec<Vec<Value>>) {
    let page = format!("{UUID}\n{NOW}\n{}\n{}\n", row[11], row[10]);
    let mut collector = Collector::new(Settings::default());
    collector.learn("plan:org_shop", Some(record), now());
    collector.learn("settings:org_shop", None, now());
    let replayed = collector.replay("org_shop", &page, now());
    (replayed.unreplayable, serde_json::from_str(&replayed.verdicts).unwrap())
}

#[test]
fn what_the_plan_withholds_is_not_in_quarantine_and_a_replay_gives_the_row_that_its_request_would_have_given()
{
    let properties = json!({
        "plan": "free", "age": 17, "email": "ada@example.com", "account": 4711, "note": "n0te", "ip": "192.0.2.7",
        "friends": [{"name": "Grace", "since": "2026-01-01"}], "voucher": {"password": "hunter2"},
        "$current_url": "https://shop.example/?token=t0ken",
    });
    let open = plan_record("enforce")
        .replace("\"unknown_properties\": \"reject\"", "\"unknown_properties\": \"accept\"");
    let newer = open.replace("\"min\": 18", "\"min\": 16");
    assert_ne!(newer, open);
    let request = of_browser(&json!([named("signed_up", &properties)]));
    let by = |record: &str| match step_with(Some(record), &post("/batch/", request.as_bytes())) {
        Step::Append(append) => append,
        step => panic!("{step:?}"),
    };
    let broken = by(&open);
    let row = quarantined(&broken).remove(0);
    assert_eq!(row[5..9], ["out_of_range", "properties.age", "at least 18", "a number"]);
    for gone in ["ada@", "4711", "n0te", "192.0.2.7", "Grace", "hunter2", "t0ken"] {
        assert!(!broken.quarantined.contains(gone), "{gone} in {}", broken.quarantined);
    }
    assert_eq!(row[11]["withheld"], json!(["ip", "account", "email", "friends.name", "note"]));
    assert_eq!(row[11]["redacted"], 2);

    let (_, again) = replayed(&row, &open);
    assert_eq!(again[0][1..4], row[5..8], "twice is the same as once");
    let (_, accepted) = replayed(&row, &newer);
    let replayed: Value = serde_json::from_str(accepted[0][1].as_str().unwrap()).unwrap();
    let at_once = serde_json::from_str::<Vec<Value>>(&by(&newer).rows[0]).unwrap().remove(0);
    assert_eq!(replayed, at_once);
    assert_eq!(replayed[15]["redacted"], 2);
}

#[test]
fn what_is_withheld_and_was_itself_wrong_can_not_be_judged_again() {
    for wrong in
        [json!({"email": 5}), json!({"friends": [{"name": true}]}), json!({"account": "x", "age": 17})]
    {
        let mut properties = json!({"plan": "free"});
        properties.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let row = quarantined(&from_page("enforce", &named("signed_up", &properties))).remove(0);
        assert_eq!(replayed(&row, &plan_record("enforce")), (1, vec![]), "{wrong}");
    }
    // What is not there was not withheld.
    let row =
        quarantined(&from_page("enforce", &named("signed_up", &json!({"email": "a@b.example"})))).remove(0);
    let (_, verdicts) = replayed(&row, &plan_record("enforce"));
    assert_eq!(verdicts[0][1..3], ["missing_required", "properties.plan"]);
}

#[test]
fn made_anonymous_an_event_has_nothing_that_the_plan_has_a_class_for() {
    let mut collector = Collector::new(Settings::default());
    let properties = json!({
        "plan": "free", "email": "a@example.com", "ip": "10.0.0.1", "$user_id": "42", "$set": {"a": 1},
        "friends": [{"name": "Zo", "since": "2026-11-21"}],
    });
    let page = format!("\"signed_up\"\n{properties}\n\"unplanned\"\n{{\"email\":\"kept\"}}\n");
    assert_eq!(collector.anonymise("org_shop", &page, now()), None, "nobody has asked for the plan");
    for mode in ["enforce", "observe"] {
        collector.learn("plan:org_shop", Some(&plan_record(mode)), now());
        let kept = collector.anonymise("org_shop", &page, now()).unwrap();
        let kept: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(kept[0], json!({"plan": "free", "friends": [{"since": "2026-11-21"}]}));
        assert_eq!(kept[1], json!({"email": "kept"}), "of which no plan says anything");
    }
    collector.learn("plan:org_shop", Some("{"), now());
    assert_eq!(collector.anonymise("org_shop", &page, now()), None, "a plan that can't be read");
}

#[test]
fn what_the_plan_knows_is_the_plans_to_withhold() {
    let text = PLAN.replace("note = {", "password = { type = \"string\" }\nnote = {");
    let plan = file::parse(&[Source { path: "shop.toml", text: &text }]).unwrap();
    let record = format!(r#"{{"mode":"observe","salt":"{SALT}","plan":{}}}"#, plan.to_json());
    let sent = named("signed_up", &json!({"plan": "free", "password": "x", "secret": "y"}));
    let request_body = of_browser(&json!([sent]));
    let Step::Append(append) = step_with(Some(&record), &post("/batch/", request_body.as_bytes())) else {
        panic!("an append")
    };
    let row = &rows(&append)[0];
    assert_eq!(row["properties"], json!({"plan": "free", "password": "x", "secret": "[redacted]"}));
    assert_eq!(row["context"]["redacted"], 1);
}
