//! Capture v1, `PostHog`'s newer protocol of servers.

use std::io::Write;

use flate2::write::ZlibEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

const OTHER: &str = "01A1FB70-E23F-7E92-AFEC-CC67E8FBDBF6";

fn v1(body: &[u8]) -> Request<'_> {
    Request {
        origin: None,
        content_type: Some("application/json"),
        authorization: Some("Bearer sk_1"),
        sdk_info: Some("posthog-python/7.91.1"),
        attempt: Some("1"),
        request_id: Some(UUID),
        request_timestamp: Some("2026-11-21T00:14:39.950000+00:00"),
        ..post("/i/v1/analytics/events", body)
    }
}

fn v1_event(uuid: &str) -> Value {
    json!({
        "event": "paid", "uuid": uuid, "distinct_id": "u", "timestamp": "2026-11-21T00:14:39Z",
        "session_id": "s1", "window_id": "w1",
        "options": {"process_person_profile": false, "disable_skew_correction": true, "unknown": 1},
        "properties": {"$set": {"a": 1}, "$lib": "mine", "n": 1}
    })
}

fn batch(events: &Value) -> String {
    json!({"created_at": "2026-11-21T00:14:39.9Z", "batch": events}).to_string()
}

fn v1_refused(request: &Request<'_>) -> (u16, String) {
    match step(request) {
        Step::Answer(Answer { status, body, .. }) => {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert!(body["error_description"].as_str().unwrap().len() > 10 && body["error_uri"].is_string());
            (status, body["error"].as_str().unwrap().to_owned())
        }
        step => panic!("{step:?}"),
    }
}

