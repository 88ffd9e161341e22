//! Limits: what is refused before it is read, and what once its tenant is known.

use tallymark_ingest::{Rate, Refused};

use super::*;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A collector that has been told what it asks for; the settings of `org_shop` are these.
struct Told {
    collector: Collector,
    settings: Option<&'static str>,
}

impl Told {
    fn new(settings: Option<&'static str>) -> Self {
        let address_rate = Rate { per_second: 1, burst: 3 };
        let collector = Collector::new(Settings { address_rate, seed: 7, ..Settings::default() });
        Self { collector, settings }
    }

    fn receive(&mut self, request: &Request<'_>, now: Timestamp) -> Step {
        loop {
            match self.collector.receive(request, now) {
                Step::NeedKey { lookup } if lookup == "settings:org_shop" => {
                    self.collector.learn(&lookup, self.settings, now);
                }
                Step::NeedKey { lookup } => self.collector.learn(&lookup, record(&lookup, request), now),
                step => return step,
            }
        }
    }

    /// How many of so many requests are taken.
    fn taken(&mut self, request: &Request<'_>, now: Timestamp, requests: usize) -> usize {
        (0..requests).filter(|_| matches!(self.receive(request, now), Step::Append(_))).count()
    }

    fn refused(&mut self, request: &Request<'_>, now: Timestamp) -> Answer {
        match self.receive(request, now) {
            Step::Answer(answer) => answer,
            step => panic!("{step:?}"),
        }
    }

    fn counts(&mut self) -> Vec<(String, String)> {
        let mut counts = Vec::new();
        while let Some(Refused { organization_id, counts: text, .. }) = self.collector.take_refused(now()) {
            counts.push((organization_id, text));
        }
        counts
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(now().ms() + ms)
}

fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body["code"].as_str().or(body["error"].as_str()).unwrap().to_owned()
}

const EVENT: &[u8] = br#"{"api_key":"wk_shop","event":"a","distinct_id":"d"}"#;
const SERVER_EVENT: &[u8] = br#"{"event_name":"a"}"#;
const KEYS: &str =
    r#"{"limits":{"browser_key":{"per_second":1,"burst":2},"server_key":{"per_second":1,"burst":4}}}"#;

fn of_server(body: &[u8]) -> Request<'_> {
    Request { authorization: Some("Bearer sk_1"), origin: None, ..post("/v1/events", body) }
}

#[test]
fn an_address_is_refused_by_its_head_and_no_other_is() {
    let mut told = Told::new(None);
    let head = |address| Request { address: Some(address), ..post("/batch/", b"") };
    for _ in 0..3 {
        let network = told.collector.gate(&head("192.0.2.7"), now()).unwrap().unwrap();
        assert_eq!(network.to_string(), "192.0.2.7");
    }
    let answer = told.collector.gate(&head("192.0.2.7"), now()).unwrap_err();
    assert_eq!((answer.status, answer.retry_after_s, code(&answer).as_str()), (429, 1, "rate_limited"));
    assert!(answer.body.contains("\"attr\":\"address\""), "{}", answer.body);
    assert!(!answer.body.contains("192.0.2.7"));
    assert!(told.collector.gate(&head("192.0.2.8"), now()).is_ok());
    assert!(told.collector.gate(&head("192.0.2.7"), at(1_000)).is_ok());
    // All of a /64 is one; without an address there is nobody to hold to anything.
    for host in ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:7::3"] {
        assert!(told.collector.gate(&head(host), now()).is_ok());
    }
    assert!(told.collector.gate(&head("2001:db8:0:1::4"), now()).is_err());
    for _ in 0..10 {
        assert_eq!(told.collector.gate(&post("/batch/", b""), now()), Ok(None));
    }
    assert_eq!(told.counts(), [], "whose events they are is not known");
}

#[test]
fn a_sign_of_life_is_always_given_and_what_is_not_here_is_not_counted() {
    let mut told = Told::new(None);
    for path in ["/_readiness", "/nothing/here"] {
        let head = Request { method: "GET", path, address: Some("192.0.2.7"), ..Request::default() };
        for _ in 0..50 {
            assert_eq!(told.collector.gate(&head, now()), Ok(None), "{path}");
        }
    }
}

