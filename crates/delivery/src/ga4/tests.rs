use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tallymark_event::names;

use crate::{
    Outcome, Verdict,
    testing::{assert_refused, body, event, parse, request, requests, with},
};

fn record() -> Value {
    json!({ "name": "ga4", "kind": "ga4", "measurement_id": "G-ABC123", "api_secret": "s3cret" })
}

fn sent(members: &Value) -> Value {
    body(&request(&parse(&record()).unwrap(), &[with(event(1), members)]))
}

fn params(members: &Value) -> Value {
    sent(members)["events"][0]["params"].clone()
}

#[test]
fn what_a_doctor_sends_is_checked_and_not_counted() {
    let nobodys = json!({ "event_name": names::PROBE_EVENT, "anonymous_id": null, "user_id": null });
    let destination = parse(&record()).unwrap();
    let requests = requests(&destination, &[with(event(1), &nobodys), event(2)]);
    let paths: Vec<_> = requests.iter().map(|one| one.url.split('?').next().unwrap()).collect();
    let host = "https://www.google-analytics.com";
    assert_eq!(paths, [format!("{host}/debug/mp/collect"), format!("{host}/mp/collect")]);
    let probe = body(&requests[0]);
    assert_eq!(
        (&probe["client_id"], &probe["events"][0]["name"]),
        (&json!("1.1"), &json!("tallymark_probe"))
    );
    let bad = r#"{"validationMessages":[{"fieldPath":"events","description":"no","validationCode":"NAME_INVALID"}]}"#;
    let verdicts = [bad, ""].map(|body| destination.verdict(&Outcome::answered(200, body)));
    assert_eq!(verdicts, [Verdict::Refused, Verdict::Done]);
}

#[test]
fn a_request_is_the_protocols() {
    let context = json!({ "user_agent": "Mozilla/5.0", "country": "DE", "consent": { "analytics": true, "advertising": false } });
    let request = request(&parse(&record()).unwrap(), &[with(event(1), &json!({ "context": context }))]);
    assert_eq!(
        request.url,
        "https://www.google-analytics.com/mp/collect?measurement_id=G-ABC123&api_secret=s3cret"
    );
    let expected = json!({
        "client_id": "0193c1a2-0000-7def-8123-0000000000aa",
        "user_id": "user-1",
        "consent": { "ad_user_data": "DENIED", "ad_personalization": "DENIED" },
        "user_agent": "Mozilla/5.0",
        "user_location": { "country_id": "DE" },
        "events": [{
            "name": "recipe_scaled",
            "timestamp_micros": 1_789_999_990_000_000_i64,
            "params": {
                "event_id": "0193c1a2-7b1c-7def-8123-000000000001",
                "organization_id": "org_1",
                "entity_type": "recipe",
                "entity_id": "42",
                "scale": 2,
                "session_id": "1732449218",
                "engagement_time_msec": 1,
            },
        }],
    });
    assert_eq!(body(&request), expected);
}

#[test]
fn names_are_googles() {
    for (stored, user, ga4) in [
        ("$pageview", json!("u"), "page_view"),
        ("$identify", json!("u"), "login"),
        ("$identify", Value::Null, "identify"),
        ("Order Completed", json!("u"), "purchase"),
        // Google keeps user_engagement and screen_view for itself.
        ("$pageleave", json!("u"), "pageleave"),
        ("$screen", json!("u"), "screen"),
        ("$autocapture", json!("u"), "autocapture"),
        ("error", json!("u"), "event_error"),
        ("order.paid", json!("u"), "order_paid"),
    ] {
        let body = sent(&json!({ "event_name": stored, "user_id": user }));
        assert_eq!(body["events"][0]["name"], ga4, "{stored}");
    }
    let page = params(&json!({
        "event_name": "$pageview",
        "properties": { "$current_url": "https://shop.example/a", "title": "A", "$referrer": "$direct", "utm_source": "x" },
    }));
    assert_eq!(
        (&page["page_location"], &page["page_title"]),
        (&json!("https://shop.example/a"), &json!("A"))
    );
    assert_eq!(page["campaign_source"], "x");
    assert!(page.get("page_referrer").is_none() && page.get("tallymark_cut").is_none());
}

