//! `/engage/`: what `posthog-js` before 1.80 knows of a person, as an object without an event around it. As at
//! `PostHog` it becomes an `$identify`.

use std::borrow::Cow;

use crate::{
    Refusal,
    decode::{Malformed, Scanner, Value, each_member},
    members::Members,
};

/// The members that an event has beside its properties; all others become properties.
const EVENT_FIELDS: [&[u8]; 12] = [
    b"$distinct_id",
    b"$set",
    b"$set_once",
    b"$token",
    b"api_key",
    b"distinct_id",
    b"offset",
    b"properties",
    b"sent_at",
    b"timestamp",
    b"token",
    b"uuid",
];

/// The text in the batch dialect: one object, or an array of them. What has an event's name already stays as it is.
pub(crate) fn translated(text: &str) -> Result<String, Refusal> {
    let mut out = String::with_capacity(text.len() + 64);
    let mut scanner = Scanner::new(text);
    let malformed = |scanner: &Scanner<'_>, malformed: Malformed| Refusal::MalformedJson {
        at: scanner.at(),
        problem: malformed.problem(),
    };
    rewrite(&mut scanner, &mut out)
        .and_then(|()| scanner.end())
        .map_err(|problem| malformed(&scanner, problem))?;
    Ok(out)
}

fn rewrite(scanner: &mut Scanner<'_>, out: &mut String) -> Result<(), Malformed> {
    if scanner.peek() != Some(b'[') {
        return rewrite_item(scanner, out);
    }
    scanner.enter_array()?;
    out.push('[');
    let (mut first, mut wrote) = (true, false);
    while scanner.next_item(&mut first)? {
        if core::mem::replace(&mut wrote, true) {
            out.push(',');
        }
        rewrite_item(scanner, out)?;
    }
    out.push(']');
    Ok(())
}

fn rewrite_item(scanner: &mut Scanner<'_>, out: &mut String) -> Result<(), Malformed> {
    scanner.peek();
    let start = scanner.at();
    if scanner.peek() != Some(b'{') {
        out.push_str(scanner.value()?.as_str());
        return Ok(());
    }
    let mut members: Vec<(Cow<'_, [u8]>, &str, Value<'_>)> = Vec::new();
    each_member(scanner, |scanner, key| {
        let value = scanner.value()?;
        members.push((key.name(), scanner.since(key.start), value));
        Ok(())
    })?;
    if members.iter().any(|(name, ..)| matches!(&**name, b"event" | b"batch")) {
        out.push_str(scanner.since(start));
        return Ok(());
    }
    let mut properties = String::new();
    let mut inner = Members::open(&mut properties);
    let mut outer = Members::open(out);
    outer.add("event", "\"$identify\"");
    for (name, text, value) in members {
        if &*name == b"properties" && value.as_str().starts_with('{') {
            inner.copy_all(value)?;
        } else if EVENT_FIELDS.contains(&&*name) {
            outer.copy(name, text);
        } else {
            inner.copy(name, text);
        }
    }
    inner.close();
    outer.add("properties", &properties);
    outer.close();
    Ok(())
}
