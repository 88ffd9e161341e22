//! Secrets that nobody meant to send: passwords, tokens, card numbers, in properties that no plan knows of.
//!
//! A property is judged by its name, or by the shape of its value; of an address only the parameters are. What is found
//! is replaced by [`REDACTED`], so that the owner sees where it was, and counted in the row's context.
//!
//! Most events have nothing of the kind, and pay for no more than a look at their members as they are decoded
//! ([`is_suspect`]). Only what is suspect is gone through a second time, and written anew.

use std::borrow::Cow;

use tallymark_event::{json, wire};
use tallymark_plan::plan::Object;

use crate::{
    decode::{Kind, Malformed, Scanner, Value, each_member},
    privacy::Redaction,
};

/// What stands where a secret was.
pub(crate) const REDACTED: &str = "[redacted]";

/// Whether there may be a secret in a member of an event's properties. Never false if [`write`] finds one.
#[inline]
pub(crate) fn is_suspect(name: &[u8], value: Value<'_>) -> bool {
    match value.as_str().as_bytes().first() {
        // What is in it is looked at when it is written.
        Some(b'{' | b'[') => *name != *wire::CONSENT.as_bytes(),
        Some(b'"') => is_secret_name(name) || is_suspect_text(value),
        Some(b'0'..=b'9') => is_secret_name(name) || is_card(value.as_str().as_bytes()),
        _ => false,
    }
}

/// Appends an object of properties, each secret replaced: how many. What `known` has a property for is the plan's
/// business.
pub(crate) fn write(text: &str, known: Option<&Object>, redaction: &Redaction, out: &mut String) -> u32 {
    let start = out.len();
    let mut pass = Pass { redaction, found: 0 };
    let mut scanner = Scanner::new(text);
    if write_object(&mut scanner, known, out, &mut pass).is_err() {
        // Never: it has been scanned before. But then, nothing of it is worth a leak.
        out.truncate(start);
        out.push_str("{}");
    }
    pass.found
}

/// Appends a member's value, or what stands for it; without a name, what stands for it wherever it is. How many secrets
/// were replaced.
pub(crate) fn write_member(
    name: Option<&[u8]>,
    value: Value<'_>,
    redaction: &Redaction,
    out: &mut String,
) -> u32 {
    let start = out.len();
    let mut pass = Pass { redaction, found: 0 };
    let mut scanner = Scanner::new(value.as_str());
    // What has no name can't be allowed by its own.
    let written = write_named(&mut scanner, name.unwrap_or_default(), out, &mut pass);
    if written.is_err() {
        out.truncate(start);
        out.push_str("null");
    }
    pass.found
}

/// One pass over a text.
struct Pass<'r> {
    redaction: &'r Redaction,
    found: u32,
}

fn write_object(
    scanner: &mut Scanner<'_>,
    known: Option<&Object>,
    out: &mut String,
    pass: &mut Pass<'_>,
) -> Result<(), Malformed> {
    out.push('{');
    let mut comma = "";
    each_member(scanner, |scanner, key| {
        out.push_str(comma);
        comma = ",";
        out.push_str(scanner.since(key.start));
        let name = key.name();
        if known.is_some_and(|object| object.find(&name).is_some()) {
            out.push_str(scanner.value()?.as_str());
            return Ok(());
        }
        write_named(scanner, &name, out, pass)
    })?;
    out.push('}');
    Ok(())
}

fn write_named(
    scanner: &mut Scanner<'_>,
    name: &[u8],
    out: &mut String,
    pass: &mut Pass<'_>,
) -> Result<(), Malformed> {
    if pass.redaction.is_off || pass.redaction.allows(name) {
        out.push_str(scanner.value()?.as_str());
        return Ok(());
    }
    if is_secret_name(name) || pass.redaction.adds(name) {
        let value = scanner.value()?;
        let says_nothing = matches!(value.kind(), Kind::Null | Kind::Bool);
        write_replaced(value, (!says_nothing).then_some(Cow::Borrowed(REDACTED)), out, pass);
        return Ok(());
    }
    write_value(scanner, out, pass)
}