#[test]
fn an_event_lands_as_by_the_batch_dialect() {
    let body = batch(&json!([v1_event(UUID)]));
    let append = append(&v1(body.as_bytes()));
    let row = rows(&append).remove(0);
    assert_eq!((&row["event_name"], &row["event_id"]), (&json!("paid"), &json!(UUID)));
    assert_eq!((&row["session_id"], &row["trust"]), (&json!("s1"), &json!("server")));
    assert_eq!((&row["user_id"], &row["anonymous_id"]), (&json!(null), &json!("u")), "no person");
    let properties = json!({
        "$lib": "posthog-python", "$lib_version": "7.91.1", "$session_id": "s1", "$window_id": "w1",
        "$process_person_profile": false, "$ignore_sent_at": true, "$set": {"a": 1}, "n": 1
    });
    assert_eq!(row["properties"], properties);
    assert_eq!(row["context"]["sent_at"], "2026-11-21T00:14:39.950Z");
    let answer = append.answer(1, 0, 0);
    assert_eq!(
        (answer.status, answer.body),
        (200, format!(r#"{{"results":{{"{UUID}":{{"result":"ok"}}}}}}"#))
    );
    let failed = append.answer_not_committed();
    assert_eq!((failed.status, failed.body.contains("\"error\":\"log_unavailable\"")), (503, true));
}

#[test]
fn every_encoding_gives_the_same() {
    /// `{"created_at":"2026-11-21T00:14:39.9Z","batch":[{"event":"a","uuid":"01a1fb70-e23f-7e92-afec-cc67e8fbdbf5",
    /// "distinct_id":"u","timestamp":"2026-11-21T00:14:39Z"}]}` by Node's `brotliCompressSync`.
    const BROTLI: &str = "G6EAAB0Hdiz4mbRZSHyXIlt7z7nr56cBlqbP3dXjAGX1a7PodPX1gIturY0YFaLSH9gBe51j4Jg0seu6IEKSkRmFH6LGZ0v1qC9guvyDWupniAJ7/wNCrBxWCKekwDKroMZ0dM9l3mHD4gI+CuyGbGCfvRb4Ow==";
    let plain = r#"{"created_at":"2026-11-21T00:14:39.9Z","batch":[{"event":"a","uuid":"01a1fb70-e23f-7e92-afec-cc67e8fbdbf5","distinct_id":"u","timestamp":"2026-11-21T00:14:39Z"}]}"#;
    let expected = append(&v1(plain.as_bytes()));
    assert_eq!(expected.events, 1);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(plain.as_bytes()).unwrap();
    let brotli = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, BROTLI).unwrap();
    let encoded = [
        ("gzip", gzip(plain.as_bytes())),
        ("deflate", zlib.finish().unwrap()),
        ("zstd", compress_to_vec(plain.as_bytes(), CompressionLevel::Fastest)),
        ("BR", brotli),
    ];
    for (name, body) in &encoded {
        let with = |body| Request { content_encoding: Some(name), ..v1(body) };
        assert_eq!(append(&with(body)), expected, "{name}");
        for length in 1..body.len() {
            let (status, _) = v1_refused(&with(&body[..length]));
            assert_eq!(status, 400, "{name} cut to {length}");
        }
    }
    let with = |name| v1_refused(&Request { content_encoding: Some(name), ..v1(b"\x11\x1e\0\0\0") });
    assert_eq!(with("br"), (400, "invalid_content_encoding".into()), "a gigabyte's window");
    assert_eq!(with("lz4"), (415, "unsupported_content_encoding".into()));
}

#[test]
fn bombs_are_stopped_at_the_cap() {
    let zeros = vec![b' '; limits::MAX_DECODED_BYTES + 1];
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(&zeros).unwrap();
    for (name, body) in [
        ("deflate", zlib.finish().unwrap()),
        ("zstd", compress_to_vec(&zeros[..], CompressionLevel::Fastest)),
    ] {
        let request = Request { content_encoding: Some(name), ..v1(&body) };
        assert_eq!(v1_refused(&request), (413, "decoded_too_large".into()), "{name}");
    }
}

#[test]
fn a_bad_event_is_dropped_alone_and_not_asked_for_again() {
    for (field, value, details) in [
        ("event", json!(null), "missing_event_name"),
        ("event", json!("x".repeat(201)), "event_name_too_long"),
        ("distinct_id", json!(""), "missing_distinct_id"),
        ("timestamp", json!("yesterday"), "invalid_event_timestamp"),
        ("timestamp", json!(null), "invalid_event_timestamp"),
        ("timestamp", json!(7), "invalid_event_timestamp"),
        ("properties", json!([]), "malformed_event_properties"),
    ] {
        let mut bad = v1_event(OTHER);
        bad[field] = value;
        let append = append(&v1(batch(&json!([v1_event(UUID), bad])).as_bytes()));
        assert_eq!((append.events, append.quarantined_count), (1, 1), "{details}");
        let answer: Value = serde_json::from_str(&append.answer(1, 0, 1).body).unwrap();
        let results = &answer["results"];
        assert_eq!(results[UUID], json!({"result": "ok"}));
        assert_eq!(results[OTHER.to_lowercase()], json!({"result": "drop", "details": details}));
    }
}

#[test]
fn what_is_refused_whole() {
    let good = batch(&json!([v1_event(UUID)]));
    let body = |body: &str| v1_refused(&v1(body.as_bytes()));
    assert_eq!(body("{"), (400, "malformed_json".into()));
    assert_eq!(body(&batch(&json!([]))), (400, "no_event".into()));
    assert_eq!(body(&batch(&json!({}))), (400, "not_an_array".into()));
    assert_eq!(body(r#"{"created_at":"soon","batch":[{}]}"#), (400, "invalid_created_at".into()));
    for item in [json!({}), json!("text"), v1_event("no uuid")] {
        assert_eq!(body(&batch(&json!([item]))), (400, "invalid_event_uuid".into()));
    }
    let twice = batch(&json!([v1_event(OTHER), v1_event(&OTHER.to_lowercase())]));
    assert_eq!(body(&twice), (400, "duplicate_event_uuid".into()));
    assert_eq!(v1_refused(&v1(b"")), (400, "empty_body".into()));
    let good = v1(good.as_bytes());
    assert_eq!(v1_refused(&Request { authorization: None, ..good }), (401, "missing_key".into()));
    assert_eq!(
        v1_refused(&Request { authorization: Some("Bearer wk_9"), ..good }),
        (401, "unknown_key".into())
    );
    let nameless = Request { sdk_info: None, attempt: Some(" "), ..good };
    assert_eq!(v1_refused(&nameless), (400, "missing_required_headers".into()));
    let typeless = Request { content_type: Some("text/plain"), ..good };
    assert_eq!(v1_refused(&typeless), (415, "unsupported_content_type".into()));
}
