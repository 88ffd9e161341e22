//! `PostHog`, by the batch API of its server libraries.

mod event;

use serde::Serialize;
use tallymark_event::{Timestamp, names::PROBE_EVENT};

use crate::{
    Method, Outcome, Problem, Request, Row, Verdict,
    destination::Fields,
    guard::{Reach, check_url},
    limits,
    receiver::{Receiver, Room},
    request::header,
};
use event::Event;

const HOST: &str = "https://us.i.posthog.com";

/// Most bytes of a project's key and of a group type, as `PostHog` has it.
const MAX_KEY_BYTES: usize = 64;
const MAX_GROUP_TYPE_BYTES: usize = 400;

/// Events of a request: as many as `PostHog`'s own libraries send.
const MAX_EVENTS: usize = 100;

/// Older events go as a migration, in ms: `PostHog` has a queue for them, so that today's don't wait.
const HISTORICAL_MS: i64 = 48 * 3_600_000;

/// A project's own configuration.
#[derive(Clone)]
pub struct PostHog {
    url: String,
    project_api_key: String,
    /// The type of group that an organization is.
    group_type: String,
}

impl std::fmt::Debug for PostHog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)
    }
}

#[derive(Serialize)]
struct Body<'r> {
    api_key: &'r str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    historical_migration: bool,
    // No `sent_at`: by it PostHog would shift each time by what the request took, and store another day's duplicate of
    // what is sent again after midnight.
    batch: Vec<Event<'r>>,
}

impl PostHog {
    pub(crate) fn parse(fields: &mut Fields<'_>, reach: Reach) -> Result<Self, Problem> {
        let host = fields.text("host")?.unwrap_or(HOST);
        check_url(host, reach).map_err(|remedy| fields.problem("host", remedy))?;
        let key = fields.required_text("project_api_key", "the project's key, phc_…")?;
        let is_key =
            (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_key || key.starts_with("phx_") {
            return Err(
                fields.problem("project_api_key", "must be a project's key (phc_…), not a person's (phx_…)")
            );
        }
        let group_type = fields.text("group_type")?.unwrap_or("organization");
        if !(1..=MAX_GROUP_TYPE_BYTES).contains(&group_type.len()) {
            return Err(
                fields.problem("group_type", "must have 1 to 400 bytes, for example \"organization\"")
            );
        }
        Ok(Self {
            url: format!("{}/batch/", host.trim_end_matches('/')),
            project_api_key: key.to_owned(),
            group_type: group_type.to_owned(),
        })
    }
}

fn is_historical(row: &Row<'_>, now: Timestamp) -> bool {
    Timestamp::parse(&row.occurred_at).is_some_and(|at| now.ms() - at.ms() > HISTORICAL_MS)
}

impl Receiver for PostHog {
    fn room(&self) -> Room {
        Room { events: MAX_EVENTS, bytes: limits::MAX_REQUEST_BYTES }
    }

    /// Its insights count what is no visitor's, and can't be told to forget it.
    fn wants(&self, row: &Row<'_>) -> bool {
        row.event_name != PROBE_EVENT
    }

    /// A migration has a request of its own.
    fn group(&self, row: &Row<'_>, now: Timestamp) -> Option<String> {
        is_historical(row, now).then(|| "historical".into())
    }

    fn request(&self, rows: &[&Row<'_>], now: Timestamp, _address: u32) -> Request {
        let body = Body {
            api_key: &self.project_api_key,
            historical_migration: rows.first().is_some_and(|row| is_historical(row, now)),
            batch: rows.iter().map(|row| Event::of(row, &self.group_type)).collect(),
        };
        Request {
            headers: vec![header("content-type", "application/json")],
            gzip: true,
            // Of texts, numbers and JSON that has been parsed: there is nothing that can't be written.
            ..Request::new(Method::Post, &self.url, serde_json::to_string(&body).unwrap_or_default(), rows)
        }
    }

    /// A project beyond its quota is told so in a 200, and its events are gone.
    fn verdict(&self, outcome: &Outcome) -> Verdict {
        match (outcome.by_status(), outcome) {
            (Verdict::Done, Outcome::Answered { body, .. }) if is_over_quota(body) => Verdict::Denied,
            // It might have said that.
            (Verdict::Done, _) if outcome.breaks_off() => Verdict::Faulted,
            (verdict, _) => verdict,
        }
    }
}

fn is_over_quota(body: &str) -> bool {
    let answer: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let limited = answer.get("quota_limited").and_then(serde_json::Value::as_array);
    limited.is_some_and(|list| list.iter().any(|one| one == "events"))
}

#[cfg(test)]
mod tests;
