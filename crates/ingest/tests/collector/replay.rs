//! Replay: quarantined events through the rules again.

use tallymark_ingest::Replayed;

use super::*;

/// By no plan.
fn replay(organization_id: &str, page: &str) -> Replayed {
    let mut collector = Collector::new(Settings::default());
    collector.learn(&format!("plan:{organization_id}"), None, now());
    collector.learn(&format!("settings:{organization_id}"), None, now());
    collector.replay(organization_id, page, now())
}

/// A page for the brain: an id, a body, and the provenance that a row of `from` has.
fn page(from: &Append, id: &str, body: &Value) -> String {
    let provenance = &quarantined(from)[0][11];
    format!("{id}\n{NOW}\n{provenance}\n{body}\n")
}

fn verdicts(page: &str) -> Vec<Value> {
    let replayed = replay("org_shop", page);
    assert_eq!(replayed.unreplayable, 0);
    serde_json::from_str(&replayed.verdicts).unwrap()
}

/// What a request makes of a good event that comes with a bad one, and what a replay makes of it by the other's
/// provenance.
fn both_ways(append: &Append, good: &Value) {
    assert_eq!((append.events, append.quarantined_count), (1, 1));
    let row = serde_json::from_str::<Vec<Value>>(&append.rows[0]).unwrap().remove(0);
    let verdicts = verdicts(&page(append, row[0].as_str().unwrap(), good));
    assert_eq!(verdicts.len(), 1);
    let replayed: Value = serde_json::from_str(verdicts[0][1].as_str().unwrap()).unwrap();
    assert_eq!(replayed, row);
    assert_eq!(verdicts[0], json!([row[0], verdicts[0][1], append.links]));
}

#[test]
fn an_accepted_event_gives_the_row_that_its_request_would_have_given() {
    let mut good = event(&json!({
        "$stream_id": "s", "$seq": 3, "$session_id": "v", "$user_id": "u", "$device_id": "d", "$lib": "x", "n": 1.0,
        "$entity_type": "batch", "$entity_id": 7, "$set": {"plan": "pro"}, "$ip": "10.0.0.1"
    }));
    good["uuid"] = json!("01a1fb70-e23f-7e92-afec-cc67e8fbdbf6");
    let batch = json!([good, {"uuid": UUID}]);
    both_ways(&append(&post("/e", of_browser(&batch).as_bytes())), &good);

    // A clock that is an hour slow, and a page that can't be named.
    let mut late = good.clone();
    late["timestamp"] = json!("2026-11-20T23:14:39Z");
    let batch = json!([late, {"uuid": UUID}]);
    let slow = json!({"api_key": "wk_any", "sent_at": "2026-11-20T23:14:40Z", "batch": batch}).to_string();
    let by_key = Request { origin: None, user_agent: None, ..post("/e", slow.as_bytes()) };
    let skewed = append(&by_key);
    assert_eq!(rows(&skewed)[0]["occurred_at"], "2026-11-21T00:14:39.000Z");
    both_ways(&skewed, &late);

    let given = json!({"event_name": "order_paid", "occurred_at": "2026-11-20T00:00:00Z", "user_id": 42,
        "anonymous_id": "a", "source": "billing", "schema_version": 3, "properties": {"n": 1}, "context": {"job": "j"}});
    both_ways(&domain(&json!([given, {"event_id": UUID}]).to_string()), &given);
}

#[test]
fn what_is_still_broken_has_the_same_verdict() {
    let events = json!([
        event(&json!({"$entity_id": {}})),
        {"uuid": "nonsense", "event": "a", "distinct_id": "d"},
        "text",
        null,
        {"event": "e".repeat(201), "distinct_id": "d"},
    ]);
    let append = append(&post("/e", of_browser(&events).as_bytes()));
    let rows = quarantined(&append);
    assert_eq!(rows.len(), 5);
    for row in rows {
        let verdicts = verdicts(&page(&append, row[0].as_str().unwrap(), &row[10]));
        assert_eq!(verdicts, [json!([row[0], row[5], row[6], row[7], row[8], row[12]])]);
    }
}

#[test]
fn a_protocols_own_rules_hold_too() {
    let events = json!([{"event": "a", "distinct_id": "d", "properties": {}}]);
    let body = of_browser(&json!([{"uuid": UUID}]));
    let provenance = quarantined(&append(&post("/e", body.as_bytes())))[0][11].to_string();
    let of_capture_v1 = provenance.replace("\"batch\"", "\"capture_v1\"");
    let by = |provenance: &str| verdicts(&format!("{UUID}\n{NOW}\n{provenance}\n{}\n", events[0]));
    assert_eq!(by(&provenance)[0].as_array().unwrap().len(), 3);
    assert_eq!(by(&of_capture_v1)[0][1], "invalid_timestamp", "which only capture v1 asks for");
}

#[test]
fn a_token_vouches_for_its_user_alone_whenever_its_events_are_judged() {
    let rows = quarantined(&append(&post("/e", of_browser(&json!([{"uuid": UUID}])).as_bytes())));
    let of_token = rows[0][11]
        .to_string()
        .replace("\"origin\"", "\"token\"")
        .replace("{\"context", "{\"user_id\":\"42\",\"context");
    let verdict = |user: Value| {
        let named = event(&json!({"$user_id": user}));
        let verdicts = verdicts(&format!("{UUID}\n{NOW}\n{of_token}\n{named}\n"));
        verdicts[0][1].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(json!("43")), "foreign_user");
    for own in [json!("42"), Value::Null] {
        let row: Value = serde_json::from_str(&verdict(own)).unwrap();
        assert_eq!((&row[5], &row[12]), (&json!("42"), &json!("token")));
    }
}

#[test]
fn what_can_not_be_judged_again_is_counted_and_left() {
    let large = json!([event(&json!({"x": "x".repeat(1024 * 1024)}))]);
    let deep = format!("[{}]", r#"{"event":"a","distinct_id":"d","properties":{"x":"\ud83d"}}"#);
    for body in [large.to_string(), deep] {
        let body = format!("{{\"api_key\":\"wk_shop\",\"batch\":{body}}}");
        let append = append(&post("/e", body.as_bytes()));
        let row = quarantined(&append).remove(0);
        let replayed = replay("org_shop", &page(&append, row[0].as_str().unwrap(), &row[10]));
        assert_eq!((replayed.verdicts.as_str(), replayed.unreplayable), ("[]", 1), "{}", row[5]);
    }
    let good = event(&json!({}));
    for page in [
        format!("{UUID}\n{NOW}\n\n{good}\n"),
        format!("{UUID}\n{NOW}\n{{}}\n{good}\n"),
        format!("{UUID}\nnever\n{{}}\n{good}\n"),
        format!("x\n{NOW}\n{{}}\n{good}\n"),
        UUID.to_owned(),
    ] {
        let replayed = replay("org_shop", &page);
        assert_eq!((replayed.verdicts.as_str(), replayed.unreplayable), ("[]", 1), "{page}");
    }
    assert_eq!(replay("org_shop", "").verdicts, "[]");
}
