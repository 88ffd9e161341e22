//! Webhooks, by the Standard Webhooks specification (standardwebhooks.com): an id, a time, and a signature of both and
//! the body.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;
use tallymark_event::Timestamp;

use crate::{
    Method, Problem, Request, Row,
    destination::{Fields, Room},
    digest::hex_digest,
    guard::{Reach, check_url},
    limits,
};

/// Requests at a time: one connection waits while others are answered. The platform gives an object six in all.
const CONCURRENCY: u32 = 4;

/// A webhook's own configuration.
#[derive(Clone, Debug)]
pub struct Webhook {
    url: String,
    secrets: Vec<Secret>,
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

/// The bytes that a request is signed with.
#[derive(Clone)]
struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        limits::SECRET_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// `v1,` and the signature in base64.
    fn sign(&self, id: &str, timestamp: &str, body: &str) -> Option<String> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        let mac = [id, ".", timestamp, ".", body].iter().fold(mac, Mac::chain_update);
        Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    }
}

impl Webhook {
    pub(crate) fn parse(fields: &mut Fields<'_>, reach: Reach) -> Result<Self, Problem> {
        const SECRETS: &str = "must be a list of 1 to 3 secrets, each whsec_ and the base64 of 24 to 64 random bytes; the newest first";
        let url = fields
            .required_text("url", "where events are posted to, for example https://shop.example/hooks")?;
        check_url(url, reach).map_err(|remedy| fields.problem("url", remedy))?;
        let texts = fields.texts("secrets", SECRETS)?.unwrap_or_default();
        let secrets = texts.into_iter().map(Secret::parse).collect::<Option<Vec<_>>>();
        let secrets = secrets
            .filter(|secrets| (1..=limits::MAX_SECRETS).contains(&secrets.len()))
            .ok_or_else(|| fields.problem("secrets", SECRETS))?;
        let format = match fields.text("format")? {
            None | Some("single") => Format::Single,
            Some("batch") => Format::Batch,
            Some(_) => return Err(fields.problem("format", "must be \"single\" or \"batch\"")),
        };
        Ok(Self { url: url.to_owned(), secrets, format })
    }

    pub(crate) const fn concurrency(&self) -> u32 {
        match self.format {
            Format::Single => CONCURRENCY,
            Format::Batch => 1,
        }
    }

    pub(crate) const fn room(&self) -> Room {
        let events = match self.format {
            Format::Single => 1,
            Format::Batch => usize::MAX,
        };
        Room { events, bytes: limits::MAX_REQUEST_BYTES }
    }

    /// The id is the event's own, or follows from the events': whatever is sent again has the one that it had.
    pub(crate) fn request(&self, rows: &[&Row<'_>], now: Timestamp) -> Request {
        let (id, body) = if let (Format::Single, [row]) = (self.format, rows) {
            (row.event_id.clone().into_owned(), message(row))
        } else {
            let id = hex_digest(rows.iter().map(|row| &*row.event_id));
            (format!("batch_{id}"), batch(rows, now))
        };
        let timestamp = now.ms().div_euclid(1_000).to_string();
        let signatures: Vec<String> =
            self.secrets.iter().filter_map(|secret| secret.sign(&id, &timestamp, &body)).collect();
        let header = |name: &str, value: String| (name.to_owned(), value);
        Request {
            method: Method::Post,
            url: self.url.clone(),
            headers: vec![
                header("content-type", "application/json".into()),
                header("user-agent", "Tallymark/1 (+webhooks)".into()),
                header("webhook-id", id),
                header("webhook-timestamp", timestamp),
                header("webhook-signature", signatures.join(" ")),
            ],
            body,
            seqs: rows.iter().map(|row| row.seq).collect(),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own example.
    #[test]
    fn signatures_are_the_specifications() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn secrets_have_their_form_and_are_shown_to_nobody() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_\u{fc}"] {
            assert!(Secret::parse(bad).is_none(), "{bad}");
        }
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert_eq!(format!("{secret:?}"), "Some(Secret)");
    }
}
