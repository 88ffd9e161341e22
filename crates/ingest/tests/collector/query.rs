//! Reading.

use super::*;

#[test]
fn reading() {
    let get = |path, query| {
        step(&Request { method: "GET", query, authorization: Some("Bearer rk_1"), ..post(path, b"") })
    };
    let events = Query::Events { organization_id: "org_shop".into(), after: 5, limit: 100 };
    assert_eq!(get("/v1/events", "after=5"), Step::Query(events));
    let identities = Query::Identities { organization_id: "org_shop".into(), after: 0, limit: 7 };
    assert_eq!(get("/v1/identities", "limit=7"), Step::Query(identities));
    let ledger = Query::Ledger {
        organization_id: "org_shop".into(),
        from: "2026-10-23".into(),
        to: "2026-11-21".into(),
    };
    assert_eq!(get("/v1/ledger/", ""), Step::Query(ledger));
    let bad = Request {
        method: "GET",
        query: "limit=0",
        authorization: Some("Bearer rk_1"),
        ..post("/v1/events", b"")
    };
    assert_eq!(refused(&bad), (400, "invalid_parameter".into()));
    let ready = Request { method: "GET", ..post("/_readiness", b"") };
    let Step::Answer(answer) = step(&ready) else { panic!("an answer") };
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
}
