//! What holds of every request there can be.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Value, json};
use tallymark_event::{
    COLUMNS, DropReason, StreamId, Timestamp, limits::MAX_STREAM_SEQ, wire::MAX_STREAM_REPORTS,
};
use tallymark_ingest::{Append, Collector, Request, Settings, Step};

const BROWSER_KEY: &str = r#"{"organization_id":"org_1","kind":"browser","origins":["*"]}"#;
const SERVER_KEY: &str = r#"{"organization_id":"org_1","kind":"server"}"#;

/// What bodies of the various wrappings begin with.
const MAGIC: [&[u8]; 5] = [b"", b"\x1f\x8b\x08\x00", b"{", b"[", b"data="];
const PATHS: [&str; 5] = ["/e/", "/batch", "/v1/events", "/v1/ledger", "/x"];

/// A request under a key that the registry knows, whatever it is.
fn receive(request: &Request<'_>) -> Step {
    let now = Timestamp::from_ms(1_795_220_080_000);
    let mut collector = Collector::new(Settings::default());
    for _ in ["key", "settings", "plan"] {
        let Step::NeedKey { lookup } = collector.receive(request, now) else { break };
        let record = match lookup.split_once(':') {
            Some(("plan" | "settings", _)) => None,
            Some(("key", key)) if key.starts_with("sha256:") => Some(SERVER_KEY),
            _ => Some(BROWSER_KEY),
        };
        collector.learn(&lookup, record, now);
    }
    collector.receive(request, now)
}

fn post<'a>(path: &'a str, body: &'a [u8]) -> Request<'a> {
    Request {
        method: "POST",
        path,
        query: "",
        origin: None,
        referer: None,
        content_type: None,
        content_encoding: None,
        authorization: Some("Bearer sk_1"),
        user_agent: None,
        country: None,
        accept: None,
        fetch_dest: None,
        gpc: None,
        body,
        ..Request::default()
    }
}

/// Any JSON, often with names that mean something here.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("2026-11-21T00:14:39Z")),
        Just(json!("01a1fb70-e23f-7e92-afec-cc67e8fbdbf5")),
        Just(json!({})),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(inner, &["token", "$ip", "a b"]),
        ]
    })
}

