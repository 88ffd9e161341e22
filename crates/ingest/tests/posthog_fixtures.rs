//! Every recorded request of posthog-js 1.449 that carries events decodes to exactly the events that it
//! holds. The recordings are in `tests/fixtures/posthog`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use tallymark_event::{COLUMNS, Timestamp};
use tallymark_ingest::{Append, Collector, Request, Settings, Step};

/// Properties that become columns, go to the context, belong to the wire or are kept nowhere.
const WITHHELD: [&str; 11] = [
    "token",
    "distinct_id",
    "ip",
    "$ip",
    "$entity_type",
    "$entity_id",
    "$correlation_id",
    "$schema_version",
    "$stream_id",
    "$seq",
    "$monotonic_ms",
];
const INGEST_PATHS: [&str; 6] = ["/batch", "/e", "/i/v0/e", "/capture", "/track", "/engage"];
const BROWSER_KEY: &str = r#"{"organization_id":"org_shop","kind":"browser",
    "origins":["http://shop.site.test:18901","http://shop.site.test:18911"]}"#;
const SERVER_KEY: &str = r#"{"organization_id":"org_shop","kind":"server"}"#;

fn recordings() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/posthog");
    assert!(folder.is_dir(), "{} is missing", folder.display());
    folder
}

/// Recordings whose name begins like this and that carry events to a path that takes them.
fn with_events(prefix: &str) -> Vec<(String, Value)> {
    let mut found: Vec<(String, Value)> = fs::read_dir(recordings())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .map(|path| {
            let recording = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), recording)
        })
        .filter(|(_, recording): &(String, Value)| {
            let path = recording["url"].as_str().unwrap().split('?').next().unwrap();
            recording["method"] == "POST" && INGEST_PATHS.contains(&path.trim_end_matches('/'))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn events_of(recording: &Value) -> Vec<Value> {
    let json = &recording["decoded"]["json"];
    if recording["url"].as_str().unwrap().starts_with("/engage") {
        return vec![identify_of(json)];
    }
    match json {
        Value::Array(events) => events.clone(),
        _ => json["batch"].as_array().cloned().unwrap_or_else(|| vec![json.clone()]),
    }
}

/// The event that an engage object stands for: what no event has beside its properties is one of them.
fn identify_of(engage: &Value) -> Value {
    let (fields, properties): (Map<_, _>, Map<_, _>) = engage
        .as_object()
        .unwrap()
        .clone()
        .into_iter()
        .partition(|(name, _)| matches!(name.as_str(), "$set" | "$token" | "$distinct_id"));
    let mut event = fields;
    event.insert("event".into(), "$identify".into());
    event.insert("distinct_id".into(), event["$distinct_id"].clone());
    event.insert("properties".into(), Value::Object(properties));
    Value::Object(event)
}

fn header<'r>(recording: &'r Value, name: &str) -> Option<&'r str> {
    let headers = recording["raw_headers"].as_array().unwrap();
    let found = headers.iter().find(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name))?;
    found[1].as_str()
}

fn replay(recording: &Value, key: &str) -> Result<Append, String> {
    let body = STANDARD.decode(recording["body_base64"].as_str().unwrap()).unwrap();
    let (path, query) = {
        let url = recording["url"].as_str().unwrap();
        url.split_once('?').unwrap_or((url, ""))
    };
    let request = Request {
        method: "POST",
        path,
        query,
        origin: header(recording, "origin"),
        referer: header(recording, "referer"),
        content_type: header(recording, "content-type"),
        content_encoding: header(recording, "content-encoding"),
        authorization: None,
        user_agent: header(recording, "user-agent"),
        country: None,
        accept: None,
        fetch_dest: None,
        gpc: None,
        body: &body,
        ..Request::default()
    };
    let now = Timestamp::parse(recording["received_at"].as_str().unwrap()).unwrap();
    let mut collector = Collector::new(Settings::default());
    for record in [Some(key), None, None] {
        match collector.receive(&request, now) {
            Step::NeedKey { lookup } => collector.learn(&lookup, record, now),
            step => return Err(format!("{step:?}")),
        }
    }
    match collector.receive(&request, now) {
        Step::Append(append) => Ok(append),
        step => Err(format!("{step:?}")),
    }
}

fn rows(append: &Append) -> Vec<Map<String, Value>> {
    let chunks = append.rows.iter().map(|chunk| serde_json::from_str::<Vec<Vec<Value>>>(chunk).unwrap());
    chunks.flatten().map(|row| COLUMNS.map(str::to_owned).into_iter().zip(row).collect()).collect()
}

fn ms(value: &Value) -> i64 {
    Timestamp::parse(value.as_str().unwrap()).unwrap().ms()
}

