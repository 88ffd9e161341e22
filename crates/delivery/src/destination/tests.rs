use serde_json::json;

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn webhook() -> Value {
    json!({ "name": "orders", "kind": "webhook", "url": "https://shop.example/hooks", "secrets": [SECRET] })
}

fn read(record: &Value) -> Result<Destination, Problem> {
    Destination::parse(record, "[0]", Reach::Public, Rule::default())
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let one = read(&webhook()).unwrap();
    assert_eq!(one.rule, Rule::default());
    assert_eq!((one.timeout_ms, one.from, one.kind.name()), (10_000, Start::Now, "webhook"));
    assert_eq!(one.consent, [Purpose::Analytics]);
    assert!(one.lease_ms() > 30_000);
    assert!(!format!("{one:?}").contains("MfKQ"), "no secret in a log");
}

#[test]
fn what_is_wrong_is_named_with_its_remedy() {
    for (field, value, path) in [
        ("name", json!("Orders"), "[0].name"),
        ("name", json!(7), "[0].name"),
        ("kind", json!("carrier_pigeon"), "[0].kind"),
        ("url", json!("http://shop.example/"), "[0].url"),
        ("url", json!("https://localhost/"), "[0].url"),
        ("secrets", json!([]), "[0].secrets"),
        ("secrets", json!(["whsec_x"]), "[0].secrets"),
        ("secrets", json!([SECRET, SECRET, SECRET, SECRET]), "[0].secrets"),
        ("format", json!("xml"), "[0].format"),
        ("events", json!([]), "[0].events"),
        ("events", json!("a"), "[0].events"),
        ("consent", json!(["marketing"]), "[0].consent"),
        ("batch_size", json!(0), "[0].batch_size"),
        ("flush_interval_ms", json!(-1), "[0].flush_interval_ms"),
        ("timeout_ms", json!(1.5), "[0].timeout_ms"),
        ("from", json!("yesterday"), "[0].from"),
        ("batchsize", json!(1), "[0].batchsize"),
    ] {
        let mut record = webhook();
        record[field] = value;
        let problem = read(&record).unwrap_err();
        assert_eq!(problem.path, path, "{}", problem.detail);
        assert!(problem.detail.len() > 10, "{}", problem.detail);
    }
    for missing in ["name", "kind", "url", "secrets"] {
        let mut record = webhook();
        record.as_object_mut().unwrap().remove(missing);
        assert_eq!(read(&record).unwrap_err().path, format!("[0].{missing}"));
    }
}

#[test]
fn one_mistake_costs_one_destination() {
    let mut bad = webhook();
    bad["url"] = json!("x");
    let list = json!([bad, webhook(), webhook(), 7]).to_string();
    let (good, problems) = Destination::parse_list(&list, Reach::Public, Rule::default());
    assert_eq!(good.len(), 1);
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["[0].url", "[2].name", "[3]"]);
    assert_eq!(Destination::parse_list("{}", Reach::Public, Rule::default()).1.len(), 1);
    assert_eq!(Destination::parse_list("[", Reach::Public, Rule::default()).1.len(), 1);
}

#[test]
fn a_changed_record_has_another_fingerprint() {
    let mut other = webhook();
    other["secrets"] = json!(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"]);
    assert_ne!(read(&webhook()).unwrap().fingerprint, read(&other).unwrap().fingerprint);
    assert_eq!(read(&webhook()).unwrap().fingerprint, read(&webhook()).unwrap().fingerprint);
}

#[test]
fn a_request_has_failed_if_nothing_of_it_got_through() {
    let destination = read(&webhook()).unwrap();
    let of = |outcome: Outcome| Sent { seqs: vec![1], outcome: Some(outcome), event_ids: Vec::new() };
    for (status, has_failed) in [(204, false), (400, true), (410, true), (302, true), (503, true)] {
        assert_eq!(destination.has_failed(&of(Outcome::answered(status, ""))), has_failed, "{status}");
    }
    assert!(destination.has_failed(&of(Outcome::unanswered("gone"))));
    assert!(!destination.has_failed(&of(Outcome::Unfit { unfit: "too old".into() })), "it was not sent");
    assert!(!destination.has_failed(&Sent { seqs: vec![1], outcome: None, event_ids: Vec::new() }));
}
