//! An event's identity: the one it came with, or one made of its content.
//!
//! An event without an id that says when it happened, or is marked in another way, is the same event when it is sent
//! again. One that says nothing of the kind (`curl` by hand, a counter in a back end) would be the same event forever;
//! nobody sends those again after a failure, so there each receipt is an event. `ga4/stamp.rs` does likewise. What only
//! says who somebody is, or what is known of them, says nothing new when it is said again.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tallymark_event::{EventId, Timestamp};

use crate::decode::{Event, Value};

/// The id of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: EventId,
    /// False if the event came with something that is no UUID, and `id` was made for it.
    pub(crate) is_legible: bool,
}

/// Properties by which `PostHog`'s older clients, which gave no id, tell an event from all others.
const MARKS: [&str; 2] = ["\"$insert_id\":", "\"$time\":"];

/// Events that say who somebody is, as JSON strings.
const STATEMENTS: [&str; 4] = ["\"$identify\"", "\"$set\"", "\"$create_alias\"", "\"$groupidentify\""];

/// Gives the events of one request their ids.
#[derive(Debug)]
pub(crate) struct Identities {
    received_at: Timestamp,
    /// How often each text came without an id of its own.
    occurrences: BTreeMap<[u8; 32], u32>,
}

impl Identities {
    /// For a request that came at `received_at`.
    pub(crate) const fn new(received_at: Timestamp) -> Self {
        Self { received_at, occurrences: BTreeMap::new() }
    }

    /// The id that the event came with. Without one: of a digest of its text and of how many of the same
    /// text came before it, so that a retry of the request gives the same ids, and two equal events two.
    pub(crate) fn of(&mut self, event: &Event<'_>) -> Identity {
        let given = event.id.filter(|value| !matches!(value.as_str(), "null" | "\"\""));
        let read = |value: Value<'_>| EventId::parse(&value.string()?);
        match given.map(read) {
            Some(Some(id)) => Identity { id, is_legible: true },
            unreadable => Identity { id: self.of_content(event), is_legible: unreadable.is_none() },
        }
    }

    fn of_content(&mut self, event: &Event<'_>) -> EventId {
        let text = event.text;
        let mut hasher = Sha256::new_with_prefix(text);
        let occurrence = self.occurrences.entry(hasher.clone().finalize().into()).or_default();
        hasher.update(occurrence.to_le_bytes());
        *occurrence += 1;
        let is_marked = event.timestamp.is_some_and(|value| !value.is_null())
            || MARKS.iter().any(|mark| text.contains(mark))
            || event.name.is_some_and(|name| STATEMENTS.contains(&name.as_str()));
        if !is_marked {
            hasher.update(self.received_at.ms().to_le_bytes());
        }
        let digest: [u8; 32] = hasher.finalize().into();
        EventId::of_digest(*digest.first_chunk().unwrap_or(&[0; 16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_795_220_080_000);
    const LATER: Timestamp = Timestamp::from_ms(1_795_220_080_001);

    fn event(text: &'static str, id: Option<&'static str>) -> Event<'static> {
        Event { text, is_object: true, id: id.map(Value::well_formed), ..Event::default() }
    }

    fn ids(received_at: Timestamp, texts: [&'static str; 3]) -> [EventId; 3] {
        let mut identities = Identities::new(received_at);
        texts.map(|text| identities.of(&event(text, None)).id)
    }

    #[test]
    fn a_given_id_is_taken() {
        let id = Identities::new(NOW).of(&event("{}", Some("\"01A1FB70E23F7E92AFECCC67E8FBDBF5\"")));
        assert_eq!(id.id.to_string(), "01a1fb70-e23f-7e92-afec-cc67e8fbdbf5");
        assert!(id.is_legible);
    }

    #[test]
    fn without_one_the_content_and_its_occurrence_decide() {
        let texts = ["{\"$insert_id\":1}", "{\"$time\":1}", "{\"$insert_id\":1}"];
        let [a, b, again] = ids(NOW, texts);
        assert_eq!(ids(LATER, texts), [a, b, again], "a retry");
        assert!(a != b && a != again && b != again);
        let mut at = event("{\"timestamp\":\"x\"}", None);
        at.timestamp = Some(Value::well_formed("\"x\""));
        assert_eq!(Identities::new(NOW).of(&at).id, Identities::new(LATER).of(&at).id);
        let mut who = event("{\"event\":\"$identify\"}", None);
        who.name = Some(Value::well_formed("\"$identify\""));
        assert_eq!(Identities::new(NOW).of(&who).id, Identities::new(LATER).of(&who).id);
    }

    #[test]
    fn without_any_mark_each_receipt_is_an_event() {
        let texts = ["{\"a\":1}", "{\"b\":1}", "{\"a\":1}"];
        let [a, b, again] = ids(NOW, texts);
        assert!(a != b && a != again && b != again);
        assert!(ids(LATER, texts).iter().all(|id| ![a, b, again].contains(id)));
    }

    #[test]
    fn absent_is_legible_and_nonsense_is_not() {
        for (id, is_legible) in [
            (None, true),
            (Some("null"), true),
            (Some("\"\""), true),
            (Some("7"), false),
            (Some("\"x\""), false),
        ] {
            assert_eq!(Identities::new(NOW).of(&event("{}", id)).is_legible, is_legible, "{id:?}");
        }
    }
}
