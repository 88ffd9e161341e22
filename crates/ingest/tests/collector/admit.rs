//! Admit: keys and origins.

use super::*;

#[test]
fn keys() {
    let with = |body: &str| match step(&post("/e", body.as_bytes())) {
        Step::Append(append) => (200, append.events.to_string()),
        _ => refused(&post("/e", body.as_bytes())),
    };
    assert_eq!(with(r#"{"event":"a","distinct_id":"d"}"#), (401, "missing_key".into()));
    assert_eq!(with(r#"{"api_key":" ","batch":[{}]}"#), (401, "missing_key".into()));
    assert_eq!(with(r#"{"api_key":7,"batch":[{}]}"#), (401, "invalid_key".into()));
    assert_eq!(with(r#"{"api_key":"phx_1","batch":[{}]}"#), (401, "invalid_key".into()));
    assert_eq!(with(r#"{"api_key":"wk_é","batch":[{}]}"#), (401, "invalid_key".into()));
    assert_eq!(
        with(&format!(r#"{{"api_key":"{}","batch":[{{}}]}}"#, "k".repeat(65))),
        (401, "invalid_key".into())
    );
    assert_eq!(with(r#"{"api_key":"phc_other","batch":[{}]}"#), (401, "unknown_key".into()));
    assert_eq!(with(r#"{"api_key":"wk_broken","batch":[{}]}"#), (503, "registry_record_invalid".into()));
    let ok = (200, "1".to_owned());
    assert_eq!(with(r#"{"token":" wk_shop\n","event":"a","distinct_id":"d"}"#), ok);
    assert_eq!(with(r#"{"$token":"wk_shop","event":"a","distinct_id":"d"}"#), ok);
    assert_eq!(with(r#"[{"event":"a","properties":{"distinct_id":"d","token":"wk_shop"}}]"#), ok);
    assert_eq!(
        with(
            r#"[{"event":"a","properties":{"distinct_id":"d","token":"wk_shop"}},{"event":"b","distinct_id":"d","api_key":"wk\u005fshop"},{"event":"c","distinct_id":"d"}]"#
        ),
        (200, "3".into())
    );
    assert_eq!(
        with(
            r#"[{"event":"a","distinct_id":"d","token":"wk_shop"},{"event":"b","distinct_id":"d","token":"wk_any"}]"#
        ),
        (401, "inconsistent_keys".into())
    );
}

#[test]
fn origins() {
    let body = of_browser(&json!([event(&json!({}))]));
    let trust = |origin, referer| {
        let request = Request { origin, referer, ..post("/e", body.as_bytes()) };
        match step(&request) {
            Step::Append(append) => rows(&append)[0]["trust"].as_str().unwrap().to_owned(),
            _ => refused(&request).1,
        }
    };
    assert_eq!(trust(Some("https://shop.example"), None), "origin");
    assert_eq!(trust(Some("HTTPS://Shop.Example:443"), None), "origin");
    assert_eq!(trust(None, Some("https://shop.example/a?b#c")), "origin");
    assert_eq!(trust(None, None), "key");
    assert_eq!(trust(Some(""), None), "key");
    for foreign in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example.evil",
        "null",
    ] {
        assert_eq!(trust(Some(foreign), Some("https://shop.example/")), "foreign_origin", "{foreign}");
        assert_eq!(trust(None, Some(foreign)), "foreign_origin", "{foreign}");
    }
    let any = json!({"api_key": "wk_any", "batch": [event(&json!({}))]}).to_string();
    let append = append(&post("/e", any.as_bytes()));
    assert_eq!(rows(&append)[0]["trust"], "key", "a key for any origin says nothing of the page");
}

#[test]
fn kinds_of_keys() {
    let body = r#"{"event_name":"a"}"#;
    let with = |path, authorization| refused(&Request { authorization, ..post(path, body.as_bytes()) });
    assert_eq!(with("/v1/events", None), (401, "missing_key".into()));
    assert_eq!(with("/v1/events", Some("Basic abc")), (401, "missing_key".into()));
    assert_eq!(with("/v1/events", Some("Bearer ")), (401, "missing_key".into()));
    assert_eq!(with("/v1/events", Some("Bearer é")), (401, "invalid_key".into()));
    assert_eq!(with("/v1/events", Some("Bearer wk_shop")), (403, "wrong_key_kind".into()));
    assert_eq!(with("/v1/events", Some("Bearer rk_1")), (403, "wrong_key_kind".into()));
    let get = |authorization| refused(&Request { method: "GET", authorization, ..post("/v1/events", b"") });
    assert_eq!(get(Some("Bearer wk_shop")), (403, "wrong_key_kind".into()));
    assert_eq!(get(Some("Bearer sk_1")), (403, "wrong_key_kind".into()));
    assert_eq!(get(None), (401, "missing_key".into()));
}

#[test]
fn secrets_are_looked_up_by_their_digest() {
    let mut collector = Collector::new(Settings::default());
    let request = Request { authorization: Some("bearer sk_test"), ..post("/v1/events", b"{}") };
    let Step::NeedKey { lookup } = collector.receive(&request, now()) else { panic!("a key is needed") };
    // printf sk_test | sha256sum
    assert_eq!(lookup, "key:sha256:12b2820cf1639904311da5771de1e5bb65c77073fdc7c555df395942df42896b");
}
