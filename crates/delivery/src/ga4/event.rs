//! A row as an event of GA4's.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json, value::RawValue};
use tallymark_event::{EventId, Timestamp, names};

use super::params::{EVENT_ID, Params};
use crate::{Row, digest::hex_digest};

/// What GA4 has of a page's event that tells of no time at all, in ms: whoever did it was there.
const LEAST_ENGAGEMENT_MS: u64 = 1;

pub(super) fn of(row: &Row<'_>) -> Value {
    let (properties, unreadable) = properties_of(row);
    let name = name_of(row);
    let mut params = Params::new(&name.text, name.is_cut);
    params.lose(unreadable);
    params.fix(EVENT_ID, &*row.event_id);
    if let Some(session) = session_of(row, &properties) {
        params.fix("session_id", session);
    }
    if let Some(ms) = engagement_of(row, &properties) {
        params.fix("engagement_time_msec", ms);
    }
    for (own, value) in [
        ("organization_id", Some(&row.organization_id)),
        ("entity_type", row.entity_type.as_ref()),
        ("entity_id", row.entity_id.as_ref()),
    ] {
        if let Some(value) = value.filter(|_| !properties.contains_key(own)) {
            params.add(own, &json!(value));
        }
    }
    for (property, value) in &properties {
        let ga4 = names::parameter_to_ga4(&name.text, property);
        params.add(names::rename(property, ga4, |taken| properties.contains_key(taken)), value);
    }
    // Of every row; without one it would be the time of receipt.
    let at = Timestamp::parse(&row.occurred_at).map(|at| at.ms().saturating_mul(1_000));
    json!({ "name": name.text, "params": params.finish(), "timestamp_micros": at })
}

/// A row's properties, and how many of them can't be read: half a character, or a number beyond all numbers, which an
/// outbox holds and no collector stores.
fn properties_of(row: &Row<'_>) -> (Map<String, Value>, usize) {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(row.properties.get()).unwrap_or_default();
    let all = members.len();
    let read = |(name, value): (String, &RawValue)| Some((name, serde_json::from_str(value.get()).ok()?));
    let properties: Map<String, Value> = members.into_iter().filter_map(read).collect();
    let unreadable = all - properties.len();
    (properties, unreadable)
}

struct Name {
    text: String,
    is_cut: bool,
}

/// As GA4 calls it. Where it keeps that name for itself (`user_engagement`, `screen_view`), as it is stored, without the
/// dollar: `pageleave`, `screen`.
fn name_of(row: &Row<'_>) -> Name {
    let stored = &*row.event_name;
    let has_user = stored != "$identify" || row.user_id.is_some();
    let ga4 = if has_user { names::event_to_ga4(stored) } else { stored };
    let name = if names::is_reserved_event(ga4) { stored } else { ga4 };
    let text = names::to_ga4_word(name, "event_", names::is_reserved_event);
    // Without its dollar it is still the same name.
    let is_cut = text != name.trim_start_matches('$');
    Name { text, is_cut }
}

/// GA4's sessions are the second in which they began: digits and nothing else.
fn session_of(row: &Row<'_>, properties: &Map<String, Value>) -> Option<String> {
    let is_number =
        |text: &&str| !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    let own = properties.get("$ga_session_id").and_then(Value::as_str).filter(is_number);
    if let Some(own) = own {
        return Some(own.to_owned());
    }
    let session = row.session_id.as_deref()?;
    let last = session.rsplit('.').next().filter(is_number);
    Some(match (last, EventId::parse(session)) {
        (Some(number), _) => number.to_owned(),
        // Ours begin with the moment in which they were made.
        (None, Some(id)) if is_version_7(&id) => {
            let ms = id.as_bytes().iter().take(6).fold(0, |ms, byte| ms << 8 | u64::from(*byte));
            (ms / 1_000).to_string()
        }
        _ => number_of(session).to_string(),
    })
}

const fn is_version_7(id: &EventId) -> bool {
    let [.., version, _, _, _, _, _, _, _, _, _] = id.as_bytes();
    *version >> 4 == 7
}

/// A number of ten digits for a text, always the same.
pub(super) fn number_of(text: &str) -> u64 {
    let digest = hex_digest([text]);
    let number = digest.get(..15).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or_default();
    1_000_000_000 + number % 9_000_000_000
}

/// How long the page was looked at. A back end's event says nothing of it, and so nothing of whether anybody is there.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, and is held against no other number
fn engagement_of(row: &Row<'_>, properties: &Map<String, Value>) -> Option<u64> {
    let own = properties.get("engagement_time_msec");
    let own = own.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    let seconds = properties.get("$prev_pageview_duration").and_then(Value::as_f64);
    let of_view =
        seconds.filter(|_| row.event_name == "$pageleave").map(|seconds| (seconds * 1_000.0) as u64);
    let least = (row.source == "browser").then_some(LEAST_ENGAGEMENT_MS);
    own.or(of_view).map(|ms| ms.max(LEAST_ENGAGEMENT_MS)).or(least)
}
