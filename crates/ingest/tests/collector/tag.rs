//! Clean and tag: the envelope.

use super::*;

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
    // posthog-node names a group in the visitor's place.
    let group = |distinct_id: &str| {
        let row = row(&json!({"event": "$groupidentify", "distinct_id": distinct_id, "properties": {}}));
        row["anonymous_id"].clone()
    };
    assert_eq!((group("$company_acme"), group("d")), (Value::Null, json!("d")));
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
        "trust": "server", "schema_version": 2, "properties": {"token": "[redacted]", "$set": 1},
        "context": {"dialect": "domain", "job": "nightly", "redacted": 1}
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

/// What the row of this event says of consent, and of Global Privacy Control.
fn consent(request: &Request<'_>) -> (Value, Value) {
    let row = rows(&append(request)).remove(0);
    let context = |name: &str| row["context"].get(name).cloned().unwrap_or(Value::Null);
    assert_eq!(row["properties"].get("$gpc"), None);
    (context("consent"), context("gpc"))
}

#[test]
fn every_row_says_what_its_visitor_has_agreed_to() {
    let page = |properties: Value, gpc: Option<&'static str>| {
        let body = of_browser(&json!([event(&properties)]));
        consent(&Request { gpc, ..post("/batch/", body.as_bytes()) })
    };
    let all = json!({"analytics": true, "advertising": true});
    assert_eq!(page(json!({}), None), (Value::Null, Value::Null));
    assert_eq!(page(json!({}), Some("0")), (Value::Null, Value::Null));
    assert_eq!(page(json!({"$consent": all, "$gpc": "true"}), None), (all.clone(), Value::Null));
    let no_advertising = json!({"analytics": true, "advertising": false});
    for (properties, gpc) in
        [(json!({"$consent": all}), Some("1")), (json!({"$consent": all, "$gpc": true}), None)]
    {
        assert_eq!(page(properties, gpc), (no_advertising.clone(), json!(true)));
    }
    // posthog-js knows of no consent, and the browser speaks for itself.
    assert_eq!(page(json!({}), Some("1")), (json!({"advertising": false}), json!(true)));
}

#[test]
fn a_back_end_says_what_its_visitor_has_agreed_to() {
    let posted = |body: Value, gpc: Option<&'static str>| {
        let body = body.to_string();
        let request = post("/v1/events", body.as_bytes());
        consent(&Request { authorization: Some("Bearer sk_1"), gpc, ..request })
    };
    let said = json!({"event_name": "a", "context": {"consent": {"advertising": true, "x": 1}, "job": "j"}});
    assert_eq!(posted(said.clone(), None), (json!({"advertising": true}), Value::Null));
    assert_eq!(posted(said, Some("1")), (json!({"advertising": false}), json!(true)));
    let own = json!({"event_name": "a", "context": {"gpc": true}});
    assert_eq!(posted(own, None), (json!({"advertising": false}), json!(true)));
}

#[test]
fn secrets_that_nobody_meant_to_send_are_replaced_and_counted() {
    let properties = json!({
        "token": "wk_shop", "password": "hunter2", "scale": 2, "form": {"fields": [{"card_number": "x"}]},
        "$current_url": "https://shop.example/cb?code=abc&tab=1", "$set": {"api_key": "abc"},
    });
    let replaced = row(&event(&properties));
    assert_eq!(
        replaced["properties"],
        json!({
            "password": "[redacted]", "scale": 2, "form": {"fields": [{"card_number": "[redacted]"}]},
            "$current_url": "https://shop.example/cb?code=[redacted]&tab=1", "$set": {"api_key": "[redacted]"},
        })
    );
    assert_eq!(replaced["context"]["redacted"], 4);
    let beside = json!({"event": "$set", "distinct_id": "d", "$set": {"password": "x"}, "properties": {}});
    assert_eq!(row(&beside)["properties"], json!({"$set": {"password": "[redacted]"}}));
    assert_eq!(row(&event(&json!({"scale": 2})))["context"].get("redacted"), None);
}

/// The step of a page's request, with that under `settings:org_shop`.
fn with_settings(record: &str, request: &Request<'_>) -> Append {
    let mut collector = Collector::new(Settings::default());
    while let Step::NeedKey { lookup } = collector.receive(request, now()) {
        let found =
            if lookup == "settings:org_shop" { Some(record) } else { super::record(&lookup, request) };
        collector.learn(&lookup, found, now());
    }
    match collector.receive(request, now()) {
        Step::Append(append) => append,
        step => panic!("{step:?}"),
    }
}

#[test]
fn of_where_a_page_is_as_much_is_kept_as_its_tenant_wants() {
    let body = of_browser(&json!([event(&json!({"$ip": "192.0.2.9"}))]));
    let place = tallymark_ingest::Place {
        region: Some("Jihomoravský kraj"),
        region_code: Some("64"),
        city: Some("Brno"),
        time_zone: Some("Europe/Prague"),
        ..Default::default()
    };
    let request =
        Request { address: Some("192.0.2.7"), place, user_agent: None, ..post("/e", body.as_bytes()) };
    let city = json!({"dialect": "posthog", "country": "CZ", "$geoip_subdivision_1_code": "64",
        "$geoip_subdivision_1_name": "Jihomoravský kraj", "$geoip_city_name": "Brno", "$geoip_time_zone": "Europe/Prague"});
    for (settings, context) in [
        ("{}", json!({"dialect": "posthog", "country": "CZ"})),
        (r#"{"ip":"drop","geo":"country"}"#, json!({"dialect": "posthog", "country": "CZ"})),
        (r#"{"geo":"off"}"#, json!({"dialect": "posthog"})),
        (r#"{"geo":"off","ip":"truncate"}"#, json!({"dialect": "posthog", "ip": "192.0.2.0"})),
        (r#"{"geo":"city"}"#, city),
    ] {
        let row = rows(&with_settings(settings, &request)).remove(0);
        assert_eq!((&row["context"], &row["properties"]), (&context, &json!({})), "{settings}");
    }
    // A back end's address is not its visitor's.
    let by_back_end = Request { authorization: Some("Bearer sk_1"), ..request };
    let body = json!({"event_name": "a", "event_id": UUID}).to_string();
    let by_back_end = Request { path: "/v1/events", body: body.as_bytes(), ..by_back_end };
    let row = rows(&with_settings(r#"{"geo":"city","ip":"truncate"}"#, &by_back_end)).remove(0);
    assert_eq!(row["context"], json!({"dialect": "domain"}));
}

#[test]
fn a_tenant_names_further_secrets_and_others_that_are_none() {
    let properties = json!({"voucher_code": "v", "otp": "1", "deep": [{"Voucher-Code": 7}], "password": "p"});
    let body = of_browser(&json!([event(&properties)]));
    let stored = |settings: &str| {
        let row = rows(&with_settings(settings, &post("/e", body.as_bytes()))).remove(0);
        (row["properties"].clone(), row["context"]["redacted"].clone())
    };
    let gone = "[redacted]";
    assert_eq!(
        stored(r#"{"redact":{"keys":["voucherCode"],"allow":["OTP"]}}"#),
        (
            json!({"voucher_code": gone, "otp": "1", "deep": [{"Voucher-Code": gone}], "password": gone}),
            json!(3)
        )
    );
    assert_eq!(
        stored(r#"{"redact":{"is_off":true,"keys":["voucherCode"]}}"#),
        (properties.clone(), Value::Null)
    );
}
