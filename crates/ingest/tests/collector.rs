//! The collector from outside: requests in, steps and answers out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;

use flate2::{Compress, Compression, FlushCompress, write::GzEncoder};
use serde_json::{Map, Value, json};
use tallymark_event::{COLUMNS, Timestamp};
use tallymark_ingest::{Answer, Append, Collector, Query, Request, Settings, Step, limits};

const NOW: &str = "2026-11-21T00:14:40.000Z";
const UUID: &str = "01a1fb70-e23f-7e92-afec-cc67e8fbdbf5";
const SERVER_LOOKUP: &str = "key:sha256:";

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

fn post<'a>(path: &'a str, body: &'a [u8]) -> Request<'a> {
    Request {
        method: "POST",
        path,
        query: "",
        origin: Some("https://shop.example"),
        referer: None,
        content_type: Some("text/plain"),
        content_encoding: None,
        authorization: None,
        user_agent: Some("test \"agent\""),
        country: Some("CZ"),
        body,
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// A collector with a registry behind it: a browser key `wk_shop`, any `sk_`, any `rk_`, a broken one.
fn step(request: &Request<'_>) -> Step {
    let mut collector = Collector::new(Settings { ingest_paths: vec!["/metrics".into()] });
    match collector.receive(request, now()) {
        Step::NeedKey { lookup } => {
            let is_read = request.authorization.is_some_and(|header| header.contains("rk_"));
            let record = match lookup.as_str() {
                "key:wk_shop" => Some(
                    r#"{"organization_id":"org_shop","kind":"browser","origins":["https://shop.example"]}"#,
                ),
                "key:wk_any" => Some(r#"{"organization_id":"org_shop","kind":"browser","origins":["*"]}"#),
                "key:wk_broken" => Some("{"),
                secret if secret.starts_with(SERVER_LOOKUP) && is_read => {
                    Some(r#"{"organization_id":"org_shop","kind":"read"}"#)
                }
                secret if secret.starts_with(SERVER_LOOKUP) => {
                    Some(r#"{"organization_id":"org_shop","kind":"server"}"#)
                }
                _ => None,
            };
            collector.learn(&lookup, record, now());
            let step = collector.receive(request, now());
            assert!(!matches!(step, Step::NeedKey { .. }), "asked once");
            step
        }
        step => step,
    }
}

fn append(request: &Request<'_>) -> Append {
    match step(request) {
        Step::Append(append) => append,
        step => panic!("{step:?}"),
    }
}

fn refused(request: &Request<'_>) -> (u16, String) {
    match step(request) {
        Step::Answer(Answer { status, body, .. }) => {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["type"], "validation_error");
            assert!(body["detail"].as_str().unwrap().len() > 10);
            assert!(body.as_object().unwrap().contains_key("attr"));
            (status, body["code"].as_str().unwrap().to_owned())
        }
        step => panic!("{step:?}"),
    }
}

fn rows(append: &Append) -> Vec<Map<String, Value>> {
    let chunks = append.rows.iter().map(|chunk| serde_json::from_str::<Vec<Vec<Value>>>(chunk).unwrap());
    chunks.flatten().map(|row| COLUMNS.map(str::to_owned).into_iter().zip(row).collect()).collect()
}

fn quarantined(append: &Append) -> Vec<Vec<Value>> {
    if append.quarantined.is_empty() {
        Vec::new()
    } else {
        serde_json::from_str(&append.quarantined).unwrap()
    }
}

fn event(properties: &Value) -> Value {
    json!({"event": "a", "uuid": UUID, "distinct_id": "d", "timestamp": "2026-11-21T00:14:39Z", "properties": properties})
}

fn of_browser(batch: &Value) -> String {
    json!({"api_key": "wk_shop", "batch": batch}).to_string()
}

/// The one row of a request from a browser with this event.
fn row(event: &Value) -> Map<String, Value> {
    let append = append(&post("/batch/", of_browser(&json!([event])).as_bytes()));
    assert_eq!(append.quarantined, "");
    rows(&append).remove(0)
}

/// The rule and the path that this event of a browser breaks.
fn broken(event: &Value) -> (String, String) {
    let append = append(&post("/batch/", of_browser(&json!([event])).as_bytes()));
    assert_eq!((append.events, append.quarantined_count), (0, 1));
    let row = quarantined(&append).remove(0);
    assert_eq!(row.len(), 11);
    (row[5].as_str().unwrap().to_owned(), row[6].as_str().unwrap().to_owned())
}

#[test]
fn a_row_of_a_browser() {
    let properties = json!({
        "token": "wk_shop", "$ip": "10.0.0.1", "ip": "10.0.0.1", "distinct_id": "x", "kept": [1, {"ip": 2}],
        "$entity_type": "recipe", "$entity_id": 42, "$correlation_id": "c", "$schema_version": 3,
        "$session_id": "s", "$stream_id": "st", "$seq": 7, "$monotonic_ms": 12.5, "$lib": "web", "$lib_version": "1"
    });
    let row = row(&event(&properties));
    let expected = json!({
        "event_id": UUID, "event_name": "a", "occurred_at": "2026-11-21T00:14:39.000Z", "received_at": NOW,
        "organization_id": "org_shop", "user_id": null, "anonymous_id": "d", "session_id": "s",
        "entity_type": "recipe", "entity_id": "42", "correlation_id": "c", "source": "browser",
        "trust": "origin", "schema_version": 3,
        "properties": {"kept": [1, {"ip": 2}], "$session_id": "s", "$lib": "web", "$lib_version": "1"},
        "context": {"dialect": "posthog", "user_agent": "test \"agent\"", "country": "CZ", "stream_id": "st",
            "seq": 7, "monotonic_ms": 12.5, "lib": "web", "lib_version": "1"}
    });
    assert_eq!(Value::Object(row), expected);
}

#[test]
fn who_did_it() {
    let who = |properties: Value| {
        let row = row(&event(&properties));
        (row["user_id"].clone(), row["anonymous_id"].clone())
    };
    assert_eq!(who(json!({})), (Value::Null, json!("d")));
    assert_eq!(who(json!({"$user_id": ""})), (Value::Null, json!("d")));
    assert_eq!(who(json!({"$user_id": "u"})), (json!("u"), Value::Null));
    assert_eq!(who(json!({"$user_id": 5, "$anon_distinct_id": "an"})), (json!("5"), json!("an")));
    assert_eq!(
        who(json!({"$user_id": "u", "$device_id": "de", "$anon_distinct_id": "an"})),
        (json!("u"), json!("de"))
    );
    assert_eq!(who(json!({"$is_identified": true, "$device_id": "de"})), (json!("d"), json!("de")));
    let server = |properties: Value| {
        let body = json!({"api_key": "sk_1", "batch": [event(&properties)]}).to_string();
        let row = rows(&append(&post("/batch", body.as_bytes()))).remove(0);
        assert_eq!((&row["trust"], &row["source"]), (&json!("server"), &json!("server")));
        (row["user_id"].clone(), row["anonymous_id"].clone())
    };
    assert_eq!(server(json!({})), (json!("d"), Value::Null));
    assert_eq!(server(json!({"$process_person_profile": false})), (Value::Null, json!("d")));
}

#[test]
fn every_wrapping_gives_the_same_row() {
    let body = of_browser(&json!([event(&json!({"emoji": "😀 žluť + /"}))]));
    let plain = append(&post("/e/", body.as_bytes()));
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &body);
    let of_gzip = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, gzip(body.as_bytes()));
    let escaped = base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let form = Some("application/x-www-form-urlencoded; charset=UTF-8");
    let wrapped = [
        ("", None, None, gzip(body.as_bytes())),
        ("compression=gzip-js&ip=1", None, None, gzip(body.as_bytes())),
        ("compression=base64", None, None, gzip(body.as_bytes())),
        ("", None, Some("gzip"), gzip(body.as_bytes())),
        ("", Some("application/json"), Some("gzip"), body.clone().into_bytes()),
        ("", None, None, base64.clone().into_bytes()),
        ("", None, None, of_gzip.clone().into_bytes()),
        ("compression=base64", form, None, format!("data={escaped}").into_bytes()),
        ("", form, None, format!("ip=1&data={base64}&compression=base64").into_bytes()),
        ("compression=gzip-js", form, None, format!("data={of_gzip}").into_bytes()),
        ("", form, None, body.clone().into_bytes()),
        ("compression=unknown", None, None, body.clone().into_bytes()),
    ];
    for (at, (query, content_type, content_encoding, body)) in wrapped.iter().enumerate() {
        let request = Request {
            query,
            content_type: *content_type,
            content_encoding: *content_encoding,
            ..post("/i/v0/e/", body)
        };
        assert_eq!(append(&request), plain, "wrapping {at}");
    }
}

#[test]
fn bodies_that_are_refused() {
    let with = |query, body: &[u8]| refused(&Request { query, ..post("/e", body) });
    assert_eq!(with("", b""), (400, "empty_body".into()));
    assert_eq!(with("", b" \n "), (400, "empty_body".into()));
    assert_eq!(with("", &vec![b' '; limits::MAX_BODY_BYTES + 1]), (413, "body_too_large".into()));
    assert_eq!(with("compression=lz64", b"NobwRAdghgtgpmAXGA"), (400, "unsupported_compression".into()));
    assert_eq!(with("compression=base64", b"!!"), (400, "invalid_base64".into()));
    let cut = gzip(b"[{}]");
    assert_eq!(with("", &cut[..cut.len() - 9]), (400, "invalid_gzip".into()));
    assert_eq!(with("", b"[\"\xff\"]"), (400, "not_utf8".into()));
    assert_eq!(with("", b"{\"a\":1"), (400, "malformed_json".into()));
    assert_eq!(with("", b"7"), (400, "not_events".into()));
    assert_eq!(with("", b"\"text\""), (400, "not_events".into()));
    assert_eq!(with("", b"[]"), (400, "no_event".into()));
    assert_eq!(with("", br#"{"api_key":"wk_shop","batch":[]}"#), (400, "no_event".into()));
    assert_eq!(with("", br#"{"api_key":"wk_shop","batch":{}}"#), (400, "not_an_array".into()));
    let many = format!("[{}]", vec!["{}"; limits::MAX_EVENTS_PER_REQUEST + 1].join(","));
    assert_eq!(with("", many.as_bytes()), (413, "too_many_events".into()));
}

#[test]
fn malformed_json_is_told_with_its_place() {
    let Step::Answer(answer) = step(&post("/e", br#"{"event":"a",}"#)) else { panic!("an answer") };
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["attr"], "body");
    assert!(body["detail"].as_str().unwrap().contains("byte 13"), "{body}");
}

#[test]
fn a_bomb_is_refused() {
    // One block of a mebibyte, a thousand times: a gibibyte out of a mebibyte.
    let mut deflate = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(1 << 20);
    deflate.compress_vec(&vec![b' '; 1 << 20], &mut block, FlushCompress::Full).unwrap();
    let header = &gzip(b"")[..10];
    let bomb = [header, &block.repeat(1 << 10)].concat();
    assert!(bomb.len() < 2 << 20);
    assert_eq!(refused(&post("/e", &bomb)), (413, "decoded_too_large".into()));
}

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

#[test]
fn reading() {
    let get = |path, query| {
        step(&Request { method: "GET", query, authorization: Some("Bearer rk_1"), ..post(path, b"") })
    };
    let events = Query::Events { organization_id: "org_shop".into(), after: 5, limit: 100 };
    assert_eq!(get("/v1/events", "after=5"), Step::Query(events));
    let ledger = Query::Ledger {
        organization_id: "org_shop".into(),
        from: "2026-10-23".into(),
        to: "2026-11-21".into(),
    };
    assert_eq!(get("/v1/ledger/", ""), Step::Query(ledger));
    let bad = Request {
        method: "GET",
        query: "limit=0",
        authorization: Some("Bearer rk_1"),
        ..post("/v1/events", b"")
    };
    assert_eq!(refused(&bad), (400, "invalid_parameter".into()));
    let ready = Request { method: "GET", ..post("/_readiness", b"") };
    let Step::Answer(answer) = step(&ready) else { panic!("an answer") };
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
}

#[test]
fn time() {
    let occurred = |envelope: Value, event: Value| {
        let mut body = json!({"api_key": "wk_shop", "batch": [event]});
        body.as_object_mut().unwrap().extend(envelope.as_object().unwrap().clone());
        let row = rows(&append(&post("/e", body.to_string().as_bytes()))).remove(0);
        (row["occurred_at"].as_str().unwrap().to_owned(), row["context"].clone())
    };
    let at = |time: &str| json!({"event": "a", "distinct_id": "d", "timestamp": time});
    let plain = at("2026-11-21T00:14:30Z");
    // Transit, however slow, shifts nothing.
    for sent_at in ["2026-11-21T00:14:39Z", "2026-11-21T00:09:41Z", "2026-11-21T00:19:39Z", "nonsense"] {
        let (time, context) = occurred(json!({"sent_at": sent_at}), plain.clone());
        assert_eq!(time, "2026-11-21T00:14:30.000Z", "{sent_at}");
        assert!(context.get("client_timestamp").is_none());
    }
    // A clock that is an hour and some seconds slow, and one that is a day fast.
    let (time, context) = occurred(json!({"sent_at": "2026-11-20T23:14:12Z"}), at("2026-11-20T23:14:10Z"));
    assert_eq!(time, "2026-11-21T00:14:10.000Z");
    assert_eq!(context["client_timestamp"], "2026-11-20T23:14:10Z");
    assert_eq!(context["sent_at"], "2026-11-20T23:14:12.000Z");
    assert_eq!(context["clock_shift_ms"], 3_600_000);
    let (time, _) = occurred(json!({"sent_at": "2026-11-22T00:14:40Z"}), at("2026-11-22T00:14:30Z"));
    assert_eq!(time, "2026-11-21T00:14:30.000Z");
    // Old events that are filled in, and clients that ask for it, are left alone.
    let (time, _) =
        occurred(json!({"sent_at": "2026-11-20T23:14:12Z", "historical_migration": true}), at("2020-01-01"));
    assert_eq!(time, "2020-01-01T00:00:00.000Z");
    let mut asking = plain.clone();
    asking["properties"] = json!({"$ignore_sent_at": true});
    assert_eq!(occurred(json!({"sent_at": "2026-11-20T23:14:12Z"}), asking).0, "2026-11-21T00:14:30.000Z");
    // The future is now, from a minute on.
    assert_eq!(occurred(json!({}), at("2026-11-21T00:15:40Z")).0, "2026-11-21T00:15:40.000Z");
    let (time, context) = occurred(json!({}), at("2026-11-21T00:15:41Z"));
    assert_eq!((time.as_str(), &context["client_timestamp"]), (NOW, &json!("2026-11-21T00:15:41Z")));
    // No moment, no time; the client's text is kept.
    let (time, context) = occurred(json!({}), at("last tuesday"));
    assert_eq!((time.as_str(), &context["client_timestamp"]), (NOW, &json!("last tuesday")));
    assert_eq!(occurred(json!({}), json!({"event": "a", "distinct_id": "d"})).0, NOW);
    // An offset overrides the timestamp, and skew has no part in it.
    let (time, context) = occurred(
        json!({"sent_at": "2026-11-20T23:14:12Z"}),
        json!({"event": "a", "distinct_id": "d", "timestamp": "2026-11-20T23:14:10Z", "offset": 1500}),
    );
    assert_eq!((time.as_str(), &context["offset_ms"]), ("2026-11-21T00:14:38.500Z", &json!(1500)));
}

#[test]
fn one_bad_event_leaves_the_others() {
    let batch =
        json!([event(&json!({"n": 1})), {"uuid": UUID, "distinct_id": "d"}, 7, event(&json!({"n": 2}))]);
    let append = append(&post("/e", of_browser(&batch).as_bytes()));
    assert_eq!((append.events, append.quarantined_count, append.unsequenced), (2, 2, 4));
    let quarantine = quarantined(&append);
    assert_eq!(
        quarantine[0],
        [
            json!(UUID),
            Value::Null,
            json!(NOW),
            json!("org_shop"),
            Value::Null,
            json!("missing_name"),
            json!("event"),
            json!("a string that is not empty"),
            json!("nothing"),
            Value::Null,
            json!({"uuid": UUID, "distinct_id": "d"})
        ]
    );
    assert_eq!((&quarantine[1][5], &quarantine[1][10]), (&json!("not_an_object"), &json!(7)));
    let answer = append.answer(2, 0, 2);
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["status"], "Ok");
    assert_eq!(
        body["quarantined"][0],
        json!({"event_id": UUID, "rule": "missing_name", "path": "event", "detail": "expected a string that is not empty, got nothing"})
    );
}

#[test]
fn a_good_batch_is_answered_as_posthog_does() {
    let append = append(&post("/e", of_browser(&json!([event(&json!({}))])).as_bytes()));
    assert_eq!(append.answer(1, 0, 0).body, r#"{"status":"Ok"}"#);
    assert_eq!(append.day, "2026-11-21");
}

#[test]
fn rules() {
    let with = |field: &str, value: Value| {
        let mut event = event(&json!({}));
        match field.strip_prefix("properties.") {
            Some(property) => event["properties"][property] = value,
            None => event[field] = value,
        }
        let (rule, path) = broken(&event);
        assert_eq!(path, field);
        rule
    };
    assert_eq!(with("event", json!(null)), "missing_name");
    assert_eq!(with("event", json!("")), "missing_name");
    assert_eq!(with("event", json!(7)), "wrong_type");
    assert_eq!(with("event", json!("e".repeat(201))), "too_long");
    assert_eq!(with("event", json!("😀".repeat(101))), "too_long");
    assert_eq!(with("uuid", json!("nonsense")), "invalid_id");
    assert_eq!(with("uuid", json!(7)), "invalid_id");
    assert_eq!(with("timestamp", json!(1_795_220_079)), "wrong_type");
    assert_eq!(with("offset", json!("5")), "wrong_type");
    assert_eq!(with("offset", json!(1.5)), "wrong_type");
    assert_eq!(with("properties", json!(null)), "wrong_type");
    assert_eq!(with("properties", json!([])), "wrong_type");
    assert_eq!(with("$set", json!(1)), "wrong_type");
    assert_eq!(with("$set_once", json!("x")), "wrong_type");
    assert_eq!(with("distinct_id", json!("")), "missing_distinct_id");
    assert_eq!(with("distinct_id", json!("  ")), "missing_distinct_id");
    assert_eq!(with("distinct_id", json!(null)), "missing_distinct_id");
    assert_eq!(with("properties.$entity_id", json!("é".repeat(201))), "too_long");
    assert_eq!(with("properties.$entity_type", json!({})), "wrong_type");
    assert_eq!(with("properties.$correlation_id", json!(true)), "wrong_type");
    assert_eq!(with("properties.$session_id", json!([])), "wrong_type");
    assert_eq!(with("properties.$schema_version", json!(0)), "wrong_type");
    assert_eq!(with("properties.$schema_version", json!("2")), "wrong_type");
    assert_eq!(with("properties.$seq", json!(10_000_001)), "wrong_type");
}

#[test]
fn what_passes_as_posthog_lets_it() {
    let mut long = event(&json!({}));
    long["event"] = json!("😀".repeat(100));
    long["distinct_id"] = json!("é".repeat(300));
    assert_eq!(row(&long)["event_name"], "😀".repeat(100));
    assert_eq!(row(&long)["anonymous_id"], "é".repeat(200));
    for (given, stored) in
        [(json!(42), "42"), (json!({"a": 1}), "{\"a\":1}"), (json!("a\u{0}b"), "a\u{fffd}b")]
    {
        let mut event = event(&json!({}));
        event["distinct_id"] = given;
        assert_eq!(row(&event)["anonymous_id"], stored);
    }
    let bare = json!({"event": "a", "properties": {"distinct_id": "in properties"}});
    assert_eq!(row(&bare)["anonymous_id"], "in properties");
    let mut sets = event(&json!({"$set": {"a": 1}}));
    sets["$set"] = json!({"a": 2});
    sets["$set_once"] = json!({"b": 3});
    assert_eq!(row(&sets)["properties"], json!({"$set": {"a": 1}, "$set_once": {"b": 3}}));
}

#[test]
fn what_no_database_holds_is_quarantined_as_text() {
    let body = format!(
        r#"{{"api_key":"wk_shop","batch":[{{"event":"a","distinct_id":"d","properties":{{"x":"\ud83d"}}}},{{"event":"b","distinct_id":"d","properties":{{"x":1e999}}}},{}]}}"#,
        event(&json!({}))
    );
    let append = append(&post("/e", body.as_bytes()));
    assert_eq!((append.events, append.quarantined_count), (1, 2));
    let quarantine = quarantined(&append);
    assert_eq!(quarantine[0][10]["$text"], r#"{"event":"a","distinct_id":"d","properties":{"x":"\ud83d"}}"#);
    assert_eq!(quarantine[1][5], "wrong_type");
}

#[test]
fn an_oversized_event_is_quarantined_and_cut() {
    let huge = event(&json!({"x": "y".repeat(1_000_000)}));
    let append = append(&post("/e", of_browser(&json!([huge, event(&json!({}))])).as_bytes()));
    assert_eq!((append.events, append.quarantined_count), (1, 1));
    let row = quarantined(&append).remove(0);
    assert_eq!(row[5], "event_too_large");
    assert!(row[10]["$bytes"].as_u64().unwrap() > 1_000_000);
    assert_eq!(row[10]["$text"].as_str().unwrap().len(), limits::OVERSIZE_KEPT_BYTES);
    assert!(append.quarantined.len() < 100_000);
}

#[test]
fn chunks_stay_bindable() {
    let large = |n: u32| event(&json!({"n": n, "x": "y".repeat(300_000)}));
    let body = of_browser(&json!((0..10).map(large).collect::<Vec<_>>()));
    let stored = append(&post("/e", body.as_bytes()));
    assert_eq!(stored.events, 10);
    assert!(stored.rows.len() >= 3);
    assert!(stored.rows.iter().all(|chunk| chunk.len() <= limits::MAX_CHUNK_BYTES));
    let numbers: Vec<u64> =
        rows(&stored).iter().map(|row| row["properties"]["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>(), "in the order of the request");
    let bad = body.replace("\"event\"", "\"evil\"");
    assert_eq!(refused(&post("/e", bad.as_bytes())), (413, "too_much_quarantined".into()));
}

#[test]
fn streams_are_accounted() {
    let of = |stream: &str, seq: u32| event(&json!({"$stream_id": stream, "$seq": seq}));
    let mut bad = of("s1", 4);
    bad["event"] = json!(7);
    let forged = event(&json!({"$stream_id": "s1", "$seq": 99_999_999}));
    let body = json!({
        "api_key": "wk_shop", "batch": [of("s1", 3), bad, of("s2", 9), event(&json!({})), forged],
        "stream": {"id": "s1", "seq": 6, "dropped": {"queue_full": 2}}
    });
    let append = append(&post("/e", body.to_string().as_bytes()));
    let streams: Value = serde_json::from_str(&append.streams).unwrap();
    assert_eq!(streams, json!([["s1", 6, 2, {"queue_full": 2}], ["s2", 9, 1, {}]]));
    assert_eq!((append.events, append.quarantined_count, append.unsequenced), (3, 2, 2));
    assert_eq!(quarantined(&append)[0][4], "s1");
    assert_eq!(quarantined(&append)[1][4], Value::Null);
}

#[test]
fn a_report_alone_is_worth_a_request() {
    let body = r#"{"api_key":"wk_shop","batch":[],"stream":{"id":"s1","seq":6,"dropped":{"queue_full":6}}}"#;
    let append = append(&post("/e", body.as_bytes()));
    assert_eq!(append.streams, r#"[["s1",6,0,{"queue_full":6}]]"#);
    assert_eq!((append.events, append.rows.len(), append.quarantined.as_str()), (0, 0, ""));
    assert_eq!(append.answer(0, 0, 0).body, r#"{"status":"Ok"}"#);
}

#[test]
fn without_an_id_a_retry_gives_the_same_one() {
    let body = of_browser(&json!([{"event": "a", "distinct_id": "d"}, {"event": "a", "distinct_id": "d"}]));
    let ids = || {
        rows(&append(&post("/e", body.as_bytes())))
            .iter()
            .map(|row| row["event_id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(), ids());
    assert_ne!(ids()[0], ids()[1]);
}

fn domain(body: &str) -> Append {
    append(&Request { authorization: Some("Bearer sk_1"), ..post("/v1/events", body.as_bytes()) })
}

#[test]
fn domain_events() {
    let event = json!({
        "event_id": UUID, "event_name": "order_paid", "occurred_at": "2026-11-20T10:00:00+01:00",
        "organization_id": "org_shop", "user_id": 7, "anonymous_id": "an", "session_id": "s", "entity_type": "order",
        "entity_id": "o1", "correlation_id": "c", "source": "billing", "schema_version": 2,
        "properties": {"token": 5, "$ip": "10.0.0.1", "$set": 1}, "context": {"job": "nightly", "dialect": "x", "ip": "10.0.0.1"}
    });
    let expected = json!({
        "event_id": UUID, "event_name": "order_paid", "occurred_at": "2026-11-20T09:00:00.000Z", "received_at": NOW,
        "organization_id": "org_shop", "user_id": "7", "anonymous_id": "an", "session_id": "s",
        "entity_type": "order", "entity_id": "o1", "correlation_id": "c", "source": "billing",
        "trust": "server", "schema_version": 2, "properties": {"token": 5, "$set": 1},
        "context": {"dialect": "domain", "job": "nightly"}
    });
    for body in [event.to_string(), json!([event]).to_string(), json!({"events": [event]}).to_string()] {
        let append = domain(&body);
        assert_eq!(Value::Object(rows(&append).remove(0)), expected);
        assert_eq!((append.streams.as_str(), append.unsequenced), ("", 1));
        assert_eq!(
            append.answer(1, 0, 0).body,
            r#"{"stored":1,"duplicates":0,"quarantined_new":0,"quarantined":[]}"#
        );
    }
    let least = rows(&domain(r#"{"event_name":"a","properties":null}"#)).remove(0);
    assert_eq!(
        (&least["occurred_at"], &least["source"], &least["schema_version"]),
        (&json!(NOW), &json!("server"), &json!(1))
    );
    assert_eq!((&least["properties"], &least["context"]), (&json!({}), &json!({"dialect": "domain"})));
}

#[test]
fn rules_of_domain_events() {
    for (event, rule, path) in [
        (json!({}), "missing_name", "event_name"),
        (json!({"event_name": "a", "event_id": "x"}), "invalid_id", "event_id"),
        (json!({"event_name": "a", "occurred_at": "soon"}), "invalid_timestamp", "occurred_at"),
        (json!({"event_name": "a", "occurred_at": 5}), "wrong_type", "occurred_at"),
        (
            json!({"event_name": "a", "organization_id": "org_other"}),
            "foreign_organization",
            "organization_id",
        ),
        (json!({"event_name": "a", "organization_id": 5}), "wrong_type", "organization_id"),
        (json!({"event_name": "a", "user_id": "u".repeat(201)}), "too_long", "user_id"),
        (json!({"event_name": "a", "user_id": {}}), "wrong_type", "user_id"),
        (json!({"event_name": "a", "properties": []}), "wrong_type", "properties"),
        (json!({"event_name": "a", "context": "x"}), "wrong_type", "context"),
        (json!({"event_name": "a", "source": "s".repeat(201)}), "too_long", "source"),
        (json!("a"), "not_an_object", ""),
    ] {
        let append = domain(&json!([event]).to_string());
        let row = quarantined(&append).remove(0);
        assert_eq!((row[5].as_str().unwrap(), row[6].as_str().unwrap()), (rule, path), "{event}");
        let answer: Value = serde_json::from_str(&append.answer(0, 0, 1).body).unwrap();
        assert_eq!(answer["quarantined"][0]["rule"], rule);
    }
}

#[test]
fn answers_name_no_more_violations_than_help() {
    let append = append(&post("/e", of_browser(&json!(vec![json!({}); 500])).as_bytes()));
    assert_eq!(append.quarantined_count, 500);
    let answer: Value = serde_json::from_str(&append.answer(0, 0, 500).body).unwrap();
    assert_eq!(answer["quarantined"].as_array().unwrap().len(), limits::MAX_REPORTED_VIOLATIONS as usize);
}
