//! GA4's protocols: what `/g/collect` and `/mp/collect` become.

use proptest::prelude::*;

use super::*;

const PAGE: &str = "v=2&tid=G-SHOP1&_p=1795220301195&cid=1121.1795&_s=1&sid=1795220301&sct=1&seg=0&tfd=380\
                    &dl=https%3A%2F%2Fshop.example%2Fa&dt=A";

/// A request to `/g/collect` from a page of the shop.
fn collect<'a>(query: &'a str, body: &'a str) -> Request<'a> {
    Request { query, ..post("/g/collect", body.as_bytes()) }
}

fn hit(query: &str) -> Map<String, Value> {
    let append = append(&collect(query, ""));
    assert_eq!(append.quarantined, "");
    rows(&append).remove(0)
}

fn with_page(event: &str) -> Map<String, Value> {
    hit(&format!("{PAGE}&{event}"))
}

fn measurement<'a>(query: &'a str, body: &'a str) -> Request<'a> {
    Request { query, origin: None, ..post("/mp/collect", body.as_bytes()) }
}

const SECRET: &str = "measurement_id=G-SHOP1&api_secret=s3cr3t";

fn measured(body: &Value) -> Map<String, Value> {
    let append = append(&measurement(SECRET, &body.to_string()));
    assert_eq!(append.quarantined, "");
    rows(&append).remove(0)
}

#[test]
fn a_page_view_in_its_envelope() {
    let query = format!(
        "{PAGE}&dr=https%3A%2F%2Fref.example%2Fx&sr=1280x720&ul=en-us&en=page_view&_fv=1&_nsi=1&_ss=1"
    );
    let row = hit(&query);
    assert_eq!(row["event_name"], "$pageview");
    assert_eq!((&row["anonymous_id"], &row["user_id"]), (&json!("1121.1795"), &Value::Null));
    assert_eq!(row["session_id"], "1121.1795.1795220301");
    assert_eq!((&row["source"], &row["trust"]), (&json!("browser"), &json!("origin")));
    assert_eq!(row["occurred_at"], NOW);
    assert_eq!(
        row["properties"],
        json!({
            "$current_url": "https://shop.example/a", "$host": "shop.example", "$pathname": "/a", "title": "A",
            "$referrer": "https://ref.example/x", "$referring_domain": "ref.example",
            "$screen_width": 1280, "$screen_height": 720, "$browser_language": "en-us",
            "$device_id": "1121.1795", "$is_identified": false, "$lib": "ga4",
            "$session_id": "1121.1795.1795220301", "$ga_session_id": "1795220301", "session_number": 1,
            "session_engaged": false, "$ga_session_start": true, "$ga_first_visit": true, "$ga_new_client": true,
            "$ga_page_load_id": "1795220301195", "$ga_request_number": 1, "$ga_ms_since_page_load": 380,
        })
    );
    assert_eq!(row["context"]["dialect"], "ga4");
    assert_eq!(row["context"]["sent_at"], "2026-11-21T00:18:21.575Z");
}

#[test]
fn parameters_keep_their_kind() {
    let row = with_page(
        "en=level_up&ep.str=a+b&epn.num=42&epn.flt=-1.5e3&epn.odd=NaN&ep.nul=&ep.yes=true&up.tier=gold&upn.age=42&_et=12\
         &cu=EUR&tt=internal&_dbg=1&_c=1&pr2=idB&pr1=idA~pr9.5~qt2",
    );
    let properties = &row["properties"];
    for (name, value) in [
        ("str", json!("a b")),
        ("num", json!(42)),
        ("flt", json!(-1.5e3)),
        ("odd", json!("NaN")),
        ("nul", json!("")),
        ("yes", json!("true")),
        ("$set", json!({"tier": "gold", "age": 42})),
        ("engagement_time_msec", json!(12)),
        ("currency", json!("EUR")),
        ("traffic_type", json!("internal")),
        ("debug_mode", json!(true)),
        ("$ga_key_event", json!(true)),
        ("items", json!([{"item_id": "A", "price": 9.5, "quantity": 2}, {"item_id": "B"}])),
    ] {
        assert_eq!(properties[name], value, "{name}");
    }
}