#[test]
fn a_known_server_key_goes_by_its_own_rate() {
    let mut told = Told::new(Some(KEYS));
    let request = Request { address: Some("192.0.2.7"), ..of_server(SERVER_EVENT) };
    // The first time nobody knows it.
    assert!(told.collector.gate(&request, now()).unwrap().is_some());
    assert_eq!(told.taken(&request, now(), 1), 1);
    for _ in 0..3 {
        assert_eq!(told.collector.gate(&request, now()), Ok(None), "its address does not count");
        assert_eq!(told.taken(&request, now(), 1), 1);
    }
    let answer = told.collector.gate(&request, now()).unwrap_err();
    assert_eq!((answer.status, code(&answer).as_str()), (429, "rate_limited"));
    assert!(answer.body.contains("\"attr\":\"api_key\""));
    // To read, or to see to the quarantine, is no matter of how much is sent.
    let sweep = Request { path: "/v1/quarantine/replay", ..request };
    assert_eq!(told.collector.gate(&sweep, now()), Ok(None));
    let reading = Request { method: "GET", authorization: Some("Bearer rk_1"), ..request };
    assert!(told.collector.gate(&reading, now()).unwrap().is_some());
    assert!(matches!(told.receive(&reading, now()), Step::Query(_)));
    for _ in 0..10 {
        assert_eq!(told.collector.gate(&reading, now()), Ok(None));
    }
    let storing = Request { authorization: reading.authorization, ..request };
    assert!(told.collector.gate(&storing, at(10_000)).unwrap().is_some());
    // A browser's key in the same place is public: its address counts.
    let browser = Request { authorization: Some("Bearer wk_shop"), ..request };
    assert!(told.collector.gate(&browser, at(10_000)).unwrap().is_some());
    let refused = ("org_shop".to_owned(), r#"[["rate_limited",1]]"#.to_owned());
    assert_eq!(told.counts(), [refused]);
}

#[test]
fn each_key_has_its_rate_and_a_neighbour_never_pays_for_it() {
    let mut told = Told::new(Some(KEYS));
    let hostile = post("/batch/", EVENT);
    assert_eq!(told.taken(&hostile, now(), 500), 2);
    let answer = told.refused(&hostile, now());
    assert_eq!((answer.status, answer.retry_after_s, code(&answer).as_str()), (429, 1, "rate_limited"));
    assert!(answer.body.contains("\"type\":\"throttled_error\""));
    // Another key of the same tenant, and another tenant.
    assert_eq!(told.taken(&of_server(SERVER_EVENT), now(), 500), 4);
    let other = br#"{"api_key":"G-OTHER","event":"a","distinct_id":"d"}"#;
    assert_eq!(told.taken(&post("/batch/", other), now(), 500), 500);
    assert_eq!(told.taken(&hostile, at(1_000), 500), 1, "and at its rate it goes on");
    let refused = ("org_shop".to_owned(), r#"[["rate_limited",1494]]"#.to_owned());
    assert_eq!(told.counts(), [refused]);
    assert!(!told.collector.has_refused());
}

#[test]
fn an_organization_may_hold_addresses_to_a_rate_of_its_own() {
    let mut told = Told::new(Some(r#"{"limits":{"address":{"per_second":1,"burst":2}}}"#));
    let from = |address| Request { address: Some(address), ..post("/batch/", EVENT) };
    assert_eq!(told.taken(&from("192.0.2.7"), now(), 9), 2);
    assert_eq!(told.taken(&from("192.0.2.8"), now(), 9), 2);
    assert_eq!(told.taken(&post("/batch/", EVENT), now(), 9), 9);
    let server = Request { address: Some("192.0.2.7"), ..of_server(SERVER_EVENT) };
    assert_eq!(told.taken(&server, now(), 9), 9, "back ends have one address, and their key's rate");
}

#[test]
fn a_full_day_is_remembered_for_a_minute_and_never_into_the_next() {
    let mut told = Told::new(Some(r#"{"limits":{"events_per_day":5}}"#));
    let request = post("/batch/", EVENT);
    let Step::Append(append) = told.receive(&request, now()) else { panic!("the log decides first") };
    assert_eq!(append.events_per_day, 5);
    let midnight = (now().ms() / DAY_MS + 1) * DAY_MS;
    let answer = told.collector.over_quota(&append, &request, now());
    assert_eq!((answer.status, code(&answer).as_str()), (429, "quota_exceeded"));
    let back = now().ms() + i64::from(answer.retry_after_s) * 1_000;
    assert!((midnight..midnight + 61_000).contains(&back), "within a minute after midnight");
    assert_eq!(code(&told.refused(&request, at(59_000))), "quota_exceeded", "the log is not asked");
    assert_eq!(told.taken(&request, at(60_000), 1), 1);
    let report =
        br#"{"api_key":"wk_shop","batch":[],"stream":{"id":"01a1fb70-ce51-7a00-86b5-3d3046df4aca","seq":3}}"#;
    assert_eq!(told.taken(&post("/batch/", report), at(59_000), 1), 1, "a report brings nothing");
    // Known in the head, it is not even read.
    let server = of_server(SERVER_EVENT);
    assert_eq!(code(&told.refused(&server, at(59_000))), "quota_exceeded");
    assert_eq!(code(&told.collector.gate(&server, at(59_000)).unwrap_err()), "quota_exceeded");
    let late = Timestamp::from_ms(midnight - 1);
    told.collector.over_quota(&append, &request, late);
    assert_eq!(told.taken(&request, Timestamp::from_ms(midnight), 1), 1);
    let refused = ("org_shop".to_owned(), r#"[["quota_exceeded",5]]"#.to_owned());
    assert_eq!(told.counts(), [refused]);
}

#[test]
fn posthog_js_hears_503_since_it_drops_what_is_answered_429() {
    let mut told = Told::new(Some(r#"{"limits":{"browser_key":{"per_second":1,"burst":1}}}"#));
    assert_eq!(told.taken(&post("/batch/", EVENT), now(), 1), 1);
    for (path, origin, status) in [
        ("/batch/", Some("https://shop.example"), 429),
        ("/e/", Some("https://shop.example"), 503),
        ("/i/v0/e/", Some("https://shop.example"), 503),
        // No page: its libraries for servers do as they are told.
        ("/e/", None, 429),
    ] {
        let answer = told.refused(&Request { origin, ..post(path, EVENT) }, now());
        assert_eq!((answer.status, answer.retry_after_s), (status, 1), "{path}");
        assert_eq!(code(&answer), "rate_limited");
    }
    let head = Request { address: Some("192.0.2.7"), ..post("/e/", b"") };
    while told.collector.gate(&head, now()).is_ok() {}
    assert_eq!(told.collector.gate(&head, now()).unwrap_err().status, 503);
    assert_eq!(told.collector.refuse_address(&head).status, 503);
    assert_eq!(told.collector.refuse_address(&post("/batch/", b"")).status, 429);
}

#[test]
fn refusals_of_known_tenants_are_counted() {
    let mut told = Told::new(None);
    let foreign = Request { origin: Some("https://evil.example"), ..post("/batch/", EVENT) };
    assert_eq!(told.refused(&foreign, now()).status, 403);
    let reading = Request { method: "GET", ..of_server(b"") };
    assert_eq!(told.refused(&reading, now()).status, 403);
    let unknown = br#"{"api_key":"wk_nobody","event":"a","distinct_id":"d"}"#;
    assert_eq!(told.refused(&post("/batch/", unknown), now()).status, 401);
    assert_eq!(told.taken(&of_server(SERVER_EVENT), now(), 1), 1);
    assert_eq!(told.collector.refuse_too_large(&of_server(b""), now()).status, 413);
    assert_eq!(told.collector.refuse_too_large(&post("/batch/", b""), now()).status, 413);
    let refused = (
        "org_shop".to_owned(),
        r#"[["body_too_large",1],["foreign_origin",1],["wrong_key_kind",1]]"#.to_owned(),
    );
    assert_eq!(told.counts(), [refused]);
}

#[test]
fn settings_that_cannot_be_read_are_refused_for_whoever_wrote_them() {
    let mut told = Told::new(Some(r#"{"limits":{"browser_key":{"per_second":1,"burst":0}}}"#));
    let answer = told.refused(&post("/batch/", EVENT), now());
    assert_eq!((answer.status, code(&answer).as_str()), (503, "registry_settings_invalid"));
    assert!(answer.body.contains("limits.browser_key.burst must be a whole number"), "{}", answer.body);
}
