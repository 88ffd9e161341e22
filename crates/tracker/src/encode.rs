//! The wire text: one event, and a request around many. `PostHog`'s batch dialect with our extras.

use alloc::string::String;

use tallymark_event::wire;

use crate::{
    context::{Context, RESERVED},
    drops::Drops,
    members,
};

/// What one event says beside its context. Texts are JSON unless said otherwise.
pub(crate) struct Entry<'a> {
    /// String.
    pub(crate) name: &'a str,
    /// UUID text, without quotes.
    pub(crate) id: &'a str,
    /// String.
    pub(crate) distinct_id: &'a str,
    /// When it happened, as RFC 3339.
    pub(crate) moment: &'a str,
    pub(crate) seq: u32,
    pub(crate) monotonic_ms: u64,
    /// Members that the SDK adds to this event. They give way to `properties`, and the context to both.
    pub(crate) own: &'a str,
    /// Members that the page gave.
    pub(crate) properties: &'a str,
}

/// Where in an event's text its context belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Byte offset.
    pub(crate) at: usize,
    /// Whether the shared context goes there; otherwise the text already holds what is left of it.
    pub(crate) shared: bool,
}

/// Writes the event into `out` (cleared first), all but the context when that can be shared.
pub(crate) fn event(out: &mut String, entry: &Entry<'_>, context: &Context) -> Cut {
    out.clear();
    out.push('{');
    members::raw(out, "event", entry.name);
    members::text(out, "uuid", entry.id);
    members::raw(out, "distinct_id", entry.distinct_id);
    members::text(out, "timestamp", entry.moment);
    members::key(out, "properties");
    out.push('{');
    let at = out.len();
    let shared = entry.own.is_empty() && !context.meets(entry.properties);
    if shared {
        // The context that will stand here is never empty.
        out.push(',');
        out.push_str(entry.properties);
    } else {
        let mut said = String::new();
        members::append_unless(&mut said, entry.own, entry.properties);
        members::append_unless(&mut said, entry.properties, RESERVED);
        members::append_unless(out, context.as_str(), &said);
        members::append(out, &said);
    }
    members::number(out, wire::SEQ, u64::from(entry.seq));
    members::number(out, wire::MONOTONIC_MS, entry.monotonic_ms);
    out.push_str("}}");
    Cut { at, shared }
}

/// What a request's text takes beside key and events, at most: names, two moments, an id, and a count for
/// every reason of dropping.
const FRAME_BYTES: usize = 768;

/// Whose request it is: the same for all of a stream, nearly.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// JSON string: the write key.
    pub(crate) key: String,
    /// JSON string.
    pub(crate) stream_id: String,
    /// When what is captured now happened, and what is sent now is sent: RFC 3339.
    pub(crate) moment: String,
    /// Whether the stream has no copy of its events on disk.
    pub(crate) memory_only: bool,
    /// The stream's last will: the event, as JSON, that ends it should nothing more be heard of it.
    pub(crate) will: String,
}

impl Envelope {
    /// Whether the collector is one of ours, which keeps books. Others refuse a request without events, and tell the
    /// console. By their second letter our keys, `wk_…` and `eyJ…`, are told from `PostHog`'s, `phc_…`, and GA4's, `G-…`,
    /// in 35 bytes less than by their first.
    pub(crate) fn keeps_books(&self) -> bool {
        self.key.as_bytes().get(2) > Some(&b'i')
    }

    /// Bytes of a request beside its events, at most.
    pub(crate) const fn bytes(&self) -> usize {
        FRAME_BYTES + self.key.len() + self.will.len()
    }

    /// Writes the text of a request, or of a chunk, up to its events into `out` (cleared first).
    #[inline(never)] // Within its only caller it takes 40 bytes more.
    pub(crate) fn open(&self, out: &mut String) {
        out.clear();
        out.push('{');
        members::raw(out, "api_key", &self.key);
        members::raw(out, "batch", "[");
    }

    /// Appends what comes behind the events: the moment of sending, and the stream's report.
    pub(crate) fn close(&self, out: &mut String, seq: u32, drops: &mut Drops) {
        out.push(']');
        members::text(out, "sent_at", &self.moment);
        members::key(out, wire::STREAM);
        self.report(out, seq, drops, &self.will);
        drops.unreported = false;
        out.push('}');
    }

