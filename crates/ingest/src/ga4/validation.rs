//! `/debug/mp/collect`: what Google's rules say of a Measurement Protocol request, in the form of Google's own
//! validation server. Nothing is stored, and no key is looked up.
//!
//! The rules are Google's and narrower than ours: what they forbid is stored all the same by `/mp/collect`, uncut, as
//! long as a row can hold it. They tell what a GA4 property that gets the same requests would drop.

mod event;
mod names;

use tallymark_event::{Timestamp, json};

use super::measurement::body::{Body, members, moment_of, text_of};
use crate::{
    Answer, Refusal, Request,
    decode::{self, Kind, Value, items, parameter},
};

/// A request is smaller than this.
const MAX_BODY_BYTES: usize = 130_000;
const MAX_EVENTS: usize = 25;
const MAX_USER_PROPERTIES: usize = 25;
const MAX_USER_PROPERTY_CHARS: usize = 36;
const MAX_USER_ID_CHARS: usize = 256;
/// Events may be filled in this far back, in ms.
const MAX_AGE_MS: i64 = 72 * 60 * 60 * 1_000;
/// Most messages in one answer: enough to see what is wrong.
const MAX_MESSAGES: usize = 100;

/// Google's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    ValueInvalid,
    ValueRequired,
    NameInvalid,
    NameReserved,
    ValueOutOfBounds,
    ExceededMaxEntities,
    NameDuplicated,
}

impl Code {
    const fn name(self) -> &'static str {
        match self {
            Self::ValueInvalid => "VALUE_INVALID",
            Self::ValueRequired => "VALUE_REQUIRED",
            Self::NameInvalid => "NAME_INVALID",
            Self::NameReserved => "NAME_RESERVED",
            Self::ValueOutOfBounds => "VALUE_OUT_OF_BOUNDS",
            Self::ExceededMaxEntities => "EXCEEDED_MAX_ENTITIES",
            Self::NameDuplicated => "NAME_DUPLICATED",
        }
    }
}

/// What there is to say so far.
#[derive(Debug, Default)]
struct Report {
    messages: Vec<(String, Code, String)>,
}

impl Report {
    fn say(&mut self, path: impl Into<String>, code: Code, description: impl Into<String>) {
        if self.messages.len() < MAX_MESSAGES {
            self.messages.push((path.into(), code, description.into()));
        }
    }

    /// `{"validationMessages":[{"fieldPath","description","validationCode"}]}`: none if all is well.
    fn answer(&self) -> Answer {
        let mut body = String::from("{\"validationMessages\":[");
        for (at, (path, code, description)) in self.messages.iter().enumerate() {
            body.push_str(if at == 0 { "{\"fieldPath\":" } else { ",{\"fieldPath\":" });
            json::write_str(&mut body, path);
            body.push_str(",\"description\":");
            json::write_str(&mut body, description);
            body.push_str(",\"validationCode\":\"");
            body.push_str(code.name());
            body.push_str("\"}");
        }
        body.push_str("]}");
        Answer::json(200, body)
    }
}

/// Validates a request that came at `now`.
pub(crate) fn validate(request: &Request<'_>, now: Timestamp) -> Answer {
    let mut report = Report::default();
    let has = |name: &[u8]| parameter(request.query.as_bytes(), name).is_some();
    let is_app = has(b"firebase_app_id");
    if !is_app && !has(b"measurement_id") {
        report.say("measurement_id", Code::ValueRequired, "a measurement_id or firebase_app_id is required");
    }
    if !has(b"api_secret") {
        report.say("api_secret", Code::ValueRequired, "an api_secret is required");
    }
    if let Err(refusal) = read(&mut report, request, is_app, now) {
        report.say("", Code::ValueInvalid, refusal.detail());
    }
    report.answer()
}

fn read(report: &mut Report, request: &Request<'_>, is_app: bool, now: Timestamp) -> Result<(), Refusal> {
    let text = decode::unwrapped(request)?;
    if text.len() >= MAX_BODY_BYTES {
        report.say(
            "",
            Code::ValueOutOfBounds,
            format!("the body must be smaller than {MAX_BODY_BYTES} bytes"),
        );
        return Ok(());
    }
    let body = Body::read(&text)?;
    sender(report, &body, is_app);
    choice(report, "validation_behavior", body.validation_behavior, &["RELAXED", "ENFORCE_RECOMMENDATIONS"]);
    for (name, value) in body.consent.map(members).unwrap_or_default() {
        let path = format!("consent.{name}");
        if matches!(name.as_str(), "ad_user_data" | "ad_personalization") {
            choice(report, &path, Some(value), &["GRANTED", "DENIED"]);
        } else {
            report.say(path, Code::NameInvalid, "consent holds ad_user_data and ad_personalization");
        }
    }
    moment(report, "timestamp_micros", body.timestamp_micros, now);
    user_properties(report, &body, now);
    events(report, &body, is_app, now);
    Ok(())
}

