//! A row as an event of `PostHog`'s.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use crate::Row;

/// What visitors without a cookie are called by `posthog-js`: `PostHog` would tell them apart by the address that
/// requests come from, which is the collector's.
const COOKIELESS: &str = "$cookieless_mode";

/// Events about persons and groups, which `PostHog` drops if they say to leave persons alone.
const OF_PERSONS: [&str; 5] = ["$identify", "$create_alias", "$merge_dangerously", "$groupidentify", "$set"];

#[derive(Serialize)]
pub(super) struct Event<'r> {
    #[serde(rename = "event")]
    name: &'r str,
    /// `PostHog` stores an event once by this, its name, its person and its day.
    uuid: &'r str,
    distinct_id: Cow<'r, str>,
    timestamp: &'r str,
    properties: Properties<'r>,
}

/// As they are stored, each value to the byte.
type Properties<'r> = BTreeMap<Cow<'r, str>, Cow<'r, RawValue>>;

/// Of a row's context, what `PostHog` has a property for.
#[derive(Deserialize, Default)]
struct Context<'r> {
    #[serde(borrow, default)]
    lib: Option<&'r RawValue>,
    #[serde(borrow, default)]
    lib_version: Option<&'r RawValue>,
    #[serde(borrow, default)]
    user_agent: Option<&'r RawValue>,
}

impl<'r> Event<'r> {
    pub(super) fn of(row: &'r Row<'_>, group_type: &str) -> Self {
        let mut properties = properties_of(row);
        let distinct_id = distinct_id(row, &properties);
        let is_nobody = distinct_id == row.event_id;
        properties.remove(COOKIELESS);
        add_context(&mut properties, row);
        add_columns(&mut properties, row);
        add_group(&mut properties, group_type, &row.organization_id);
        if row.event_name == "$identify" {
            add_anonymous(&mut properties, row, &distinct_id);
        }
        if is_nobody && !OF_PERSONS.contains(&&*row.event_name) {
            put(&mut properties, "$process_person_profile", &false);
        }
        Self {
            name: &row.event_name,
            uuid: &row.event_id,
            distinct_id,
            timestamp: &row.occurred_at,
            properties,
        }
    }
}

fn properties_of<'r>(row: &'r Row<'_>) -> Properties<'r> {
    let members: BTreeMap<Cow<'r, str>, &'r RawValue> =
        serde_json::from_str(row.properties.get()).unwrap_or_default();
    members.into_iter().map(|(name, value)| (name, Cow::Borrowed(value))).collect()
}

/// Whose event it is: the user's, else the device's; a group's own, which has a person's place in what server libraries
/// send; or nobody's, under an id that no other event has.
fn distinct_id<'r>(row: &'r Row<'_>, properties: &Properties<'r>) -> Cow<'r, str> {
    if let Some(id) = row.user_id.as_deref().or(row.anonymous_id.as_deref()) {
        return Cow::Borrowed(id);
    }
    let text = |name: &str| serde_json::from_str::<String>(properties.get(name)?.get()).ok();
    match (row.event_name == "$groupidentify", text("$group_type"), text("$group_key")) {
        (true, Some(kind), Some(key)) => Cow::Owned(format!("${kind}_{key}")),
        _ => Cow::Borrowed(&row.event_id),
    }
}

fn add_context<'r>(properties: &mut Properties<'r>, row: &'r Row<'_>) {
    let context: Context<'r> = serde_json::from_str(row.context.get()).unwrap_or_default();
    let members = [
        ("$lib", context.lib),
        ("$lib_version", context.lib_version),
        ("$raw_user_agent", context.user_agent),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            properties.entry(Cow::Borrowed(name)).or_insert(Cow::Borrowed(value));
        }
    }
    // Else it would be a place for the collector's own address.
    put(properties, "$geoip_disable", &true);
}

/// What has columns of its own, under the names by which it came or could have come.
fn add_columns(properties: &mut Properties<'_>, row: &Row<'_>) {
    for (name, value) in [
        ("$user_id", &row.user_id),
        ("$device_id", &row.anonymous_id),
        ("$session_id", &row.session_id),
        ("$entity_type", &row.entity_type),
        ("$entity_id", &row.entity_id),
        ("$correlation_id", &row.correlation_id),
    ] {
        if let Some(value) = value {
            put(properties, name, value);
        }
    }
    put(properties, "$schema_version", &row.schema_version);
}

/// The organization, beside the groups that the event names itself.
fn add_group(properties: &mut Properties<'_>, group_type: &str, organization_id: &str) {
    let own = properties.get("$groups").and_then(|groups| serde_json::from_str(groups.get()).ok());
    let mut groups: Map<String, Value> = own.unwrap_or_default();
    for key in groups.values_mut().filter(|key| !key.is_string()) {
        *key = Value::String(key.to_string());
    }
    groups.insert(group_type.to_owned(), organization_id.into());
    properties.remove("$groups");
    put(properties, "$groups", &groups);
}

/// `PostHog` joins two persons by this alone.
fn add_anonymous(properties: &mut Properties<'_>, row: &Row<'_>, distinct_id: &str) {
    properties.remove("$anon_distinct_id");
    if let Some(anonymous_id) = row.anonymous_id.as_deref().filter(|id| *id != distinct_id) {
        put(properties, "$anon_distinct_id", anonymous_id);
    }
}

/// Adds a property, unless the event has one of that name.
fn put<T: Serialize + ?Sized>(properties: &mut Properties<'_>, name: &'static str, value: &T) {
    if let Ok(value) = to_raw_value(value) {
        properties.entry(Cow::Borrowed(name)).or_insert(Cow::Owned(value));
    }
}
