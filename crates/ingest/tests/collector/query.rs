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

#[test]
fn only_a_back_end_changes_what_is_stored() {
    let ask =
        |key, path, body: &'static str| Request { authorization: Some(key), ..post(path, body.as_bytes()) };
    for path in ["/v1/quarantine/replay", "/v1/quarantine/purge"] {
        let wanted = "{\"rule\":\"too_long\"}";
        assert_eq!(refused(&ask("Bearer rk_1", path, wanted)), (403, "wrong_key_kind".into()));
        assert_eq!(refused(&ask("Bearer wk_shop", path, wanted)), (403, "wrong_key_kind".into()));
        let Step::Quarantine { organization_id, .. } = step(&ask("Bearer sk_1", path, wanted)) else {
            panic!("what is wanted")
        };
        assert_eq!(organization_id, "org_shop");
    }
    for path in ["/v1/quarantine", "/v1/quarantine/01a1fb70-e23f-7e92-afec-cc67e8fbdbf5"] {
        let get = |key| Request { method: "GET", ..ask(key, path, "") };
        assert!(matches!(step(&get("Bearer rk_1")), Step::Quarantine { .. }));
        assert_eq!(refused(&get("Bearer sk_1")), (403, "wrong_key_kind".into()));
    }
}
