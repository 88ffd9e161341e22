//! GA4, by its Measurement Protocol.
//!
//! Google answers 204 to whatever it is sent, the wrong secret and events that it drops included. What it would drop is
//! therefore cut to its limits or parked here; and with `validate` its validation server is asked instead, which answers
//! and stores nothing: as it is with a doctor's probe, whose way to Google can be seen by that without counting anybody.

mod event;
mod params;

use serde_json::{Map, Value, json};
use tallymark_event::{Purpose, Timestamp, names::PROBE_EVENT};

use crate::{
    Method, Outcome, Problem, Request, Row, Verdict,
    destination::Fields,
    digest::hex_digest,
    guard::{Reach, check_url},
    receiver::{Receiver, Room},
    request::header,
};

const HOST: &str = "https://www.google-analytics.com";

/// Most events of a request, as Google has it.
const MAX_EVENTS: usize = 25;

/// Most bytes of rows of a request: below the 130 kB that Google takes, of which items alone may make half.
const MAX_ROW_BYTES: usize = 60_000;

/// GA4 takes nothing older than 72 hours. A minute less, for what the request takes.
const MAX_AGE_MS: i64 = 72 * 3_600_000 - 60_000;

/// Events of `PostHog`'s about persons, groups and recordings, of which GA4 knows nothing.
const POSTHOGS_OWN: [&str; 5] =
    ["$set", "$groupidentify", "$create_alias", "$merge_dangerously", "$snapshot"];

/// Of whom a doctor's probe is.
const NOBODY: &str = "1.1";

/// A data stream's own configuration.
#[derive(Clone)]
pub struct Ga4 {
    host: String,
    /// Measurement id and secret.
    query: String,
    validates: bool,
}

impl std::fmt::Debug for Ga4 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ga4")
    }
}

impl Ga4 {
    pub(crate) fn parse(fields: &mut Fields<'_>, reach: Reach) -> Result<Self, Problem> {
        let host = fields.text("host")?.unwrap_or(HOST);
        check_url(host, reach).map_err(|remedy| fields.problem("host", remedy))?;
        let id = fields.required_text("measurement_id", "the web stream's, G-…")?;
        let is_id = id.strip_prefix("G-").is_some_and(|rest| {
            (1..=20).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if !is_id {
            return Err(
                fields.problem("measurement_id", "must be a web stream's: G- and up to 20 letters or digits")
            );
        }
        let secret = fields
            .required_text("api_secret", "made in the stream's settings, Measurement Protocol API secrets")?;
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        if !(1..=100).contains(&secret.len()) || !secret.bytes().all(is_letter) {
            return Err(fields.problem("api_secret", "must be 1 to 100 of a-z, A-Z, 0-9, -, _, . and ~"));
        }
        let validates = fields.flag("validate")?.unwrap_or(false);
        let query = format!("measurement_id={id}&api_secret={secret}");
        Ok(Self { host: host.trim_end_matches('/').to_owned(), query, validates })
    }
}

/// Who an event is of, for GA4: its browser, or else its user, who has a number made of the id then.
fn client_id(row: &Row<'_>) -> Option<String> {
    if is_probe(row) {
        return Some(NOBODY.to_owned());
    }
    if let Some(id) = row.anonymous_id.as_deref().filter(|id| !id.is_empty()) {
        return Some(id.to_owned());
    }
    let digits = event::number_of(user_id(row)?);
    Some(format!("{}.{digits}", digits % 1_000_000_000))
}

fn user_id<'r>(row: &'r Row<'_>) -> Option<&'r str> {
    row.user_id.as_deref().filter(|id| !id.is_empty())
}

/// Whether it is a doctor's: it goes to the validation server, whatever is configured.
fn is_probe(row: &Row<'_>) -> bool {
    row.event_name == PROBE_EVENT
}

/// What a request says once for all of its events.
fn sender(row: &Row<'_>) -> Map<String, Value> {
    let context: Value = serde_json::from_str(row.context.get()).unwrap_or_default();
    let text = |name: &str| context.get(name).and_then(Value::as_str);
    let consent = row.consent();
    let word = if consent.permits(Purpose::Advertising) { "GRANTED" } else { "DENIED" };
    // XX and T1: Cloudflare doesn't know, or it is Tor.
    let is_country =
        |code: &&str| code.len() == 2 && *code != "XX" && code.bytes().all(|byte| byte.is_ascii_uppercase());
    [
        ("client_id", client_id(row).map(Value::from)),
        ("user_id", user_id(row).map(Value::from)),
        ("consent", consent.advertising.map(|_| json!({ "ad_user_data": word, "ad_personalization": word }))),
        ("user_agent", text("user_agent").filter(|it| !it.is_empty()).map(Value::from)),
        ("user_location", text("country").filter(is_country).map(|code| json!({ "country_id": code }))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

impl Receiver for Ga4 {
    fn room(&self) -> Room {
        Room { events: MAX_EVENTS, bytes: MAX_ROW_BYTES }
    }

    /// A request is one browser's: there are as many as there are visitors.
    fn concurrency(&self, _batch_size: u32) -> u32 {
        4
    }

    /// GA4 counts visitors: what nobody has done is nothing to it.
    fn wants(&self, row: &Row<'_>) -> bool {
        client_id(row).is_some()
            && !POSTHOGS_OWN.contains(&&*row.event_name)
            && !row.event_name.starts_with("$$")
    }

    fn unfit(&self, row: &Row<'_>, now: Timestamp) -> Option<&'static str> {
        let is_old = Timestamp::parse(&row.occurred_at).is_some_and(|at| now.ms() - at.ms() > MAX_AGE_MS);
        is_old.then_some("GA4 takes no event that happened more than 72 hours ago")
    }

    fn group(&self, row: &Row<'_>, _now: Timestamp) -> Option<String> {
        let kind = if is_probe(row) { "probe" } else { "event" };
        Some(hex_digest([kind, Value::from(sender(row)).to_string().as_str()]))
    }

    fn request(&self, rows: &[&Row<'_>], _now: Timestamp, _address: u32) -> Request {
        let mut body = rows.first().map(|row| sender(row)).unwrap_or_default();
        body.insert("events".into(), rows.iter().map(|row| event::of(row)).collect());
        let Self { host, query, validates } = self;
        let is_checked = *validates || rows.iter().any(|row| is_probe(row));
        let path = if is_checked { "/debug/mp/collect" } else { "/mp/collect" };
        Request {
            headers: vec![header("content-type", "application/json")],
            ..Request::new(
                Method::Post,
                &format!("{host}{path}?{query}"),
                Value::from(body).to_string(),
                rows,
            )
        }
    }

    /// The validation server says 200 as well, and what is wrong. The stream says nothing, which is no word against it.
    fn verdict(&self, outcome: &Outcome) -> Verdict {
        match (outcome.by_status(), outcome) {
            (Verdict::Done, _) if outcome.breaks_off() => Verdict::Faulted,
            (Verdict::Done, Outcome::Answered { body, .. }) if !is_valid(body) => Verdict::Refused,
            (verdict, _) => verdict,
        }
    }
}

fn is_valid(body: &str) -> bool {
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    answer.get("validationMessages").and_then(Value::as_array).is_none_or(Vec::is_empty)
}

#[cfg(test)]
mod tests;
