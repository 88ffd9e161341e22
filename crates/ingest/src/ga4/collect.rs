//! `/g/collect` → the batch dialect.

use std::collections::BTreeMap;

use tallymark_event::{Timestamp, names, wire};

use super::{
    consent::Consent,
    hints,
    hit::{Hit, Hits},
    items,
    object::{Object, number_or_text},
    page,
    stamp::Content,
};
use crate::{Refusal, Request, limits, text::verbatim};

/// What stands for the visitor who let nobody tell them apart, in the batch dialect as in `PostHog`'s own clients.
const NOBODY: &str = "$posthog_cookieless";

/// Keys of `/g/collect` that hold a text, which is stored as the parameter that they stand for.
const TEXTS: [&str; 12] = ["cc", "ci", "ck", "cm", "cn", "cs", "cu", "dh", "dp", "dt", "tt", "ul"];

/// Whether this is one of the pings that `gtag` sends beside its hits, for Google's advertising: no event, and marks
/// that no hit has.
pub(crate) fn is_side_ping(request: &Request<'_>) -> bool {
    let has = |name: &str| request.query.split('&').any(|pair| pair.split('=').next() == Some(name));
    request.body.is_empty() && !has("en") && ["aip", "_r", "slf_rd"].into_iter().any(has)
}

/// Translates a request. The key is the measurement id.
pub(crate) fn translate(request: &Request<'_>, now: Timestamp) -> Result<String, Refusal> {
    let hits = Hits::read(request)?;
    let mut out = String::from("{");
    let mut tid = None;
    for (at, hit) in hits.each().enumerate() {
        if hit.get("v") != Some("2") {
            return Err(Refusal::InvalidParameter { name: "v", expected: "2, GA4's protocol" });
        }
        let key = hit.get("tid").ok_or(Refusal::MissingKey { field: "tid" })?;
        if at == 0 {
            tid = Some(key);
            out.push_str("\"api_key\":");
            out.push_str(&verbatim(key));
            if let Some(sent_at) = moment_of_sending(&hit) {
                out.push_str(",\"sent_at\":\"");
                sent_at.write(&mut out);
                out.push('"');
            }
            out.push_str(",\"batch\":[");
        } else if tid != Some(key) {
            return Err(Refusal::InconsistentKeys);
        } else {
            out.push(',');
        }
        write_event(&mut out, &hit, at, request.gpc == Some("1"), now);
        if out.len() > limits::MAX_DECODED_BYTES {
            return Err(Refusal::DecodedTooLarge);
        }
    }
    out.push_str("]}");
    Ok(out)
}

/// When the client sent it, by its own clock: the moment when the page was loaded (`_p`), where that is one, and what
/// has passed since (`tfd`).
fn moment_of_sending(hit: &Hit<'_>) -> Option<Timestamp> {
    /// Other clients write numbers of their own there.
    const PLAUSIBLE_MS: core::ops::Range<i64> = 1_577_836_800_000..4_102_444_800_000;
    let loaded_ms: i64 = hit.get("_p")?.parse().ok()?;
    let since_ms: i64 = hit.get("tfd")?.split('.').next()?.parse().ok()?;
    let sent_ms = loaded_ms.checked_add(since_ms)?;
    (PLAUSIBLE_MS.contains(&loaded_ms) && PLAUSIBLE_MS.contains(&sent_ms))
        .then(|| Timestamp::from_ms(sent_ms))
}

/// Appends one event.
fn write_event(out: &mut String, hit: &Hit<'_>, at: usize, has_gpc: bool, now: Timestamp) {
    let npa = hit.is_set("npa") || hit.is_set("_npa");
    let consent = Consent::of_hit(hit.get("gcs"), hit.get("gcd"), npa, has_gpc);
    let visitor = Visitor::of(hit, consent);
    let given_name = hit.get("en").unwrap_or_default();
    // Sent when consent is granted, this is no end of a view.
    let is_consent_update = given_name == "user_engagement" && hit.get("gcu").is_some();
    let name = if is_consent_update {
        given_name
    } else {
        names::event_from_ga4(given_name, visitor.user_id.is_some())
    };
    let mut properties = Object::default();
    write_visitor(&mut properties, &visitor, hit);
    if let Some(record) = consent.record() {
        properties.raw(wire::CONSENT, record);
    }
    properties.flag(wire::GPC, consent.gpc);
    write_surroundings(&mut properties, hit, given_name, consent);
    write_request(&mut properties, hit);
    write_parameters(&mut properties, hit, given_name, !consent.is_cookieless());

    let id = content(hit).id(at, (!is_told_apart(hit)).then_some(now));
    out.push_str("{\"uuid\":\"");
    id.write(out);
    out.push_str("\",\"event\":");
    out.push_str(&verbatim(name));
    if let Some(distinct_id) = visitor.distinct_id() {
        out.push_str(",\"distinct_id\":");
        out.push_str(&verbatim(distinct_id));
    }
    out.push_str(",\"properties\":");
    properties.write(out);
    out.push('}');
}

/// All that a hit says, whatever the order and the part of its request.
fn content(hit: &Hit<'_>) -> Content {
    let mut content = Content::default();
    let parameters: BTreeMap<&str, &str> = hit.with_prefix("").collect();
    for (name, value) in parameters {
        content.add(name);
        content.add(value);
    }
    content
}

