//! The body of a Measurement Protocol request, as it came.

use std::borrow::Cow;

use tallymark_event::Timestamp;

use crate::{
    Refusal,
    decode::{Kind, Malformed, Scanner, Value, each_member, items},
    limits,
};

/// What a request says beside its events. Nothing of it has been checked but that it is JSON.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ga4) struct Body<'t> {
    pub(in crate::ga4) client_id: Option<Value<'t>>,
    pub(in crate::ga4) app_instance_id: Option<Value<'t>>,
    pub(in crate::ga4) user_id: Option<Value<'t>>,
    pub(in crate::ga4) timestamp_micros: Option<Value<'t>>,
    pub(in crate::ga4) user_properties: Option<Value<'t>>,
    pub(in crate::ga4) consent: Option<Value<'t>>,
    pub(in crate::ga4) non_personalized_ads: Option<Value<'t>>,
    pub(in crate::ga4) device: Option<Value<'t>>,
    pub(in crate::ga4) user_location: Option<Value<'t>>,
    pub(in crate::ga4) user_agent: Option<Value<'t>>,
    pub(in crate::ga4) validation_behavior: Option<Value<'t>>,
    pub(in crate::ga4) events: Option<Value<'t>>,
}

impl<'t> Body<'t> {
    /// Reads a request's body: one JSON object.
    pub(in crate::ga4) fn read(text: &'t str) -> Result<Self, Refusal> {
        let mut body = Self::default();
        let mut scanner = Scanner::new(text);
        if scanner.peek() != Some(b'{') {
            return Err(scanner
                .value()
                .and_then(|_| scanner.end())
                .map_or_else(|malformed| refusal(&scanner, malformed), |()| Refusal::NotEvents));
        }
        each_member(&mut scanner, |scanner, key| {
            let value = scanner.value()?;
            if let Some(field) = body.field(&key.name()) {
                *field = Some(value).filter(|value| !value.is_null());
            }
            Ok(())
        })
        .and_then(|()| scanner.end())
        .map_err(|malformed| refusal(&scanner, malformed))?;
        Ok(body)
    }

    fn field(&mut self, name: &[u8]) -> Option<&mut Option<Value<'t>>> {
        Some(match name {
            b"client_id" => &mut self.client_id,
            b"app_instance_id" => &mut self.app_instance_id,
            b"user_id" => &mut self.user_id,
            b"timestamp_micros" => &mut self.timestamp_micros,
            b"user_properties" => &mut self.user_properties,
            b"consent" => &mut self.consent,
            b"non_personalized_ads" => &mut self.non_personalized_ads,
            b"device" => &mut self.device,
            b"user_location" => &mut self.user_location,
            b"user_agent" => &mut self.user_agent,
            b"validation_behavior" => &mut self.validation_behavior,
            b"events" => &mut self.events,
            _ => return None,
        })
    }

    /// The events; one alone need not be in an array (the ga4mp of `PyPI` sends it so).
    pub(in crate::ga4) fn events(&self) -> Result<Vec<Value<'t>>, Refusal> {
        let events = self.events.ok_or(Refusal::NoEvent)?;
        match events.kind() {
            Kind::Object => Ok(vec![events]),
            Kind::Array => items(events, limits::MAX_HITS_PER_REQUEST).ok_or(Refusal::TooManyEvents),
            _ => Err(Refusal::BatchNotArray { field: "events" }),
        }
    }
}

/// One event as it came; `None` in the fields of what is no object.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ga4) struct Event<'t> {
    pub(in crate::ga4) name: Option<Value<'t>>,
    pub(in crate::ga4) params: Option<Value<'t>>,
    pub(in crate::ga4) timestamp_micros: Option<Value<'t>>,
}

impl<'t> Event<'t> {
    pub(in crate::ga4) fn read(value: Value<'t>) -> Self {
        let mut event = Self::default();
        for (name, value) in members(value) {
            match name.as_str() {
                "name" => event.name = Some(value),
                "params" => event.params = Some(value),
                "timestamp_micros" => event.timestamp_micros = Some(value),
                _ => {}
            }
        }
        event
    }
}

fn refusal(scanner: &Scanner<'_>, malformed: Malformed) -> Refusal {
    Refusal::MalformedJson { at: scanner.at(), problem: malformed.problem() }
}

/// The members of an object, in their order; none of any other value, or of one too deep to be read.
pub(in crate::ga4) fn members(value: Value<'_>) -> Vec<(String, Value<'_>)> {
    let mut members = Vec::new();
    if value.kind() == Kind::Object {
        let mut scanner = Scanner::new(value.as_str());
        let read = each_member(&mut scanner, |scanner, key| {
            let name = String::from_utf8_lossy(&key.name()).into_owned();
            members.push((name, scanner.value()?));
            Ok(())
        });
        if read.is_err() {
            members.clear();
        }
    }
    members
}

/// A string's text, or a number's.
pub(in crate::ga4) fn text_of(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::Number => Some(Cow::Borrowed(value.as_str())),
        _ => value.string(),
    }
    .filter(|text| !text.is_empty())
}

/// Microseconds since 1970, as a number or in a string.
pub(in crate::ga4) fn moment_of(value: Value<'_>) -> Option<Timestamp> {
    let micros: i64 = text_of(value)?.parse().ok()?;
    Some(Timestamp::from_ms(micros.div_euclid(1_000)))
}