fn members(
    value: impl Strategy<Value = Value>,
    names: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    let name = prop_oneof![4 => prop::sample::select(names).prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec((name, value), 0..10)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

/// Good events, nearly good ones and nonsense.
fn item() -> impl Strategy<Value = Value> {
    const PROPERTIES: [&str; 21] = [
        "token",
        "distinct_id",
        "$ip",
        "ip",
        "$user_id",
        "$device_id",
        "$anon_distinct_id",
        "alias",
        "$consent",
        "$cookieless_mode",
        "$is_identified",
        "$session_id",
        "$entity_type",
        "$entity_id",
        "$schema_version",
        "$stream_id",
        "$seq",
        "$monotonic_ms",
        "$lib",
        "$set",
        "x",
    ];
    const FIELDS: [&str; 12] = [
        "event",
        "uuid",
        "timestamp",
        "offset",
        "distinct_id",
        "$set",
        "event_name",
        "event_id",
        "occurred_at",
        "user_id",
        "context",
        "entity_id",
    ];
    let name = prop::sample::select(&["a", "$identify", "$create_alias", "$merge_dangerously"][..]);
    let good = (name, members(value(), &PROPERTIES)).prop_map(
        |(name, properties)| json!({"event": name, "event_name": name, "distinct_id": "d", "properties": properties}),
    );
    let odd =
        (members(value(), &FIELDS), members(value(), &PROPERTIES)).prop_map(|(mut event, properties)| {
            event["properties"] = properties;
            event
        });
    prop_oneof![3 => good, 3 => odd, 1 => value()]
}

/// JSON text as no library would write it: numbers that no type holds, nesting beyond any stack, members twice,
/// halves of surrogate pairs; and in between reports, whole or nearly so.
fn report_text() -> impl Strategy<Value = String> {
    const LEAVES: [&str; 15] = [
        "null",
        "true",
        "0",
        "7",
        "10000000",
        "10000001",
        "1.5",
        "1e999",
        "-9999999999999999999999",
        "18446744073709551616",
        r#""s1""#,
        r#""\ud800""#,
        r#""\u0000""#,
        r#""]}""#,
        r#""""#,
    ];
    const NAMES: [&str; 12] = [
        "will",
        "id",
        "seq",
        "dropped",
        "memory",
        "\\u0069d",
        "queue_full",
        "blocked",
        "before_send",
        "\\ud800",
        "]",
        "",
    ];
    let leaf = prop_oneof![
        6 => prop::sample::select(&LEAVES[..]).prop_map(str::to_owned),
        2 => (0u64..100).prop_map(|seq| format!(r#"{{"id":"s{}","seq":{seq}}}"#, seq % 3)),
        2 => (1usize..100, prop::sample::select(&LEAVES[..])).prop_map(|(depth, name)| {
            let deep = "[".repeat(depth) + &"]".repeat(depth);
            let properties = format!(r#"{{"$stream_id":"s1","$seq":8,"distinct_id":"d","x":{deep}}}"#);
            format!(r#"{{"id":"s1","seq":7,"will":{{"event":{name},"properties":{properties}}}}}"#)
        }),
        1 => (1usize..3_000).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
        1 => (1usize..3_000).prop_map(|depth| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth)),
    ];
    leaf.prop_recursive(4, 120, 70, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..70).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..8).prop_map(|members| {
                let members: Vec<String> =
                    members.into_iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
                format!("{{{}}}", members.join(" ,"))
            }),
        ]
    })
}

/// An entry of [`Append::streams`].
type Stream = (String, u64, u32, Vec<(String, u64, bool)>, bool);

/// An entry of [`Append::wills`].
type Will = (String, u64, String, String, bool, String);

/// An entry of [`Append::links`].
type Link = (String, String, String, String, String, String, bool);

/// Every text in it parses, every row has its columns, and the counts are what they say.
fn assert_consistent(append: &Append, items: usize) {
    assert_eq!((append.events + append.quarantined_count) as usize, items);
    let mut rows = 0;
    for chunk in &append.rows {
        for row in serde_json::from_str::<Vec<Vec<Value>>>(chunk).unwrap() {
            assert_eq!(row.len(), COLUMNS.len());
            assert!(row[14].is_object() && row[15].is_object());
            for withheld in ["$ip", "ip"] {
                assert!(row[14].get(withheld).is_none(), "{withheld}");
            }
            rows += 1;
        }
    }
    assert_eq!(rows, append.events);
    let quarantined: Vec<Vec<Value>> = match append.quarantined.as_str() {
        "" => Vec::new(),
        text => serde_json::from_str(text).unwrap(),
    };
    assert_eq!(quarantined.len(), append.quarantined_count as usize);
    assert!(quarantined.iter().all(|row| row.len() == 14));
    let streams: Vec<Stream> = match append.streams.as_str() {
        "" => Vec::new(),
        text => serde_json::from_str(text).unwrap(),
    };
    let wills: Vec<Will> = match append.wills.as_str() {
        "" => Vec::new(),
        text => serde_json::from_str(text).unwrap(),
    };
    for (id, seq, .., is_quarantined, row) in wills {
        let (_, seq_high, ..) = streams.iter().find(|(reported, ..)| *reported == id).unwrap();
        assert!((1..=seq_high + 1).contains(&seq));
        let row: Vec<Value> = serde_json::from_str(&row).unwrap();
        assert_eq!(row.len(), if is_quarantined { 14 } else { COLUMNS.len() });
    }
    let links: Vec<Link> = match append.links.as_str() {
        "" => Vec::new(),
        text => serde_json::from_str(text).unwrap(),
    };
    assert!(links.len() <= 2 * append.events as usize);
    for (kind, id, user_id, at, ..) in &links {
        assert!(["together", "identify", "alias", "merge"].contains(&kind.as_str()));
        assert!(id != user_id && !id.is_empty() && !user_id.is_empty());
        assert!(Timestamp::parse(at).is_some());
    }
    let accounted: u32 = streams.iter().map(|stream| stream.2).sum();
    assert_eq!(accounted + append.unsequenced, append.events + append.quarantined_count);
    assert!(streams.len() <= items + MAX_STREAM_REPORTS);
    assert!(streams.is_sorted_by(|a, b| a.0 < b.0), "no stream twice");
    for (id, seq_high, _, dropped, _) in &streams {
        assert!(StreamId::new(id).is_some() && *seq_high <= MAX_STREAM_SEQ);
        for (at, (reason, count, may_have_arrived)) in dropped.iter().enumerate() {
            assert_eq!(DropReason::from_name(reason).unwrap().may_have_arrived(), *may_have_arrived);
            assert!((1..=*seq_high).contains(count));
            assert!(dropped[..at].iter().all(|(other, ..)| other != reason), "no reason twice");
        }
    }
    serde_json::from_str::<Value>(&append.answer(1, 2, 3).body).unwrap();
}

proptest! {
    #[test]
    fn any_bytes_give_a_step(
        body in prop::collection::vec(any::<u8>(), 0..300),
        magic in prop::sample::select(&MAGIC[..]),
        path in prop::sample::select(&PATHS[..]),
        query: String,
        header: Option<String>,
        get: bool,
    ) {
        let body = [magic, &body].concat();
        let header = header.as_deref();
        let request = Request {
            method: if get { "GET" } else { "POST" },
            query: &query,
            origin: header,
            referer: header,
            content_type: if get { header } else { Some("application/x-www-form-urlencoded") },
            content_encoding: header,
            user_agent: header,
            country: header,
            accept: header,
            fetch_dest: header,
            gpc: header,
            ..post(path, &body)
        };
        let asks_again = matches!(receive(&request), Step::NeedKey { .. });
        prop_assert!(!asks_again);
    }

    #[test]
    fn every_item_of_a_batch_is_accounted_for(
        items in prop::collection::vec(item(), 1..8),
        sent_at in value(),
        stream in value(),
        secret: bool,
        pretty: bool,
    ) {
        let key = if secret { "sk_1" } else { "wk_1" };
        let body = json!({"api_key": key, "batch": items, "sent_at": sent_at, "stream": stream});
        let body = if pretty { serde_json::to_string_pretty(&body).unwrap() } else { body.to_string() };
        let Step::Append(append) = receive(&post("/batch/", body.as_bytes())) else {
            return Err(TestCaseError::fail(body));
        };
        assert_consistent(&append, items.len());
    }

    #[test]
    fn no_report_costs_an_event(
        items in prop::collection::vec(item(), 1..4),
        report in report_text(),
        shape in 0usize..4,
    ) {
        let batch = serde_json::to_string(&items).unwrap();
        let body = match shape {
            0 => format!(r#"{{"api_key":"wk_1","stream":{report},"batch":{batch}}}"#),
            1 => format!(r#"{{"api_key":"wk_1","batch":{batch},"stream":{report}}}"#),
            2 => format!(r#"{{"batch":{batch},"stream":null,"stream":{report},"api_key":"wk_1","sent_at":1}}"#),
            _ => format!(r#"{{"api_key":"wk_1","event":"a","stream":{report},"distinct_id":"d"}}"#),
        };
        let Step::Append(append) = receive(&post("/batch/", body.as_bytes())) else {
            return Err(TestCaseError::fail(body));
        };
        assert_consistent(&append, if shape < 3 { items.len() } else { 1 });
    }

    #[test]
    fn every_domain_event_is_accounted_for(items in prop::collection::vec(item(), 1..8)) {
        let body = json!({"events": items}).to_string();
        let Step::Append(append) = receive(&post("/v1/events", body.as_bytes())) else {
            return Err(TestCaseError::fail(body));
        };
        assert_consistent(&append, items.len());
    }

    #[test]
    fn a_damaged_batch_is_refused_or_accounted_for(
        items in prop::collection::vec(item(), 1..4),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut body = json!({"api_key": "wk_1", "batch": items}).to_string().into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        if let Step::Append(append) = receive(&post("/batch/", &body)) {
            let total = append.events + append.quarantined_count;
            assert_consistent(&append, total as usize);
        }
    }

    #[test]
    fn order_inside_a_batch_survives_its_placing(
        times in prop::collection::vec(0i64..10_000_000, 2..10),
        skew in -100_000_000i64..100_000_000,
    ) {
        let mut times = times;
        times.sort_unstable();
        let text = |ms: i64| {
            let mut out = String::new();
            Timestamp::from_ms(ms).write(&mut out);
            out
        };
        let sent_at = 1_795_220_080_000 - skew;
        let batch: Vec<Value> = times
            .iter()
            .map(|ago| json!({"event": "a", "distinct_id": "d", "timestamp": text(sent_at - 10_000_000 + ago)}))
            .collect();
        let body = json!({"api_key": "wk_1", "batch": batch, "sent_at": text(sent_at)}).to_string();
        let Step::Append(append) = receive(&post("/batch/", body.as_bytes())) else {
            return Err(TestCaseError::fail(body));
        };
        let rows: Vec<Vec<Value>> = serde_json::from_str(&append.rows[0]).unwrap();
        // What claims to lie in the future is set to the time of receipt, and has lost its place.
        let received_at = rows[0][3].as_str().unwrap();
        let placed: Vec<&str> = rows.iter().map(|row| row[2].as_str().unwrap()).filter(|at| *at < received_at).collect();
        prop_assert!(placed.is_sorted(), "{:?}", placed);
    }
}
