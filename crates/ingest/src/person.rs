//! What an event says of its person: `$set` and `$set_once`, which clients put beside the properties, among them, or
//! both. (`$unset` is a property like others: beside them it means nothing, at `PostHog` either.)

use std::borrow::Cow;

use crate::{
    decode::{Event, Kind, Value},
    members::Members,
};

/// Appends them as members of the properties; `wrote`: others stand there already.
#[inline]
pub(crate) fn write(event: &Event<'_>, wrote: bool, out: &mut String) {
    if !is_silent(event) {
        write_both(event, wrote, out);
    }
}

/// Whether it says nothing of its person.
#[inline]
pub(crate) const fn is_silent(event: &Event<'_>) -> bool {
    let lifted = &event.lifted;
    event.set.is_none() && event.set_once.is_none() && lifted.set.is_none() && lifted.set_once.is_none()
}

#[cold]
fn write_both(event: &Event<'_>, mut wrote: bool, out: &mut String) {
    for (key, own, in_properties) in [
        ("\"$set\":", event.set, event.lifted.set),
        ("\"$set_once\":", event.set_once, event.lifted.set_once),
    ] {
        let Some(value) = joined(own.filter(|own| !own.is_null()), in_properties) else { continue };
        if wrote {
            out.push(',');
        }
        wrote = true;
        out.push_str(key);
        out.push_str(&value);
    }
}

/// The event's own over its properties', member by member, as at `PostHog`.
fn joined<'t>(own: Option<Value<'t>>, in_properties: Option<Value<'t>>) -> Option<Cow<'t, str>> {
    let (own, other) = match (own, in_properties) {
        (Some(own), Some(other)) if own != other => (own, other),
        (one, other) => return one.or(other).map(|value| Cow::Borrowed(value.as_str())),
    };
    if own.kind() != Kind::Object || other.kind() != Kind::Object {
        return Some(Cow::Borrowed(own.as_str()));
    }
    let mut out = String::with_capacity(own.as_str().len() + other.as_str().len());
    let mut members = Members::open(&mut out);
    // Both were scanned before: neither is malformed.
    members.copy_all(own).and_then(|()| members.copy_all(other)).ok();
    members.close();
    Some(Cow::Owned(out))
}