/// No deeper than [`crate::limits::MAX_DEPTH`]: the scanner goes no further.
fn write_value(scanner: &mut Scanner<'_>, out: &mut String, pass: &mut Pass<'_>) -> Result<(), Malformed> {
    match scanner.peek() {
        Some(b'{') => write_object(scanner, None, out, pass),
        Some(b'[') => {
            out.push('[');
            scanner.enter_array()?;
            let (mut first, mut comma) = (true, "");
            while scanner.next_item(&mut first)? {
                out.push_str(comma);
                comma = ",";
                write_value(scanner, out, pass)?;
            }
            out.push(']');
            Ok(())
        }
        _ => {
            let value = scanner.value()?;
            write_replaced(value, replacement(value), out, pass);
            Ok(())
        }
    }
}

fn write_replaced(
    value: Value<'_>,
    replacement: Option<Cow<'_, str>>,
    out: &mut String,
    pass: &mut Pass<'_>,
) {
    match replacement {
        None => out.push_str(value.as_str()),
        // By a replay: what was found once is not found again.
        Some(same) if value.string().is_some_and(|text| text == same) => out.push_str(value.as_str()),
        Some(text) => {
            pass.found += 1;
            json::write_str(out, &text);
        }
    }
}

/// What is to stand for a text or number, whatever it is called; `None` if it may stay.
fn replacement(value: Value<'_>) -> Option<Cow<'static, str>> {
    let Some(text) = value.string() else {
        return is_card(value.as_str().as_bytes()).then_some(Cow::Borrowed(REDACTED));
    };
    if is_secret(text.as_bytes()) {
        return Some(Cow::Borrowed(REDACTED));
    }
    is_address(text.as_bytes()).then(|| without_secrets(&text)).flatten().map(Cow::Owned)
}

fn is_suspect_text(value: Value<'_>) -> bool {
    let Some(raw) = value.as_str().as_bytes().get(1..) else { return false };
    // An escape may hide anything, and costs a second look.
    let looks = |text: &[u8]| is_secret(text) || (is_address(text) && has_parameters(text));
    if value.is_escaped() {
        replacement(value).is_some()
    } else {
        looks(raw.strip_suffix(b"\"").unwrap_or(raw))
    }
}

/// Names of what is secret, in lower case without `_`, `-`, `.` and blanks. What is longer and ends in one of [`ENDS`]
/// is, too: `stripe_secret_key`, `user-password`.
fn is_secret_name(name: &[u8]) -> bool {
    const MAX: usize = 40;
    // Those with a `$` are the clients' own: none of them is a secret.
    let Some(last) = name.last().filter(|_| name.len() <= MAX && name.first() != Some(&b'$')) else {
        return false;
    };
    // No name of these ends otherwise; most others do.
    if !matches!(last.to_ascii_lowercase(), b'd' | b't' | b'n' | b'y' | b'r' | b'e' | b'v' | b'c' | b'p') {
        return false;
    }
    let mut plain = [0; MAX];
    let mut length = 0;
    for (slot, c) in plain.iter_mut().zip(name.iter().filter(|c| !matches!(c, b'_' | b'-' | b'.' | b' '))) {
        *slot = c.to_ascii_lowercase();
        length += 1;
    }
    let plain = plain.get(..length).unwrap_or_default();
    let is_named = matches!(
        plain,
        b"pwd"
            | b"passwd"
            | b"passphrase"
            | b"token"
            | b"idtoken"
            | b"jwt"
            | b"bearer"
            | b"authorization"
            | b"cookie"
            | b"setcookie"
            | b"otp"
            | b"ssn"
            | b"socialsecuritynumber"
            | b"iban"
            | b"cvv"
            | b"cvc"
            | b"creditcard"
            | b"ccnumber"
    );
    is_named || ENDS.iter().any(|end| plain.ends_with(end))
}

/// See [`is_secret_name`].
const ENDS: [&[u8]; 11] = [
    b"password",
    b"secret",
    b"secretkey",
    b"apikey",
    b"privatekey",
    b"accesskey",
    b"accesstoken",
    b"refreshtoken",
    b"authtoken",
    b"csrftoken",
    b"cardnumber",
];

/// Whether a text has the shape of a secret: a signed token, the value of an `Authorization` header, a key of a service that
/// marks its keys, a private key, a card's number.
fn is_secret(text: &[u8]) -> bool {
    let is_marked =
        |marks: &[&[u8]]| marks.iter().any(|mark| text.len() >= mark.len() + 12 && text.starts_with(mark));
    match text.first() {
        Some(b'e') => is_jwt(text),
        Some(b'B' | b'b') => is_authorization(text),
        Some(b's') => is_marked(&[b"sk_live_", b"sk_test_", b"sk-ant-", b"sk-proj-"]),
        Some(b'r') => is_marked(&[b"rk_live_", b"rk_test_"]),
        Some(b'g') => is_marked(&[b"ghp_", b"gho_", b"ghs_", b"github_pat_", b"glpat-"]),
        Some(b'x') => is_marked(&[b"xoxb-", b"xoxp-", b"xapp-"]),
        Some(b'-') => text.starts_with(b"-----BEGIN ") && text.windows(11).any(|run| run == b"PRIVATE KEY"),
        Some(b'2'..=b'6') => is_card(text),
        _ => false,
    }
}

/// Three parts of base64url, the first of which begins an object.
fn is_jwt(text: &[u8]) -> bool {
    let is_base64url = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'=');
    let mut parts = text.split(|c| *c == b'.');
    let mut part =
        |least: usize| parts.next().is_some_and(|part| part.len() >= least && part.iter().all(is_base64url));
    text.starts_with(b"eyJ") && part(10) && part(4) && part(0) && parts.next().is_none()
}

