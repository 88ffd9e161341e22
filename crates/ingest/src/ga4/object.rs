//! The members of a JSON object that is being written.

use std::collections::BTreeMap;

use tallymark_event::{json, names};

use crate::{
    decode::{Kind, Scanner},
    text::verbatim,
};

/// Object in the order of their names, each name once: the same hit gives the same text, and so the same id,
/// whatever order its client writes in.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(BTreeMap<String, String>);

/// Properties that say who, where in the stream, and under which key: only what the protocol has for it says so, never
/// a parameter of the page's own. An address is withheld under any name that is known for one.
const RESERVED: [&str; 24] = [
    "$anon_distinct_id",
    "$consent",
    "$cookieless_mode",
    "$device_id",
    "$ignore_sent_at",
    "$ip",
    "$is_identified",
    "$lib",
    "$lib_version",
    "$monotonic_ms",
    "$process_person_profile",
    "$seq",
    "$session_id",
    "$set",
    "$set_once",
    "$stream_id",
    "$unset",
    "$user_id",
    "distinct_id",
    "ga_temp_client_id",
    "ip",
    "ip_override",
    "token",
    "user_data",
];

impl Object {
    /// A member whose value is JSON already. The last of one name counts.
    pub(super) fn raw(&mut self, name: &str, json: impl Into<String>) {
        self.0.insert(name.to_owned(), json.into());
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.raw(name, verbatim(value));
    }

    /// A number, or the text if it is none.
    pub(super) fn number(&mut self, name: &str, value: &str) {
        self.raw(name, number_or_text(value));
    }

    /// A text if there is one.
    pub(super) fn optional_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A number if there is one.
    pub(super) fn optional_number(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.number(name, value);
        }
    }

    /// `true` if it is.
    pub(super) fn flag(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.raw(name, "true");
        }
    }

    /// A parameter of the event's own under its stored name. What is here already stays: the protocol's own fields,
    /// which are written first, are worth more.
    pub(super) fn parameter(&mut self, event: &str, name: &str, json: impl Into<String>) {
        let stored = names::parameter_from_ga4(event, name);
        let stored = names::rename(name, stored, |taken| is_reserved(taken) || self.0.contains_key(taken));
        if !stored.is_empty() && !is_reserved(stored) {
            self.0.entry(stored.to_owned()).or_insert_with(|| json.into());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends the object.
    pub(super) fn write(&self, out: &mut String) {
        out.push('{');
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            json::write_str(out, name);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
    }

    /// The object's text.
    pub(super) fn object(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

fn is_reserved(name: &str) -> bool {
    RESERVED.binary_search(&name).is_ok()
}

/// The number that a text is, if JSON and a database can hold it; else the text.
pub(super) fn number_or_text(text: &str) -> String {
    let mut scanner = Scanner::new(text);
    match scanner.value() {
        Ok(value)
            if value.kind() == Kind::Number
                && value.as_str().len() == text.len()
                && scanner.take_unstorable().is_none() =>
        {
            text.to_owned()
        }
        _ => verbatim(text),
    }
}
