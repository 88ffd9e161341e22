//! What the shell sends back.

use tallymark_event::json;

use crate::{Append, Protocol, Refusal};

const JSON: &str = "application/json";

/// One HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body; empty with status 204.
    pub body: String,
    /// How long anybody may keep the answer, in seconds. 0: nobody may.
    pub max_age_s: u32,
    /// When to ask again, in seconds: `Retry-After`. 0: nothing is said of that.
    pub retry_after_s: u32,
}

impl Answer {
    /// A JSON answer.
    pub(crate) const fn json(status: u16, body: String) -> Self {
        Self { status, content_type: JSON, body, max_age_s: 0, retry_after_s: 0 }
    }

    /// An answer that nobody reads.
    pub(crate) const fn no_content() -> Self {
        Self { status: 204, content_type: JSON, body: String::new(), max_age_s: 0, retry_after_s: 0 }
    }

    /// The answer to what is sent blindly: nothing, or the smallest picture there is, since a page sees an `<img>` that
    /// has failed. It is a GIF of one pixel, and all of its bytes are ASCII.
    pub(crate) fn to_ping(as_image: bool) -> Self {
        const PIXEL: &str = "GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\0;";
        if as_image {
            return Self {
                status: 200,
                content_type: "image/gif",
                body: PIXEL.into(),
                max_age_s: 0,
                retry_after_s: 0,
            };
        }
        Self::no_content()
    }

    /// `GET /_readiness`.
    pub(crate) fn ready() -> Self {
        Self {
            status: 200,
            content_type: "text/plain; charset=utf-8",
            body: "ok".into(),
            max_age_s: 0,
            retry_after_s: 0,
        }
    }
}

impl Append {
    /// The answer once the log has committed: `stored` new rows, `duplicates` that changed nothing, and
    /// `quarantined_new` events that were not in quarantine before.
    ///
    /// Exactly 200, also when every event is in quarantine: anything else makes clients send the batch
    /// again, or drop it whole.
    pub fn answer(&self, stored: u32, duplicates: u32, quarantined_new: u32) -> Answer {
        let mut body = String::with_capacity(64 + self.violations.len());
        match self.protocol {
            Protocol::Beacon | Protocol::Measurement => return Answer::no_content(),
            Protocol::CaptureV1 => {
                return Answer::json(200, ["{\"results\":{", &self.results, "}}"].concat());
            }
            Protocol::Batch | Protocol::Engage => body.push_str("{\"status\":\"Ok\""),
            Protocol::Collect { as_image } => return Answer::to_ping(as_image),
            Protocol::DomainEvents => {
                body.push_str("{\"stored\":");
                json::write_u64(&mut body, u64::from(stored));
                body.push_str(",\"duplicates\":");
                json::write_u64(&mut body, u64::from(duplicates));
            }
        }
        if self.quarantined_count > 0 || self.protocol == Protocol::DomainEvents {
            body.push_str(",\"quarantined_new\":");
            json::write_u64(&mut body, u64::from(quarantined_new));
            body.push_str(",\"quarantined\":[");
            body.push_str(&self.violations);
            body.push(']');
        }
        body.push('}');
        Answer::json(200, body)
    }

    /// The answer if the log did not commit: nothing is stored, and the client is to send the same again.
    pub fn answer_not_committed(&self) -> Answer {
        Refusal::LogUnavailable.answer_to(self.protocol)
    }
}
