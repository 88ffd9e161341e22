//! Append: chunks, books and the answer.

use super::*;

#[test]
fn a_good_batch_is_answered_as_posthog_does() {
    let append = append(&post("/e", of_browser(&json!([event(&json!({}))])).as_bytes()));
    assert_eq!(append.answer(1, 0, 0).body, r#"{"status":"Ok"}"#);
    assert_eq!(append.day, "2026-11-21");
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
    assert_eq!(streams, json!([["s1", 6, 2, [["queue_full", 2, false]], false], ["s2", 9, 1, [], false]]));
    assert_eq!((append.events, append.quarantined_count, append.unsequenced), (3, 2, 2));
    assert_eq!(quarantined(&append)[0][4], "s1");
    assert_eq!(quarantined(&append)[1][4], Value::Null);
}

#[test]
fn a_report_alone_is_worth_a_request() {
    let body = r#"{"api_key":"wk_shop","batch":[],"stream":{"id":"s1","seq":6,"dropped":{"queue_full":6}}}"#;
    let append = append(&post("/e", body.as_bytes()));
    assert_eq!(append.streams, r#"[["s1",6,0,[["queue_full",6,false]],false]]"#);
    assert_eq!((append.events, append.rows.len(), append.quarantined.as_str()), (0, 0, ""));
    assert_eq!(append.answer(0, 0, 0).body, r#"{"status":"Ok"}"#);
}

#[test]
fn a_page_reports_for_the_pages_before_it() {
    let of = |stream: &str, seq: u64| event(&json!({"$stream_id": stream, "$seq": seq}));
    let body = json!({
        "api_key": "wk_shop", "batch": [of("dead", 4), of("own", 1), of("silent", 2)],
        "stream": [
            {"id": "own", "seq": 2, "memory": true},
            {"id": "dead", "seq": 5, "dropped": {"storage_full": 1, "queue_full": 3}},
            {"id": "evicted", "seq": 9, "dropped": {"storage_full": 4}},
            {"id": "dead", "seq": 4, "dropped": {"storage_full": 2, "blocked": 1, "queue_full": 1}},
            {"id": "own", "seq": 1, "memory": false},
        ]
    });
    let streams: Value =
        serde_json::from_str(&append(&post("/e", body.to_string().as_bytes())).streams).unwrap();
    let dead = json!([["queue_full", 3, false], ["storage_full", 2, true], ["blocked", 1, true]]);
    assert_eq!(
        streams,
        json!([
            ["dead", 5, 1, dead, false],
            ["evicted", 9, 0, [["storage_full", 4, true]], false],
            ["own", 2, 1, [], true],
            ["silent", 2, 1, [], false],
        ])
    );
}

#[test]
fn answers_name_no_more_violations_than_help() {
    let append = append(&post("/e", of_browser(&json!(vec![json!({}); 500])).as_bytes()));
    assert_eq!(append.quarantined_count, 500);
    let answer: Value = serde_json::from_str(&append.answer(0, 0, 500).body).unwrap();
    assert_eq!(answer["quarantined"].as_array().unwrap().len(), limits::MAX_REPORTED_VIOLATIONS as usize);
}
