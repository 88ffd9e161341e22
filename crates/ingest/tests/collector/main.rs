//! The collector from outside: requests in, steps and answers out. A file for each verb, and one
//! for reading.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod admin;
mod admit;
mod append;
mod capture_v1;
mod decode;
mod ga4;
mod judge;
mod link;
mod place;
mod planned;
mod posthog;
mod query;
mod replay;
mod shed;
mod tag;
mod token;
mod will;

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
        user_agent: Some("test \"agent\""),
        country: Some("CZ"),
        accept: None,
        fetch_dest: None,
        gpc: None,
        body,
        ..Request::default()
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// A collector with a registry behind it: a browser key `wk_shop`, a measurement id `G-SHOP1`, another tenant's, any
/// `sk_`, any `rk_`, a broken one.
fn step(request: &Request<'_>) -> Step {
    /// A secret, a measurement id, settings and a plan.
    const MAX_LOOKUPS: usize = 4;
    let mut collector =
        Collector::new(Settings { ingest_paths: vec!["/metrics".into()], ..Settings::default() });
    for _ in 0..MAX_LOOKUPS {
        let Step::NeedKey { lookup } = collector.receive(request, now()) else { break };
        collector.learn(&lookup, record(&lookup, request), now());
    }
    let step = collector.receive(request, now());
    assert!(!matches!(step, Step::NeedKey { .. }), "each key is asked for once");
    step
}

fn record(lookup: &str, request: &Request<'_>) -> Option<&'static str> {
    let is_read = request.authorization.is_some_and(|header| header.contains("rk_"));
    Some(match lookup {
        "key:wk_shop" | "key:G-SHOP1" => {
            r#"{"organization_id":"org_shop","kind":"browser","origins":["https://shop.example"]}"#
        }
        "key:wk_any" => r#"{"organization_id":"org_shop","kind":"browser","origins":["*"]}"#,
        "key:G-OTHER" => r#"{"organization_id":"org_other","kind":"browser","origins":["*"]}"#,
        "key:wk_broken" => "{",
        secret if secret.starts_with(SERVER_LOOKUP) && is_read => {
            r#"{"organization_id":"org_shop","kind":"read"}"#
        }
        secret if secret.starts_with(SERVER_LOOKUP) => r#"{"organization_id":"org_shop","kind":"server"}"#,
        _ => return None,
    })
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
    assert_eq!(row.len(), 14);
    (row[5].as_str().unwrap().to_owned(), row[6].as_str().unwrap().to_owned())
}

fn domain(body: &str) -> Append {
    append(&Request { authorization: Some("Bearer sk_1"), ..post("/v1/events", body.as_bytes()) })
}