#[test]
fn a_user_is_named_by_the_protocol_alone() {
    let row = with_page("en=sign_up&uid=user-77&ep.method=x");
    assert_eq!((&row["user_id"], &row["anonymous_id"]), (&json!("user-77"), &json!("1121.1795")));
    let row = with_page(
        "en=a&ep.$user_id=x&ep.user_id=y&ep.distinct_id=z&ep.$ip=1&ep.ip=1&ep.token=t&ep.$session_id=s&ep.$cookieless_mode=1\
         &em=hash&_uip=10.0.0.1&ep.$entity_type=recipe",
    );
    assert_eq!((&row["user_id"], &row["anonymous_id"]), (&Value::Null, &json!("1121.1795")));
    assert_eq!((&row["session_id"], &row["entity_type"]), (&json!("1121.1795.1795220301"), &json!("recipe")));
    let properties = row["properties"].as_object().unwrap();
    assert_eq!(properties["user_id"], "y");
    for name in ["$user_id", "distinct_id", "$ip", "ip", "token", "$cookieless_mode", "em", "_uip"] {
        assert!(!properties.contains_key(name), "{name}");
    }
}

#[test]
fn a_line_for_each_event() {
    let shared = "v=2&tid=G-SHOP1&_p=1&cid=c&_s=8&sid=5&dt=Shared&dl=https%3A%2F%2Fshop.example%2F";
    for ends in ["\r\n", "\n", "\r\n\r\n \n"] {
        let body = ["en=a&_ee=1", "en=b&dt=Own&dr=https%3A%2F%2Fr.example", "en=a&_ee=1"].join(ends);
        let rows = rows(&append(&collect(shared, &body)));
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                json!([row["event_name"], row["properties"]["page_title"], row["properties"]["$referrer"]])
            })
            .collect();
        let expected = [
            json!(["a", "Shared", null]),
            json!(["b", "Own", "https://r.example"]),
            json!(["a", "Shared", null]),
        ];
        assert_eq!(told, expected);
        assert_ne!(rows[0]["event_id"], rows[2]["event_id"]);
    }
    let alone = format!("{shared}&en=a");
    let expected = rows(&append(&collect(&alone, "")));
    for body in ["\r\n", " \n", "dt=Shared"] {
        assert_eq!(rows(&append(&collect(&alone, body))), expected, "{body:?}");
    }
}

#[test]
fn a_hit_sent_again_is_the_same_event_if_it_can_be_told_from_others() {
    let id = |query: &str, at: &str| {
        let mut collector = Collector::new(Settings::default());
        let at = Timestamp::parse(at).unwrap();
        let request = collect(query, "");
        collector.learn("key:G-SHOP1", record("key:G-SHOP1", &request), at);
        collector.learn("plan:org_shop", None, at);
        collector.learn("settings:org_shop", None, at);
        let Step::Append(append) = collector.receive(&request, at) else { panic!("{query}") };
        rows(&append).remove(0)["event_id"].as_str().unwrap().to_owned()
    };
    let (early, late) = ("2026-11-21T00:14:40Z", "2026-11-21T00:14:41Z");
    let told = format!("{PAGE}&en=a");
    assert_eq!(id(&told, early), id(&told, late));
    assert_ne!(id(&told, early), id(&told.replace("_s=1", "_s=2"), early));
    assert_ne!(id(&told, early), id(&told.replace("_p=1795220301195", "_p=1795220301196"), early));
    let order = told.replace("&_s=1", "") + "&_s=1";
    assert_eq!(id(&told, early), id(&order, early), "whatever the order of its parameters");
    let image = "v=2&tid=G-SHOP1&cid=c&en=page_view&dl=https%3A%2F%2Fshop.example%2FREADME";
    assert_ne!(id(image, early), id(image, late), "two views of one page");
}

#[test]
fn without_consent_nobody_is_anyone() {
    let row = with_page(
        "en=page_view&gcs=G100&gcd=13p3p3p3p5l1&npa=1&uid=u&_fv=1&_ss=1&_nsi=1&up.tier=gold&ep.a=1",
    );
    for column in ["user_id", "anonymous_id", "session_id"] {
        assert_eq!(row[column], Value::Null, "{column}");
    }
    let properties = row["properties"].as_object().unwrap();
    assert_eq!(properties["$consent"], json!({"analytics": false, "advertising": false}));
    assert_eq!(properties["a"], "1");
    for name in ["$device_id", "$session_id", "$ga_session_id", "$ga_first_visit", "session_number", "$set"] {
        assert!(!properties.contains_key(name), "{name}");
    }
    assert!(!Value::Object(row).to_string().contains("1121.1795"));
}