/// Whether nothing else that this client ever sends is the same: it names its page load and its place therein, or an
/// order.
fn is_told_apart(hit: &Hit<'_>) -> bool {
    let in_page = hit.get("_p").is_some() && (hit.get("_s").is_some() || hit.get("tfd").is_some());
    in_page || hit.get("evnid").is_some() || hit.get("ep.transaction_id").is_some()
}

/// Who a hit is from.
#[derive(Clone, Copy, Debug)]
struct Visitor<'h> {
    client_id: Option<&'h str>,
    user_id: Option<&'h str>,
    is_cookieless: bool,
}

impl<'h> Visitor<'h> {
    fn of(hit: &Hit<'h>, consent: Consent) -> Self {
        if consent.is_cookieless() {
            return Self { client_id: None, user_id: None, is_cookieless: true };
        }
        Self { client_id: hit.get("cid"), user_id: hit.get("uid"), is_cookieless: false }
    }

    fn distinct_id(&self) -> Option<&'h str> {
        if self.is_cookieless { Some(NOBODY) } else { self.user_id.or(self.client_id) }
    }
}

/// Adds who it is, and their session. Of a cookieless hit neither: each of these numbers was made up for its page.
fn write_visitor(properties: &mut Object, visitor: &Visitor<'_>, hit: &Hit<'_>) {
    if visitor.is_cookieless {
        properties.raw("$cookieless_mode", "true");
        return;
    }
    properties.optional_text("$device_id", visitor.client_id);
    properties.optional_text("$user_id", visitor.user_id);
    properties.raw("$is_identified", if visitor.user_id.is_some() { "true" } else { "false" });
    if let Some(session) = hit.get("sid") {
        properties.text("$session_id", &session_id(visitor.client_id, session));
        properties.text("$ga_session_id", session);
    }
    properties.optional_number("session_number", hit.get("sct"));
    if let Some(engaged) = hit.get("seg") {
        properties.raw("session_engaged", if engaged == "1" { "true" } else { "false" });
    }
    properties.flag("$ga_session_start", hit.is_set("_ss"));
    properties.flag("$ga_first_visit", hit.is_set("_fv"));
    properties.flag("$ga_new_client", hit.is_set("_nsi"));
}

/// A session's id: GA's own is the second in which it began, and many visitors begin one in the same second.
pub(super) fn session_id(client_id: Option<&str>, session: &str) -> String {
    client_id.map_or_else(|| session.to_owned(), |client_id| format!("{client_id}.{session}"))
}

/// Adds the page, the screen, the browser and the campaign.
fn write_surroundings(properties: &mut Object, hit: &Hit<'_>, event: &str, consent: Consent) {
    // Of two words for one thing, the hit's own comes later and counts.
    if let Some(location) = hit.get("dl") {
        page::write(properties, location, consent.may_advertise());
    }
    if let Some(referrer) = hit.get("dr").filter(|_| !hit.is_set("ir")) {
        page::write_referrer(properties, referrer);
    }
    let stored = |key: &str| Some(names::parameter_from_ga4(event, names::parameter_of_wire_key(key)?));
    for key in TEXTS {
        // Google's own lists call the campaign's term `ct`, its tag `ck`.
        let other = if key == "ck" { hit.get("ct") } else { None };
        if let (Some(name), Some(value)) = (stored(key), hit.get(key).or(other)) {
            properties.text(name, value);
        }
    }
    if let (Some(name), Some(engaged_ms)) = (stored("_et"), hit.get("_et")) {
        properties.number(name, engaged_ms);
    }
    if let Some(resolution) = hit.get("sr") {
        page::write_screen(properties, resolution);
    }
    hints::write(properties, hit);
}

/// Adds what the protocol says of itself: which page load, which request of it, which event of that.
fn write_request(properties: &mut Object, hit: &Hit<'_>) {
    properties.text("$lib", if hit.get("gtm").is_some() { "gtag" } else { "ga4" });
    properties.optional_text("$lib_version", hit.get("gtm"));
    properties.optional_text("$ga_page_load_id", hit.get("_p"));
    properties.optional_number("$ga_request_number", hit.get("_s"));
    properties.optional_number("$ga_ms_since_page_load", hit.get("tfd"));
    if let Some(index) = hit.index {
        properties.raw("$ga_event_index", index.to_string());
    }
    properties.flag("$ga_key_event", hit.is_set("_c"));
    properties.flag("debug_mode", hit.is_set("_dbg"));
}

/// Adds the event's own parameters, its items, and what it says of its user.
fn write_parameters(properties: &mut Object, hit: &Hit<'_>, event: &str, has_user: bool) {
    if let Some(items) = items::read(hit) {
        properties.raw("items", items);
    }
    for (name, value) in hit.with_prefix("epn.") {
        properties.parameter(event, name, number_or_text(value));
    }
    for (name, value) in hit.with_prefix("ep.") {
        properties.parameter(event, name, verbatim(value));
    }
    if !has_user {
        return;
    }
    let mut set = Object::default();
    for (name, value) in hit.with_prefix("up.") {
        set.text(name, value);
    }
    for (name, value) in hit.with_prefix("upn.") {
        set.number(name, value);
    }
    if !set.is_empty() {
        properties.raw("$set", set.object());
    }
}
