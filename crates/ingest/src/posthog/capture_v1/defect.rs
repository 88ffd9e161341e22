//! What a request of this protocol alone is refused for.

use crate::{Refusal, Request};

/// See [`Refusal::CaptureV1`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// 400: headers that every request has.
    MissingHeaders(String),
    /// 415: not `application/json`.
    ContentType,
    /// 415: none of gzip, deflate, br and zstd.
    ContentEncoding,
    /// 400: the body isn't what `Content-Encoding` says.
    InvalidEncoding,
    /// 400: `created_at` is absent or no moment.
    InvalidCreatedAt,
    /// 400: an event without a UUID: nothing could be said of it.
    InvalidEventId {
        /// Which of the batch, from 0.
        at: usize,
    },
    /// 400: the UUID of an event before it.
    DuplicateEventId {
        /// Which of the batch, from 0.
        at: usize,
    },
}

impl From<Defect> for Refusal {
    fn from(defect: Defect) -> Self {
        Self::CaptureV1(defect)
    }
}

impl Defect {
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::ContentType | Self::ContentEncoding => 415,
            _ => 400,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::MissingHeaders(_) => "missing_required_headers",
            Self::ContentType => "unsupported_content_type",
            Self::ContentEncoding => "unsupported_content_encoding",
            Self::InvalidEncoding => "invalid_content_encoding",
            Self::InvalidCreatedAt => "invalid_created_at",
            Self::InvalidEventId { .. } => "invalid_event_uuid",
            Self::DuplicateEventId { .. } => "duplicate_event_uuid",
        }
    }

    pub(crate) fn detail(&self) -> String {
        match self {
            Self::MissingHeaders(names) => format!("headers missing: {names}: send them with every request"),
            Self::ContentType => "Content-Type must be application/json".into(),
            Self::ContentEncoding => "Content-Encoding must be gzip, deflate, br or zstd".into(),
            Self::InvalidEncoding => "the body isn't what Content-Encoding says: send it whole".into(),
            Self::InvalidCreatedAt => "created_at must be a moment by RFC 3339".into(),
            Self::InvalidEventId { at } => {
                format!("batch[{at}].uuid must be a UUID: the answer names events by it")
            }
            Self::DuplicateEventId { at } => {
                format!("batch[{at}].uuid is that of an event before it: give each event its own")
            }
        }
    }
}

/// Looks for what every request must have.
pub(super) fn of_head(request: &Request<'_>) -> Result<(), Defect> {
    let missing: Vec<&str> = [
        ("User-Agent", request.user_agent),
        ("PostHog-Sdk-Info", request.sdk_info),
        ("PostHog-Attempt", request.attempt),
        ("PostHog-Request-Id", request.request_id),
        ("PostHog-Request-Timestamp", request.request_timestamp),
    ]
    .into_iter()
    .filter(|(_, value)| value.is_none_or(|value| value.trim().is_empty()))
    .map(|(name, _)| name)
    .collect();
    if !missing.is_empty() {
        return Err(Defect::MissingHeaders(missing.join(", ")));
    }
    let essence = request.content_type.and_then(|t| t.split(';').next()).unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Defect::ContentType) }
}