#[test]
fn the_browsers_own_word_on_advertising() {
    let query = format!("{PAGE}&en=a&gcs=G111");
    let request = Request { gpc: Some("1"), ..collect(&query, "") };
    let row = rows(&append(&request)).remove(0);
    assert_eq!(row["properties"]["$consent"], json!({"analytics": true, "advertising": false}));
    assert_eq!(
        (&row["context"]["consent"], &row["context"]["gpc"]),
        (&row["properties"]["$consent"], &json!(true))
    );
}

#[test]
fn a_consent_update_is_no_end_of_a_view() {
    assert_eq!(with_page("en=user_engagement&_et=5")["event_name"], "$pageleave");
    assert_eq!(with_page("en=user_engagement&_et=5&gcu=1&gcut=1.2")["event_name"], "user_engagement");
}

#[test]
fn pings_beside_hits_are_nothing() {
    let ping = "v=2&tid=G-SHOP1&cid=1&aip=1&dma=0&gcs=G111";
    for path in
        ["/g/collect", "/g/s/collect", "/x/mc/collect", "/ads/ga-audiences", "/measurement/conversion"]
    {
        let request = Request { path, ..collect(ping, "") };
        let Step::Answer(answer) = step(&request) else { panic!("{path}") };
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}");
        let image = Request { method: "GET", fetch_dest: Some("image"), ..request };
        let Step::Answer(answer) = step(&image) else { panic!("{path}") };
        assert_eq!((answer.status, answer.content_type, answer.body.len()), (200, "image/gif", 26), "{path}");
    }
}

#[test]
fn hits_that_are_refused() {
    let of = |query: &str| refused(&collect(query, ""));
    assert_eq!(of("tid=G-SHOP1&cid=1&en=a"), (400, "invalid_parameter".into()));
    assert_eq!(of("v=2&cid=1&en=a"), (401, "missing_key".into()));
    assert_eq!(of("v=2&tid=G-NONE&cid=1&en=a"), (401, "unknown_key".into()));
    assert_eq!(of("v=2&tid=sk_1&cid=1&en=a"), (403, "wrong_key_kind".into()));
    assert_eq!(
        refused(&collect("v=2&cid=1", "tid=G-SHOP1&en=a\ntid=G-B&en=b")),
        (401, "inconsistent_keys".into())
    );
    let foreign = Request { origin: Some("https://other.example"), ..collect(PAGE, "en=a") };
    assert_eq!(refused(&foreign), (403, "foreign_origin".into()));
    let many = "en=a\n".repeat(limits::MAX_HITS_PER_REQUEST + 1);
    assert_eq!(refused(&collect(PAGE, &many)), (413, "too_many_events".into()));
    let large = format!("en=a&ep.a={}", "x".repeat(limits::MAX_GA4_BODY_BYTES));
    assert_eq!(refused(&collect(PAGE, &large)), (413, "body_too_large".into()));
}

#[test]
fn a_bad_hit_is_quarantined_alone() {
    let long = format!("en={}", "x".repeat(201));
    let append = append(&collect(PAGE, &format!("en=good\nep.a=1\n{long}\nen=good")));
    assert_eq!((append.events, append.quarantined_count), (2, 2));
    let rules: Vec<_> = quarantined(&append).iter().map(|row| json!([row[5], row[6]])).collect();
    assert_eq!(rules, [json!(["missing_name", "event"]), json!(["too_long", "event"])]);
    assert_eq!(append.answer(2, 0, 2).status, 204);
    let nobody = super::append(&collect("v=2&tid=G-SHOP1&en=a", ""));
    assert_eq!(quarantined(&nobody)[0][5], "missing_distinct_id");
}

