//! What the tests of several kinds need.

use serde_json::{Value, json};
use tallymark_event::Timestamp;

use crate::{Destination, Problem, Request, Row, Rule, guard::Reach};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// 2026-09-21T14:13:20Z.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000)
}

/// An event that a page sent ten seconds ago.
pub(crate) fn event(seq: u64) -> Value {
    json!({
        "seq": seq,
        "event_id": format!("0193c1a2-7b1c-7def-8123-{seq:012x}"),
        "event_name": "recipe_scaled",
        "occurred_at": "2026-09-21T14:13:10.000Z",
        "received_at": "2026-09-21T14:13:11.000Z",
        "organization_id": "org_1",
        "user_id": "user-1",
        "anonymous_id": "0193c1a2-0000-7def-8123-0000000000aa",
        // In the second 1732449218.
        "session_id": "01935e05-2e80-7def-8123-0000000000bb",
        "entity_type": "recipe",
        "entity_id": "42",
        "correlation_id": null,
        "source": "browser",
        "trust": "origin",
        "schema_version": 2,
        "properties": { "scale": 2 },
        "context": { "dialect": "posthog", "lib": "tallymark", "lib_version": "0.1.0" },
    })
}

/// The same object, with other members.
pub(crate) fn with(mut object: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

pub(crate) fn parse(record: &Value) -> Result<Destination, Problem> {
    Destination::parse(record, "[0]", Reach::Public, Rule::default())
}

/// The requests that an attempt at these rows would send.
pub(crate) fn requests(destination: &Destination, events: &[Value]) -> Vec<Request> {
    let page = Value::from(events).to_string();
    let rows = Row::parse_page(&page).unwrap();
    let state = crate::State::new(destination, 0);
    crate::Attempt::compose(destination, &state, &rows, now()).requests
}

/// The one request.
pub(crate) fn request(destination: &Destination, events: &[Value]) -> Request {
    let mut requests = requests(destination, events);
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

pub(crate) fn body(request: &Request) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

pub(crate) fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// What each of a request's rows came to, by an answer.
pub(crate) fn statuses(
    destination: &Destination,
    request: &Request,
    status: u16,
    body: &str,
) -> Vec<(u64, u16)> {
    let outcome = crate::Outcome::answered(status, body);
    let sent = crate::Sent {
        seqs: request.seqs.clone(),
        event_ids: request.event_ids.clone(),
        outcome: Some(outcome),
    };
    let divided = destination.divide(&sent);
    let mut each: Vec<_> = divided
        .iter()
        .flat_map(|one| {
            let status = one.outcome.as_ref().and_then(crate::Outcome::status).unwrap_or(0);
            one.seqs.iter().map(move |seq| (*seq, status))
        })
        .collect();
    each.sort_unstable();
    each
}

/// Fields that can't be, each with what it is about.
pub(crate) fn assert_refused(record: &Value, wrong: &[(&str, Value)]) {
    assert!(parse(record).is_ok(), "{:?}", parse(record));
    for (field, value) in wrong {
        let mut record = record.clone();
        record[*field] = value.clone();
        let problem = parse(&record).unwrap_err();
        assert_eq!(problem.path, format!("[0].{field}"), "{}", problem.detail);
        assert!(problem.detail.len() > 10, "{}", problem.detail);
    }
}
