use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use serde_json::{Value, json};
use tallymark_event::Timestamp;

use super::answer;
use crate::{
    Attempt, Outcome, State, Verdict,
    testing::{assert_refused, body, event, header, parse, request, requests, statuses, with},
};

fn record() -> Value {
    json!({ "name": "bus", "kind": "kafka", "brokers": ["https://proxy.example:8082/"], "topic": "domain_events" })
}

fn of_cluster() -> Value {
    let mut record = record();
    record["cluster_id"] = json!("lkc-1");
    record["brokers"] = json!(["https://a.example/kafka", "https://b.example/kafka/"]);
    record["username"] = json!("key");
    record["password"] = json!("secret");
    record
}

fn decoded(value: &Value) -> String {
    String::from_utf8(BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap()
}

#[test]
fn v2_has_keys_and_values_as_they_are() {
    let sent = request(&parse(&record()).unwrap(), &[event(1), event(2)]);
    assert_eq!(sent.url, "https://proxy.example:8082/topics/domain_events");
    assert_eq!(header(&sent, "content-type"), "application/vnd.kafka.binary.v2+json");
    assert_eq!(header(&sent, "accept"), "application/vnd.kafka.v2+json");
    let records = body(&sent)["records"].clone();
    assert_eq!(records.as_array().unwrap().len(), 2);
    assert_eq!(decoded(&records[0]["key"]), "org_1");
    assert_eq!(decoded(&records[1]["value"]), event(2).to_string());
}

#[test]
fn v3_has_records_one_behind_the_other() {
    let destination = parse(&of_cluster()).unwrap();
    let sent = request(&destination, &[event(1), event(2)]);
    assert_eq!(sent.url, "https://a.example/kafka/v3/clusters/lkc-1/topics/domain_events/records");
    assert_eq!(header(&sent, "authorization"), "Basic a2V5OnNlY3JldA==");
    let lines: Vec<Value> = sent.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0]["key"]["type"].as_str(), lines[0]["value"]["type"].as_str()),
        (Some("BINARY"), Some("BINARY"))
    );
    assert_eq!(decoded(&lines[0]["key"]["data"]), "org_1");
    assert_eq!(decoded(&lines[1]["value"]["data"]), event(2).to_string());
    let headers: Vec<(String, String)> = lines[1]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap().to_owned(), decoded(&one["value"])))
        .collect();
    let expected = [
        ("event_id", "0193c1a2-7b1c-7def-8123-000000000002"),
        ("event_name", "recipe_scaled"),
        ("organization_id", "org_1"),
        ("schema_version", "2"),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn after_a_failure_the_next_proxy_is_asked() {
    let destination = parse(&of_cluster()).unwrap();
    let page = json!([event(1)]).to_string();
    let rows = crate::Row::parse_page(&page).unwrap();
    let hosts: Vec<String> = (0..3)
        .map(|address| destination.request(&[&rows[0]], crate::testing::now(), address).url)
        .map(|url| url.split('/').nth(2).unwrap().to_owned())
        .collect();
    assert_eq!(hosts, ["a.example", "b.example", "a.example"]);
}

#[test]
fn whichever_works_is_asked_on() {
    let destination = parse(&of_cluster()).unwrap();
    let mut state = State::new(&destination, 0);
    let mut asked = Vec::new();
    // The first fails, the second works until it fails, too.
    for (n, status) in [503, 200, 200, 200, 503, 200, 200].into_iter().enumerate() {
        let seq = state.cursor + 1;
        let page = json!([event(seq)]).to_string();
        let rows = crate::Row::parse_page(&page).unwrap();
        let now = Timestamp::from_ms(crate::testing::now().ms() + i64::try_from(n).unwrap() * 3_600_000);
        state.lease(&destination, "one", seq, now).unwrap();
        let Attempt { requests, through } = Attempt::compose(&destination, &state, &rows, now);
        let again = Attempt::of_parked(&destination, &state, &rows, now);
        assert_eq!(again[0].url, requests[0].url, "what was parked goes the same way");
        asked.push(requests[0].url.split('/').nth(2).unwrap().to_owned());
        let outcome = Some(crate::Outcome::answered(status, r#"{"error_code":200}"#));
        let sent = [crate::Sent { seqs: vec![seq], outcome, event_ids: Vec::new() }];
        state.settle(&destination, "one", through, &sent, now, 0).unwrap();
    }
    assert_eq!(asked, ["a", "b", "b", "b", "b", "a", "a"].map(|host| format!("{host}.example")));
    state.fail("no".into(), crate::testing::now());
    state.follow(&parse(&with(of_cluster(), &json!({ "batch_size": 7 }))).unwrap());
    assert_eq!(state.address, 0, "another configuration has another first one");
}

#[test]
fn each_record_has_its_own_outcome() {
    let destination = parse(&record()).unwrap();
    let sent = request(&destination, &[event(1), event(2), event(3), event(4)]);
    let answer = r#"{"offsets":[{"partition":0,"offset":7},{"partition":-1,"offset":-1,"error_code":2,"error":"no leader"},
        {"partition":0,"offset":8,"error_code":null,"error":null},{"error_code":1,"error":"too large"}],"key_schema_id":null}"#;
    assert_eq!(statuses(&destination, &sent, 200, answer), [(1, 200), (2, 503), (3, 200), (4, 422)]);
    let destination = parse(&of_cluster()).unwrap();
    let sent = request(&destination, &[event(1), event(2), event(3)]);
    let answer = r#"{"error_code":200,"offset":7,"key":{"type":"BINARY","size":5}}
        {"error_code":42902,"message":"slow down"}"#;
    // It broke off: of the third nothing is known.
    assert_eq!(statuses(&destination, &sent, 200, answer), [(1, 200), (2, 429), (3, 0)]);
    for (status, expected) in [(404, 404), (401, 401), (500, 500)] {
        assert_eq!(
            statuses(&destination, &sent, status, r#"{"error_code":40403}"#),
            [(1, expected), (2, expected), (3, expected)]
        );
    }
}

#[test]
fn redpandas_codes_are_kafkas() {
    for (code, verdict) in [
        (10, Verdict::Refused),
        (3, Verdict::Denied),
        (29, Verdict::Denied),
        (6, Verdict::Busy),
        (19, Verdict::Busy),
        (-1, Verdict::Faulted),
    ] {
        let told =
            answer::v2(&format!(r#"{{"offsets":[{{"partition":-1,"error_code":{code},"offset":-1}}]}}"#));
        assert_eq!(told.iter().map(Outcome::by_status).collect::<Vec<_>>(), [verdict], "{code}");
    }
}

#[test]
fn a_request_has_so_many_records_that_its_answer_is_read_whole() {
    let mut record = record();
    record["batch_size"] = json!(1_000);
    let events: Vec<Value> = (1..=450).map(event).collect();
    let sizes: Vec<usize> =
        requests(&parse(&record).unwrap(), &events).iter().map(|one| one.seqs.len()).collect();
    assert_eq!(sizes, [200, 200, 50]);
}

#[test]
fn what_can_t_be_is_refused() {
    let wrong = [
        ("brokers", json!([])),
        ("brokers", json!(["redpanda:9092"])),
        ("brokers", json!(["http://proxy.example"])),
        ("brokers", json!(["https://10.0.0.1"])),
        ("brokers", json!(["https://proxy.example?x=1"])),
        ("topic", json!("a/b")),
        ("topic", json!("..")),
        ("cluster_id", json!("a/../b")),
        ("password", json!("a\nb")),
    ];
    assert_refused(&of_cluster(), &wrong);
    assert_refused(&record(), &[("username", json!("alone"))]);
    assert!(!format!("{:?}", parse(&of_cluster()).unwrap()).contains("a2V5"), "no secret in a log");
}

proptest! {
    /// Whatever a proxy says, there is an outcome for each record.
    #[test]
    fn any_answer_is_read(status: u16, text in ".{0,200}", codes in prop::collection::vec(any::<i64>(), 0..5)) {
        let lines: Vec<String> = codes.iter().map(|code| json!({ "error_code": code }).to_string()).collect();
        let lines = lines.join("\n");
        for record in [record(), of_cluster()] {
            let destination = parse(&record).unwrap();
            let sent = request(&destination, &[event(1), event(2), event(3)]);
            for body in [&text, &lines] {
                let seqs: Vec<u64> = statuses(&destination, &sent, status, body).iter().map(|(seq, _)| *seq).collect();
                prop_assert_eq!(seqs, [1, 2, 3]);
            }
        }
    }
}
