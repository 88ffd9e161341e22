//! Place: the rule of time.

use super::*;

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
    // Nearer to ten minutes slow than to five, but what was sent was received later: it keeps its order.
    let (time, _) = occurred(json!({"sent_at": "2026-11-21T00:06:50Z"}), at("2026-11-21T00:06:45Z"));
    assert_eq!(time, "2026-11-21T00:14:35.000Z");
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
    // Whatever form the moment has; the client's text is kept where it is not the row's own time.
    for form in
        ["2026/11/21 00:14:30", "Sat, 21 Nov 2026 01:14:30 +0100", "1795220070", "11/21/2026T00:14:30.000Z"]
    {
        assert_eq!(occurred(json!({}), at(form)).0, "2026-11-21T00:14:30.000Z", "{form}");
    }
    let (time, context) = occurred(json!({"sent_at": "1795216452"}), at("1795216450"));
    assert_eq!(time, "2026-11-21T00:14:10.000Z");
    assert_eq!(context["client_timestamp"], "1795216450");
    // An offset overrides the timestamp, and skew has no part in it.
    let (time, context) = occurred(
        json!({"sent_at": "2026-11-20T23:14:12Z"}),
        json!({"event": "a", "distinct_id": "d", "timestamp": "2026-11-20T23:14:10Z", "offset": 1500}),
    );
    assert_eq!((time.as_str(), &context["offset_ms"]), ("2026-11-21T00:14:38.500Z", &json!(1500)));
}
