//! GA4's rules for names and values: what its validation says (`crates/ingest`), and what a relay keeps to
//! (`crates/delivery`).

use alloc::string::String;

/// Most characters of an event's and a parameter's name.
pub const MAX_NAME_CHARS: usize = 40;

/// Most parameters of an event. Google does not say whether those of the protocol (`session_id`,
/// `engagement_time_msec`) and `items` count: validation leaves them out, and who sends counts them.
pub const MAX_PARAMETERS: usize = 25;

/// Most characters of a parameter's value, and of an item's.
pub const MAX_VALUE_CHARS: usize = 100;

/// Parameters that may be longer than others.
pub const LONG_VALUES: [(&str, usize); 3] =
    [("page_location", 1_000), ("page_referrer", 420), ("page_title", 300)];

/// Most items of an event.
pub const MAX_ITEMS: usize = 200;

/// Most fields of an item beside those that GA4 knows.
pub const MAX_OWN_ITEM_FIELDS: usize = 10;

/// Beginnings that no event's name may have.
pub const RESERVED_EVENT_PREFIXES: [&str; 4] = ["firebase_", "ga_", "google_", "gtag."];

/// Names that no event may have: GA4 makes these events itself.
pub const RESERVED_EVENTS: [&str; 31] = [
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
];

/// Names that only the events of an app may have.
pub const APP_EVENTS: [&str; 3] = ["ad_impression", "in_app_purchase", "screen_view"];

/// Beginnings that no parameter's name may have.
pub const RESERVED_PARAMETER_PREFIXES: [&str; 5] = ["_", "firebase_", "ga_", "google_", "gtag."];

/// Names that no parameter may have.
pub const RESERVED_PARAMETERS: [&str; 1] = ["firebase_conversion"];

/// Whether a web stream's event may not be called so.
pub fn is_reserved_event(name: &str) -> bool {
    RESERVED_EVENTS.contains(&name)
        || APP_EVENTS.contains(&name)
        || RESERVED_EVENT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a parameter may not be called so.
pub fn is_reserved_parameter(name: &str) -> bool {
    RESERVED_PARAMETERS.contains(&name)
        || RESERVED_PARAMETER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Most characters of a parameter's value.
pub fn max_value_chars(parameter: &str) -> usize {
    LONG_VALUES.iter().find(|(known, _)| *known == parameter).map_or(MAX_VALUE_CHARS, |(_, max)| *max)
}

/// A name as GA4 lets one be: a letter, then letters, digits and underscores, which stand for all others; cut to its
/// length. Dollars in front go. What is reserved, or begins otherwise, has `prefix` in front.
pub fn to_ga4_word(name: &str, prefix: &str, is_reserved: impl Fn(&str) -> bool) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let word: String = name.trim_start_matches('$').chars().map(plain).take(MAX_NAME_CHARS).collect();
    if word.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_reserved(&word) {
        return word;
    }
    prefix.chars().chain(word.chars()).take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let word = |name| to_ga4_word(name, "event_", is_reserved_event);
        for (name, expected) in [
            ("order_paid", "order_paid"),
            ("order.paid", "order_paid"),
            ("$autocapture", "autocapture"),
            ("error", "event_error"),
            ("ga_hit", "event_ga_hit"),
            ("2fa", "event_2fa"),
            ("", "event_"),
            ("größe", "gr__e"),
            ("screen_view", "event_screen_view"),
        ] {
            assert_eq!(word(name), expected, "{name}");
            assert_eq!(to_ga4_word(expected, "event_", is_reserved_event), expected, "a word stays one");
        }
        assert_eq!(word(&"a".repeat(50)).len(), MAX_NAME_CHARS);
        assert_eq!(to_ga4_word("_ga", "param_", is_reserved_parameter), "param__ga");
        assert_eq!((max_value_chars("page_location"), max_value_chars("x")), (1_000, 100));
    }
}
