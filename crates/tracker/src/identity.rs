//! Who: device, anonymous id, user and groups.

use alloc::string::String;

use crate::{Slot, kept::Kept, members};

/// Whether `json` is a string of at least one character: what an id and a name must be.
pub(crate) fn is_id(json: &str) -> bool {
    json.len() > 2 && json.as_bytes().first() == Some(&b'"')
}

/// Gives the visitor the ids that are missing, from `fresh` (a JSON string).
pub(crate) fn complete(kept: &mut Kept, fresh: &str) {
    for slot in [Slot::Device, Slot::Anonymous] {
        if kept.get(slot).is_empty() {
            kept.set(slot, fresh);
        }
    }
}

/// The id that events go under: the user's, or the anonymous one.
pub(crate) fn distinct_id(kept: &Kept) -> &str {
    let user = kept.get(Slot::User);
    if user.is_empty() { kept.get(Slot::Anonymous) } else { user }
}

/// Forgets everybody, and goes on as `fresh` (a JSON string) on the same device.
pub(crate) fn reset(kept: &mut Kept, fresh: &str) {
    kept.set(Slot::Anonymous, fresh);
    for slot in [Slot::User, Slot::Groups, Slot::Supers] {
        kept.set(slot, "");
    }
}

/// Appends the members that say who it is.
pub(crate) fn write(kept: &Kept, out: &mut String) {
    members::raw(out, "$device_id", kept.get(Slot::Device));
    let user = kept.get(Slot::User);
    let identified = !user.is_empty();
    members::flag(out, "$is_identified", identified);
    if identified {
        members::raw(out, "$process_person_profile", "true");
        members::raw(out, "$user_id", user);
    }
    if !kept.members(Slot::Groups).is_empty() {
        members::raw(out, "$groups", kept.get(Slot::Groups));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::format;

    fn written(kept: &Kept) -> Value {
        let mut out = String::new();
        write(kept, &mut out);
        serde_json::from_str(&format!("{{{out}}}")).unwrap()
    }

    #[test]
    fn ids_are_made_once() {
        let mut kept = Kept::new();
        complete(&mut kept, "\"d1\"");
        complete(&mut kept, "\"d2\"");
        assert_eq!(distinct_id(&kept), "\"d1\"");
        assert_eq!(written(&kept), json!({"$device_id": "d1", "$is_identified": false}));
    }

    #[test]
    fn identified_in_a_group_then_forgotten() {
        let mut kept = Kept::new();
        complete(&mut kept, "\"d1\"");
        kept.set(Slot::User, "\"u\"");
        kept.merge(Slot::Groups, "\"company\":\"b\"");
        kept.merge(Slot::Supers, "\"plan\":3");
        assert_eq!(
            written(&kept),
            json!({"$device_id": "d1", "$is_identified": true, "$process_person_profile": true,
                   "$user_id": "u", "$groups": {"company": "b"}})
        );
        reset(&mut kept, "\"d2\"");
        assert_eq!(distinct_id(&kept), "\"d2\"");
        assert_eq!(kept.get(Slot::Supers), "");
        assert_eq!(written(&kept), json!({"$device_id": "d1", "$is_identified": false}));
    }

    #[test]
    fn ids_are_strings_that_say_something() {
        assert!(is_id("\"u\""));
        for none in ["", "\"\"", "12345", "{\"a\":1}", "null"] {
            assert!(!is_id(none), "{none}");
        }
    }
}
