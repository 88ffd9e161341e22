//! Webhooks, by the Standard Webhooks specification (standardwebhooks.com): an id, a time, and a signature of both and
//! the body.

use serde_json::json;
use tallymark_event::Timestamp;

use crate::{
    Method, Problem, Request, Row,
    destination::Fields,
    digest::hex_digest,
    guard::{Reach, check_url},
    limits,
    receiver::{Receiver, Room},
    signature::Secrets,
};

/// Requests at a time: one connection waits while others are answered. The platform gives an object six in all.
const CONCURRENCY: u32 = 4;

/// A webhook's own configuration.
#[derive(Clone, Debug)]
pub struct Webhook {
    url: String,
    secrets: Secrets,
    format: Format,
}

/// What a request holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One event, as the specification has it: `{"type":"order_paid","timestamp":"…","data":{…}}`.
    Single,
    /// Many: `{"type":"tallymark.batch","timestamp":"…","data":{"events":[{"type","timestamp","data"},…]}}`.
    Batch,
}

impl Webhook {
    pub(crate) fn parse(fields: &mut Fields<'_>, reach: Reach) -> Result<Self, Problem> {
        let url = fields
            .required_text("url", "where events are posted to, for example https://shop.example/hooks")?;
        check_url(url, reach).map_err(|remedy| fields.problem("url", remedy))?;
        let secrets = Secrets::parse(fields)?;
        let format = match fields.text("format")? {
            None | Some("single") => Format::Single,
            Some("batch") => Format::Batch,
            Some(_) => return Err(fields.problem("format", "must be \"single\" or \"batch\"")),
        };
        Ok(Self { url: url.to_owned(), secrets, format })
    }
}

impl Receiver for Webhook {
    fn room(&self) -> Room {
        let events = match self.format {
            Format::Single => 1,
            Format::Batch => usize::MAX,
        };
        Room { events, bytes: limits::MAX_REQUEST_BYTES }
    }

    fn concurrency(&self, _batch_size: u32) -> u32 {
        match self.format {
            Format::Single => CONCURRENCY,
            Format::Batch => 1,
        }
    }

    /// The id is the event's own, or follows from the events': whatever is sent again has the one that it had.
    fn request(&self, rows: &[&Row<'_>], now: Timestamp, _address: u32) -> Request {
        let (id, body) = if let (Format::Single, [row]) = (self.format, rows) {
            (row.event_id.clone().into_owned(), message(row))
        } else {
            let id = hex_digest(rows.iter().map(|row| &*row.event_id));
            (format!("batch_{id}"), batch(rows, now))
        };
        Request {
            headers: self.secrets.headers(id, now, &body),
            ..Request::new(Method::Post, &self.url, body, rows)
        }
    }
}

/// An event as a message. Its row goes on as it is stored.
fn message(row: &Row<'_>) -> String {
    let (kind, at) = (json!(row.event_name), json!(row.occurred_at));
    format!(r#"{{"type":{kind},"timestamp":{at},"data":{}}}"#, row.text.get())
}

/// Events as one message.
fn batch(rows: &[&Row<'_>], now: Timestamp) -> String {
    let mut body = String::from(r#"{"type":"tallymark.batch","timestamp":""#);
    now.write(&mut body);
    body.push_str(r#"","data":{"events":["#);
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        body.push_str(&message(row));
    }
    body.push_str("]}}");
    body
}
