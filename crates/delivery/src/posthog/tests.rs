use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    Outcome, Verdict,
    testing::{assert_refused, body, event, header, parse, request, requests, with},
};

fn record() -> Value {
    json!({ "name": "posthog", "kind": "posthog", "project_api_key": "phc_x" })
}

fn sent(members: &Value) -> Value {
    let request = request(&parse(&record()).unwrap(), &[with(event(1), members)]);
    body(&request)["batch"][0].clone()
}

#[test]
fn what_a_doctor_sends_is_nothing_to_count() {
    let destination = parse(&record()).unwrap();
    let probe = with(event(1), &json!({ "event_name": tallymark_event::names::PROBE_EVENT }));
    assert!(requests(&destination, &[probe]).is_empty());
    assert_eq!(requests(&destination, &[event(2)]).len(), 1);
}

#[test]
fn a_batch_is_as_a_server_library_sends_it() {
    let request = request(&parse(&record()).unwrap(), &[event(1), event(2)]);
    assert_eq!(request.url, "https://us.i.posthog.com/batch/");
    assert_eq!(header(&request, "content-type"), "application/json");
    assert!(request.gzip);
    let body = body(&request);
    assert_eq!(body["api_key"], "phc_x");
    assert!(body.get("sent_at").is_none() && body.get("historical_migration").is_none());
    let expected = json!({
        "event": "recipe_scaled",
        "uuid": "0193c1a2-7b1c-7def-8123-000000000001",
        "distinct_id": "user-1",
        "timestamp": "2026-09-21T14:13:10.000Z",
        "properties": {
            "scale": 2,
            "$lib": "tallymark",
            "$lib_version": "0.1.0",
            "$geoip_disable": true,
            "$user_id": "user-1",
            "$device_id": "0193c1a2-0000-7def-8123-0000000000aa",
            "$session_id": "01935e05-2e80-7def-8123-0000000000bb",
            "$entity_type": "recipe",
            "$entity_id": "42",
            "$schema_version": 2,
            "$groups": { "organization": "org_1" },
        },
    });
    assert_eq!(body["batch"][0], expected);
}

#[test]
fn properties_are_kept_to_the_byte_and_hold_over_columns() {
    let page = r#"[{"seq":1,"event_id":"e","event_name":"n","occurred_at":"2026-09-21T14:13:10.000Z","received_at":"t",
        "organization_id":"o","source":"s","trust":"server","schema_version":1,"session_id":"s-1",
        "properties":{ "big":12345678901234567890123,"exact":1.10,"$session_id":"own","\u0061":1 },"context":{}}]"#;
    let rows = crate::Row::parse_page(page).unwrap();
    let request = parse(&record()).unwrap().request(&[&rows[0]], crate::testing::now(), 0);
    for text in ["\"big\":12345678901234567890123,", "\"exact\":1.10", "\"$session_id\":\"own\"", "\"a\":1"] {
        assert!(request.body.contains(text), "{text}: {}", request.body);
    }
}

#[test]
fn who_it_is() {
    let anonymous = sent(&json!({ "user_id": null }));
    assert_eq!(anonymous["distinct_id"], "0193c1a2-0000-7def-8123-0000000000aa");
    assert!(anonymous["properties"].get("$process_person_profile").is_none());
    let nobody =
        sent(&json!({ "user_id": null, "anonymous_id": null, "properties": { "$cookieless_mode": true } }));
    assert_eq!(nobody["distinct_id"], nobody["uuid"]);
    assert_eq!(nobody["properties"]["$process_person_profile"], false);
    assert!(nobody["properties"].get("$cookieless_mode").is_none());
    let group = sent(&json!({
        "event_name": "$groupidentify", "user_id": null, "anonymous_id": null,
        "properties": { "$group_type": "company", "$group_key": "acme", "$group_set": { "plan": "pro" } },
    }));
    assert_eq!(group["distinct_id"], "$company_acme");
    assert!(group["properties"].get("$process_person_profile").is_none(), "PostHog would drop it");
}

#[test]
fn an_identify_joins_the_device_and_the_user() {
    let device = "0193c1a2-0000-7def-8123-0000000000aa";
    for before in
        [json!({}), json!({ "$anon_distinct_id": "user-1" }), json!({ "$anon_distinct_id": device })]
    {
        let event = sent(&json!({ "event_name": "$identify", "properties": before }));
        assert_eq!(event["distinct_id"], "user-1");
        assert_eq!(event["properties"]["$anon_distinct_id"], device);
    }
    let same = sent(&json!({ "event_name": "$identify", "anonymous_id": "user-1", "properties": {} }));
    assert!(same["properties"].get("$anon_distinct_id").is_none(), "nobody is joined with themselves");
}

#[test]
fn groups_of_the_event_stay_beside_its_organization() {
    let event = sent(&json!({ "properties": { "$groups": { "team": 7, "organization": "claimed" } } }));
    assert_eq!(event["properties"]["$groups"], json!({ "team": "7", "organization": "org_1" }));
}

#[test]
fn old_events_go_as_a_migration() {
    let old = with(event(2), &json!({ "occurred_at": "2026-09-19T14:00:00.000Z" }));
    let requests = requests(&parse(&record()).unwrap(), &[event(1), old, event(3)]);
    let seqs: Vec<_> =
        requests.iter().map(|one| (one.seqs.clone(), body(one)["historical_migration"].clone())).collect();
    assert_eq!(seqs, [(vec![1, 3], Value::Null), (vec![2], json!(true))]);
}

#[test]
fn answers() {
    let destination = parse(&record()).unwrap();
    for (status, body, verdict) in [
        (200, r#"{"status":"Ok"}"#, Verdict::Done),
        (200, r#"{"status":"Ok","quota_limited":["recordings"]}"#, Verdict::Done),
        (200, r#"{"status":"Ok","quota_limited":["events"]}"#, Verdict::Denied),
        (400, "failed to parse request", Verdict::Refused),
        (401, "", Verdict::Denied),
        (413, "", Verdict::Refused),
        (429, "", Verdict::Busy),
        (503, "", Verdict::Busy),
    ] {
        assert_eq!(destination.verdict(&Outcome::answered(status, body)), verdict, "{status} {body}");
    }
    let cut = r#"{"status":"Ok","quota_"#.to_owned();
    let cut = Outcome::Answered { status: 200, retry_after: None, body: cut, is_cut: true };
    assert_eq!(destination.verdict(&cut), Verdict::Faulted);
}

#[test]
fn what_can_t_be_is_refused() {
    let wrong = [
        ("host", json!("us.i.posthog.com")),
        ("project_api_key", json!("phx_x")),
        ("project_api_key", json!("a b")),
        ("group_type", json!("")),
    ];
    assert_refused(&record(), &wrong);
    assert!(!format!("{:?}", parse(&record()).unwrap()).contains("phc_x"), "no key in a log");
}

proptest! {
    /// An event is one, whatever its properties are called.
    #[test]
    fn any_properties(properties in prop::collection::btree_map("\\PC{0,12}", any::<i32>(), 0..6), user: Option<String>) {
        let event = sent(&json!({ "properties": properties, "user_id": user }));
        for (name, value) in &properties {
            if !name.starts_with('$') {
                prop_assert_eq!(&event["properties"][name], &json!(value));
            }
        }
        prop_assert!(event["distinct_id"].is_string());
    }
}
