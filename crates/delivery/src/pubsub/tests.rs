use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::testing::{assert_refused, body, event, now, parse, request, requests};

fn record() -> Value {
    json!({
        "name": "bus", "kind": "pubsub", "project_id": "shop-prod", "topic": "domain_events",
        "credentials": {
            "type": "service_account",
            "client_email": "tallymark@shop-prod.iam.gserviceaccount.com",
            "private_key_id": "k1",
            "private_key": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
        },
    })
}

#[test]
fn messages_are_the_events_in_order_of_their_tenant() {
    let sent = request(&parse(&record()).unwrap(), &[event(1), event(2)]);
    assert_eq!(sent.url, "https://pubsub.googleapis.com/v1/projects/shop-prod/topics/domain_events:publish");
    let message = &body(&sent)["messages"][1];
    let data = BASE64_STANDARD.decode(message["data"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(data).unwrap(), event(2).to_string());
    assert_eq!(message["orderingKey"], "org_1");
    let attributes = json!({
        "event_id": "0193c1a2-7b1c-7def-8123-000000000002",
        "event_name": "recipe_scaled",
        "organization_id": "org_1",
        "schema_version": "2",
    });
    assert_eq!(message["attributes"], attributes);
}

#[test]
fn the_account_signs_for_an_hour_and_the_same_for_half_of_it() {
    let destination = parse(&record()).unwrap();
    let bearer = |ms: i64| {
        let page = json!([event(1)]).to_string();
        let rows = crate::Row::parse_page(&page).unwrap();
        let at = tallymark_event::Timestamp::from_ms(ms);
        destination.request(&[&rows[0]], at, 0).bearer.unwrap().signing_input
    };
    let window = 1_800_000;
    let start = now().ms() / window * window;
    let token = bearer(start);
    let parts: Vec<Value> = token
        .split('.')
        .map(|part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0], json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }));
    let issued = start / 1_000 - 60;
    let account = "tallymark@shop-prod.iam.gserviceaccount.com";
    let claims = json!({
        "iss": account, "sub": account, "aud": "https://pubsub.googleapis.com/", "iat": issued, "exp": issued + 3_600,
    });
    assert_eq!(parts[1], claims);
    assert_eq!(bearer(start + window - 1), token);
    assert_ne!(bearer(start + window), token);
}

#[test]
fn an_emulator_wants_no_credentials() {
    let record = json!({
        "name": "bus", "kind": "pubsub", "project_id": "shop", "topic": "t", "endpoint": "https://emulator.example/",
    });
    let sent = request(&parse(&record).unwrap(), &[event(1)]);
    assert_eq!(sent.url, "https://emulator.example/v1/projects/shop/topics/t:publish");
    assert!(sent.bearer.is_none());
}

#[test]
fn a_request_has_as_many_messages_as_google_takes() {
    let mut record = record();
    record["batch_size"] = json!(1_000);
    let events: Vec<Value> = (1..=1_001).map(event).collect();
    let sizes: Vec<usize> =
        requests(&parse(&record).unwrap(), &events).iter().map(|one| one.seqs.len()).collect();
    assert_eq!(sizes, [1_000, 1]);
}

#[test]
fn what_can_t_be_is_refused() {
    let wrong = [
        ("project_id", json!("a/b")),
        ("topic", json!("projects/x/topics/y")),
        ("endpoint", json!("http://pubsub.example")),
        ("credentials", json!("{")),
        ("credentials", json!({ "client_email": "a@b.example" })),
        ("credentials", json!({ "client_email": "a@b.example", "private_key": "MIIE" })),
        ("credentials", Value::Null),
    ];
    assert_refused(&record(), &wrong);
    let mut text = record();
    text["credentials"] = json!(text["credentials"].to_string());
    let destination = parse(&text).unwrap();
    assert!(!format!("{destination:?}").contains("MIIE"), "no secret in a log");
    assert!(!format!("{:?}", request(&destination, &[event(1)])).contains("MIIE"), "no secret in a log");
}
