//! Last wills: read as any event of their stream, and kept apart from those that have arrived.

use super::*;

fn leave(seq: u64) -> Value {
    let mut leave = event(&json!({"$stream_id": "s1", "$seq": seq, "n": 1.50}));
    leave["event"] = json!("$pageleave");
    leave
}

fn report(will: &Value) -> Value {
    json!({"id": "s1", "seq": 6, "dropped": {}, "will": will})
}

fn reporting(stream: &Value) -> Append {
    let body = json!({"api_key": "wk_shop", "batch": [], "stream": stream});
    append(&post("/batch/", body.to_string().as_bytes()))
}

/// The wills of a request, each with its row read.
fn wills(append: &Append) -> Vec<(Value, Value)> {
    if append.wills.is_empty() {
        return Vec::new();
    }
    let wills: Vec<[Value; 6]> = serde_json::from_str(&append.wills).unwrap();
    wills
        .into_iter()
        .map(|[stream, seq, id, at, is_quarantined, row]| {
            (
                json!([stream, seq, id, at, is_quarantined]),
                serde_json::from_str(row.as_str().unwrap()).unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_will_is_the_row_that_its_event_would_be() {
    let append = reporting(&report(&leave(7)));
    let [(will, row)] = &wills(&append)[..] else { panic!("{append:?}") };
    assert_eq!(*will, json!(["s1", 7, UUID, "2026-11-21T00:14:39.000Z", false]));
    let columns: Map<String, Value> =
        COLUMNS.map(str::to_owned).into_iter().zip(row.as_array().unwrap().iter().cloned()).collect();
    assert_eq!(columns, super::row(&leave(7)));
    assert_eq!(append.streams, r#"[["s1",6,0,[],false]]"#, "not counted as long as it waits");
    assert_eq!((append.events, append.quarantined_count, append.unsequenced), (0, 0, 0));
    assert_eq!(append.answer(0, 0, 0).body, r#"{"status":"Ok"}"#);
}

#[test]
fn a_will_that_breaks_a_rule_is_the_row_that_quarantine_would_have() {
    let mut nameless = leave(7);
    nameless["event"] = json!("");
    let append = reporting(&report(&nameless));
    let [(will, row)] = &wills(&append)[..] else { panic!("{append:?}") };
    assert_eq!(*will, json!(["s1", 7, UUID, "2026-11-21T00:14:39.000Z", true]));
    let arrived = super::append(&post("/batch/", of_browser(&json!([nameless])).as_bytes()));
    assert_eq!(*row, json!(quarantined(&arrived)[0]));
    assert_eq!(
        (append.quarantined_count, append.quarantined.as_str(), append.violations.as_str()),
        (0, "", "")
    );
}

#[test]
fn every_report_may_hold_one() {
    let mut other = report(&leave(7));
    other["id"] = json!("s2");
    other["will"]["properties"]["$stream_id"] = json!("s2");
    let ids: Vec<Value> = wills(&reporting(&json!([report(&leave(7)), 7, {"id": "s3", "seq": 1}, other])))
        .into_iter()
        .map(|(will, _)| will[0].clone())
        .collect();
    assert_eq!(ids, ["s1", "s2"]);
}

#[test]
fn what_is_not_the_next_event_of_the_stream_is_no_will() {
    let mut foreign = leave(7);
    foreign["properties"]["$stream_id"] = json!("s2");
    let mut large = leave(7);
    large["properties"]["x"] = json!("y".repeat(limits::MAX_WILL_BYTES));
    let unnumbered = event(&json!({"$stream_id": "s1"}));
    for will in
        [json!(null), json!(7), json!([leave(7)]), json!({}), leave(6), leave(8), foreign, large, unnumbered]
    {
        let append = reporting(&report(&will));
        assert_eq!(append.wills, "", "{will}");
        assert_eq!(append.streams, r#"[["s1",6,0,[],false]]"#, "its report holds");
    }
}