#[test]
fn a_back_ends_event() {
    let row = measured(&json!({
        "client_id": "GA1.1.333.444", "timestamp_micros": 1_795_202_324_522_212_i64,
        "user_properties": {"tier": {"value": "gold"}, "age": {"value": 42}},
        "user_data": {"sha256_email_address": "hash"}, "ip_override": "10.0.0.1",
        "consent": {"ad_user_data": "GRANTED", "ad_personalization": "DENIED"},
        "device": {"category": "mobile", "screen_resolution": "390x844", "operating_system": "iOS"},
        "user_location": {"city": "Brno", "country_id": "CZ", "region_id": "CZ-64"},
        "events": [{"name": "purchase", "params": {
            "transaction_id": "T-5", "value": 20.5, "items": [{"item_id": "A1", "quantity": 2}],
            "session_id": "1795219712", "engagement_time_msec": "120", "page_location": "https://shop.example/x",
        }}],
    }));
    assert_eq!(
        (&row["event_name"], &row["source"], &row["trust"]),
        (&json!("purchase"), &json!("server"), &json!("server"))
    );
    assert_eq!((&row["anonymous_id"], &row["user_id"]), (&json!("333.444"), &Value::Null));
    assert_eq!(
        (&row["session_id"], &row["occurred_at"]),
        (&json!("333.444.1795219712"), &json!("2026-11-20T19:18:44.522Z"))
    );
    assert_eq!(
        row["properties"],
        json!({
            "transaction_id": "T-5", "value": 20.5, "items": [{"item_id": "A1", "quantity": 2}],
            "$session_id": "333.444.1795219712", "$ga_session_id": "1795219712", "engagement_time_msec": 120,
            "$current_url": "https://shop.example/x", "$host": "shop.example", "$pathname": "/x",
            "$device_id": "333.444", "$is_identified": false, "$lib": "measurement_protocol",
            "$consent": {"advertising": false}, "$set": {"tier": "gold", "age": 42},
            "$device_type": "Mobile", "$screen_width": 390, "$screen_height": 844, "$os": "iOS",
            "$geoip_city_name": "Brno", "$geoip_country_code": "CZ", "$geoip_subdivision_1_code": "64",
        })
    );
}

#[test]
fn whose_a_back_ends_event_is() {
    let with = |who: Value| {
        let mut body = who;
        body["events"] = json!({"name": "login", "params": {"session_id": 7}});
        let row = measured(&body);
        json!([row["event_name"], row["user_id"], row["anonymous_id"], row["session_id"]])
    };
    assert_eq!(with(json!({"client_id": "1.2", "user_id": "u"})), json!(["$identify", "u", "1.2", "1.2.7"]));
    assert_eq!(with(json!({"app_instance_id": "0123"})), json!(["login", null, "0123", "0123.7"]));
    assert_eq!(with(json!({"client_id": 12})), json!(["login", null, "12", "12.7"]));
}

#[test]
fn the_time_nearest_to_the_event_counts() {
    let at = |event: Value, request: Value| {
        measured(&json!({"client_id": "1.2", "events": [event], "timestamp_micros": request}))["occurred_at"]
            .clone()
    };
    let micros = |s: i64| (1_795_000_000 + s) * 1_000_000;
    let all = json!({"name": "a", "timestamp_micros": micros(1), "params": {"timestamp_micros": micros(2)}});
    assert_eq!(at(all, json!(micros(3))), "2026-11-18T11:06:41.000Z");
    let in_params = json!({"name": "a", "params": {"timestamp_micros": micros(2).to_string()}});
    assert_eq!(at(in_params, json!(micros(3))), "2026-11-18T11:06:42.000Z");
    assert_eq!(at(json!({"name": "a"}), json!(micros(3))), "2026-11-18T11:06:43.000Z");
    assert_eq!(at(json!({"name": "a"}), Value::Null), NOW);
}

