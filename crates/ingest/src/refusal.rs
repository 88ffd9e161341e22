//! Everything that a request can be refused for, and the one place where that becomes an answer.

use tallymark_event::json;

use crate::{
    Answer, Protocol, Request, SettingsDefect, admin, limits, posthog::capture_v1, route::is_posthogs_own,
};

/// Why a request is refused whole. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: the body is empty.
    EmptyBody,
    /// 413: the body is larger than [`limits::MAX_BODY_BYTES`].
    BodyTooLarge,
    /// 413: the body decompresses to more than [`limits::MAX_DECODED_BYTES`].
    DecodedTooLarge,
    /// 413: more than [`limits::MAX_EVENTS_PER_REQUEST`] events.
    TooManyEvents,
    /// 413: the events to quarantine are more than [`limits::MAX_QUARANTINED_BYTES`].
    TooMuchQuarantined,
    /// 400: gzip's magic bytes, and then no whole gzip member.
    InvalidGzip,
    /// 400: said to be base64, and isn't.
    InvalidBase64,
    /// 400: said to be lz-string's base64, and isn't.
    InvalidLz64,
    /// 400: compressed in a way that is not decoded here.
    UnsupportedCompression(String),
    /// 400: text that is not UTF-8 from this byte on.
    NotUtf8 {
        /// Offset in the decoded body, in bytes.
        at: usize,
    },
    /// 400: not one JSON text.
    MalformedJson {
        /// Offset in the decoded body, in bytes.
        at: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// 400: JSON, and neither an event, nor a list of events, nor a batch.
    NotEvents,
    /// 400: `batch` (or `events`) is no array.
    BatchNotArray {
        /// The field's name.
        field: &'static str,
    },
    /// 400: no event and no report of a stream.
    NoEvent,
    /// 401: no key in the place where this dialect has it.
    MissingKey {
        /// The place.
        field: &'static str,
    },
    /// 401: a text that can't be a key.
    InvalidKey(KeyDefect),
    /// 401: the events of one request name several keys.
    InconsistentKeys,
    /// 401: the registry has no such key.
    UnknownKey,
    /// 401: the key was rotated or revoked, and has ended.
    KeyEnded,
    /// 401: a signed token that is not believed.
    InvalidToken(TokenDefect),
    /// 401: a signed token that was good until now: the page is to ask its back end for another.
    TokenExpired,
    /// 403: the key may not do this.
    WrongKeyKind {
        /// What kind of key it is.
        kind: &'static str,
        /// What to use instead.
        remedy: &'static str,
    },
    /// 403: a page of an origin that the browser key is not bound to.
    ForeignOrigin(String),
    /// 403: the Measurement Protocol's `measurement_id` is another organization's than its `api_secret`.
    ForeignStream,
    /// 503: what the registry holds for the key can't be read.
    RegistryRecordInvalid,
    /// The registry's record of the organization's tracking plan is damaged.
    RegistryPlanInvalid,
    /// 503: what the registry holds of the organization's settings can't be read.
    RegistrySettingsInvalid(SettingsDefect),
    /// 429: faster than this may be.
    RateLimited {
        /// Whose limit it is.
        whom: Limited,
        /// When there is room again, in seconds.
        retry_after_s: u32,
    },
    /// 429: the organization's events of this UTC day are all taken.
    QuotaExceeded {
        /// Until the next day has begun, in seconds.
        retry_after_s: u32,
    },
    /// 503: the tenant's log did not commit.
    LogUnavailable,
    /// 404: no such path.
    NotFound(String),
    /// 405: the path is known, the method is not.
    MethodNotAllowed {
        /// The method of the request.
        method: String,
        /// Which it takes.
        allowed: &'static str,
    },
    /// What a request of capture v1 alone is refused for.
    CaptureV1(capture_v1::Defect),
    /// What a call of administration alone is refused for.
    Admin(admin::Defect),
    /// 400: a query parameter can't be read.
    InvalidParameter {
        /// Its name.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

/// Whose rate a request is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// The address that it comes from.
    Address,
    /// Its key.
    Key,
}

/// After how many seconds a client may try again when the collector itself failed.
const RETRY_AFTER_FAILURE_S: u32 = 1;

/// Why a text can't be a key; the names are `PostHog`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDefect {
    /// Not a JSON string.
    NotAString,
    /// Longer than [`limits::MAX_KEY_BYTES`].
    TooLong,
    /// Holds a character that is not printable ASCII.
    NotAscii,
    /// A personal API key of `PostHog` (`phx_…`): a secret that has no business here.
    PersonalApiKey,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenDefect {
    /// Not three parts of base64url, the first two of which are JSON objects.
    Malformed,
    /// No `kid`, or one that can't be a record's.
    KeyId,
    /// The registry has no such signer.
    UnknownSigner,
    /// `alg` is not the signer's.
    Algorithm,
    /// Extensions that must be understood (`crit`).
    Critical,
    /// Signed by somebody else, or changed since.
    Signature,
    /// `aud` is missing or another.
    Audience,
    /// `exp` is missing or no number.
    Expiry,
    /// Valid for longer than [`limits::MAX_TOKEN_LIFE_MS`].
    LongLived,
    /// `nbf` is yet to come, or no number.
    NotYetValid,
    /// `org` is missing, or none that the signer may sign for.
    Organization,
    /// `sub` is no user's id.
    Subject,
}

impl Refusal {
    pub(crate) fn not_found(path: &str) -> Self {
        Self::NotFound(echo(path))
    }

    pub(crate) fn method_not_allowed(method: &str, allowed: &'static str) -> Self {
        Self::MethodNotAllowed { method: echo(method), allowed }
    }

    pub(crate) fn foreign_origin(origin: &str) -> Self {
        Self::ForeignOrigin(echo(origin))
    }

    pub(crate) fn unsupported_compression(name: &str) -> Self {
        Self::UnsupportedCompression(echo(name))
    }

    /// The status code.
    pub const fn status(&self) -> u16 {
        match self {
            Self::EmptyBody
            | Self::InvalidGzip
            | Self::InvalidBase64
            | Self::InvalidLz64
            | Self::UnsupportedCompression(_)
            | Self::NotUtf8 { .. }
            | Self::MalformedJson { .. }
            | Self::NotEvents
            | Self::BatchNotArray { .. }
            | Self::NoEvent
            | Self::InvalidParameter { .. } => 400,
            Self::MissingKey { .. }
            | Self::InvalidKey(_)
            | Self::InconsistentKeys
            | Self::UnknownKey
            | Self::KeyEnded
            | Self::InvalidToken(_)
            | Self::TokenExpired => 401,
            Self::WrongKeyKind { .. } | Self::ForeignOrigin(_) | Self::ForeignStream => 403,
            Self::NotFound(_) => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::BodyTooLarge | Self::DecodedTooLarge | Self::TooManyEvents | Self::TooMuchQuarantined => {
                413
            }
            Self::RateLimited { .. } | Self::QuotaExceeded { .. } => 429,
            Self::RegistryRecordInvalid
            | Self::RegistryPlanInvalid
            | Self::RegistrySettingsInvalid(_)
            | Self::LogUnavailable => 503,
            Self::CaptureV1(defect) => defect.status(),
            Self::Admin(defect) => defect.status(),
        }
    }

    /// The stable name that programs go by.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmptyBody => "empty_body",
            Self::BodyTooLarge => "body_too_large",
            Self::DecodedTooLarge => "decoded_too_large",
            Self::TooManyEvents => "too_many_events",
            Self::TooMuchQuarantined => "too_much_quarantined",
            Self::InvalidGzip => "invalid_gzip",
            Self::InvalidBase64 => "invalid_base64",
            Self::InvalidLz64 => "invalid_lz64",
            Self::UnsupportedCompression(_) => "unsupported_compression",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::MalformedJson { .. } => "malformed_json",
            Self::NotEvents => "not_events",
            Self::BatchNotArray { .. } => "not_an_array",
            Self::NoEvent => "no_event",
            Self::MissingKey { .. } => "missing_key",
            Self::InvalidKey(_) => "invalid_key",
            Self::InconsistentKeys => "inconsistent_keys",
            Self::UnknownKey => "unknown_key",
            Self::KeyEnded => "key_ended",
            Self::InvalidToken(_) => "invalid_token",
            Self::TokenExpired => "token_expired",
            Self::WrongKeyKind { .. } => "wrong_key_kind",
            Self::ForeignOrigin(_) => "foreign_origin",
            Self::ForeignStream => "foreign_measurement_id",
            Self::RegistryRecordInvalid => "registry_record_invalid",
            Self::RegistryPlanInvalid => "registry_plan_invalid",
            Self::RegistrySettingsInvalid(_) => "registry_settings_invalid",
            Self::RateLimited { .. } => "rate_limited",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::LogUnavailable => "log_unavailable",
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::CaptureV1(defect) => defect.code(),
            Self::Admin(defect) => defect.code(),
        }
    }

    /// The field, header or parameter to look at.
    pub const fn attr(&self) -> Option<&'static str> {
        match self {
            Self::EmptyBody
            | Self::BodyTooLarge
            | Self::DecodedTooLarge
            | Self::InvalidGzip
            | Self::InvalidBase64
            | Self::InvalidLz64
            | Self::NotUtf8 { .. }
            | Self::MalformedJson { .. }
            | Self::NotEvents => Some("body"),
            Self::TooManyEvents | Self::TooMuchQuarantined | Self::NoEvent => Some("batch"),
            Self::BatchNotArray { field } | Self::MissingKey { field } => Some(field),
            Self::UnsupportedCompression(_) => Some("compression"),
            Self::InvalidKey(_)
            | Self::InconsistentKeys
            | Self::UnknownKey
            | Self::KeyEnded
            | Self::InvalidToken(_)
            | Self::TokenExpired
            | Self::WrongKeyKind { .. }
            | Self::RateLimited { whom: Limited::Key, .. } => Some("api_key"),
            Self::RateLimited { whom: Limited::Address, .. } => Some("address"),
            Self::ForeignOrigin(_) => Some("Origin"),
            Self::ForeignStream => Some("measurement_id"),
            Self::InvalidParameter { name, .. } => Some(name),
            Self::Admin(defect) => defect.attr(),
            Self::RegistryRecordInvalid
            | Self::RegistryPlanInvalid
            | Self::RegistrySettingsInvalid(_)
            | Self::QuotaExceeded { .. }
            | Self::LogUnavailable
            | Self::NotFound(_)
            | Self::MethodNotAllowed { .. }
            | Self::CaptureV1(_) => None,
        }
    }

    /// What is wrong and what to do about it, for people.
    pub fn detail(&self) -> String {
        match self {
            Self::EmptyBody => "the body is empty: send a JSON object or array of events".into(),
            Self::BodyTooLarge => {
                format!("the body is larger than {} bytes: send fewer events", limits::MAX_BODY_BYTES)
            }
            Self::DecodedTooLarge => {
                format!(
                    "the body decompresses to more than {} bytes: send fewer events",
                    limits::MAX_DECODED_BYTES
                )
            }
            Self::TooManyEvents => {
                format!("more than {} events in one request: split it", limits::MAX_EVENTS_PER_REQUEST)
            }
            Self::TooMuchQuarantined => format!(
                "events that break a rule make up more than {} bytes of this request: split it, and see what \
                 smaller requests are told of their events",
                limits::MAX_QUARANTINED_BYTES
            ),
            Self::InvalidGzip => {
                "the body begins as gzip and is truncated or damaged: send one whole gzip member".into()
            }
            Self::InvalidBase64 => "the body is announced as base64 and isn't: check `compression`".into(),
            Self::InvalidLz64 => {
                "the body is announced as lz64 and isn't: send what lz-string's compressToBase64 gives".into()
            }
            Self::UnsupportedCompression(name) => {
                format!("compression {name} is not decoded here: send gzip, base64, lz64 or plain JSON")
            }
            Self::NotUtf8 { at } => format!("body: not UTF-8 at byte {at}: encode the JSON as UTF-8"),
            Self::MalformedJson { at, problem } => {
                format!("body: not JSON at byte {at}: {problem}: send one JSON object or array")
            }
            Self::NotEvents => {
                "body: neither an event, nor an array of events, nor a batch: send one of them".into()
            }
            Self::BatchNotArray { field } => format!("{field} must be an array of events"),
            Self::NoEvent => "request holds no event: put at least one into it".into(),
            Self::MissingKey { field: "Authorization" } => {
                "key missing: send the header Authorization: Bearer <key>".into()
            }
            Self::MissingKey { field } => format!("{field} missing: put the organization's key there"),
            Self::InvalidKey(defect) => {
                format!("the key can't be one: {}: copy it again from your settings", defect.text())
            }
            Self::InconsistentKeys => {
                "the events of this request name several keys: send one request per key".into()
            }
            Self::UnknownKey => {
                "no organization has this key: check it for typing errors, or make a new one".into()
            }
            Self::KeyEnded => "the key has ended: put its successor in its place, or make a new one".into(),
            Self::InvalidToken(defect) => {
                format!("the token is not believed: {}: see docs/TOKENS.md for how to sign one", defect.text())
            }
            Self::TokenExpired => "the token has expired: have the back end sign another for this page".into(),
            Self::WrongKeyKind { kind, remedy } => format!("a {kind} key can't do this: {remedy}"),
            Self::ForeignOrigin(origin) => format!(
                "the key is not bound to the origin {origin}: add it to the key's origins, or use this site's own key"
            ),
            Self::ForeignStream => {
                "measurement_id and api_secret are of different organizations: take both from the same settings".into()
            }
            Self::RegistryRecordInvalid => {
                "the registry's record of this key can't be read: write it again".into()
            }
            Self::RegistryPlanInvalid => {
                "the registry's record of the organization's plan can't be read: push the plan again".into()
            }
            Self::RegistrySettingsInvalid(SettingsDefect { path: "", expected }) => {
                format!("the organization's settings in the registry must be {expected}: write them again")
            }
            Self::RegistrySettingsInvalid(SettingsDefect { path, expected }) => format!(
                "the organization's settings in the registry can't be read: {path} must be {expected}: write them again"
            ),
            Self::RateLimited { whom: Limited::Address, retry_after_s } => format!(
                "too many requests from this address: keep the events, send them in {retry_after_s} s, more of them in \
                 each request; a back end with a secret key in its header or query goes by the key's limit instead"
            ),
            Self::RateLimited { whom: Limited::Key, retry_after_s } => format!(
                "too many requests with this key: keep the events, send them in {retry_after_s} s, more of them in each \
                 request; the organization's settings may allow more"
            ),
            Self::QuotaExceeded { retry_after_s } => format!(
                "the organization's events of this day (UTC) are all taken: keep these, send them in {retry_after_s} s; \
                 its settings may allow more"
            ),
            Self::LogUnavailable => "the log did not store this: send the same request again".into(),
            Self::NotFound(path) => {
                format!("nothing here at {path}: check the path in the client's settings")
            }
            Self::MethodNotAllowed { method, allowed } => {
                format!("{method} is not for this path: use {allowed}")
            }
            Self::InvalidParameter { name, expected } => format!("{name} must be {expected}"),
            Self::CaptureV1(defect) => defect.detail(),
            Self::Admin(defect) => defect.detail(),
        }
    }

    /// When to ask again, in seconds; 0 if that changes nothing.
    pub const fn retry_after_s(&self) -> u32 {
        match self {
            Self::RateLimited { retry_after_s, .. } | Self::QuotaExceeded { retry_after_s } => *retry_after_s,
            _ if self.status() == 503 => RETRY_AFTER_FAILURE_S,
            _ => 0,
        }
    }

    /// The answer that the clients of this protocol read.
    pub(crate) fn answer_to(&self, protocol: Protocol) -> Answer {
        match protocol {
            Protocol::CaptureV1 => capture_v1::refused(self),
            _ => self.answer(),
        }
    }

    /// The answer that whoever sent this request acts upon. posthog-js throws away what is answered 429, and keeps what is
    /// answered 503.
    pub(crate) fn answer_heard(&self, protocol: Protocol, request: &Request<'_>) -> Answer {
        let answer = self.answer_to(protocol);
        let is_page = request.origin.or(request.referer).is_some();
        if answer.status == 429 && is_page && is_posthogs_own(request.path) {
            return Answer { status: 503, ..answer };
        }
        answer
    }

    /// The answer: `{"type":"validation_error","code":…,"detail":…,"attr":…|null}`; the type of 429 is `throttled_error`.
    pub fn answer(&self) -> Answer {
        let mut body = String::with_capacity(200);
        body.push_str(if self.status() == 429 {
            "{\"type\":\"throttled_error\",\"code\":\""
        } else {
            "{\"type\":\"validation_error\",\"code\":\""
        });
        body.push_str(self.code());
        body.push_str("\",\"detail\":");
        json::write_str(&mut body, &self.detail());
        body.push_str(",\"attr\":");
        match self.attr() {
            Some(attr) => json::write_str(&mut body, attr),
            None => body.push_str("null"),
        }
        if let Self::Admin(defect) = self {
            defect.write_more(&mut body);
        }
        body.push('}');
        Answer { retry_after_s: self.retry_after_s(), ..Answer::json(self.status(), body) }
    }
}

