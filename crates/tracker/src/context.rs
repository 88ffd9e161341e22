//! What surrounds every event: built once, shared by all events captured under it.

use alloc::string::String;

use crate::{members, text};

/// The members common to a run of events. A thousand queued events hold one copy of them and not a thousand.
#[derive(Debug)]
pub(crate) struct Context {
    text: String,
    /// Where the members begin whose names do not start with `$`.
    plain: usize,
}

/// Keys that the books depend on, as the keys of a JSON object: a page's properties cannot set them.
pub(crate) const RESERVED: &str = r#""$stream_id","$seq","$monotonic_ms""#;

impl Context {
    /// From `ours`, members whose names all start with `$` and which hold `$stream_id` (so a context is never
    /// empty); `campaign`, which give way to what the page registered; and that, `supers`.
    pub(crate) fn new(ours: &str, campaign: &str, supers: &str) -> Self {
        let mut text = String::new();
        members::append_unless(&mut text, ours, supers);
        let plain = text.len();
        members::append_unless(&mut text, campaign, supers);
        members::append(&mut text, supers);
        Self { text, plain }
    }

    /// The members.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `properties` may set what the context sets too: then the slow way of encoding sorts out who
    /// wins. Usually neither has the other's kind of names, and this takes one look at each.
    pub(crate) fn meets(&self, properties: &str) -> bool {
        let plain = text::piece(&self.text, self.plain, self.text.len());
        members::each(properties)
            .any(|m| m.key.as_bytes().get(1) == Some(&b'$') || members::has(plain, m.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use tallymark_event::wire;

    #[test]
    fn shared_and_reserved_keys_are_noticed() {
        let context = Context::new(r#""$stream_id":"s""#, r#""utm_term":"t","gclid":"g""#, r#""utm_term":1"#);
        assert_eq!(context.as_str(), r#""$stream_id":"s","gclid":"g","utm_term":1"#);
        assert!(context.meets(r#""x":1,"utm_term":"other""#));
        assert!(context.meets(r#""x":1,"gclid":"other""#));
        assert!(context.meets(r#""$seq":1"#));
        assert!(!context.meets(r#""x":{"$host":1}"#));
        assert!(!context.meets(""));
    }

    #[test]
    fn the_reserved_keys_are_those_of_the_wire() {
        let wire = [wire::STREAM_ID, wire::SEQ, wire::MONOTONIC_MS].map(|name| format!("\"{name}\""));
        assert_eq!(wire.join(","), RESERVED);
    }
}
