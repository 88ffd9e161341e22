//! Google's rules for names.

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
    max_chars: 40,
    reserved_prefixes: &["firebase_", "ga_", "google_", "gtag."],
    reserved: &[
        "ad_activeview",
        "ad_click",
        "ad_exposure",
        "ad_query",
        "ad_reward",
        "adunit_exposure",
        "app_clear_data",
        "app_exception",
        "app_install",
        "app_remove",
        "app_store_refund",
        "app_update",
        "app_upgrade",
        "dynamic_link_app_open",
        "dynamic_link_app_update",
        "dynamic_link_first_open",
        "error",
        "firebase_campaign",
        "firebase_in_app_message_action",
        "firebase_in_app_message_dismiss",
        "firebase_in_app_message_impression",
        "first_open",
        "first_visit",
        "notification_dismiss",
        "notification_foreground",
        "notification_open",
        "notification_receive",
        "notification_send",
        "os_update",
        "session_start",
        "user_engagement",
    ],
};

/// Names that only the events of an app may have.
pub(super) const APP_EVENTS: [&str; 3] = ["ad_impression", "in_app_purchase", "screen_view"];

pub(super) const PARAMETER: Naming = Naming {
    what: "a parameter",
    max_chars: 40,
    reserved_prefixes: &["_", "firebase_", "ga_", "google_", "gtag."],
    reserved: &["firebase_conversion"],
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