/// Checks one row against the event that it is of.
fn assert_same(name: &str, row: &Map<String, Value>, event: &Value, received_at: i64) {
    assert_eq!(row["event_name"], event["event"], "{name}");
    if let Some(uuid) = event.get("uuid") {
        assert_eq!(row["event_id"], *uuid, "{name}");
    }
    let properties = event["properties"].as_object().unwrap();
    let distinct_id = event.get("distinct_id").unwrap_or_else(|| &properties["distinct_id"]);
    let is = |key: &str, flag: bool| properties.get(key) == Some(&Value::Bool(flag));
    let identified = match row["trust"].as_str().unwrap() {
        "server" => !is("$process_person_profile", false),
        _ => {
            properties.get("$user_id").is_some_and(|id| !id.is_null() && id != "")
                || is("$is_identified", true)
        }
    };
    // The id of all visitors without a cookie, and the one that a group has from its type and key.
    let is_group = event["event"] == "$groupidentify" && distinct_id.as_str().unwrap().starts_with('$');
    if distinct_id == "$posthog_cookieless" || is_group {
        assert!(row["anonymous_id"].is_null() && row["user_id"].is_null(), "{name}");
    } else if identified {
        assert_eq!(row["user_id"], *distinct_id, "{name}");
    } else {
        assert_eq!(row["anonymous_id"], *distinct_id, "{name}");
        assert!(row["user_id"].is_null(), "{name}");
    }
    match (event.get("timestamp"), event.get("offset")) {
        (_, Some(offset)) => {
            assert_eq!(ms(&row["occurred_at"]), received_at - offset.as_i64().unwrap(), "{name}");
        }
        (Some(timestamp), None) if ms(timestamp) <= received_at + 60_000 => {
            assert_eq!(ms(&row["occurred_at"]), ms(timestamp), "{name}");
        }
        _ => assert_eq!(ms(&row["occurred_at"]), received_at, "{name}"),
    }
    let mut expected = properties.clone();
    for key in WITHHELD {
        expected.remove(key);
    }
    for key in ["$set", "$set_once"] {
        if let Some(top) = event.get(key).filter(|top| !top.is_null()) {
            let joined = expected.entry(key).or_insert_with(|| Value::Object(Map::new()));
            joined.as_object_mut().unwrap().extend(top.as_object().unwrap().clone());
        }
    }
    if let Some(Value::String(text)) = expected.get_mut("unicode") {
        // The recorder read CESU-8 as UTF-8: half a pair is three bytes, each a U+FFFD to it.
        *text = text.replace(&"\u{fffd}".repeat(6), "🐎");
    }
    assert_eq!(row["properties"], Value::Object(expected), "{name}");
    assert_eq!(row["session_id"], *properties.get("$session_id").unwrap_or(&Value::Null), "{name}");
    assert_eq!(row["organization_id"], "org_shop", "{name}");
    assert_eq!(row["context"]["dialect"], "posthog", "{name}");
}

/// Replays all recordings of a prefix under a key that the registry has like this; the number of requests
/// and of events.
fn assert_all(prefix: &str, key: &str, trust: &str) -> (usize, usize) {
    let mut counts = (0, 0);
    for (name, recording) in with_events(prefix) {
        let append = replay(&recording, key).unwrap_or_else(|step| panic!("{name}: {step}"));
        let events = events_of(&recording);
        let rows = rows(&append);
        assert_eq!(append.quarantined_count, 0, "{name}: {}", append.quarantined);
        assert_eq!(append.events as usize, events.len(), "{name}");
        assert_eq!(rows.len(), events.len(), "{name}");
        let received_at = ms(&recording["received_at"]);
        for (row, event) in rows.iter().zip(&events) {
            assert_same(&name, row, event, received_at);
            assert_eq!(row["trust"], trust, "{name}");
        }
        counts = (counts.0 + 1, counts.1 + events.len());
    }
    counts
}

#[test]
fn posthog_js_1_449() {
    let (requests, events) = assert_all("js1449-", BROWSER_KEY, "origin");
    assert!(requests >= 50 && events >= 70, "only {requests} requests with {events} events were found");
}

/// The client of 2023: single events and arrays, no uuid, no `api_key` beside the events; lz64, and `/engage/`.
#[test]
fn posthog_js_1_57() {
    let (requests, events) = assert_all("js1_57-", BROWSER_KEY, "origin");
    assert!(requests >= 27 && events >= 35, "only {requests} requests with {events} events were found");
}

#[test]
fn posthog_node() {
    let (requests, events) = assert_all("node-", SERVER_KEY, "server");
    assert!(requests >= 15 && events >= 60, "only {requests} requests with {events} events were found");
}