/// `Bearer …`, `Basic …`: no word of a language, which `Basic plan` is.
fn is_authorization(text: &[u8]) -> bool {
    const LEAST: usize = 16;
    let is_token = |c: &u8| c.is_ascii_graphic();
    let credentials = [b"bearer ".as_slice(), b"basic "].into_iter().find_map(|scheme| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    credentials.is_some_and(|rest| rest.len() >= LEAST && rest.iter().all(is_token))
}

/// A payment card's number: as many digits as its issuer gives, in groups or not, with the right last digit (Luhn's).
fn is_card(text: &[u8]) -> bool {
    const MAX_DIGITS: usize = 16;
    // Groups of four, with a character between.
    if !(13..=MAX_DIGITS + 3).contains(&text.len()) {
        return false;
    }
    let mut digits = [0; MAX_DIGITS];
    let mut length = 0;
    for c in text.iter().filter(|c| !matches!(c, b' ' | b'-')) {
        let (true, Some(slot)) = (c.is_ascii_digit(), digits.get_mut(length)) else { return false };
        *slot = c - b'0';
        length += 1;
    }
    let digits = digits.get(..length).unwrap_or_default();
    let is_issued = matches!(
        (length, digits),
        (13 | 16, [4, ..])
            | (16, [5, 1..=5, ..] | [2, 2..=7, ..] | [6, ..] | [3, 5, ..])
            | (15, [3, 4 | 7, ..])
            | (14, [3, 0 | 6 | 8, ..])
    );
    let doubled = |digit: u8| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| u32::from(if at % 2 == 1 { doubled(*digit) } else { *digit }));
    is_issued && sum.sum::<u32>() % 10 == 0
}

/// Whether it is an address that may have parameters.
fn is_address(text: &[u8]) -> bool {
    text.starts_with(b"http") || text.starts_with(b"/")
}

/// Where a parameter of an address begins or ends; a fragment may hold some, too.
const fn is_delimiter(c: char) -> bool {
    matches!(c, '?' | '&' | '#' | ';')
}

/// Whether an address has a parameter that is secret.
fn has_parameters(text: &[u8]) -> bool {
    text.split(|c| is_delimiter(char::from(*c))).skip(1).any(|pair| secret_parameter(pair).is_some())
}

/// The name of a parameter with a secret for a value.
fn secret_parameter(pair: &[u8]) -> Option<&[u8]> {
    let at = pair.iter().position(|c| *c == b'=')?;
    let (name, value) = pair.split_at_checked(at)?;
    let value = value.get(1..)?;
    let is_named = is_secret_name(name)
        || [b"code".as_slice(), b"auth", b"sig", b"signature", b"api_key", b"key"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
    (!value.is_empty() && (is_named || is_secret(value))).then_some(name)
}

/// An address whose secret parameters have lost their values; `None` if it has none.
fn without_secrets(text: &str) -> Option<String> {
    if !has_parameters(text.as_bytes()) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for (at, piece) in text.split_inclusive(is_delimiter).enumerate() {
        let pair = piece.strip_suffix(is_delimiter).unwrap_or(piece);
        match secret_parameter(pair.as_bytes()).filter(|_| at > 0) {
            Some(name) => {
                out.push_str(pair.get(..=name.len()).unwrap_or_default());
                out.push_str(REDACTED);
                out.push_str(piece.get(pair.len()..).unwrap_or_default());
            }
            None => out.push_str(piece),
        }
    }
    Some(out)
}

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;
