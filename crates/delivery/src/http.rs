//! `http`: batches for the application's own endpoint, which keeps `domain_event` behind whatever framework it has.

use serde::Deserialize;
use tallymark_event::Timestamp;

use crate::{
    Method, Outcome, Problem, Request, Row, Sent, Verdict,
    destination::Fields,
    digest::hex_digest,
    guard::{Reach, check_url},
    limits,
    receiver::{Receiver, Room},
    signature::Secrets,
};

/// An endpoint's own configuration.
#[derive(Clone, Debug)]
pub struct Http {
    url: String,
    secrets: Secrets,
}

/// An answer that takes the batch but for some of its events.
#[derive(Deserialize)]
struct Answer {
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    event_id: String,
    #[serde(default)]
    reason: String,
}

impl Http {
    pub(crate) fn parse(fields: &mut Fields<'_>, reach: Reach) -> Result<Self, Problem> {
        let url = fields
            .required_text("url", "where batches are posted to, for example https://shop.example/events")?;
        check_url(url, reach).map_err(|remedy| fields.problem("url", remedy))?;
        Ok(Self { url: url.to_owned(), secrets: Secrets::parse(fields)? })
    }
}

impl Receiver for Http {
    fn room(&self) -> Room {
        Room { events: usize::MAX, bytes: limits::MAX_REQUEST_BYTES }
    }

    /// `{"events":[…]}`, each event as it is stored. The id follows from the events': whatever is sent again has the one
    /// that it had.
    fn request(&self, rows: &[&Row<'_>], now: Timestamp, _address: u32) -> Request {
        let texts: Vec<&str> = rows.iter().map(|row| row.text.get()).collect();
        let body = format!(r#"{{"events":[{}]}}"#, texts.join(","));
        let id = format!("batch_{}", hex_digest(rows.iter().map(|row| &*row.event_id)));
        Request {
            headers: self.secrets.headers(id, now, &body),
            event_ids: rows.iter().map(|row| row.event_id.clone().into_owned()).collect(),
            ..Request::new(Method::Post, &self.url, body, rows)
        }
    }

    /// A 2xx that breaks off may have been about to say which events it refuses.
    fn verdict(&self, outcome: &Outcome) -> Verdict {
        match outcome.by_status() {
            Verdict::Done if outcome.breaks_off() => Verdict::Faulted,
            verdict => verdict,
        }
    }

    /// A 2xx takes all events but those that its body names.
    fn each(&self, sent: &Sent, outcome: &Outcome) -> Option<Vec<Outcome>> {
        let Outcome::Answered { status: status @ 200..=299, body, .. } = outcome else { return None };
        let Answer { refused } = serde_json::from_str(body).ok()?;
        let each = sent.event_ids.iter().map(|id| {
            match refused.iter().find(|one| one.event_id.eq_ignore_ascii_case(id)) {
                Some(one) => Outcome::answered(422, &one.reason),
                // Without its body, of which there would be as many copies as events.
                None => Outcome::answered(*status, ""),
            }
        });
        Some(each.collect())
    }
}

#[cfg(test)]
mod tests;
