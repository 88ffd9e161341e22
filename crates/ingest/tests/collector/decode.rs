//! Decode: wrappings and shapes.

use super::*;

#[test]
fn every_wrapping_gives_the_same_row() {
    let body = of_browser(&json!([event(&json!({"emoji": "😀 žluť + /"}))]));
    let plain = append(&post("/e/", body.as_bytes()));
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &body);
    let of_gzip = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, gzip(body.as_bytes()));
    let escaped = base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let form = Some("application/x-www-form-urlencoded; charset=UTF-8");
    let wrapped = [
        ("", None, None, gzip(body.as_bytes())),
        ("compression=gzip-js&ip=1", None, None, gzip(body.as_bytes())),
        ("compression=base64", None, None, gzip(body.as_bytes())),
        ("", None, Some("gzip"), gzip(body.as_bytes())),
        ("", Some("application/json"), Some("gzip"), body.clone().into_bytes()),
        ("", None, None, base64.clone().into_bytes()),
        ("", None, None, of_gzip.clone().into_bytes()),
        ("compression=base64", form, None, format!("data={escaped}").into_bytes()),
        ("", form, None, format!("ip=1&data={base64}&compression=base64").into_bytes()),
        ("compression=gzip-js", form, None, format!("data={of_gzip}").into_bytes()),
        ("", form, None, body.clone().into_bytes()),
        ("compression=unknown", None, None, body.clone().into_bytes()),
        ("", Some("text/plain"), None, format!("data={escaped}").into_bytes()),
        ("", None, None, format!("compression=base64&data={base64}").into_bytes()),
    ];
    for (at, (query, content_type, content_encoding, body)) in wrapped.iter().enumerate() {
        let request = Request {
            query,
            content_type: *content_type,
            content_encoding: *content_encoding,
            ..post("/i/v0/e/", body)
        };
        assert_eq!(append(&request), plain, "wrapping {at}");
    }
    for data in [&escaped, &base64] {
        let query = format!("data={data}&ip=1");
        assert_eq!(append(&Request { method: "GET", query: &query, ..post("/e/", b"") }), plain);
    }
}

#[test]
fn bodies_that_are_refused() {
    let with = |query, body: &[u8]| refused(&Request { query, ..post("/e", body) });
    assert_eq!(with("", b""), (400, "empty_body".into()));
    assert_eq!(with("", b" \n "), (400, "empty_body".into()));
    assert_eq!(with("", &vec![b' '; limits::MAX_BODY_BYTES + 1]), (413, "body_too_large".into()));
    assert_eq!(with("compression=lz64", b"NobwRAdghgtgpmAXGA"), (400, "invalid_lz64".into()));
    assert_eq!(with("compression=br", b"NobwRAdghgtgpmAXGA"), (400, "unsupported_compression".into()));
    assert_eq!(with("compression=base64", b"!!"), (400, "invalid_base64".into()));
    let cut = gzip(b"[{}]");
    assert_eq!(with("", &cut[..cut.len() - 9]), (400, "invalid_gzip".into()));
    assert_eq!(with("", b"[\"\xff\"]"), (400, "not_utf8".into()));
    assert_eq!(with("", b"{\"a\":1"), (400, "malformed_json".into()));
    assert_eq!(with("", b"7"), (400, "not_events".into()));
    assert_eq!(with("", b"\"text\""), (400, "not_events".into()));
    assert_eq!(with("", b"[]"), (400, "no_event".into()));
    assert_eq!(with("", br#"{"api_key":"wk_shop","batch":[]}"#), (400, "no_event".into()));
    assert_eq!(with("", br#"{"api_key":"wk_shop","batch":{}}"#), (400, "not_an_array".into()));
    let many = format!("[{}]", vec!["{}"; limits::MAX_EVENTS_PER_REQUEST + 1].join(","));
    assert_eq!(with("", many.as_bytes()), (413, "too_many_events".into()));
}

#[test]
fn malformed_json_is_told_with_its_place() {
    let Step::Answer(answer) = step(&post("/e", br#"{"event":"a",}"#)) else { panic!("an answer") };
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["attr"], "body");
    assert!(body["detail"].as_str().unwrap().contains("byte 13"), "{body}");
}

#[test]
fn a_report_too_deep_to_read_costs_no_event() {
    let deep = "[".repeat(9_999) + &"]".repeat(9_999);
    let event = event(&json!({}));
    let body = format!(r#"{{"api_key":"wk_shop","stream":{deep},"batch":[{event}]}}"#);
    let of_batch = append(&post("/e", body.as_bytes()));
    assert_eq!((rows(&of_batch).len(), of_batch.streams.as_str()), (1, ""));
    // An event alone is all of its request. Of what can't be looked through nothing is kept, nor its key.
    let body = format!(r#"{{"api_key":"wk_shop","event":"a","stream":{deep}}}"#);
    let row = quarantined(&append(&post("/e", body.as_bytes()))).remove(0);
    let kept = json!({"$text": r#"{"event":"a","stream":null}"#, "$bytes": body.len()});
    assert_eq!((row[5].as_str(), &row[10]), (Some("unstorable"), &kept));
    let cut = format!(r#"{{"api_key":"wk_shop","batch":[{event}],"stream":{}"#, "[".repeat(9_999));
    assert_eq!(refused(&post("/e", cut.as_bytes())), (400, "malformed_json".into()));
}

#[test]
fn an_event_too_deep_to_read_is_quarantined_alone() {
    let deep = "{\"a\":[".repeat(9_999) + &"]}".repeat(9_999);
    let good = event(&json!({}));
    let bad = format!(
        r#"{{"event":"b","properties":{{"$stream_id":"s1","x":{deep},"$lib_version":"1.2","$seq":7}},"distinct_id":"d"}}"#
    );
    let item = "[".repeat(99) + &"]".repeat(99);
    let body = format!(r#"{{"api_key":"wk_shop","batch":[{good},{bad},{item},{good}],"sent_at":{deep}}}"#);
    let append = append(&post("/e", body.as_bytes()));
    assert_eq!(rows(&append).len(), 2);
    let [event, other] = &quarantined(&append)[..] else { panic!("{append:?}") };
    // What could be read of it is there, and its number is accounted for.
    assert_eq!(json!([event[1], event[4], event[5], event[9]]), json!(["b", "s1", "unstorable", "1.2"]));
    let kept = r#"{"event":"b","properties":{},"distinct_id":"d"}"#;
    assert_eq!(event[10], json!({"$text": kept, "$bytes": bad.len()}));
    assert_eq!(append.streams, r#"[["s1",7,1,[],false]]"#);
    assert_eq!(
        json!([other[5], other[10]]),
        json!(["not_an_object", {"$text": "null", "$bytes": item.len()}])
    );
}

#[test]
fn a_bomb_is_refused() {
    // One block of a mebibyte, a thousand times: a gibibyte out of a mebibyte.
    let mut deflate = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(1 << 20);
    deflate.compress_vec(&vec![b' '; 1 << 20], &mut block, FlushCompress::Full).unwrap();
    let header = &gzip(b"")[..10];
    let bomb = [header, &block.repeat(1 << 10)].concat();
    assert!(bomb.len() < 2 << 20);
    assert_eq!(refused(&post("/e", &bomb)), (413, "decoded_too_large".into()));
}
