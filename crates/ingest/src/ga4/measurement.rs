//! The Measurement Protocol, `/mp/collect` → the batch dialect.

pub(super) mod body;

use std::borrow::Cow;

use tallymark_event::{Timestamp, names, wire};

use super::{
    collect::session_id,
    consent::Consent,
    object::{Object, number_or_text},
    page,
    stamp::Content,
};
use crate::{
    Refusal, Request,
    decode::{Kind, Value},
    limits,
    text::verbatim,
};
use body::{Body, Event, members, moment_of, text_of};

/// Translates a request's body.
pub(crate) fn translate(request: &Request<'_>, text: &str, now: Timestamp) -> Result<String, Refusal> {
    if text.len() > limits::MAX_GA4_BODY_BYTES {
        return Err(Refusal::BodyTooLarge);
    }
    let body = Body::read(text)?;
    let events = body.events()?;
    let sender = Sender::of(&body, request.gpc == Some("1"));
    let mut out = String::from("{\"batch\":[");
    for (at, event) in events.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        sender.write_event(&mut out, event, at, now);
        if out.len() > limits::MAX_DECODED_BYTES {
            return Err(Refusal::DecodedTooLarge);
        }
    }
    out.push_str("]}");
    Ok(out)
}

/// What all events of a request share.
struct Sender<'t> {
    body: Body<'t>,
    /// The browser (`client_id`) or the installed app.
    device_id: Option<String>,
    user_id: Option<Cow<'t, str>>,
    consent: Consent,
}

impl<'t> Sender<'t> {
    fn of(body: &Body<'t>, has_gpc: bool) -> Self {
        let client_id = body.client_id.and_then(text_of).map(|id| client_id_of_cookie(&id).to_owned());
        let installation = || body.app_instance_id.and_then(text_of).map(Cow::into_owned);
        let said: Vec<_> = body.consent.map(members).unwrap_or_default();
        let word = |purpose: &str| {
            said.iter().find(|(name, _)| name == purpose).and_then(|(_, value)| value.string())
        };
        let non_personalized = body.non_personalized_ads.is_some_and(Value::is_true);
        let (data, personalization) = (word("ad_user_data"), word("ad_personalization"));
        let consent =
            Consent::of_measurement(data.as_deref(), personalization.as_deref(), non_personalized, has_gpc);
        Self {
            body: *body,
            device_id: client_id.or_else(installation),
            user_id: body.user_id.and_then(text_of),
            consent,
        }
    }

    /// Appends one event. What is none is appended as it is, to be quarantined alone.
    fn write_event(&self, out: &mut String, event: Value<'_>, at: usize, now: Timestamp) {
        if event.kind() != Kind::Object {
            out.push_str(event.as_str());
            return;
        }
        let Event { name, params, timestamp_micros } = Event::read(event);
        let given_name = name.and_then(Value::string).unwrap_or_default();
        let params = params.filter(|params| !params.is_null());
        let own = params.map(members).unwrap_or_default();
        let param = |wanted: &str| own.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
        let micros = timestamp_micros.or(param("timestamp_micros")).or(self.body.timestamp_micros);
        // A moment, or an order's number, makes it that event and no other.
        let is_told_apart = micros.is_some() || param("transaction_id").is_some();
        out.push_str("{\"uuid\":\"");
        self.content(event).id(at, (!is_told_apart).then_some(now)).write(out);
        out.push_str("\",\"event\":");
        match name {
            Some(name) if name.kind() == Kind::String => {
                out.push_str(&verbatim(names::event_from_ga4(&given_name, self.user_id.is_some())));
            }
            Some(other) => out.push_str(other.as_str()),
            None => out.push_str("null"),
        }
        if let Some(distinct_id) = self.user_id.as_deref().or(self.device_id.as_deref()) {
            out.push_str(",\"distinct_id\":");
            out.push_str(&verbatim(distinct_id));
        }
        if let Some(micros) = micros {
            out.push_str(",\"timestamp\":");
            match moment_of(micros) {
                Some(moment) => {
                    out.push('"');
                    moment.write(out);
                    out.push('"');
                }
                None => out.push_str(micros.as_str()),
            }
        }
        out.push_str(",\"properties\":");
        match params {
            Some(params) if params.kind() != Kind::Object => out.push_str(params.as_str()),
            _ => self.properties(&given_name, &own).write(out),
        }
        out.push('}');
    }

