//! JSON as text: it crosses every boundary of ours as text, and most of it verbatim. Written piece by piece here, read
//! by the scanner in [`scan`], which hands out slices; there is no tree.

mod plain;
pub mod scan;
#[cfg(test)]
mod scan_tests;
pub mod value;

use alloc::string::String;

/// One JSON value as text, already known to be well-formed: it is copied, never looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawJson<'a>(&'a str);

impl<'a> RawJson<'a> {
    /// `{}`
    pub const EMPTY_OBJECT: RawJson<'static> = RawJson("{}");

    /// Promises that `text` is one well-formed JSON value.
    pub const fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// The text.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// Appends `text` as a JSON string, quotes included. What JSON lets stand unescaped is copied in runs.
pub fn write_str(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        // `at` is a char boundary: the byte found there is ASCII.
        let (run, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(run);
        let Some(c) = tail.chars().next() else { break };
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => {
                out.push_str("\\u00");
                let byte = u32::from(c);
                for nibble in [byte >> 4, byte & 0xf] {
                    out.push(char::from_digit(nibble, 16).unwrap_or('0'));
                }
            }
        }
        rest = tail.get(1..).unwrap_or("");
    }
    out.push_str(rest);
    out.push('"');
}

/// Appends an unsigned number.
pub fn write_u64(out: &mut String, mut value: u64) {
    let mut text = [0u8; 20];
    let mut start = text.len();
    for slot in text.iter_mut().rev() {
        *slot = b'0' + u8::try_from(value % 10).unwrap_or(0);
        start -= 1;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.push_str(text.get(start..).and_then(|t| core::str::from_utf8(t).ok()).unwrap_or("0"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_survives(text: String) {
            let mut out = String::new();
            write_str(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }

        #[test]
        fn any_number_survives(n: u64) {
            let mut out = String::new();
            write_u64(&mut out, n);
            prop_assert_eq!(out.parse::<u64>().unwrap(), n);
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        let mut out = String::new();
        write_str(&mut out, "a\u{0}\u{1f}\"\\\n\u{7f}é\u{2028}");
        assert_eq!(out, "\"a\\u0000\\u001f\\\"\\\\\\n\u{7f}é\u{2028}\"");
    }
}