fn sender(report: &mut Report, body: &Body<'_>, is_app: bool) {
    const APP_INSTANCE_DIGITS: usize = 32;
    let (path, id) =
        if is_app { ("app_instance_id", body.app_instance_id) } else { ("client_id", body.client_id) };
    match id {
        None => report.say(path, Code::ValueRequired, format!("{path} is required")),
        Some(id) => match id.string() {
            None => report.say(path, Code::ValueInvalid, format!("{path} must be a string")),
            Some(id) if id.is_empty() => report.say(path, Code::ValueRequired, format!("{path} is required")),
            Some(id)
                if is_app
                    && !(id.len() == APP_INSTANCE_DIGITS && id.bytes().all(|c| c.is_ascii_hexdigit())) =>
            {
                report.say(path, Code::ValueInvalid, "app_instance_id must be 32 hexadecimal digits");
            }
            Some(_) => {}
        },
    }
    if let Some(user_id) = body.user_id {
        match user_id.string() {
            None => report.say("user_id", Code::ValueInvalid, "user_id must be a string"),
            Some(id) if id.chars().count() > MAX_USER_ID_CHARS => {
                let description = format!("user_id must be at most {MAX_USER_ID_CHARS} characters");
                report.say("user_id", Code::ValueOutOfBounds, description);
            }
            Some(_) => {}
        }
    }
}

/// A field that holds one of a few words.
fn choice(report: &mut Report, path: &str, value: Option<Value<'_>>, words: &[&str]) {
    if value.is_some_and(|value| !value.string().is_some_and(|word| words.contains(&&*word))) {
        report.say(path, Code::ValueInvalid, format!("{path} must be {}", words.join(" or ")));
    }
}

/// Microseconds, of the last 72 hours.
fn moment(report: &mut Report, path: &str, value: Option<Value<'_>>, now: Timestamp) {
    let Some(value) = value else { return };
    match moment_of(value) {
        None => report.say(path, Code::ValueInvalid, format!("{path} must be microseconds since 1970")),
        Some(moment) if now.ms().saturating_sub(moment.ms()) > MAX_AGE_MS => {
            report.say(path, Code::ValueOutOfBounds, format!("{path} must be of the last 72 hours"));
        }
        Some(_) => {}
    }
}

fn user_properties(report: &mut Report, body: &Body<'_>, now: Timestamp) {
    const PATH: &str = "user_properties";
    let Some(value) = body.user_properties else { return };
    if value.kind() != Kind::Object {
        report.say(PATH, Code::ValueInvalid, "user_properties must be an object");
        return;
    }
    let properties = members(value);
    if properties.len() > MAX_USER_PROPERTIES {
        let description = format!("at most {MAX_USER_PROPERTIES} user properties");
        report.say(PATH, Code::ExceededMaxEntities, description);
    }
    names::check_all(report, PATH, &properties, names::USER_PROPERTY);
    for (name, wrapped) in &properties {
        let path = format!("{PATH}.{name}");
        let inner = members(*wrapped);
        let find = |wanted: &str| inner.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
        match find("value") {
            None => report.say(path, Code::ValueRequired, "a user property is an object with a value"),
            Some(value) => {
                scalar(report, &path, value, MAX_USER_PROPERTY_CHARS);
                moment(report, &format!("{path}.timestamp_micros"), find("timestamp_micros"), now);
            }
        }
    }
}

/// A string of at most `max_chars`, a number, or a boolean.
fn scalar(report: &mut Report, path: &str, value: Value<'_>, max_chars: usize) {
    match value.kind() {
        Kind::Number | Kind::Bool => {}
        Kind::String => {
            if value.string().is_some_and(|text| text.chars().count() > max_chars) {
                let description = format!("the value must be at most {max_chars} characters");
                report.say(path, Code::ValueOutOfBounds, description);
            }
        }
        Kind::Null | Kind::Array | Kind::Object => {
            report.say(path, Code::ValueInvalid, "the value must be a string or a number");
        }
    }
}

fn events(report: &mut Report, body: &Body<'_>, is_app: bool, now: Timestamp) {
    let Some(list) = body.events else {
        report.say("events", Code::ValueRequired, "events is required");
        return;
    };
    if list.kind() != Kind::Array {
        report.say("events", Code::ValueInvalid, "events must be an array");
        if list.kind() == Kind::Object {
            event::check(report, 0, list, is_app, now);
        }
        return;
    }
    match items(list, MAX_EVENTS) {
        None => report.say("events", Code::ExceededMaxEntities, format!("at most {MAX_EVENTS} events")),
        Some(events) if events.is_empty() => {
            report.say("events", Code::ValueRequired, "events must hold at least one event");
        }
        Some(events) => {
            for (at, one) in events.into_iter().enumerate() {
                event::check(report, at, one, is_app, now);
            }
        }
    }
}

/// A whole number, or a string of digits.
fn is_digits(value: Value<'_>) -> bool {
    text_of(value).is_some_and(|text| text.bytes().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