#[test]
fn back_ends_that_are_refused() {
    let body = r#"{"client_id":"1.2","events":[{"name":"a"}]}"#;
    let of = |query: &str| refused(&measurement(query, body));
    assert_eq!(of("measurement_id=G-SHOP1"), (401, "missing_key".into()));
    assert_eq!(of("api_secret=s"), (401, "missing_key".into()));
    assert_eq!(of("measurement_id=G-NONE&api_secret=s"), (401, "unknown_key".into()));
    assert_eq!(of("measurement_id=G-OTHER&api_secret=s"), (403, "foreign_measurement_id".into()));
    let of = |body: &str| refused(&measurement(SECRET, body));
    assert_eq!(of(""), (400, "empty_body".into()));
    assert_eq!(of("{"), (400, "malformed_json".into()));
    assert_eq!(of("[]"), (400, "not_events".into()));
    assert_eq!(of("{}"), (400, "no_event".into()));
    assert_eq!(of(r#"{"events":[]}"#), (400, "no_event".into()));
    assert_eq!(of(r#"{"events":"a"}"#), (400, "not_an_array".into()));
}

#[test]
fn a_bad_event_of_a_back_end_is_quarantined_alone() {
    let events = json!([{"name": "good"}, 7, {"params": {}}, {"name": "a", "params": []}, {"name": 5}, {"name": "good"}]);
    let body = json!({"client_id": "1.2", "events": events}).to_string();
    let append = append(&measurement(SECRET, &body));
    assert_eq!((append.events, append.quarantined_count), (2, 4));
    let rules: Vec<_> = quarantined(&append).iter().map(|row| row[5].as_str().unwrap().to_owned()).collect();
    assert_eq!(rules, ["not_an_object", "missing_name", "wrong_type", "wrong_type"]);
    assert_eq!(append.answer(2, 0, 4).status, 204);
}

/// Form data of a few keys that mean something, and of any that don't.
fn form() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        3 => proptest::sample::select(vec![
            "en", "v", "tid", "cid", "uid", "sid", "dl", "dr", "dt", "sr", "_p", "tfd", "gcs", "gcd", "npa", "uafvl",
            "pr1", "pr2", "ep.a", "epn.a", "up.a", "upn.a", "_et", "seg", "ul",
        ]).prop_map(str::to_owned),
        1 => "x[a-z_.%+]{0,6}",
    ];
    let value = prop_oneof!["[0-9.~a-f-]{0,12}", "(%[0-9a-fA-F]{2}|[a-z%+~]){0,8}", "\\PC{0,6}"];
    proptest::collection::vec((key, value), 0..8)
        .prop_map(|pairs| pairs.into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&"))
}

proptest! {
    #[test]
    fn any_bytes_are_answered(query: String, body: Vec<u8>, path in 0usize..4) {
        let path = ["/g/collect", "/mp/collect", "/debug/mp/collect", "/x/ga/g/c"][path];
        let query = format!("v=2&tid=G-SHOP1&{SECRET}&{query}");
        let step = step(&Request { query: &query, ..post(path, &body) });
        let status = match step {
            Step::Answer(answer) => answer.status,
            Step::Append(append) => append.answer(0, 0, 0).status,
            other => panic!("{other:?}"),
        };
        prop_assert!(status < 500);
    }

    /// Everything that comes in as an event goes out as a row or into quarantine, and as JSON.
    #[test]
    fn every_line_is_accounted_for(shared in form(), lines in proptest::collection::vec(form(), 0..5)) {
        let query = format!("{shared}&v=2&tid=G-SHOP1");
        let body: Vec<String> = lines.iter().map(|line| format!("v=2&tid=G-SHOP1&{line}&v=2&tid=G-SHOP1")).collect();
        let body = body.join("\r\n");
        if let Step::Append(append) = step(&collect(&query, &body)) {
            let came = if lines.is_empty() { 1 } else { lines.len() };
            prop_assert_eq!((append.events + append.quarantined_count) as usize, came);
            prop_assert_eq!(rows(&append).len() + quarantined(&append).len(), came);
        }
    }

    /// It makes no difference whether what all events share stands in the address or in each line, nor in which order.
    #[test]
    fn a_line_wins_over_the_address(own in form(), shared in form(), swapped: bool) {
        let told = "_p=1&_s=1&tfd=1";
        let base = format!("v=2&tid=G-SHOP1&{told}");
        let row = |query: &str, body: &str| {
            let Step::Append(append) = step(&collect(query, body)) else { return (vec![], vec![]) };
            (rows(&append), quarantined(&append))
        };
        let guard = |line: &str| format!("{line}&v=2&tid=G-SHOP1&{told}");
        let split = row(&format!("{shared}&{base}"), &guard(&own));
        let together = if swapped {
            row(&base, &guard(&format!("{shared}&{own}")))
        } else {
            row(&guard(&format!("{shared}&{own}")), "")
        };
        prop_assert_eq!(split, together);
    }
}