#[test]
fn sessions_are_the_second_in_which_they_began() {
    for (session, ga_session, number) in [
        (json!("555.1732449190"), Value::Null, json!("1732449190")),
        (json!("555.1732449190"), json!("1732449191"), json!("1732449191")),
        (json!("01935e05-2e80-7def-8123-0000000000bb"), Value::Null, json!("1732449218")),
        (Value::Null, Value::Null, Value::Null),
    ] {
        let members = json!({ "session_id": session, "properties": { "$ga_session_id": ga_session } });
        assert_eq!(params(&members)["session_id"], number, "{session}");
    }
    let made_up = |session: &str| params(&json!({ "session_id": session }))["session_id"].clone();
    assert_eq!(made_up("s-1"), made_up("s-1"));
    assert_ne!(made_up("s-1"), made_up("s-2"));
    assert!(made_up("s-1").as_str().unwrap().bytes().all(|byte| byte.is_ascii_digit()));
}

#[test]
fn engagement_is_what_is_known_of_it() {
    for (members, ms) in [
        (json!({ "properties": { "engagement_time_msec": 250 } }), json!(250)),
        (
            json!({ "event_name": "$pageleave", "properties": { "$prev_pageview_duration": 1.5 } }),
            json!(1_500),
        ),
        (json!({ "event_name": "$pageview", "properties": { "$prev_pageview_duration": 1.5 } }), json!(1)),
        (json!({ "event_name": "$pageleave", "properties": { "$prev_pageview_duration": -3 } }), json!(1)),
        (json!({ "source": "server" }), Value::Null),
    ] {
        assert_eq!(params(&members)["engagement_time_msec"], ms, "{members}");
    }
}

#[test]
fn a_request_is_one_visitors_and_their_word() {
    let other = |seq, members| with(event(seq), &members);
    let events = [
        event(1),
        other(2, json!({ "anonymous_id": "another" })),
        event(3),
        other(4, json!({ "user_id": null })),
        other(5, json!({ "context": { "gpc": true, "consent": { "advertising": false } } })),
    ];
    let requests = requests(&parse(&record()).unwrap(), &events);
    let seqs: Vec<_> = requests.iter().map(|one| one.seqs.clone()).collect();
    assert_eq!(seqs, [vec![1, 3], vec![2], vec![4], vec![5]]);
    assert_eq!(body(&requests[3])["consent"]["ad_user_data"], "DENIED");
    assert!(body(&requests[0]).get("consent").is_none(), "nobody has said anything");
}

#[test]
fn a_user_without_a_browser_has_a_number() {
    let of = |user: &str| sent(&json!({ "anonymous_id": null, "user_id": user }))["client_id"].clone();
    assert_eq!(of("user-1"), of("user-1"));
    assert_ne!(of("user-1"), of("user-2"));
    let id = of("user-1");
    let (first, second) = id.as_str().unwrap().split_once('.').unwrap();
    assert!(first.parse::<u64>().is_ok() && second.len() == 10, "{id}");
    let nobody = with(event(1), &json!({ "anonymous_id": null, "user_id": null }));
    let about_persons = with(event(2), &json!({ "event_name": "$groupidentify" }));
    assert_eq!(requests(&parse(&record()).unwrap(), &[nobody, about_persons]), []);
}

#[test]
fn what_is_too_old_is_not_sent() {
    let old = with(event(1), &json!({ "occurred_at": "2026-09-18T14:13:00.000Z" }));
    let requests = requests(&parse(&record()).unwrap(), &[old, event(2)]);
    let told: Vec<_> =
        requests.iter().map(|one| (one.seqs.clone(), one.unfit.is_some(), one.url.is_empty())).collect();
    assert_eq!(told, [(vec![1], true, true), (vec![2], false, false)]);
}

#[test]
fn limits_are_kept_and_what_they_cost_is_told() {
    let mut properties: Map<String, Value> = (0..30).map(|at| (format!("p{at:02}"), json!(at))).collect();
    properties.insert("currency".into(), json!("EUR"));
    properties.insert("coupon".into(), json!("x".repeat(150)));
    properties.insert("nested".into(), json!({ "a": 1 }));
    properties.insert("two words".into(), json!(true));
    properties.insert("empty".into(), Value::Null);
    let item = |id| json!({ "item_id": id, "price": 1.5, "extra": [1] });
    properties.insert("items".into(), json!([item("a"), { "price": 2 }]));
    let params = params(&json!({ "event_name": "purchase", "properties": properties }));
    assert_eq!(params["currency"], "EUR");
    assert_eq!(params["coupon"], "x".repeat(100));
    assert_eq!(params["items"], json!([{ "item_id": "a", "price": 1.5 }]));
    assert_eq!(params.as_object().unwrap().len(), names::MAX_PARAMETERS);
    assert_eq!(params["event_id"], event(1)["event_id"]);
    // 3 of the envelope, 30 and 3 of its own, less the 20 that there is room for; and what is nested.
    assert_eq!(params["tallymark_cut"], "1 name, 17 parameters, 2 values, 1 item");
}

