//! Tokens: what of one is believed, and what of a page that has one. The tokens are made by an independent
//! implementation in tests/contract/forgery.test.mjs and tests/contract/tokens.test.mjs, too.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tallymark_ingest::limits::{MAX_TOKEN_BYTES, MAX_TOKEN_LIFE_MS, TOKEN_LEEWAY_MS};

use super::*;

const SECRET: &str = "a secret of thirty-two bytes or more";

fn signed(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(&text);
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn header() -> Value {
    json!({"alg": "HS256", "typ": "JWT", "kid": "app-1"})
}

/// Good claims, with `changes` made (null: without the member).
fn claims(changes: &Value) -> Value {
    let mut claims =
        json!({"org": "org_shop", "sub": "42", "aud": "tallymark", "exp": now().ms() / 1_000 + 300});
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn collector_step(request: &Request<'_>) -> Step {
    let record = json!({"algorithm": "HS256", "secret": SECRET, "audience": "tallymark",
        "organizations": ["org_*"], "origins": ["https://shop.example"]});
    let mut collector = Collector::new(Settings::default());
    while let Step::NeedKey { lookup } = collector.receive(request, now()) {
        let record = (lookup == "signer:app-1").then(|| record.to_string());
        collector.learn(&lookup, record.as_deref(), now());
    }
    collector.receive(request, now())
}

fn body(token: &str, event: &Value) -> String {
    json!({"api_key": token, "batch": [event]}).to_string()
}

/// What becomes of a plain event with this token: the row's trust, or why not.
fn outcome(token: &str) -> String {
    match collector_step(&post("/batch/", body(token, &event(&json!({}))).as_bytes())) {
        Step::Append(append) => rows(&append)[0]["trust"].as_str().unwrap().to_owned(),
        Step::Answer(answer) => {
            assert_eq!(answer.status, 401);
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            format!("{}: {}", body["code"].as_str().unwrap(), body["detail"].as_str().unwrap())
        }
        step => panic!("{step:?}"),
    }
}

fn outcome_of(changes: &Value) -> String {
    outcome(&signed(&header(), &claims(changes)))
}

#[test]
fn a_token_gives_organization_and_user() {
    let token = signed(&header(), &claims(&json!({})));
    let Step::Append(append) = collector_step(&post("/batch/", body(&token, &event(&json!({}))).as_bytes()))
    else {
        panic!("refused")
    };
    assert_eq!(append.organization_id, "org_shop");
    let row = rows(&append).remove(0);
    assert_eq!((&row["user_id"], &row["anonymous_id"]), (&json!("42"), &json!("d")));
    assert_eq!((&row["trust"], &row["source"]), (&json!("token"), &json!("browser")));
    let links: Vec<Vec<Value>> = serde_json::from_str(&append.links).unwrap();
    assert_eq!(links[0][1..3], [json!("d"), json!("42")]);
    assert_eq!(links[0][5..], [json!("token"), json!(false)]);
}

#[test]
fn claims_are_believed_as_far_as_they_go() {
    let at = |ms: i64| json!(now().ms().saturating_add(ms) / 1_000);
    for good in [
        json!({"aud": ["other", "tallymark"]}),
        json!({"exp": 1_795_220_140.5}),
        json!({"exp": at(-TOKEN_LEEWAY_MS + 1_000)}),
        json!({"exp": at(MAX_TOKEN_LIFE_MS)}),
        json!({"nbf": at(TOKEN_LEEWAY_MS)}),
        json!({"sub": "é".repeat(200)}),
    ] {
        assert_eq!(outcome_of(&good), "token", "{good}");
    }
    assert_eq!(outcome_of(&json!({"sub": null})), "origin", "without a user the page's word is the page's");
    for (bad, code) in [
        (json!({"exp": at(-TOKEN_LEEWAY_MS)}), "token_expired"),
        (json!({"exp": -1e300}), "token_expired"),
        (json!({"exp": null}), "exp must be"),
        (json!({"exp": "4102444800"}), "exp must be"),
        (json!({"exp": at(MAX_TOKEN_LIFE_MS + TOKEN_LEEWAY_MS + 1_000)}), "more than 24 hours"),
        (json!({"exp": 1e300}), "more than 24 hours"),
        (json!({"nbf": at(TOKEN_LEEWAY_MS + 1_000)}), "nbf"),
        (json!({"nbf": "0"}), "nbf"),
        (json!({"aud": null}), "aud"),
        (json!({"aud": "other"}), "aud"),
        (json!({"aud": ["other", 7]}), "aud"),
        (json!({"org": null}), "org"),
        (json!({"org": "team_1"}), "org"),
        (json!({"org": 7}), "org"),
        (json!({"sub": 42}), "sub"),
        (json!({"sub": " "}), "sub"),
        (json!({"sub": "é".repeat(201)}), "sub"),
    ] {
        let outcome = outcome_of(&bad);
        assert!(outcome.contains(code), "{bad}: {outcome}");
    }
}

#[test]
fn whoever_has_not_signed_it_is_not_believed() {
    let good = signed(&header(), &claims(&json!({})));
    let (text, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = text.split_once('.').unwrap();
    let other = BASE64_URL_SAFE_NO_PAD.encode(claims(&json!({"sub": "43"})).to_string());
    let with_header = |header: Value| signed(&header, &claims(&json!({})));
    for (token, code) in [
        (format!("{head}.{other}.{signature}"), "signature"),
        (format!("{text}."), "signature"),
        (format!("{text}.{}", signature.get(1..).unwrap()), "signature"),
        (format!("{text}.{signature}="), "signature"),
        (format!("{text}.{signature}.{signature}"), "signature"),
        (with_header(json!({"alg": "none", "kid": "app-1"})), "alg"),
        (with_header(json!({"alg": "EdDSA", "kid": "app-1"})), "alg"),
        (with_header(json!({"alg": "hs256", "kid": "app-1"})), "alg"),
        (with_header(json!({"kid": "app-1"})), "alg"),
        (with_header(json!({"alg": "HS256"})), "kid"),
        (with_header(json!({"alg": "HS256", "kid": "../key:wk_shop"})), "kid"),
        (with_header(json!({"alg": "HS256", "kid": ""})), "kid"),
        (with_header(json!({"alg": "HS256", "kid": "k".repeat(65)})), "kid"),
        (with_header(json!({"alg": "HS256", "kid": "app-2"})), "no signer"),
        (with_header(json!({"alg": "HS256", "kid": "app-1", "crit": ["exp"]})), "crit"),
        ("eyJ.".into(), "no JWT"),
        ("eyJ..".into(), "no JWT"),
        (format!("eyJ{}", ".".repeat(MAX_TOKEN_BYTES)), "too long"),
    ] {
        let outcome = outcome(&token);
        assert!(outcome.contains(code), "{token}: {outcome}");
    }
}

#[test]
fn a_page_speaks_of_its_own_user_and_organization_alone() {
    let token = signed(&header(), &claims(&json!({})));
    let broken = |event: &Value| match collector_step(&post("/batch/", body(&token, event).as_bytes())) {
        Step::Append(append) if append.events == 1 => rows(&append)[0]["user_id"].to_string(),
        Step::Append(append) => {
            let row = quarantined(&append).remove(0);
            assert_eq!(append.links, "", "and nobody is linked to anybody");
            format!("{} {}", row[5].as_str().unwrap(), row[6].as_str().unwrap())
        }
        step => panic!("{step:?}"),
    };
    let identified =
        |id: &str| json!({"event": "a", "distinct_id": id, "properties": {"$is_identified": true}});
    assert_eq!(broken(&identified("42")), "\"42\"");
    assert_eq!(broken(&identified("43")), "foreign_user distinct_id");
    assert_eq!(broken(&event(&json!({"$user_id": "42"}))), "\"42\"");
    assert_eq!(broken(&event(&json!({"$user_id": 42}))), "\"42\"");
    assert_eq!(broken(&event(&json!({"$user_id": "43"}))), "foreign_user properties.$user_id");
    for name in ["$identify", "$create_alias", "$merge_dangerously"] {
        let event = json!({"event": name, "distinct_id": "43", "properties": {"$anon_distinct_id": "d", "alias": "d"}});
        assert_eq!(broken(&event), "foreign_user distinct_id", "{name}");
    }
    assert_eq!(broken(&event(&json!({"$organization_id": "org_shop"}))), "\"42\"");
    let foreign = "foreign_organization properties.$organization_id";
    assert_eq!(broken(&event(&json!({"$organization_id": "org_other"}))), foreign);
    assert_eq!(broken(&event(&json!({"$organization_id": 7}))), foreign);
    let beside = json!({"event": "a", "distinct_id": "d", "organization_id": "org_other", "properties": {}});
    assert_eq!(broken(&beside), "foreign_organization organization_id");
    // Who has not agreed to be recognized is nobody, token or not.
    assert_eq!(broken(&event(&json!({"$cookieless_mode": true}))), "null");
    assert_eq!(broken(&event(&json!({"$consent": {"analytics": false}}))), "null");
}

#[test]
fn a_token_is_taken_in_the_body_of_a_batch_alone() {
    let token = signed(&header(), &claims(&json!({})));
    let code = |request: &Request<'_>| match collector_step(request) {
        Step::Answer(answer) => serde_json::from_str::<Value>(&answer.body).unwrap()["code"].clone(),
        step => panic!("{step:?}"),
    };
    let bearer = format!("Bearer {token}");
    let back_end = Request { authorization: Some(&bearer), ..post("/v1/events", br#"{"event_name":"a"}"#) };
    assert_eq!(code(&back_end), "invalid_key");
    assert_eq!(code(&Request { method: "GET", ..back_end }), "invalid_key");
    let batch = body(&token, &event(&json!({})));
    let foreign = Request { origin: Some("https://evil.example"), ..post("/e/", batch.as_bytes()) };
    assert_eq!(code(&foreign), "foreign_origin");
}