    /// What tells an event from others: itself, and who sends it when.
    fn content(&self, event: Value<'_>) -> Content {
        let mut content = Content::default();
        let micros = self.body.timestamp_micros.map(Value::as_str);
        for piece in [Some(event.as_str()), self.device_id.as_deref(), self.user_id.as_deref(), micros] {
            content.add(piece.unwrap_or_default());
        }
        content
    }

    fn properties(&self, event: &str, own: &[(String, Value<'_>)]) -> Object {
        let mut object = Object::default();
        object.text("$lib", "measurement_protocol");
        object.optional_text("$device_id", self.device_id.as_deref());
        object.optional_text("$user_id", self.user_id.as_deref());
        object.raw("$is_identified", if self.user_id.is_some() { "true" } else { "false" });
        if let Some(record) = self.consent.record() {
            object.raw(wire::CONSENT, record);
        }
        // First what has a meaning here, so that nothing else takes its place.
        let others = own.iter().filter(|(name, value)| !self.write_known(&mut object, name, *value));
        let others: Vec<_> = others.collect();
        for (name, value) in others {
            object.parameter(event, name, value.as_str());
        }
        self.write_device(&mut object);
        self.write_place(&mut object);
        let set = user_properties(self.body.user_properties);
        if !set.is_empty() {
            object.raw("$set", set.object());
        }
        object
    }

    /// Adds what a parameter says that has a meaning here beyond its name. Whether that was so.
    fn write_known(&self, object: &mut Object, name: &str, value: Value<'_>) -> bool {
        let Some(text) = text_of(value) else { return false };
        match name {
            "session_id" => {
                object.text("$session_id", &session_id(self.device_id.as_deref(), &text));
                object.text("$ga_session_id", &text);
            }
            "page_location" => page::write(object, &text, self.consent.may_advertise()),
            "page_referrer" => page::write_referrer(object, &text),
            // A client library writes it either way.
            "engagement_time_msec" => object.raw(name, number_or_text(&text)),
            "timestamp_micros" => {}
            _ => return false,
        }
        true
    }

    fn write_device(&self, object: &mut Object) {
        /// Fields of `device`, and the properties that `PostHog`'s clients read from the user agent.
        const FIELDS: [(&str, &str); 7] = [
            ("brand", "$device_manufacturer"),
            ("browser", "$browser"),
            ("browser_version", "$browser_version"),
            ("language", "$browser_language"),
            ("model", "$device_model"),
            ("operating_system", "$os"),
            ("operating_system_version", "$os_version"),
        ];
        for (name, value) in self.body.device.map(members).unwrap_or_default() {
            let Some(text) = text_of(value) else { continue };
            if let Some((_, property)) = FIELDS.iter().find(|(field, _)| *field == name) {
                object.text(property, &text);
            } else if name == "category" {
                object.text("$device_type", &capitalized(&text));
            } else if name == "screen_resolution" {
                page::write_screen(object, &text);
            }
        }
        if let Some(agent) = self.body.user_agent.and_then(text_of) {
            object.text("$raw_user_agent", &agent);
        }
    }

    fn write_place(&self, object: &mut Object) {
        /// Fields of `user_location`, and what `PostHog` calls them.
        const FIELDS: [(&str, &str); 3] = [
            ("city", "$geoip_city_name"),
            ("country_id", "$geoip_country_code"),
            ("continent_id", "$geoip_continent_code"),
        ];
        for (name, value) in self.body.user_location.map(members).unwrap_or_default() {
            let Some(text) = text_of(value) else { continue };
            if let Some((_, property)) = FIELDS.iter().find(|(field, _)| *field == name) {
                object.text(property, &text);
            } else if name == "region_id" {
                // `US-CA`: the country, and its part.
                let part = text.split_once('-').map_or(&*text, |(_, part)| part);
                object.text("$geoip_subdivision_1_code", part);
            }
        }
    }
}

/// `{name: {"value": …}}` as `{name: …}`.
fn user_properties(value: Option<Value<'_>>) -> Object {
    let mut set = Object::default();
    for (name, wrapped) in value.map(members).unwrap_or_default() {
        let value = match wrapped.kind() {
            Kind::Object => {
                members(wrapped).into_iter().find(|(name, _)| name == "value").map(|(_, value)| value)
            }
            _ => Some(wrapped),
        };
        if let Some(value) = value {
            set.raw(&name, value.as_str());
        }
    }
    set
}

/// The client id in a `_ga` cookie's value: `GA1.1.` and it.
fn client_id_of_cookie(text: &str) -> &str {
    let of_cookie = text.strip_prefix("GA1.").and_then(|rest| rest.split_once('.'));
    of_cookie.map_or(text, |(_, client_id)| client_id)
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
