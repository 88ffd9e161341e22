//! One JSON value as the client wrote it, and the few readings of it that are needed.

use alloc::{borrow::Cow, string::String};

use super::scan::hex4;

/// The text of one well-formed JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'t> {
    text: &'t str,
    /// Of a string: whether it holds an escape. The scanner has seen it, so nobody need look again.
    escaped: bool,
}

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// Any number.
    Number,
    /// A text in quotes.
    String,
    /// `[…]`.
    Array,
    /// `{…}`.
    Object,
}

impl Kind {
    /// With its article, for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl<'t> Value<'t> {
    /// Promises that the text is one well-formed value.
    pub fn well_formed(text: &'t str) -> Self {
        Self { text, escaped: text.starts_with('"') && text.contains('\\') }
    }

    /// The same, when the scanner has passed it.
    pub(super) const fn scanned(text: &'t str, escaped: bool) -> Self {
        Self { text, escaped }
    }

    /// Whether this is a string that holds an escape.
    pub const fn is_escaped(self) -> bool {
        self.escaped
    }

    /// The text as it came, a string's quotes and escapes included.
    pub const fn as_str(self) -> &'t str {
        self.text
    }

    /// Which kind it is.
    pub fn kind(self) -> Kind {
        match self.text.as_bytes().first() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            _ => Kind::Null,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.text == "null"
    }

    /// Whether it is `true`.
    pub fn is_true(self) -> bool {
        self.text == "true"
    }

    /// Whether it is `false`.
    pub fn is_false(self) -> bool {
        self.text == "false"
    }

    /// A string's text, unescaped only if it holds an escape. `None` for any other kind.
    pub fn string(self) -> Option<Cow<'t, str>> {
        let raw = self.text.strip_prefix('"')?.strip_suffix('"')?;
        Some(if self.escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) })
    }

    /// A string's characters, each escape read as it is met, so that nothing is allocated. `None` for any other kind.
    pub fn chars(self) -> Option<Chars<'t>> {
        self.text.strip_prefix('"')?.strip_suffix('"').map(Chars)
    }

    /// A number without fraction or exponent, in range. `None` for anything else.
    pub fn integer(self) -> Option<i64> {
        (self.kind() == Kind::Number).then(|| self.text.parse().ok()).flatten()
    }
}

/// The characters of a string, from [`Value::chars`].
#[derive(Clone, Debug)]
pub struct Chars<'t>(&'t str);

impl Iterator for Chars<'_> {
    type Item = char;

    #[inline]
    fn next(&mut self) -> Option<char> {
        let mut rest = self.0.chars();
        let c = match rest.next()? {
            '\\' => {
                let (c, length) = escape(rest.as_str());
                rest = rest.as_str().get(length..).unwrap_or_default().chars();
                c
            }
            c => c,
        };
        self.0 = rest.as_str();
        Some(c)
    }
}

/// Reads what follows a backslash: the character it stands for and the bytes read.
fn escape(tail: &str) -> (char, usize) {
    match tail.as_bytes().first() {
        Some(b'b') => ('\u{8}', 1),
        Some(b'f') => ('\u{c}', 1),
        Some(b'n') => ('\n', 1),
        Some(b'r') => ('\r', 1),
        Some(b't') => ('\t', 1),
        Some(b'u') => unicode_escape(tail.as_bytes()),
        Some(&c) => (char::from(c), 1),
        None => (char::REPLACEMENT_CHARACTER, 0),
    }
}

/// The text that a string stands for, given what is between its quotes, which must be well-formed. Half a
/// surrogate pair becomes U+FFFD.
pub fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((run, tail)) = rest.split_once('\\') {
        out.push_str(run);
        let (c, length) = escape(tail);
        out.push(c);
        rest = tail.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Reads `uXXXX`, or `uXXXX\uXXXX` if that is a pair: the character and the bytes read.
fn unicode_escape(bytes: &[u8]) -> (char, usize) {
    const ONE: usize = "uXXXX".len();
    let first = hex4(bytes, 1).unwrap_or(0xfffd);
    if (0xd800..0xdc00).contains(&first)
        && bytes.get(ONE..ONE + 2) == Some(b"\\u")
        && let Some(second @ 0xdc00..0xe000) = hex4(bytes, ONE + 2)
    {
        let c = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER), 2 * ONE + 1);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), ONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kinds_and_readings() {
        let v = |text| Value::well_formed(text);
        assert_eq!(v("-0.5").kind(), Kind::Number);
        assert_eq!(v("7").integer(), Some(7));
        assert_eq!(v("7.0").integer(), None);
        assert_eq!(v("\"7\"").integer(), None);
        assert_eq!(v("\"a\\u0062\\ud83d\\ude00\\ud83d\"").string().unwrap(), "ab😀\u{fffd}");
    }

    proptest! {
        #[test]
        fn unescaping_agrees_with_serde_json(text: String, at in 0usize..8) {
            let mut raw = serde_json::to_string(&text).unwrap();
            raw.insert_str(1, ["", "\\/", "\\u0041", "\\ud83d\\ude00", "\\\\", "\\b\\f", "\\u0000", "\\\""][at]);
            let expected: String = serde_json::from_str(&raw).unwrap();
            let value = Value::well_formed(&raw);
            prop_assert_eq!(value.string().unwrap(), expected.as_str());
            prop_assert_eq!(value.chars().unwrap().collect::<String>(), expected);
        }
    }
}
