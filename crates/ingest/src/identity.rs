//! An event's identity: the one it came with, or one made of its content.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tallymark_event::EventId;

use crate::decode::{Event, Value};

/// The id of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: EventId,
    /// False if the event came with something that is no UUID, and `id` was made for it.
    pub(crate) is_legible: bool,
}

/// Gives the events of one request their ids.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    /// How often each text came without an id of its own.
    occurrences: BTreeMap<[u8; 32], u32>,
}

impl Identities {
    /// The id that the event came with. Without one: of a digest of its text and of how many of the same
    /// text came before it, so that a retry of the request gives the same ids, and two equal events two.
    pub(crate) fn of(&mut self, event: &Event<'_>) -> Identity {
        let given = event.id.filter(|value| !matches!(value.as_str(), "null" | "\"\""));
        let read = |value: Value<'_>| EventId::parse(&value.string()?);
        match given.map(read) {
            Some(Some(id)) => Identity { id, is_legible: true },
            unreadable => Identity { id: self.of_content(event.text), is_legible: unreadable.is_none() },
        }
    }

    fn of_content(&mut self, text: &str) -> EventId {
        let mut hasher = Sha256::new_with_prefix(text);
        let occurrence = self.occurrences.entry(hasher.clone().finalize().into()).or_default();
        hasher.update(occurrence.to_le_bytes());
        *occurrence += 1;
        let digest: [u8; 32] = hasher.finalize().into();
        EventId::of_digest(*digest.first_chunk().unwrap_or(&[0; 16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &'static str, id: Option<&'static str>) -> Event<'static> {
        Event { text, is_object: true, id: id.map(Value::well_formed), ..Event::default() }
    }

    #[test]
    fn a_given_id_is_taken() {
        let id = Identities::default().of(&event("{}", Some("\"01A1FB70E23F7E92AFECCC67E8FBDBF5\"")));
        assert_eq!(id.id.to_string(), "01a1fb70-e23f-7e92-afec-cc67e8fbdbf5");
        assert!(id.is_legible);
    }

    #[test]
    fn without_one_the_content_and_its_occurrence_decide() {
        let ids = |texts: [&'static str; 3]| {
            let mut identities = Identities::default();
            texts.map(|text| identities.of(&event(text, None)).id)
        };
        let [a, b, again] = ids(["{\"a\":1}", "{\"b\":1}", "{\"a\":1}"]);
        assert_eq!(ids(["{\"a\":1}", "{\"b\":1}", "{\"a\":1}"]), [a, b, again], "a retry");
        assert!(a != b && a != again && b != again);
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
            assert_eq!(Identities::default().of(&event("{}", id)).is_legible, is_legible, "{id:?}");
        }
    }
}
