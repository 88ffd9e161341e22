//! What `PostHog` and GA4 call the same thing, both ways, in one table: docs/WIRE.md is written from it.
//!
//! # Which name is stored
//! `PostHog`'s for what a page and its visitor do (`$pageview`), the plan's for everything else. GA4's recommended
//! events and their parameters are plain words (`purchase`, `items`) and stay what they are, whoever sends them.
//!
//! # Laws (tested)
//! There and back is the same name, for each row. A name that no row has passes unchanged. Beside the rows there are
//! other words for a row's meaning ([`ALSO_TO_GA4`], [`ALSO_TO_POSTHOG`]); they go one way.
//!
//! # A name that is taken
//! A custom event of `PostHog`'s that is called `page_view` is a page view to GA4, and comes back as one. Of
//! parameters, none takes another's place: whoever renames leaves a parameter its own name if the event has one of
//! the new name already ([`rename`]), so that an event keeps as many as it had.

mod ga4;
mod rules;

pub use ga4::{AUTOMATIC, ITEM_CODES, RECOMMENDED, Recommended, WIRE_KEYS};
pub use rules::*;

/// Two names for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// As it is stored.
    pub posthog: &'static str,
    /// As GA4 knows it.
    pub ga4: &'static str,
    /// The only event, by its GA4 name, in which this holds, or empty: a word like `description` means more than one
    /// thing.
    pub within: &'static str,
    /// What else there is to know, for the reader of docs/WIRE.md.
    pub note: &'static str,
}

const fn name(posthog: &'static str, ga4: &'static str, within: &'static str, note: &'static str) -> Name {
    Name { posthog, ga4, within, note }
}

/// The event that `tallymark doctor` sends to see where it gets. It says nothing of anybody: relays that keep figures of
/// their own pass it by, and figures over stored events leave it out by this name.
pub const PROBE_EVENT: &str = "$tallymark_probe";

/// Events that the two call differently.
pub const EVENTS: [Name; 5] = [
    name("$pageview", "page_view", "", ""),
    name("$pageleave", "user_engagement", "", "GA4 sends none for a view of less than a second"),
    name("$screen", "screen_view", "", ""),
    name("$exception", "exception", "", ""),
    name(
        "$identify",
        LOGIN,
        "",
        "only with a user id: GA4 has no event for it, but the first `login` says as much",
    ),
];

const LOGIN: &str = "login";

/// Parameters that the two call differently.
pub const PARAMETERS: [Name; 17] = [
    name("$current_url", "page_location", "", ""),
    name("$referrer", "page_referrer", "", "`$direct` is GA4's absent referrer"),
    name("title", "page_title", "page_view", "`title` is anything's in other events"),
    name("$pathname", "page_path", "", ""),
    name("$host", "hostname", "", ""),
    name("$browser_language", "language", "", "GA4 writes it in lower case"),
    name("$screen_name", "screen_name", "screen_view", ""),
    name(
        "$session_id",
        "session_id",
        "",
        "GA4's is the second in which it began: `<client_id>.<session_id>` is stored",
    ),
    name(
        "$device_id",
        "client_id",
        "",
        "GA4 knows a browser by it, PostHog by `distinct_id` until it is identified",
    ),
    name("$user_id", "user_id", "", ""),
    name("$exception_message", "description", "exception", ""),
    name("utm_source", "campaign_source", "", ""),
    name("utm_medium", "campaign_medium", "", ""),
    name("utm_campaign", "campaign_name", "", ""),
    name("utm_term", "campaign_term", "", ""),
    name("utm_content", "campaign_content", "", ""),
    name("utm_id", "campaign_id", "", ""),
];

/// Other words of `PostHog`'s users (most are from Segment's specification, which their tools share) for what GA4
/// recommends: events. Case and blanks or underscores between words make no difference.
pub const ALSO_TO_GA4: [(&str, &str); 17] = [
    ("order_completed", "purchase"),
    ("order_refunded", "refund"),
    ("product_viewed", "view_item"),
    ("product_list_viewed", "view_item_list"),
    ("product_clicked", "select_item"),
    ("product_added", "add_to_cart"),
    ("product_removed", "remove_from_cart"),
    ("product_added_to_wishlist", "add_to_wishlist"),
    ("cart_viewed", "view_cart"),
    ("checkout_started", "begin_checkout"),
    ("payment_info_entered", "add_payment_info"),
    ("promotion_viewed", "view_promotion"),
    ("promotion_clicked", "select_promotion"),
    ("products_searched", "search"),
    ("product_shared", "share"),
    ("signed_up", "sign_up"),
    ("user_signed_up", "sign_up"),
];

