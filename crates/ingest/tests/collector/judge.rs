//! Judge: what breaks a rule, and what passes.

use super::*;

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
            json!({"uuid": UUID, "distinct_id": "d"}),
            json!({"protocol": "batch", "source": "browser", "trust": "origin", "context":
                {"dialect": "posthog", "user_agent": "test \"agent\"", "country": "CZ"}}),
            Value::Null,
            json!("d")
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
    let mut sets = event(&json!({"$set": {"a": 1, "c": 4}, "$set_once": null, "$unset": ["d"], "e": 5}));
    sets["$set"] = json!({"a": 2});
    sets["$set_once"] = json!({"b": 3});
    let joined = json!({"$set": {"a": 2, "c": 4}, "$set_once": {"b": 3}, "$unset": ["d"], "e": 5});
    assert_eq!(row(&sets)["properties"], joined, "the event's own over its properties'");
    let cookieless = json!({"$device_id": null, "$cookieless_mode": true, "$is_identified": true});
    let mut nobody = event(&cookieless);
    nobody["distinct_id"] = json!("$posthog_cookieless");
    let row = row(&nobody);
    assert!(row["user_id"].is_null() && row["anonymous_id"].is_null(), "all such visitors have this id");
    assert_eq!(row["properties"], cookieless);
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
    assert_eq!(quarantine[1][5], "unstorable");
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
