//! An event as its dialect gives it: the client's own text, field by field, in the envelope's terms.

use core::ops::Range;

use super::scan::{Malformed, Scanner, Unstorable, each_member};
use super::value::Value;

/// One item of a request. Nothing in it has been checked but that it is well-formed JSON (unless it is
/// [`Unstorable::TooDeep`]); of a field that comes twice the last is here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event<'t> {
    /// The whole item.
    pub(crate) text: &'t str,
    /// Whether the item is an object at all. If not, `text` is all there is.
    pub(crate) is_object: bool,
    /// It holds what no database can hold.
    pub(crate) unstorable: Option<Unstorable>,
    /// `uuid`; `event_id`.
    pub(crate) id: Option<Value<'t>>,
    /// `event`; `event_name`.
    pub(crate) name: Option<Value<'t>>,
    /// `timestamp`; `occurred_at`.
    pub(crate) timestamp: Option<Value<'t>>,
    /// Batch dialect: ms between the event and its sending.
    pub(crate) offset: Option<Value<'t>>,
    /// Batch dialect: `token`, `api_key` or `$token` of the event itself.
    pub(crate) token: Option<Value<'t>>,
    /// Batch dialect: `distinct_id` or `$distinct_id` of the event itself.
    pub(crate) distinct_id: Option<Value<'t>>,
    /// Batch dialect: `$set` of the event itself.
    pub(crate) set: Option<Value<'t>>,
    /// Batch dialect: `$set_once` of the event itself.
    pub(crate) set_once: Option<Value<'t>>,
    /// Domain events: the organization that the event names.
    pub(crate) organization_id: Option<Value<'t>>,
    /// Domain events: `anonymous_id`.
    pub(crate) anonymous_id: Option<Value<'t>>,
    /// Domain events: `source`.
    pub(crate) source: Option<Value<'t>>,
    /// Whether there may be secrets among its properties: see [`crate::redact`].
    pub(crate) is_suspect: bool,
    /// The event's own properties.
    pub(crate) properties: Part<'t>,
    /// Domain events: what surrounded it.
    pub(crate) context: Part<'t>,
    /// What becomes a column or is given a meaning: of the properties in the batch dialect, of the event
    /// itself in domain events.
    pub(crate) lifted: Lifted<'t>,
}

/// A JSON object inside an event, most of which is copied as it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part<'t> {
    /// Its text, whatever its kind; `None` if it is absent.
    pub(crate) value: Option<Value<'t>>,
    /// Which entries of [`super::Batch::kept`] are its members that are copied.
    pub(crate) kept: Range<usize>,
}

/// See [`Event::lifted`]. Commented where the property's name says less than it should.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifted<'t> {
    pub(crate) token: Option<Value<'t>>,
    pub(crate) distinct_id: Option<Value<'t>>,
    /// The signed-in user, if there is one.
    pub(crate) user_id: Option<Value<'t>>,
    pub(crate) device_id: Option<Value<'t>>,
    /// Another id of the same person, in `$create_alias`.
    pub(crate) alias: Option<Value<'t>>,
    /// Who the user was before `$identify`.
    pub(crate) anon_distinct_id: Option<Value<'t>>,
    pub(crate) is_identified: Option<Value<'t>>,
    /// Whose the page takes itself to be. Never believed.
    pub(crate) organization_id: Option<Value<'t>>,
    /// `false`: the distinct id is no person.
    pub(crate) process_person_profile: Option<Value<'t>>,
    pub(crate) session_id: Option<Value<'t>>,
    pub(crate) entity_type: Option<Value<'t>>,
    pub(crate) entity_id: Option<Value<'t>>,
    pub(crate) correlation_id: Option<Value<'t>>,
    pub(crate) schema_version: Option<Value<'t>>,
    pub(crate) stream_id: Option<Value<'t>>,
    pub(crate) seq: Option<Value<'t>>,
    pub(crate) monotonic_ms: Option<Value<'t>>,
    pub(crate) lib: Option<Value<'t>>,
    pub(crate) lib_version: Option<Value<'t>>,
    pub(crate) set: Option<Value<'t>>,
    pub(crate) set_once: Option<Value<'t>>,
    /// `true`: the client asks for no correction of its clock.
    pub(crate) ignore_sent_at: Option<Value<'t>>,
    /// `true`: the visitor is not to be recognized.
    pub(crate) cookieless_mode: Option<Value<'t>>,
    /// What the visitor has agreed to.
    pub(crate) consent: Option<Value<'t>>,
    /// `true`: the browser's Global Privacy Control is on.
    pub(crate) gpc: Option<Value<'t>>,
    /// Known only in order to be withheld.
    pub(crate) ip: Option<Value<'t>>,
}

/// Scans a part of an event. For every member, `member` takes the value if it knows the name, and says
/// whether the member is to be withheld when the part is copied. What is not goes to `kept`, in runs of
/// members side by side, commas included.
pub(crate) fn scan_part<'t>(
    scanner: &mut Scanner<'t>,
    kept: &mut Vec<&'t str>,
    mut member: impl FnMut(&[u8], Value<'t>) -> bool,
) -> Result<Part<'t>, Malformed> {
    if scanner.peek() != Some(b'{') {
        let value = scanner.value()?;
        return Ok(Part { value: Some(value), kept: 0..0 });
    }
    let first_kept = kept.len();
    let start = scanner.at();
    let mut run: Option<Range<usize>> = None;
    each_member(scanner, |scanner, key| {
        let value = scanner.value()?;
        if member(&key.name(), value) {
            kept.extend(run.take().map(|run| scanner.text(run)));
        } else {
            run.get_or_insert(key.start..0).end = scanner.at();
        }
        Ok(())
    })?;
    kept.extend(run.map(|run| scanner.text(run)));
    let value = Value::well_formed(scanner.since(start));
    Ok(Part { value: Some(value), kept: first_kept..kept.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, decode};

    #[test]
    fn an_event_remembers_the_last_of_a_field_that_comes_twice() {
        let batch = decode::events(
            Dialect::Batch,
            r#"{"event":"a","\u0065vent":"b","properties":{"$session_id":"1","token":"x"},
                "properties":{"\u0024session_id":"2","keep":1}}"#,
        )
        .unwrap();
        let [event] = &batch.events[..] else { panic!("one event") };
        let Event { name, lifted, .. } = event;
        assert_eq!(*name, Some(Value::well_formed("\"b\"")));
        assert_eq!(lifted.session_id, Some(Value::well_formed("\"2\"")));
        assert_eq!(lifted.token, None, "of the properties that count");
    }
}
