//! Texts with a form of their own. The patterns say the same as the functions, for JSON Schema; tests hold them together.

use tallymark_event::{Timestamp, json::value::Value};

/// Longest text that has one of the forms of fixed length: a timestamp with nine decimals and an offset.
const MAX_FIXED: usize = 36;

/// Most decimals of a second: nanoseconds.
const MAX_DECIMALS: usize = 9;

macro_rules! day {
    () => {
        "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))\
|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
    };
}

/// What is a date.
pub(crate) const DATE: &str = concat!("^", day!(), "$");

/// What is a timestamp.
pub(crate) const TIMESTAMP: &str = concat!(
    "^",
    day!(),
    "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?$"
);

/// What is a UUID.
pub(crate) const UUID: &str = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";

/// What is an absolute URL: a scheme, `://`, and at least one character that may stand in one.
pub(crate) const URL: &str = "^[A-Za-z][A-Za-z0-9+.\\x2d]*://[^\\x00-\\x20\"<>\\x5c\\x5e`{\\x7c}\\x7f]+$";

/// Which characters [`URL`] leaves out, controls and blanks beside.
const NOT_IN_URLS: &[char] = &['"', '<', '>', '\\', '^', '`', '{', '|', '}', '\u{7f}'];

pub(crate) fn is_date(value: Value<'_>) -> bool {
    fixed(value, |text| text.len() == 10 && Timestamp::parse(text).is_some())
}

pub(crate) fn is_timestamp(value: Value<'_>) -> bool {
    fixed(value, |text| {
        let Some((second, rest)) = text.as_bytes().split_at_checked("2026-11-21T09:30:00".len()) else {
            return false;
        };
        let is_full = matches!(second, [.., b'T', _, _, b':', _, _, b':', b'0'..=b'5', b'0'..=b'9']);
        let decimals = match rest {
            [b'.', digits @ ..] => digits.iter().take_while(|c| c.is_ascii_digit()).count(),
            _ => 0,
        };
        let zone = match rest {
            [b'.', zone @ ..] if (1..=MAX_DECIMALS).contains(&decimals) => {
                zone.get(decimals..).unwrap_or_default()
            }
            zone => zone,
        };
        let is_zone = matches!(zone, [] | [b'Z'] | [b'+' | b'-', _, _, b':', _, _]);
        is_full && is_zone && Timestamp::parse(text).is_some()
    })
}

pub(crate) fn is_uuid(value: Value<'_>) -> bool {
    fixed(value, |text| {
        text.len() == 36
            && text.bytes().enumerate().all(|(at, c)| match at {
                8 | 13 | 18 | 23 => c == b'-',
                _ => c.is_ascii_hexdigit(),
            })
    })
}

pub(crate) fn is_url(value: Value<'_>) -> bool {
    let Some(mut chars) = value.chars() else { return false };
    if !chars.next().is_some_and(|c| c.is_ascii_alphabetic()) {
        return false;
    }
    let colon = chars.find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '.' | '-'));
    if (colon, chars.next(), chars.next()) != (Some(':'), Some('/'), Some('/')) {
        return false;
    }
    let mut is_any = false;
    chars.all(|c| {
        is_any = true;
        c > ' ' && !NOT_IN_URLS.contains(&c)
    }) && is_any
}

