//! Google's rules for names.

use tallymark_event::names;

use super::{Code, Report};
use crate::decode::Value;

/// What is named, and what its names may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Naming {
    what: &'static str,
    max_chars: usize,
    reserved_prefixes: &'static [&'static str],
    reserved: &'static [&'static str],
}

pub(super) const EVENT: Naming = Naming {
    what: "an event",
    max_chars: names::MAX_NAME_CHARS,
    reserved_prefixes: &names::RESERVED_EVENT_PREFIXES,
    reserved: &names::RESERVED_EVENTS,
};

pub(super) const PARAMETER: Naming = Naming {
    what: "a parameter",
    max_chars: names::MAX_NAME_CHARS,
    reserved_prefixes: &names::RESERVED_PARAMETER_PREFIXES,
    reserved: &names::RESERVED_PARAMETERS,
};

pub(super) const USER_PROPERTY: Naming = Naming {
    what: "a user property",
    max_chars: 24,
    reserved_prefixes: &["_", "firebase_", "ga_", "google_"],
    reserved: &[
        "first_open_after_install",
        "first_open_time",
        "first_visit_time",
        "last_deep_link_referrer",
        "user_id",
    ],
};

impl Naming {
    /// What is wrong with a name, if anything is.
    pub(super) fn defect(&self, name: &str) -> Option<(Code, String)> {
        if self.reserved.contains(&name)
            || self.reserved_prefixes.iter().any(|prefix| name.starts_with(prefix))
        {
            return Some((Code::NameReserved, format!("has the name [{name}], which is reserved")));
        }
        let invalid = |why: String| Some((Code::NameInvalid, format!("has invalid name [{name}]. {why}")));
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if !name.starts_with(char::is_alphabetic) {
            invalid("Names must start with an alphabetic character.".into())
        } else if !name.chars().all(is_word) {
            invalid("Names may only hold letters, digits and underscores.".into())
        } else if name.chars().count() > self.max_chars {
            invalid(format!("Names must be at most {} characters.", self.max_chars))
        } else {
            None
        }
    }
}

/// Checks the names of an object's members, and that none comes twice.
pub(super) fn check_all(report: &mut Report, path: &str, members: &[(String, Value<'_>)], naming: Naming) {
    let mut seen = std::collections::BTreeSet::new();
    for (name, _) in members {
        if let Some((code, defect)) = naming.defect(name) {
            report.say(path, code, format!("{} {defect}", naming.what));
        }
        if !seen.insert(name) {
            report.say(
                path,
                Code::NameDuplicated,
                format!("{} has the name [{name}] of another one", naming.what),
            );
        }
    }
}