#[test]
fn what_can_t_be_read_costs_itself_alone() {
    let row = json!({ "n": 7, "half": "HALF", "far": "FAR" }).to_string();
    let row = row.replace("HALF", "\\ud83d").replace("\"FAR\"", "1e999");
    let text = event(1).to_string().replace(r#"{"scale":2}"#, &row);
    let page = format!("[{text}]");
    let rows = crate::Row::parse_page(&page).unwrap();
    let destination = parse(&record()).unwrap();
    let state = crate::State::new(&destination, 0);
    let sent = crate::Attempt::compose(&destination, &state, &rows, crate::testing::now());
    let params = body(&sent.requests[0])["events"][0]["params"].clone();
    assert_eq!((&params["n"], &params["tallymark_cut"]), (&json!(7), &json!("2 parameters")));
}

#[test]
fn who_has_an_empty_id_is_somebody_else_or_nobody() {
    let of = |members: Value| requests(&parse(&record()).unwrap(), &[with(event(1), &members)]);
    let [request] = &of(json!({ "anonymous_id": "" }))[..] else { panic!("of the user") };
    assert_ne!(body(request)["client_id"], "");
    assert_eq!(of(json!({ "anonymous_id": "", "user_id": "" })), []);
}

#[test]
fn names_that_google_reads_otherwise_are_others() {
    let params = params(&json!({ "properties": { "timestamp_micros": 7, "event_id": "theirs" } }));
    assert_eq!((&params["param_timestamp_micros"], &params["param_event_id"]), (&json!(7), &json!("theirs")));
    assert_eq!(params["event_id"], event(1)["event_id"]);
}

#[test]
fn a_validation_servers_word_counts() {
    let mut record = record();
    record["validate"] = json!(true);
    let validating = parse(&record).unwrap();
    assert!(request(&validating, &[event(1)]).url.contains("/debug/mp/collect?"));
    let bad = r#"{"validationMessages":[{"fieldPath":"events","description":"…","validationCode":"NAME_INVALID"}]}"#;
    let verdict = |body| validating.verdict(&Outcome::answered(200, body));
    assert_eq!((verdict(bad), verdict(r#"{"validationMessages":[]}"#)), (Verdict::Refused, Verdict::Done));
    let plain = parse(&self::record()).unwrap();
    assert_eq!(plain.verdict(&Outcome::answered(204, "")), Verdict::Done);
}

#[test]
fn what_can_t_be_is_refused() {
    let wrong = [
        ("host", json!("http://region1.google-analytics.com")),
        ("measurement_id", json!("UA-1")),
        ("measurement_id", json!("G-A&b=1")),
        ("api_secret", json!("a&b")),
        ("validate", json!("yes")),
    ];
    assert_refused(&record(), &wrong);
    assert!(!format!("{:?}", parse(&record()).unwrap()).contains("s3cret"), "no secret in a log");
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "\\PC{0,150}".prop_map(Value::from),
        Just(Value::Null),
        Just(json!([{ "item_id": "a" }, 7])),
    ]
}

proptest! {
    /// Whatever an event is called and holds, what is sent of it is within Google's limits.
    #[test]
    fn any_event_is_within_the_limits(
        name in "\\PC{1,60}",
        properties in prop::collection::btree_map("(\\PC{0,60}|[a-z]{1,3}|items|ga_[a-z]|[$][a-z]{1,4})", scalar(), 0..40),
    ) {
        let members = json!({ "event_name": name, "properties": properties });
        let requests = requests(&parse(&record()).unwrap(), &[with(event(1), &members)]);
        for request in requests {
            let event = body(&request)["events"][0].clone();
            let is_name = |name: &str| {
                name.len() <= 40
                    && name.starts_with(|c: char| c.is_ascii_alphabetic())
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            };
            let name = event["name"].as_str().unwrap();
            prop_assert!(is_name(name) && !names::is_reserved_event(name), "{}", name);
            let params = event["params"].as_object().unwrap();
            prop_assert!(params.len() <= names::MAX_PARAMETERS);
            for (name, value) in params {
                prop_assert!(is_name(name) && !names::is_reserved_parameter(name), "{}", name);
                if let Value::String(text) = value {
                    prop_assert!(text.chars().count() <= names::max_value_chars(name));
                } else {
                    prop_assert!(value.is_number() || name == "items", "{} {}", name, value);
                }
            }
        }
    }
}
