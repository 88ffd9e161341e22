//! Who is who: the links that events make between ids.

use super::*;

/// A lower id than [`UUID`].
const FIRST: &str = "01a1fb70-e23f-7e92-afec-cc67e8fbdbf4";

/// `[kind, id, user_id, is_stated]` of each link.
fn links(append: &Append) -> Value {
    if append.links.is_empty() {
        return json!([]);
    }
    let links: Vec<Vec<Value>> = serde_json::from_str(&append.links).unwrap();
    links.into_iter().map(|link| json!([link[0], link[1], link[2], link[6]])).collect()
}

fn of(name: &str, distinct_id: &str, properties: &Value) -> Value {
    json!({"event": name, "distinct_id": distinct_id, "properties": properties, "timestamp": "2026-11-21T00:14:39Z"})
}

fn by_browser(events: &Value) -> Append {
    append(&post("/batch/", of_browser(events).as_bytes()))
}

fn by_server(events: &Value) -> Append {
    append(&post("/batch/", json!({"api_key": "sk_1", "batch": events}).to_string().as_bytes()))
}

#[test]
fn what_posthogs_clients_say() {
    let identify =
        of("$identify", "u", &json!({"$anon_distinct_id": "a", "$device_id": "d", "$is_identified": true}));
    let both = json!([["identify", "a", "u", false], ["together", "d", "u", false]]);
    assert_eq!(links(&by_browser(&json!([identify]))), both);
    let later = of("$pageview", "u", &json!({"$device_id": "d", "$is_identified": true}));
    assert_eq!(links(&by_browser(&json!([later, later]))), json!([["together", "d", "u", false]]));
    let alias = json!([of("$create_alias", "u", &json!({"alias": "other", "distinct_id": "u"}))]);
    assert_eq!(links(&by_browser(&alias)), json!([["alias", "other", "u", false]]));
    assert_eq!(links(&by_server(&alias)), json!([["alias", "other", "u", true]]));
    let merge = json!([of("$merge_dangerously", "u", &json!({"alias": 7}))]);
    assert_eq!(links(&by_server(&merge)), json!([["merge", "7", "u", true]]));
    // A group is nobody's other id, and a page's visitor has but one until it is known.
    let group = of("$groupidentify", "u", &json!({"$group_type": "company", "$group_key": "acme"}));
    assert_eq!(
        links(&by_browser(&json!([group, of("$pageview", "a", &json!({"$device_id": "a"}))]))),
        json!([])
    );
}

#[test]
fn what_back_ends_say() {
    let append =
        domain(r#"[{"event_name":"a","user_id":7,"anonymous_id":"an"},{"event_name":"b","user_id":8}]"#);
    assert_eq!(links(&append), json!([["together", "an", "7", false]]));
}

#[test]
fn the_earliest_event_speaks() {
    let at = |time: &str, uuid: &str| {
        json!({"event": "a", "uuid": uuid, "distinct_id": "u", "timestamp": time,
            "properties": {"$device_id": "d", "$is_identified": true}})
    };
    let events = [
        at("2026-11-21T00:14:39.000Z", UUID),
        at("2026-11-21T00:14:38.000Z", UUID),
        at("2026-11-21T00:14:38.000Z", FIRST),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let batch: Vec<_> = order.iter().map(|&at| &events[at]).collect();
        let expected =
            format!(r#"[["together","d","u","2026-11-21T00:14:38.000Z","{FIRST}","origin",false]]"#);
        assert_eq!(by_browser(&json!(batch)).links, expected);
    }
}

#[test]
fn nobody_is_linked_to_nobody_or_against_their_will() {
    let identify = |distinct_id: &str, anonymous: &str, more: Value| {
        let mut properties = json!({"$anon_distinct_id": anonymous});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        links(&by_browser(&json!([of("$identify", distinct_id, &properties)])))
    };
    assert_eq!(identify("u", "a", json!({})), json!([["identify", "a", "u", false]]));
    for (distinct_id, anonymous) in [
        ("u", "u"),
        ("u", "null"),
        ("Anonymous", "a"),
        ("u", "'undefined'"),
        ("0", "a"),
        ("u", "[object Object]"),
    ] {
        assert_eq!(identify(distinct_id, anonymous, json!({})), json!([]), "{anonymous} of {distinct_id}");
    }
    for unwilling in [
        json!({"$cookieless_mode": true}),
        json!({"$process_person_profile": false}),
        json!({"$consent": {"advertising": true, "analytics": false}}),
    ] {
        assert_eq!(identify("u", "a", unwilling.clone()), json!([]), "{unwilling}");
    }
    assert_eq!(
        identify("u", "a", json!({"$consent": {"analytics": true}})),
        json!([["identify", "a", "u", false]])
    );
    // What is in quarantine says nothing.
    let broken = json!([of("", "u", &json!({"$anon_distinct_id": "a"}))]);
    assert_eq!(by_browser(&broken).links, "");
}

#[test]
fn a_page_links_no_crowd() {
    let crowd: Vec<_> =
        (1..=1_000).map(|n| of("$identify", "u", &json!({"$anon_distinct_id": n.to_string()}))).collect();
    assert_eq!(links(&by_browser(&json!(crowd))).as_array().unwrap().len(), limits::MAX_UNVOUCHED_LINKS);
    assert_eq!(links(&by_server(&json!(crowd))).as_array().unwrap().len(), 1_000);
}
