use super::*;
use proptest::prelude::*;

fn redacted(properties: &str) -> (String, u32) {
    let mut out = String::new();
    let found = write(properties, None, Redaction::DEFAULT, &mut out);
    (out, found)
}

fn suspect(properties: &str) -> bool {
    let mut is = false;
    each_member(&mut Scanner::new(properties), |scanner, key| {
        let value = scanner.value()?;
        is |= is_suspect(&key.name(), value);
        Ok(())
    })
    .unwrap();
    is
}

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

#[test]
fn by_its_name() {
    for name in [
        "password",
        "Password",
        "user_password",
        "passwd",
        "secret",
        "client-secret",
        "token",
        "accessToken",
        "refresh_token",
        "authorization",
        "Authorization",
        "apiKey",
        "x-api-key",
        "stripe_secret_key",
        "private_key",
        "card_number",
        "creditCardNumber",
        "cvv",
        "ssn",
        "iban",
        "otp",
        "set-cookie",
        "csrf_token",
    ] {
        for value in ["\"x\"", "7", "[\"x\"]", "{\"a\":1}"] {
            let properties = format!("{{\"a\":1,\"{name}\":{value}}}");
            assert_eq!(
                redacted(&properties),
                (format!("{{\"a\":1,\"{name}\":\"[redacted]\"}}"), 1),
                "{properties}"
            );
            assert!(suspect(&properties), "{properties}");
        }
    }
    assert_eq!(redacted(r#"{"p\u0061ssword":"x"}"#).1, 1);
}

#[test]
fn by_its_shape() {
    for value in [
        JWT,
        "Bearer abcdefghijklmnop",
        "basic dXNlcjpwYXNzd29yZA==",
        "sk_live_51H8abcdefghijkl",
        "ghp_abcdefghijklmnop",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111111111111111",
        "378282246310005",
        "-----BEGIN RSA PRIVATE KEY-----",
    ] {
        let properties = format!("{{\"note\":\"{value}\"}}");
        assert_eq!(redacted(&properties), ("{\"note\":\"[redacted]\"}".to_owned(), 1), "{value}");
        assert!(suspect(&properties), "{value}");
        let nested = format!("{{\"a\":[{{\"b\":[\"{value}\"]}}]}}");
        assert_eq!((redacted(&nested).1, suspect(&nested)), (1, true));
    }
    assert_eq!(redacted("{\"n\":4111111111111111}").1, 1, "a number");
}

#[test]
fn what_is_none() {
    for properties in [
        r#"{"plan":"Basic plan for everybody","tokens":512,"password":null,"password_reset":true,"has_password":true}"#,
        r#"{"at":"1795220079000","order":"4111111111111112","us":1795220079000000,"big":12345678901234567890}"#,
        r#"{"author":"Ann","tokenizer":"x","secretary":"Bo","key":"k","code":"SPRING","email":"a@b.example"}"#,
        r#"{"$device_id":"01a1fb70-ce0f-72ee-bc10-49bd3c6cafe9","$current_url":"https://shop.example/?tab=scale#top"}"#,
        r#"{"eyJ":"eyJ.not.one","sk":"sk_live_","s":"[redacted]","token":"[redacted]"}"#,
    ] {
        assert_eq!(redacted(properties), (properties.to_owned(), 0));
    }
    assert!(!suspect(
        r#"{"$consent":{"analytics":true},"scale":2.5,"$current_url":"https://a.example/?tab=1"}"#
    ));
}

#[test]
fn of_an_address_only_the_parameters() {
    for (address, kept) in [
        ("https://a.example/?a=1&token=x&b=2#c", "https://a.example/?a=1&token=[redacted]&b=2#c"),
        ("https://a.example/cb?code=x&state=y", "https://a.example/cb?code=[redacted]&state=y"),
        ("https://a.example/#access_token=x&a=1", "https://a.example/#access_token=[redacted]&a=1"),
        ("/reset?password=x", "/reset?password=[redacted]"),
        ("https:\\/\\/a.example\\/?a=1\\u0026token=x", "https://a.example/?a=1&token=[redacted]"),
    ] {
        let properties = format!("{{\"$current_url\":\"{address}\"}}");
        assert_eq!(redacted(&properties), (format!("{{\"$current_url\":\"{kept}\"}}"), 1));
        assert!(suspect(&properties), "{address}");
    }
    let jwt = format!("{{\"u\":\"https://a.example/?q={JWT}\"}}");
    assert_eq!(redacted(&jwt).0, "{\"u\":\"https://a.example/?q=[redacted]\"}");
    let none = r#"{"u":"https://a.example/?token=&code=[redacted]"}"#;
    assert_eq!(redacted(none), (none.to_owned(), 0), "twice is once");
}

fn properties() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[ -~]{0,30}",
        "[2-6][0-9]{12,18}",
        "(Bearer |eyJ|sk_live_|https?://a/)[A-Za-z0-9.?&=_-]{0,40}",
        Just(JWT.to_owned()),
    ];
    let name = prop_oneof!["[a-zA-Z_$-]{0,12}", Just("password".to_owned()), Just("token".to_owned())];
    let leaf = prop_oneof![
        text.prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
    ];
    let value = leaf.prop_recursive(3, 12, 4, {
        let name = name.clone();
        move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map(name.clone(), inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        }
    });
    prop::collection::btree_map(name, value, 0..6)
        .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()).to_string())
}

proptest! {
    #[test]
    fn what_is_found_is_suspect_and_twice_is_once(properties in properties()) {
        let (once, found) = redacted(&properties);
        prop_assert!(found == 0 || suspect(&properties), "{}", properties);
        prop_assert!(found > 0 || once == properties);
        prop_assert_eq!(redacted(&once), (once.clone(), 0));
        let read: serde_json::Value = serde_json::from_str(&once).unwrap();
        prop_assert!(!read.to_string().contains(JWT));
    }
}
