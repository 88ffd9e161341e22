//! Google's rules for one event.

use tallymark_event::{
    Timestamp,
    names::{
        APP_EVENTS, MAX_ITEMS, MAX_OWN_ITEM_FIELDS, MAX_PARAMETERS, MAX_VALUE_CHARS, code_of_item_field,
        max_value_chars,
    },
};

use super::{Code, Report, is_digits, moment, names, scalar};
use crate::{
    decode::{Kind, Value, items},
    ga4::measurement::body::{Event, members},
};

/// Checks the event at `index`.
pub(super) fn check(report: &mut Report, index: usize, value: Value<'_>, is_app: bool, now: Timestamp) {
    let say = |report: &mut Report, code, defect: &str| {
        report.say("events", code, format!("Event at index: [{index}] {defect}"));
    };
    if value.kind() != Kind::Object {
        say(report, Code::ValueInvalid, "must be an object.");
        return;
    }
    let Event { name, params, timestamp_micros } = Event::read(value);
    match name.map(Value::string) {
        None => say(report, Code::ValueRequired, "must have a name."),
        Some(None) => say(report, Code::ValueInvalid, "must have a string for its name."),
        Some(Some(name)) if name.is_empty() => say(report, Code::ValueRequired, "must have a name."),
        Some(Some(name)) => {
            if let Some((code, defect)) = names::EVENT.defect(&name) {
                say(report, code, &defect);
            } else if !is_app && APP_EVENTS.contains(&&*name) {
                say(
                    report,
                    Code::NameReserved,
                    &format!("has the name [{name}], which is reserved for apps."),
                );
            }
        }
    }
    moment(report, "events.timestamp_micros", timestamp_micros, now);
    let Some(params) = params.filter(|params| !params.is_null()) else { return };
    if params.kind() != Kind::Object {
        report.say("events.params", Code::ValueInvalid, "params must be an object");
        return;
    }
    parameters(report, &members(params), now);
}

fn parameters(report: &mut Report, own: &[(String, Value<'_>)], now: Timestamp) {
    const PATH: &str = "events.params";
    // Those of the protocol don't count.
    let counts =
        |name: &str| !matches!(name, "items" | "session_id" | "engagement_time_msec" | "timestamp_micros");
    if own.iter().filter(|(name, _)| counts(name)).count() > MAX_PARAMETERS {
        report.say(
            PATH,
            Code::ExceededMaxEntities,
            format!("at most {MAX_PARAMETERS} parameters in an event"),
        );
    }
    names::check_all(report, PATH, own, names::PARAMETER);
    for (name, value) in own {
        let path = format!("{PATH}.{name}");
        match name.as_str() {
            "items" => item_list(report, &path, *value),
            "session_id" if !is_digits(*value) => {
                report.say(path, Code::ValueInvalid, "session_id must match ^\\d+$");
            }
            "engagement_time_msec" if !is_digits(*value) => {
                report.say(path, Code::ValueInvalid, "engagement_time_msec must be a positive number");
            }
            "timestamp_micros" => moment(report, &path, Some(*value), now),
            _ => {
                scalar(report, &path, *value, max_value_chars(name));
            }
        }
    }
}

fn item_list(report: &mut Report, path: &str, value: Value<'_>) {
    if value.kind() != Kind::Array {
        report.say(path, Code::ValueInvalid, "items must be an array");
        return;
    }
    let Some(list) = items(value, MAX_ITEMS) else {
        report.say(path, Code::ExceededMaxEntities, format!("at most {MAX_ITEMS} items"));
        return;
    };
    for item in list {
        if item.kind() != Kind::Object {
            report.say(path, Code::ValueInvalid, "an item must be an object");
            continue;
        }
        let fields = members(item);
        let has = |wanted: &str| fields.iter().any(|(name, value)| name == wanted && !value.is_null());
        if !has("item_id") && !has("item_name") {
            report.say(path, Code::ValueRequired, "an item must have an item_id or an item_name");
        }
        let is_known = |name: &str| code_of_item_field(name).is_some();
        if fields.iter().filter(|(name, _)| !is_known(name)).count() > MAX_OWN_ITEM_FIELDS {
            let description = format!("at most {MAX_OWN_ITEM_FIELDS} parameters of an item's own");
            report.say(path, Code::ExceededMaxEntities, description);
        }
        for (name, value) in &fields {
            scalar(report, &format!("{path}.{name}"), *value, MAX_VALUE_CHARS);
        }
    }
}