/// The same for parameters, in the events that GA4 recommends.
pub const ALSO_PARAMETERS_TO_GA4: [(&str, &str); 7] = [
    ("products", "items"),
    ("revenue", "value"),
    ("total", "value"),
    ("order_id", "transaction_id"),
    ("checkout_id", "transaction_id"),
    ("query", "search_term"),
    ("discount_code", "coupon"),
];

/// Other words of GA4's for what `PostHog` has a name for, in the one event that has them: the Measurement
/// Protocol's campaign.
pub const ALSO_TO_POSTHOG: [(&str, &str); 5] = [
    ("source", "utm_source"),
    ("medium", "utm_medium"),
    ("campaign", "utm_campaign"),
    ("term", "utm_term"),
    ("content", "utm_content"),
];

const CAMPAIGN_DETAILS: &str = "campaign_details";

/// What a GA4 event is stored as. `has_user`: whether the hit names a user (`uid`, `user_id`).
pub fn event_from_ga4(event: &str, has_user: bool) -> &str {
    let row = EVENTS.iter().find(|row| row.ga4 == event && (has_user || event != LOGIN));
    row.map_or(event, |row| row.posthog)
}

/// What GA4 calls a stored event.
pub fn event_to_ga4(event: &str) -> &str {
    let row = EVENTS.iter().find(|row| row.posthog == event);
    row.map(|row| row.ga4).or_else(|| also(&ALSO_TO_GA4, event)).unwrap_or(event)
}

/// What a parameter of GA4's is stored as, in `event` as GA4 calls it.
pub fn parameter_from_ga4<'n>(event: &str, parameter: &'n str) -> &'n str {
    let row = PARAMETERS.iter().find(|row| row.ga4 == parameter && row.holds_in(event));
    let other = || {
        let (_, posthog) = ALSO_TO_POSTHOG.iter().find(|(ga4, _)| *ga4 == parameter)?;
        (event == CAMPAIGN_DETAILS).then_some(*posthog)
    };
    row.map(|row| row.posthog).or_else(other).unwrap_or(parameter)
}

/// What GA4 calls a stored property, in `event` as GA4 calls it.
pub fn parameter_to_ga4<'n>(event: &str, property: &'n str) -> &'n str {
    let row = PARAMETERS.iter().find(|row| row.posthog == property && row.holds_in(event));
    let other = || {
        let is_recommended = RECOMMENDED.iter().any(|known| known.event == event);
        is_recommended.then(|| also(&ALSO_PARAMETERS_TO_GA4, property)).flatten()
    };
    row.map(|row| row.ga4).or_else(other).unwrap_or(property)
}

/// `to` for `from`, unless the event has something of that name already.
pub fn rename<'n>(from: &'n str, to: &'n str, is_taken: impl FnOnce(&str) -> bool) -> &'n str {
    if from == to || is_taken(to) { from } else { to }
}

/// The GA4 parameter that a key of `/g/collect` holds (`dl` is `page_location`).
pub fn parameter_of_wire_key(key: &str) -> Option<&'static str> {
    WIRE_KEYS.iter().find(|(known, _)| *known == key).map(|(_, parameter)| *parameter)
}

/// The key of `/g/collect` that holds a GA4 parameter.
pub fn wire_key_of_parameter(parameter: &str) -> Option<&'static str> {
    WIRE_KEYS.iter().find(|(_, known)| *known == parameter).map(|(key, _)| *key)
}

/// The field of an item that a two-letter code stands for (`nm` is `item_name`).
pub fn item_field_of_code(code: &str) -> Option<&'static str> {
    ITEM_CODES.iter().find(|(known, _)| *known == code).map(|(_, field)| *field)
}

/// The two-letter code of an item's field.
pub fn code_of_item_field(field: &str) -> Option<&'static str> {
    ITEM_CODES.iter().find(|(_, known)| *known == field).map(|(code, _)| *code)
}

impl Name {
    fn holds_in(&self, event: &str) -> bool {
        self.within.is_empty() || self.within == event
    }
}

fn also(words: &[(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    let plain = |c: u8| if c == b' ' { b'_' } else { c.to_ascii_lowercase() };
    let is = |known: &str| known.len() == name.len() && known.bytes().eq(name.bytes().map(plain));
    words.iter().find(|(known, _)| is(known)).map(|(_, ga4)| *ga4)
}

#[cfg(test)]
mod tests;
