//! The origins that a browser key or a signer is bound to.

use crate::{
    Refusal,
    admit::normalized_origin,
    decode::{Value, items},
    limits::{MAX_ORIGIN_BYTES, MAX_ORIGINS},
};

const EXPECTED: &str = "a list of 1 to 100 origins like https://shop.example, or [\"*\"] for any";

/// Reads a list of them, normalised.
pub(super) fn parse(list: Option<Value<'_>>) -> Result<Vec<String>, Refusal> {
    let refused = || Refusal::InvalidParameter { name: "origins", expected: EXPECTED };
    let list = items(list.ok_or_else(refused)?, MAX_ORIGINS).ok_or_else(refused)?;
    let origins: Option<Vec<String>> =
        list.into_iter().map(|origin| origin.string().and_then(|text| origin_of(&text))).collect();
    origins.filter(|origins| !origins.is_empty()).ok_or_else(refused)
}

/// An origin, or an address of which it is one.
fn origin_of(text: &str) -> Option<String> {
    let origin = normalized_origin(text);
    if origin == "*" {
        return Some(origin);
    }
    let (scheme, host) = origin.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c));
    let is_host =
        !host.is_empty() && host.bytes().all(|c| c.is_ascii_alphanumeric() || b"-._:[]".contains(&c));
    (is_scheme && is_host && origin.len() <= MAX_ORIGIN_BYTES).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let read = |text| parse(Some(Value::well_formed(text)));
        assert_eq!(
            read(
                r#"["HTTPS://Shop.example:443/cart?x","http://localhost:8787","capacitor://localhost","*"]"#
            ),
            Ok(vec![
                "https://shop.example".into(),
                "http://localhost:8787".into(),
                "capacitor://localhost".into(),
                "*".into()
            ])
        );
        for bad in [
            "[]",
            "{}",
            "\"*\"",
            "[1]",
            r#"["null"]"#,
            r#"["shop.example"]"#,
            r#"["https://"]"#,
            r#"["https://*.shop.example"]"#,
            r#"["https://a b"]"#,
            r#"["https://user@shop.example"]"#,
            r#"[""]"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(parse(None).is_err());
        assert!(read(&format!("[{}]", ["\"*\""; MAX_ORIGINS + 1].join(","))).is_err());
    }
}
