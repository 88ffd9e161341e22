//! The members of a JSON object, as text: enough to see that two objects share a key, and no more.
//!
//! *Members* here is what stands between an object's braces: `"a":1,"b":[2]`. The text comes from
//! `JSON.stringify`, so it is well formed, has no blanks, and writes equal keys equally; text that is
//! otherwise gives other members, never a panic.

use alloc::string::String;

use crate::text::{digits, inside, piece};

/// One `"key":value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// The key with its quotes.
    pub(crate) key: &'a str,
    /// The value, or nothing if there was no colon.
    pub(crate) value: &'a str,
}

/// The text between the braces of `object`; `None` if it is no object.
pub(crate) fn of_object(object: &str) -> Option<&str> {
    let bytes = object.as_bytes();
    let is_object = bytes.len() > 1 && bytes.first() == Some(&b'{') && bytes.last() == Some(&b'}');
    is_object.then(|| inside(object))
}

/// The members, in order.
pub(crate) const fn each(members: &str) -> Members<'_> {
    Members { rest: members }
}

/// Whether one of the members has `key` (with its quotes).
pub(crate) fn has(members: &str, key: &str) -> bool {
    find(members, key).is_some()
}

/// The value of the first member that has `key` (with its quotes).
pub(crate) fn find<'a>(members: &'a str, key: &str) -> Option<&'a str> {
    each(members).find(|m| m.key == key).map(|m| m.value)
}

/// Appends `member`, with a comma in front if need be.
pub(crate) fn push(out: &mut String, member: Member<'_>) {
    separate(out);
    out.push_str(member.key);
    out.push(':');
    out.push_str(member.value);
}

/// Appends `"name":`, with a comma in front if need be. `name` must need no escaping.
pub(crate) fn key(out: &mut String, name: &str) {
    separate(out);
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

/// Appends `"name":value`, the value being JSON, with a comma in front if need be.
pub(crate) fn raw(out: &mut String, name: &str, value: &str) {
    key(out, name);
    out.push_str(value);
}

/// Appends `"name":"text"`, where neither needs escaping, with a comma in front if need be.
pub(crate) fn text(out: &mut String, name: &str, text: &str) {
    key(out, name);
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// Appends `"name":value`, with a comma in front if need be.
pub(crate) fn number(out: &mut String, name: &str, value: u64) {
    key(out, name);
    digits(out, value);
}

/// Appends `"name":true` or `"name":false`, with a comma in front if need be.
pub(crate) fn flag(out: &mut String, name: &str, value: bool) {
    raw(out, name, if value { "true" } else { "false" });
}

/// Appends all `members`, with a comma in front if need be.
pub(crate) fn append(out: &mut String, members: &str) {
    if !members.is_empty() {
        separate(out);
        out.push_str(members);
    }
}

/// Appends those of `members` whose key is not among `overriding`.
pub(crate) fn append_unless(out: &mut String, members: &str, overriding: &str) {
    for member in each(members) {
        if !has(overriding, member.key) {
            push(out, member);
        }
    }
}

fn separate(out: &mut String) {
    if !matches!(out.as_bytes().last(), None | Some(b'{' | b',')) {
        out.push(',');
    }
}

/// Iterator over the members of an object.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut depth, mut in_string) = (0u32, false);
        let (mut at, mut colon) = (0, usize::MAX);
        while let Some(byte) = self.rest.as_bytes().get(at) {
            match byte {
                // Outside of strings there is none.
                b'\\' => at += 1,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => depth = depth.wrapping_add(1),
                b'}' | b']' => depth = depth.wrapping_sub(1),
                b':' if depth == 0 => colon = at,
                b',' if depth == 0 => break,
                _ => {}
            }
            at += 1;
        }
        // Every cut is at an ASCII byte, hence at a character boundary.
        let text = self.rest;
        let at = at.min(text.len());
        let colon = colon.min(at);
        self.rest = piece(text, at + 1, text.len());
        Some(Member { key: piece(text, 0, colon), value: piece(text, colon + 1, at) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value};
    use std::{string::ToString, vec::Vec};

    fn keys(members: &str) -> Vec<&str> {
        each(members).map(|m| m.key).collect()
    }

    #[test]
    fn values_may_hold_anything() {
        let text = r#""a":{"x":[1,"}"],"y":2},"b,\"c":"d:\\","e":[],"":null"#;
        assert_eq!(keys(text), [r#""a""#, r#""b,\"c""#, r#""e""#, r#""""#]);
        assert!(has(text, r#""e""#) && !has(text, r#""x""#));
        assert_eq!(each(text).next().map(|m| m.value), Some(r#"{"x":[1,"}"],"y":2}"#));
    }

    #[test]
    fn overridden_members_are_left_out() {
        let mut out = String::from("{");
        append_unless(&mut out, r#""a":1,"b":2,"c":3"#, r#""b":0"#);
        append(&mut out, r#""b":0"#);
        assert_eq!(out, r#"{"a":1,"c":3,"b":0"#);
    }

    #[test]
    fn only_objects_have_members() {
        assert_eq!(of_object("{}"), Some(""));
        for none in ["", "[]", "null", "\"{}\"", "{"] {
            assert_eq!(of_object(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn every_key_is_found_once(names: std::collections::BTreeSet<String>, value: String) {
            let nested = serde_json::json!({ "in,:{\"": [value, {}] });
            let object: Map<String, Value> = names.iter().map(|n| (n.clone(), nested.clone())).collect();
            let text = Value::Object(object.clone()).to_string();
            let found: Vec<_> = each(of_object(&text).unwrap()).collect();
            prop_assert_eq!(found.len(), object.len());
            for (member, (name, value)) in found.iter().zip(&object) {
                prop_assert_eq!(&serde_json::from_str::<String>(member.key).unwrap(), name);
                prop_assert_eq!(&serde_json::from_str::<Value>(member.value).unwrap(), value);
            }
        }

        #[test]
        fn any_text_ends(text: String) {
            prop_assert!(each(&text).count() <= text.len());
        }
    }
}
