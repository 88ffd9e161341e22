//! The body as text, whatever it was wrapped in.
//!
//! Clients announce their wrapping in three places, wrongly, or not at all (`PostHog`'s browser client sends
//! gzip as `text/plain` with no hint), so the bytes themselves decide and the hints only help out.

use std::borrow::Cow;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{
    cesu8,
    gzip::{self, gunzip},
    lz64,
};
use crate::{
    Refusal, Request,
    limits::{MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_WRAPPINGS},
};

/// Old clients leave the padding out, or cut bits short.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What the client says of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint<'r> {
    /// Nothing, or gzip, which the magic bytes tell better: a proxy may have unpacked the body and left
    /// the header in place.
    Sniff,
    Base64,
    Lz64,
    Unsupported(&'r str),
}

/// The payload of a request as text.
pub(crate) fn payload<'r>(request: &Request<'r>) -> Result<Cow<'r, str>, Refusal> {
    if request.body.len() > MAX_BODY_BYTES {
        return Err(Refusal::BodyTooLarge);
    }
    let query = request.query.as_bytes();
    let mut hint = parameter(query, b"compression").map(|value| hint_of(value));
    let mut bytes = Cow::Borrowed(request.body);
    if let Some(data) = parameter(query, b"data") {
        bytes = Cow::Owned(percent_decoded(data));
    } else if is_form(request)
        && let Some(data) = parameter(request.body, b"data")
    {
        hint = hint.or_else(|| parameter(request.body, b"compression").map(|value| hint_of(value)));
        bytes = Cow::Owned(percent_decoded(data));
    }
    let hint = hint.or_else(|| request.content_encoding.map(|name| hint_of(name.as_bytes())));
    if bytes.trim_ascii().is_empty() {
        return Err(Refusal::EmptyBody);
    }
    let bytes = unwrapped(bytes, hint.unwrap_or(Hint::Sniff))?;
    match bytes {
        Cow::Borrowed(bytes) => match str::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(_) => repaired_text(bytes).map(Cow::Owned),
        },
        Cow::Owned(bytes) => {
            String::from_utf8(bytes).or_else(|error| repaired_text(error.as_bytes())).map(Cow::Owned)
        }
    }
}

/// The text of bytes that are not UTF-8, if they are what old clients take for it.
fn repaired_text(bytes: &[u8]) -> Result<String, Refusal> {
    String::from_utf8(cesu8::repaired(bytes))
        .map_err(|error| Refusal::NotUtf8 { at: error.utf8_error().valid_up_to() })
}

/// Takes off gzip, base64 and lz64, in any order, as often as is allowed.
fn unwrapped<'r>(mut bytes: Cow<'r, [u8]>, hint: Hint<'_>) -> Result<Cow<'r, [u8]>, Refusal> {
    for _ in 0..MAX_WRAPPINGS {
        if bytes.starts_with(&gzip::MAGIC) {
            bytes = Cow::Owned(gunzip(&bytes, MAX_DECODED_BYTES)?);
            continue;
        }
        // JSON of events begins with one of these, and base64 has neither.
        if matches!(bytes.trim_ascii_start().first(), None | Some(b'{' | b'[')) {
            break;
        }
        match hint {
            Hint::Unsupported(name) => return Err(Refusal::unsupported_compression(name)),
            Hint::Lz64 => {
                bytes = Cow::Owned(lz64::decompressed(&pluses(bytes.trim_ascii()), MAX_DECODED_BYTES)?);
                continue;
            }
            Hint::Sniff | Hint::Base64 => {}
        }
        match BASE64.decode(&*pluses(bytes.trim_ascii())).ok() {
            Some(decoded) => bytes = Cow::Owned(decoded),
            None if hint == Hint::Base64 => return Err(Refusal::InvalidBase64),
            None => break,
        }
    }
    Ok(bytes)
}

/// Text in base64's alphabet, the blanks that a form made of its `+` taken back.
fn pluses(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&b' ') {
        Cow::Owned(text.iter().map(|c| if *c == b' ' { b'+' } else { *c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn hint_of(name: &[u8]) -> Hint<'_> {
    let is_any = |names: &[&str]| names.iter().any(|n| name.eq_ignore_ascii_case(n.as_bytes()));
    if is_any(&["base64", "b64"]) {
        Hint::Base64
    } else if is_any(&["lz64", "lz-string"]) {
        Hint::Lz64
    } else if is_any(&["deflate", "br", "zstd"]) {
        Hint::Unsupported(str::from_utf8(name).unwrap_or_default())
    } else {
        Hint::Sniff
    }
}

/// Whether the body is a form: by its type, or by one of the names that clients begin theirs with. No JSON, gzip or
/// base64 begins like that.
fn is_form(request: &Request<'_>) -> bool {
    const FIRST_NAMES: [&[u8]; 5] = [b"data=", b"compression=", b"_=", b"ip=", b"ver="];
    let essence = request.content_type.and_then(|t| t.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        || FIRST_NAMES.iter().any(|name| request.body.starts_with(name))
}

/// The value of the first non-empty parameter of that name, still percent-encoded.
pub(crate) fn parameter<'q>(query: &'q [u8], name: &[u8]) -> Option<&'q [u8]> {
    query
        .split(|c| *c == b'&')
        .filter_map(|pair| pair.strip_prefix(name)?.strip_prefix(b"="))
        .find(|value| !value.is_empty())
}

/// Decodes `%2B` and `+` of a form. What is no escape stands for itself.
pub(crate) fn percent_decoded(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&c, tail)) = rest.split_first() {
        rest = tail;
        out.push(match c {
            b'+' => b' ',
            b'%' => match tail.first_chunk::<2>().and_then(|digits| hex2(*digits)) {
                Some(byte) => {
                    rest = tail.get(2..).unwrap_or_default();
                    byte
                }
                None => b'%',
            },
            c => c,
        });
    }
    out
}

fn hex2(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|c| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok()));
    Some(high? << 4 | low?)
}