    /// Appends the stream's report, with its last `will` if that is not empty.
    pub(crate) fn report(&self, out: &mut String, seq: u32, drops: &Drops, will: &str) {
        out.push('{');
        members::raw(out, wire::STREAM_ID_KEY, &self.stream_id);
        members::number(out, wire::STREAM_SEQ_KEY, u64::from(seq));
        if self.memory_only {
            members::raw(out, wire::STREAM_MEMORY_KEY, "true");
        }
        members::key(out, wire::STREAM_DROPPED_KEY);
        drops.report(out);
        if !will.is_empty() {
            members::raw(out, wire::STREAM_WILL_KEY, will);
        }
        out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{
        collection::{btree_map, vec},
        prelude::*,
    };
    use serde_json::{Map, Value, json};
    use std::string::ToString;
    use tallymark_event::DropReason;

    const NOW: &str = "2026-11-21T00:14:39.697Z";

    fn context(given: &Map<String, Value>) -> Context {
        let given = Value::Object(given.clone()).to_string();
        Context::new(r#""$stream_id":"s""#, "", members::of_object(&given).unwrap())
    }

    fn encode(name: &str, context: &Context, own: &Value, properties: &Map<String, Value>) -> (Value, bool) {
        let (name, properties) = (json!(name).to_string(), Value::Object(properties.clone()).to_string());
        let own = own.to_string();
        let entry = Entry {
            name: &name,
            id: "i",
            distinct_id: "\"d\"",
            moment: NOW,
            seq: 5,
            monotonic_ms: 42,
            own: members::of_object(&own).unwrap(),
            properties: members::of_object(&properties).unwrap(),
        };
        let mut text = String::new();
        let cut = event(&mut text, &entry, context);
        if cut.shared {
            text.insert_str(cut.at, context.as_str());
        }
        (serde_json::from_str(&text).unwrap(), cut.shared)
    }

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("{value} is no object") };
        object
    }

    #[test]
    fn an_event_is_posthogs() {
        let context = context(&object(json!({"$host": "h"})));
        let (event, shared) = encode("a \"b\"", &context, &json!({}), &object(json!({"x": 1})));
        assert!(shared);
        assert_eq!(
            event,
            json!({"event": "a \"b\"", "uuid": "i", "distinct_id": "d", "timestamp": "2026-11-21T00:14:39.697Z",
                   "properties": {"$stream_id": "s", "$host": "h", "x": 1, "$seq": 5, "$monotonic_ms": 42}})
        );
    }

    #[test]
    fn a_page_overrides_what_surrounds_but_not_the_books() {
        let context = context(&object(json!({"$host": "h", "title": "super"})));
        let given = object(json!({"$host": "mine", "$seq": 1, "$stream_id": "x", "$set": 0}));
        let (event, shared) = encode("e", &context, &json!({"title": "own", "$set": 1}), &given);
        assert!(!shared);
        assert_eq!(
            event["properties"],
            json!({"$stream_id": "s", "$host": "mine", "title": "own", "$set": 0, "$seq": 5, "$monotonic_ms": 42})
        );
    }

    #[test]
    fn a_request_is_posthogs_with_a_report_and_fits_its_frame() {
        let mut drops = Drops::new();
        for reason in DropReason::ALL {
            drops.add(*reason, u32::MAX as usize);
        }
        let envelope = Envelope {
            key: "\"wk_1\"".into(),
            stream_id: "\"01919fff-0000-7000-8000-000000000000\"".into(),
            moment: NOW.into(),
            memory_only: true,
            will: String::new(),
        };
        let mut text = String::from("left over");
        envelope.open(&mut text);
        text.push_str("1,2");
        envelope.close(&mut text, u32::MAX, &mut drops);
        assert!(text.len() <= envelope.bytes() + 3, "{}", text.len());
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["api_key"], "wk_1");
        assert_eq!(body["batch"], json!([1, 2]));
        assert_eq!(body["sent_at"], "2026-11-21T00:14:39.697Z");
        assert_eq!(body["stream"]["id"], "01919fff-0000-7000-8000-000000000000");
        assert_eq!(body["stream"]["seq"], u32::MAX);
        assert_eq!(body["stream"]["dropped"]["refused"], u32::MAX);
    }

    proptest! {
        #[test]
        fn any_names_and_properties_stay_json(
            name: String,
            surrounding in btree_map(".{0,9}", ".{0,9}", 0..8),
            own in btree_map(".{0,2}", any::<bool>(), 0..4),
            given in btree_map(".{0,2}", vec(".{0,9}", 0..3), 0..8),
        ) {
            let context = context(&object(json!(surrounding)));
            let given = object(json!(given));
            let (event, _) = encode(&name, &context, &json!(own), &given);
            prop_assert_eq!(&event["event"], &json!(name));
            for (key, value) in &given {
                prop_assert_eq!(&event["properties"][key], value);
            }
            for (key, value) in own.iter().filter(|(k, _)| !given.contains_key(*k)) {
                prop_assert_eq!(&event["properties"][key], value);
            }
        }
    }
}
