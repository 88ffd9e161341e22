use serde_json::{Value as Json, json};

use super::*;

const NOW: &str = "2026-11-21T00:14:40Z";
const QUERY: &str = "measurement_id=G-1&api_secret=s";

/// What is said of a request, as `(path, code)`.
fn said(query: &str, body: &str) -> Vec<(String, String)> {
    let request = Request {
        method: "POST",
        path: "/debug/mp/collect",
        query,
        body: body.as_bytes(),
        ..Request::default()
    };
    let answer = validate(&request, Timestamp::parse(NOW).unwrap());
    assert_eq!(answer.status, 200);
    let body: Json = serde_json::from_str(&answer.body).unwrap();
    let text = |message: &Json, field: &str| message[field].as_str().unwrap().to_owned();
    body["validationMessages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| {
            assert!(text(message, "description").len() > 10, "{message}");
            (text(message, "fieldPath"), text(message, "validationCode"))
        })
        .collect()
}

fn of_event(event: &Json) -> Vec<(String, String)> {
    said(QUERY, &json!({"client_id": "1.2", "events": [event]}).to_string())
}

fn of_body(member: &str, value: &Json) -> Vec<(String, String)> {
    let mut body = json!({"client_id": "1.2", "events": [{"name": "a"}]});
    body[member] = value.clone();
    said(QUERY, &body.to_string())
}

fn message(path: &str, code: &str) -> Vec<(String, String)> {
    vec![(path.to_owned(), code.to_owned())]
}

#[test]
fn nothing_to_say() {
    let micros = Timestamp::parse(NOW).unwrap().ms() * 1_000;
    let full = json!({
        "client_id": "1.2", "user_id": "u", "timestamp_micros": micros,
        "user_properties": {"tier": {"value": "gold", "timestamp_micros": micros}},
        "consent": {"ad_user_data": "GRANTED", "ad_personalization": "DENIED"},
        "validation_behavior": "ENFORCE_RECOMMENDATIONS",
        "events": [
            {"name": "purchase", "params": {
                "session_id": "123", "engagement_time_msec": 100, "debug_mode": true, "currency": "EUR",
                "items": [{"item_id": "A", "price": 1.5, "size": "L"}], "page_location": "x".repeat(1_000),
            }},
            {"name": "größe_2", "params": {"session_id": 123}, "timestamp_micros": micros.to_string()},
        ],
    });
    assert_eq!(said(QUERY, &full.to_string()), []);
    let app =
        json!({"app_instance_id": "0123456789abcdef0123456789abcdef", "events": [{"name": "screen_view"}]});
    assert_eq!(said("firebase_app_id=1:2:android:3&api_secret=s", &app.to_string()), []);
}

#[test]
fn the_sample_of_googles_documentation() {
    let body = json!({"client_id": "1.2", "events": [{"name": "_badEventName"}]}).to_string();
    let request_says = said(QUERY, &body);
    assert_eq!(request_says, message("events", "NAME_INVALID"));
}

#[test]
fn the_request_as_such() {
    let body = json!({"client_id": "1.2", "events": [{"name": "a"}]}).to_string();
    assert_eq!(said("api_secret=s", &body), message("measurement_id", "VALUE_REQUIRED"));
    assert_eq!(said("measurement_id=G-1", &body), message("api_secret", "VALUE_REQUIRED"));
    for broken in ["", "{", "[]", "7", "{} x"] {
        assert_eq!(said(QUERY, broken), message("", "VALUE_INVALID"), "{broken}");
    }
    let large = json!({"client_id": "1.2", "events": [{"name": "a"}], "x": "x".repeat(MAX_BODY_BYTES)});
    assert_eq!(said(QUERY, &large.to_string()), message("", "VALUE_OUT_OF_BOUNDS"));
}

#[test]
fn who_sends() {
    let app = "firebase_app_id=1:2:android:3&api_secret=s";
    let with = |query, member: &str, value: Json| {
        said(query, &json!({member: value, "events": [{"name": "a"}]}).to_string())
    };
    assert_eq!(with(QUERY, "other", json!(1)), message("client_id", "VALUE_REQUIRED"));
    assert_eq!(with(QUERY, "client_id", json!("")), message("client_id", "VALUE_REQUIRED"));
    assert_eq!(with(QUERY, "client_id", json!(12)), message("client_id", "VALUE_INVALID"));
    assert_eq!(with(app, "client_id", json!("1.2")), message("app_instance_id", "VALUE_REQUIRED"));
    assert_eq!(with(app, "app_instance_id", json!("xyz")), message("app_instance_id", "VALUE_INVALID"));
    assert_eq!(of_body("user_id", &json!(7)), message("user_id", "VALUE_INVALID"));
    assert_eq!(of_body("user_id", &json!("u".repeat(257))), message("user_id", "VALUE_OUT_OF_BOUNDS"));
}

