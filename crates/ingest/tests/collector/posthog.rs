//! What `PostHog`'s clients expect of a host besides that it takes their batches.

use super::*;

fn answer(method: &str, path: &str, query: &str) -> Answer {
    match step(&Request { method, query, ..post(path, b"anything") }) {
        Step::Answer(answer) => answer,
        step => panic!("{step:?}"),
    }
}

fn json_answer(method: &str, path: &str, query: &str) -> Value {
    let answer = answer(method, path, query);
    assert_eq!((answer.status, answer.content_type), (200, "application/json"), "{path}");
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn engage_becomes_identify() {
    let engage = json!({
        "$token": "wk_shop", "$distinct_id": "u", "$set": {"a": 1}, "$unset": ["b"], "$device_id": "dev", "$user_id": "u",
        "properties": {"p": 1}
    });
    for body in [engage.to_string(), format!("[{engage}]"), format!(" [ {engage} ] ")] {
        let append = append(&post("/engage/", body.as_bytes()));
        let row = rows(&append).remove(0);
        assert_eq!(row["event_name"], "$identify");
        assert_eq!((&row["user_id"], &row["anonymous_id"]), (&json!("u"), &json!("dev")));
        let properties =
            json!({"$set": {"a": 1}, "$unset": ["b"], "$device_id": "dev", "$user_id": "u", "p": 1});
        assert_eq!(row["properties"], properties);
        assert_eq!(append.answer(1, 0, 0).body, r#"{"status":"Ok"}"#);
    }
    let named = of_browser(&json!([event(&json!({}))]));
    assert_eq!(rows(&append(&post("/engage", named.as_bytes())))[0]["event_name"], "a");
    assert_eq!(refused(&post("/engage", b"[{]")), (400, "malformed_json".into()));
    assert_eq!(refused(&post("/engage", b"[]")), (400, "no_event".into()));
    assert_eq!(refused(&post("/engage", b"{}")), (401, "missing_key".into()));
}

#[test]
fn a_beacon_is_told_nothing() {
    let body = of_browser(&json!([event(&json!({}))]));
    let append = append(&Request { query: "ip=1&beacon=1", ..post("/e/", body.as_bytes()) });
    assert_eq!(append.events, 1);
    let answer = append.answer(1, 0, 0);
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
}

#[test]
fn every_version_finds_gzip_in_its_configuration() {
    for (method, path, query) in [
        ("GET", "/array/phc_1/config", ""),
        ("POST", "/flags/", "v=2&config=true"),
        ("POST", "/decide/", "v=3"),
    ] {
        let config = json_answer(method, path, query);
        assert_eq!(config["supportedCompression"], json!(["gzip-js"]), "{path}");
        assert_eq!(config["analytics"]["endpoint"], "/e/");
        for quiet in ["capturePerformance", "heatmaps", "sessionRecording", "hasFeatureFlags"] {
            assert_eq!(config[quiet], false, "{path} {quiet}");
        }
        assert_eq!(config.get("surveys"), None, "false makes 1.449 fetch a script that is not here");
    }
    assert_eq!(
        json_answer("POST", "/flags", "v=4"),
        json!({"flags": {}, "errorsWhileComputingFlags": false})
    );
    let decided = json_answer("POST", "/decide", "v=2");
    assert_eq!((&decided["featureFlags"], &decided["isAuthenticated"]), (&json!({}), &json!(false)));
}

#[test]
fn the_configuration_as_a_script_is_the_same_and_may_be_kept() {
    let script = answer("GET", "/array/phc_1/config.js", "");
    assert_eq!((script.status, script.content_type), (200, "text/javascript; charset=utf-8"));
    let config = json_answer("GET", "/array/phc_1/config", "");
    let of_script = script.body.split_once("config:").unwrap().1.split_once(",siteApps:").unwrap().0;
    assert_eq!(serde_json::from_str::<Value>(of_script).unwrap(), config);
    assert_eq!((config["token"].as_str(), script.max_age_s), (Some("phc_1"), 300));
    assert_eq!(answer("GET", "/_readiness", "").max_age_s, 0);
}

#[test]
fn what_is_not_kept_is_answered_quietly() {
    let recordings = json!({"status": "Ok", "quota_limited": ["recordings"]});
    assert_eq!(json_answer("POST", "/s/", ""), recordings);
    assert_eq!(answer("POST", "/s/", "beacon=1").status, 204);
    assert_eq!(json_answer("GET", "/api/surveys/", "token=phc_1"), json!({"surveys": []}));
    assert_eq!(json_answer("GET", "/api/web_experiments/", ""), json!({"experiments": []}));
    assert_eq!(json_answer("GET", "/api/early_access_features/", ""), json!({"earlyAccessFeatures": []}));
}