impl KeyDefect {
    const fn text(self) -> &'static str {
        match self {
            Self::NotAString => "not a string",
            Self::TooLong => "too long",
            Self::NotAscii => "not ASCII",
            Self::PersonalApiKey => "personal_api_key, a secret that belongs into no client",
        }
    }
}

impl TokenDefect {
    const fn text(self) -> &'static str {
        match self {
            Self::Malformed => "it is no JWT in compact form",
            Self::KeyId => "its header has no usable kid",
            Self::UnknownSigner => "the registry has no signer of its kid",
            Self::Algorithm => "its alg is not the signer's",
            Self::Critical => "it has a crit, and no extension is known here",
            Self::Signature => "its signature is not the signer's",
            Self::Audience => "its aud is not the signer's",
            Self::Expiry => "its exp must be a number of seconds",
            Self::LongLived => "its exp is more than 24 hours ahead",
            Self::NotYetValid => "its nbf is yet to come, or no number of seconds",
            Self::Organization => "its org is none that the signer may sign for",
            Self::Subject => "its sub must be a string of 1 to 200 characters",
        }
    }
}

/// As much of the client's own text as an answer repeats.
fn echo(text: &str) -> String {
    text.get(..text.floor_char_boundary(limits::MAX_ECHO_BYTES)).unwrap_or_default().to_owned()
}
