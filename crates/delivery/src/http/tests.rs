use serde_json::json;

use crate::testing::{SECRET, assert_refused, body, event, header, parse, request, statuses};
use crate::{Outcome, Verdict};

fn record() -> serde_json::Value {
    json!({ "name": "backend", "kind": "http", "url": "https://shop.example/events", "secrets": [SECRET] })
}

#[test]
fn a_batch_is_signed_and_has_the_same_id_again() {
    let destination = parse(&record()).unwrap();
    let [one, other] = [event(1), event(2)];
    let sent = request(&destination, &[one.clone(), other.clone()]);
    assert_eq!(body(&sent), json!({ "events": [one, other] }));
    assert_eq!(sent.seqs, [1, 2]);
    assert!(header(&sent, "webhook-id").starts_with("batch_"));
    assert!(header(&sent, "webhook-signature").starts_with("v1,"));
    assert_eq!(header(&sent, "webhook-timestamp"), "1790000000");
    assert_eq!(request(&destination, &[event(1), event(2)]), sent);
    let id = |events: &[_]| header(&request(&destination, events), "webhook-id").to_owned();
    assert_ne!(id(&[event(1)]), id(&[event(1), event(2)]));
}

#[test]
fn a_2xx_takes_all_but_those_that_it_names() {
    let destination = parse(&record()).unwrap();
    let sent = request(&destination, &[event(1), event(2), event(3)]);
    let named =
        json!({ "refused": [{ "event_id": sent.event_ids[1].to_uppercase(), "reason": "no such recipe" }] });
    assert_eq!(statuses(&destination, &sent, 200, &named.to_string()), [(1, 200), (2, 422), (3, 200)]);
    for all in
        ["", "ok", "{}", r#"{"refused":[]}"#, r#"{"refused":[{"event_id":"another"}]}"#, r#"{"refused":7}"#]
    {
        assert_eq!(statuses(&destination, &sent, 202, all), [(1, 202), (2, 202), (3, 202)], "{all}");
    }
    // What it was about to refuse is not known.
    let cut =
        |body: &str| Outcome::Answered { status: 200, retry_after: None, body: body.into(), is_cut: true };
    for (body, verdict) in [
        (r#"{"refused":[{"event_id":"01"#, Verdict::Faulted),
        ("", Verdict::Faulted),
        (r#"{"refused":[]}"#, Verdict::Done),
        ("<html>thank you", Verdict::Done),
    ] {
        assert_eq!(destination.verdict(&cut(body)), verdict, "{body}");
    }
    // Nothing is taken by who says no.
    assert_eq!(statuses(&destination, &sent, 500, &named.to_string()), [(1, 500), (2, 500), (3, 500)]);
}

#[test]
fn what_can_t_be_is_refused() {
    assert_refused(
        &record(),
        &[("url", json!("http://shop.example/")), ("secrets", json!([])), ("format", json!("single"))],
    );
}