/// Whether a short text of ASCII is good, read without allocating even if it holds escapes.
fn fixed(value: Value<'_>, is_good: impl FnOnce(&str) -> bool) -> bool {
    if !value.is_escaped() {
        let text = value.as_str();
        return text.get(1..text.len() - 1).is_some_and(|text| text.len() <= MAX_FIXED && is_good(text));
    }
    let mut text = [0u8; MAX_FIXED];
    let mut length = 0;
    for c in value.chars().into_iter().flatten() {
        match (text.get_mut(length), u8::try_from(c)) {
            (Some(slot), Ok(c)) if c.is_ascii() => *slot = c,
            _ => return false,
        }
        length += 1;
    }
    text.get(..length).and_then(|text| core::str::from_utf8(text).ok()).is_some_and(is_good)
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, sync::LazyLock};

    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    static PATTERNS: LazyLock<[Regex; 4]> =
        LazyLock::new(|| [DATE, TIMESTAMP, UUID, URL].map(|pattern| Regex::new(pattern).unwrap()));

    fn json(text: &str) -> String {
        serde_json::to_string(text).unwrap()
    }

    fn agree(text: &str) -> Result<(), TestCaseError> {
        let json = json(text);
        let mut escaped = String::from("\"");
        for c in text.chars() {
            write!(escaped, "\\u{:04x}", c as u32).unwrap();
        }
        escaped.push('"');
        let functions: [fn(Value<'_>) -> bool; 4] = [is_date, is_timestamp, is_uuid, is_url];
        for ((is_good, pattern), name) in
            functions.iter().zip(&*PATTERNS).zip(["date", "timestamp", "uuid", "url"])
        {
            let expected = pattern.is_match(text);
            prop_assert_eq!(is_good(Value::well_formed(&json)), expected, "{} {:?}", name, text);
            if text.chars().all(|c| c as u32 <= 0xffff) {
                prop_assert_eq!(
                    is_good(Value::well_formed(&escaped)),
                    expected,
                    "{} {:?}, escaped",
                    name,
                    text
                );
            }
        }
        Ok(())
    }

    #[test]
    fn forms() {
        let is = |good: fn(Value<'_>) -> bool, text: &str| good(Value::well_formed(&json(text)));
        for text in ["2026-11-21T09:30:00Z", "2026-11-21T09:30:00.123456", "2024-02-29T23:59:59.1+05:30"] {
            assert!(is(is_timestamp, text), "{text}");
        }
        for text in [
            "2026-11-21",
            "2026-11-21 09:30:00Z",
            "2026-11-21T09:30Z",
            "2026-11-21T09:30:60Z",
            "2026-11-21T09:30:00.Z",
            "2023-02-29T00:00:00Z",
            "2026-11-21T09:30:00+5",
            "2026-11-21T09:30:00.1234567890Z",
            "",
            "2026-11-21T09:30:00Zé",
        ] {
            assert!(!is(is_timestamp, text), "{text}");
        }
        assert!(is(is_date, "2000-02-29") && !is(is_date, "1900-02-29") && !is(is_date, "2026-1-21"));
        assert!(is(is_url, "https://example.com/ä?b=c#d") && is(is_url, "s3://bucket/key"));
        for text in [
            "example.com",
            "/a",
            "https://",
            "https://a b",
            "://a",
            "1a://b",
            "mailto:a@b",
            "https:/a",
            "a\u{e9}://b",
        ] {
            assert!(!is(is_url, text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn functions_and_patterns_agree_on_days(y in 0..10_000u32, m in 0..14u32, d in 0..33u32) {
            agree(&format!("{y:04}-{m:02}-{d:02}"))?;
        }

        #[test]
        fn functions_and_patterns_agree_on_moments(
            time in "[0-2][0-9]:[0-6][0-9]:[0-6][0-9]", decimals in "(\\.[0-9]{0,10})?", zone in "Z?|[+-][0-2][0-9]:?[0-6][0-9]", at in 0..40usize, with in "[0-9TZ:.+ é-]{0,2}", edit: bool,
        ) {
            let mut text = format!("2026-11-21T{time}{decimals}{zone}");
            if edit {
                text.replace_range(at.min(text.len())..(at + 1).min(text.len()), &with);
            }
            agree(&text)?;
        }

        #[test]
        fn functions_and_patterns_agree_on_ids(text in "[0-9a-fA-Fg]{7,8}(-[0-9a-f]{4}){3}-[0-9a-f]{11,13}") {
            agree(&text)?;
        }

        #[test]
        fn functions_and_patterns_agree_on_addresses(text in "[a-zA-Z1+.-]{0,4}:?/{0,3}[a-z\\x00-\\x7fé😀]{0,6}") {
            agree(&text)?;
        }
    }
}
