//! Texts for columns: JSON strings that every store can hold.

use std::borrow::Cow;

use tallymark_event::{EventId, json, limits::MAX_ID};

use crate::decode::{Kind, Value};

/// A JSON string, quotes included; the client's own bytes wherever they will do.
pub(crate) type Text<'t> = Cow<'t, str>;

/// What to do with an id longer than [`MAX_ID`] characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlong {
    /// Keep the first [`MAX_ID`] characters, as `PostHog` does.
    Cut,
    /// Break a rule.
    Refuse,
}

/// Why a value can't be an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdDefect {
    /// Neither a string nor a number.
    WrongType,
    /// See [`Overlong::Refuse`].
    TooLong,
}

/// An id that is a string or a number (whose text is then the id). `None` if it is absent, null or empty.
pub(crate) fn id(value: Option<Value<'_>>, overlong: Overlong) -> Result<Option<Text<'_>>, IdDefect> {
    let Some(value) = value else { return Ok(None) };
    match value.kind() {
        Kind::Null => Ok(None),
        Kind::String if holds_as_it_is(value) => {
            Ok((value.as_str() != "\"\"").then(|| Cow::Borrowed(value.as_str())))
        }
        Kind::String => rewritten(&value.string().unwrap_or_default(), overlong),
        Kind::Number => rewritten(value.as_str(), overlong),
        Kind::Bool | Kind::Array | Kind::Object => Err(IdDefect::WrongType),
    }
}

/// A session id as it is stored: a UUID in lower case, which is how others write the same; any other shape as it is.
pub(crate) fn session_id(id: Text<'_>) -> Text<'_> {
    let is_mixed = |id: &str| id.bytes().any(|c| c.is_ascii_uppercase());
    let is_uuid = |id: &str| EventId::parse(id.trim_matches('"')).is_some();
    if is_mixed(&id) && is_uuid(&id) { Cow::Owned(id.to_ascii_lowercase()) } else { id }
}

/// A distinct id: any value but null, as JSON text if it is no string. `None` also if it is blank.
pub(crate) fn distinct_id(value: Value<'_>) -> Option<Text<'_>> {
    if value.string().is_some_and(|text| text.trim().is_empty()) {
        return None;
    }
    match id(Some(value), Overlong::Cut) {
        Ok(text) => text,
        Err(_) => rewritten(value.as_str(), Overlong::Cut).ok().flatten(),
    }
}

/// A string short enough whatever it holds, and with nothing in it that has to be replaced.
fn holds_as_it_is(value: Value<'_>) -> bool {
    value.as_str().len() <= MAX_ID + 2 && !value.is_escaped()
}

fn rewritten<'t>(text: &str, overlong: Overlong) -> Result<Option<Text<'t>>, IdDefect> {
    if text.is_empty() {
        return Ok(None);
    }
    let end = text.char_indices().nth(MAX_ID).map(|(at, _)| at);
    if end.is_some() && overlong == Overlong::Refuse {
        return Err(IdDefect::TooLong);
    }
    Ok(Some(Cow::Owned(quoted(text.get(..end.unwrap_or(text.len())).unwrap_or_default()))))
}

/// A JSON string of `text`, NUL (which Postgres holds in no text) replaced by U+FFFD.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains('\0') { verbatim(&text.replace('\0', "\u{fffd}")) } else { verbatim(text) }
}

/// A JSON string of `text` as it stands.
pub(crate) fn verbatim(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    json::write_str(&mut out, text);
    out
}

/// Appends bytes in hexadecimal.
pub(crate) fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, overlong: Overlong) -> Result<Option<String>, IdDefect> {
        id(Some(Value::well_formed(text)), overlong).map(|id| id.map(Cow::into_owned))
    }

    #[test]
    fn ids_are_strings_or_numbers() {
        for (value, expected) in [
            ("null", Ok(None)),
            ("\"\"", Ok(None)),
            ("\"a\"", Ok(Some("\"a\""))),
            ("\"\\u0061\\u0000\"", Ok(Some("\"a\u{fffd}\""))),
            ("42", Ok(Some("\"42\""))),
            ("-1.50", Ok(Some("\"-1.50\""))),
            ("true", Err(IdDefect::WrongType)),
            ("{}", Err(IdDefect::WrongType)),
        ] {
            assert_eq!(read(value, Overlong::Refuse), expected.map(|id| id.map(str::to_owned)), "{value}");
        }
        assert_eq!(id(None, Overlong::Cut), Ok(None));
    }

    #[test]
    fn length_is_counted_in_characters() {
        let fits = format!("\"{}\"", "é".repeat(MAX_ID));
        assert_eq!(read(&fits, Overlong::Refuse), Ok(Some(fits.clone())));
        let long = format!("\"{}\"", "é".repeat(MAX_ID + 1));
        assert_eq!(read(&long, Overlong::Refuse), Err(IdDefect::TooLong));
        assert_eq!(read(&long, Overlong::Cut), Ok(Some(fits)));
    }

    #[test]
    fn a_session_id_that_is_a_uuid_is_in_lower_case() {
        for (given, stored) in [
            ("\"01A1FB70-CE51-7A00-86b5-3d2ff7a0cece\"", "\"01a1fb70-ce51-7a00-86b5-3d2ff7a0cece\""),
            ("\"01a1fb70-ce51-7a00-86b5-3d2ff7a0cece\"", "\"01a1fb70-ce51-7a00-86b5-3d2ff7a0cece\""),
            ("\"1A1F-0F04\"", "\"1A1F-0F04\""),
            ("\"1795220079\"", "\"1795220079\""),
        ] {
            assert_eq!(session_id(Cow::Borrowed(given)), stored);
        }
    }

    #[test]
    fn a_distinct_id_is_anything_but_blank() {
        let distinct = |text| distinct_id(Value::well_formed(text)).map(Cow::into_owned);
        assert_eq!(distinct("{\"a\":1}").as_deref(), Some("\"{\\\"a\\\":1}\""));
        assert_eq!(distinct("true").as_deref(), Some("\"true\""));
        for blank in ["null", "\"\"", "\"  \"", "\"\\t \""] {
            assert_eq!(distinct(blank), None, "{blank}");
        }
    }
}