#[test]
fn fields_beside_the_events() {
    let path = "user_properties";
    assert_eq!(
        of_body("validation_behavior", &json!("STRICT")),
        message("validation_behavior", "VALUE_INVALID")
    );
    assert_eq!(
        of_body("consent", &json!({"ad_user_data": true})),
        message("consent.ad_user_data", "VALUE_INVALID")
    );
    assert_eq!(of_body("consent", &json!({"ads": "DENIED"})), message("consent.ads", "NAME_INVALID"));
    assert_eq!(of_body("timestamp_micros", &json!("soon")), message("timestamp_micros", "VALUE_INVALID"));
    assert_eq!(of_body("timestamp_micros", &json!(1)), message("timestamp_micros", "VALUE_OUT_OF_BOUNDS"));
    assert_eq!(of_body(path, &json!([])), message(path, "VALUE_INVALID"));
    assert_eq!(of_body(path, &json!({"a": 1})), message("user_properties.a", "VALUE_REQUIRED"));
    assert_eq!(of_body(path, &json!({"a": {"value": []}})), message("user_properties.a", "VALUE_INVALID"));
    let long = json!({"a": {"value": "x".repeat(37)}});
    assert_eq!(of_body(path, &long), message("user_properties.a", "VALUE_OUT_OF_BOUNDS"));
    for (name, code) in [("user_id", "NAME_RESERVED"), ("ga_x", "NAME_RESERVED"), ("1st", "NAME_INVALID")] {
        assert_eq!(of_body(path, &json!({name: {"value": 1}})), message(path, code), "{name}");
    }
    let many: Json =
        (0..26).map(|n| (format!("p{n}"), json!({"value": n}))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(of_body(path, &many), message(path, "EXCEEDED_MAX_ENTITIES"));
}

#[test]
fn the_events() {
    assert_eq!(of_body("events", &Json::Null), message("events", "VALUE_REQUIRED"));
    assert_eq!(of_body("events", &json!([])), message("events", "VALUE_REQUIRED"));
    assert_eq!(of_body("events", &json!({"name": "a"})), message("events", "VALUE_INVALID"));
    assert_eq!(
        of_body("events", &json!(vec![json!({"name": "a"}); 26])),
        message("events", "EXCEEDED_MAX_ENTITIES")
    );
    for (event, code) in [
        (json!(7), "VALUE_INVALID"),
        (json!({}), "VALUE_REQUIRED"),
        (json!({"name": ""}), "VALUE_REQUIRED"),
        (json!({"name": 7}), "VALUE_INVALID"),
        (json!({"name": "with blank"}), "NAME_INVALID"),
        (json!({"name": "x".repeat(41)}), "NAME_INVALID"),
        (json!({"name": "session_start"}), "NAME_RESERVED"),
        (json!({"name": "google_x"}), "NAME_RESERVED"),
        (json!({"name": "screen_view"}), "NAME_RESERVED"),
    ] {
        assert_eq!(of_event(&event), message("events", code), "{event}");
    }
    let old = json!({"name": "a", "timestamp_micros": 1});
    assert_eq!(of_event(&old), message("events.timestamp_micros", "VALUE_OUT_OF_BOUNDS"));
}

#[test]
fn their_parameters() {
    let of = |params: Json| of_event(&json!({"name": "a", "params": params}));
    let path = "events.params";
    assert_eq!(of(json!([])), message(path, "VALUE_INVALID"));
    for (name, code) in
        [("_x", "NAME_RESERVED"), ("firebase_conversion", "NAME_RESERVED"), ("a-b", "NAME_INVALID")]
    {
        assert_eq!(of(json!({name: 1})), message(path, code), "{name}");
    }
    for (name, value, code) in [
        ("a", json!("x".repeat(101)), "VALUE_OUT_OF_BOUNDS"),
        ("page_title", json!("x".repeat(301)), "VALUE_OUT_OF_BOUNDS"),
        ("a", json!({}), "VALUE_INVALID"),
        ("session_id", json!("12a"), "VALUE_INVALID"),
        ("engagement_time_msec", json!(-1), "VALUE_INVALID"),
        ("items", json!({}), "VALUE_INVALID"),
        ("items", json!([7]), "VALUE_INVALID"),
        ("items", json!([{}]), "VALUE_REQUIRED"),
        ("items", json!(vec![json!({"item_id": "A"}); 201]), "EXCEEDED_MAX_ENTITIES"),
    ] {
        assert_eq!(of(json!({name: value})), message(&format!("{path}.{name}"), code), "{name}");
    }
    let many: Json = (0..26).map(|n| (format!("p{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(of(many), message(path, "EXCEEDED_MAX_ENTITIES"));
    let mut item: serde_json::Map<String, Json> = (0..11).map(|n| (format!("p{n}"), json!(n))).collect();
    item.insert("item_id".into(), json!("A"));
    assert_eq!(of(json!({"items": [item]})), message("events.params.items", "EXCEEDED_MAX_ENTITIES"));
    let twice = r#"{"client_id":"1.2","events":[{"name":"a","params":{"b":1,"b":2}}]}"#;
    assert_eq!(said(QUERY, twice), message(path, "NAME_DUPLICATED"));
}

#[test]
fn as_many_messages_as_can_be_read() {
    let params: Json =
        (0..999).map(|n| (format!("_{n}"), json!([]))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(of_event(&json!({"name": "a", "params": params})).len(), MAX_MESSAGES);
}
