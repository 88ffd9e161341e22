//! What the shell hands in.

use crate::{Operators, Rate, decode::parameter, limits::DEFAULT_ADDRESS_RATE};

/// What can be configured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Paths that take the batch dialect besides `PostHog`'s own, for instance `/metrics/`. With or without
    /// a slash at either end; both forms are served.
    pub ingest_paths: Vec<String>,
    /// Who may administer; by default nobody.
    pub operators: Operators,
    /// Requests from one address.
    pub address_rate: Rate,
    /// A random number, by which addresses are hashed: nobody who does not know it can tell whose a hash is.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ingest_paths: Vec::new(),
            operators: Operators::default(),
            address_rate: DEFAULT_ADDRESS_RATE,
            seed: 0,
        }
    }
}

/// One HTTP request: texts as in the header, without any trimming.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// `GET`, `POST`…
    pub method: &'a str,
    /// The path, percent-encoded as it came.
    pub path: &'a str,
    /// The query without `?`, empty if there is none.
    pub query: &'a str,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// `Referer`.
    pub referer: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// `Accept`.
    pub accept: Option<&'a str>,
    /// `Sec-Fetch-Dest`: what in the page asks.
    pub fetch_dest: Option<&'a str>,
    /// `Sec-GPC`: the browser's Global Privacy Control.
    pub gpc: Option<&'a str>,
    /// `PostHog-Sdk-Info`, like the next three of capture v1 only.
    pub sdk_info: Option<&'a str>,
    /// `PostHog-Attempt`.
    pub attempt: Option<&'a str>,
    /// `PostHog-Request-Id`.
    pub request_id: Option<&'a str>,
    /// `PostHog-Request-Timestamp`.
    pub request_timestamp: Option<&'a str>,
    /// The client's address, as the platform says. For limits; its network is stored if the tenant wants it.
    pub address: Option<&'a str>,
    /// The country that the platform places the client in (ISO 3166-1 alpha-2).
    pub country: Option<&'a str>,
    /// Where in it.
    pub place: Place<'a>,
    /// The body as it came.
    pub body: &'a [u8],
}

/// Where the platform places a client, as far as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// `Brandenburg`.
    pub region: Option<&'a str>,
    /// The second part of ISO 3166-2: `BB`.
    pub region_code: Option<&'a str>,
    /// `Potsdam`.
    pub city: Option<&'a str>,
    /// `14467`.
    pub postal_code: Option<&'a str>,
    /// `Europe/Berlin`.
    pub time_zone: Option<&'a str>,
    /// `EU`.
    pub continent: Option<&'a str>,
}

/// How a client hands events over: where it puts the key, how it wraps them, what it has to hear in return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `PostHog`'s ingest paths.
    Batch,
    /// The same from a page that is being left: nobody reads the answer.
    Beacon,
    /// `PostHog`'s `/engage/`: what is known of a person, and no event around it.
    Engage,
    /// `PostHog`'s newer protocol of servers: see `posthog/capture_v1`.
    CaptureV1,
    /// `POST /v1/events`.
    DomainEvents,
    /// GA4's `/g/collect`, as `gtag` speaks it.
    Collect {
        /// An `<img>` asks, and is to have a picture.
        as_image: bool,
    },
    /// GA4's Measurement Protocol, `/mp/collect`.
    Measurement,
}

impl Protocol {
    /// The protocol of a request on this one's path, by what its query says of its answer.
    pub(crate) fn with_query(self, query: &str) -> Self {
        match self {
            Self::Batch if parameter(query.as_bytes(), b"beacon") == Some(b"1") => Self::Beacon,
            other => other,
        }
    }

    /// Whether a signed token may stand where the key does: in a body, and nowhere that is written to logs.
    pub(crate) const fn takes_tokens(self) -> bool {
        matches!(self, Self::Batch | Self::Beacon)
    }

    /// How the events are written, once they are unwrapped.
    pub const fn dialect(self) -> Dialect {
        match self {
            // GA4's and capture v1 are translated, on the way in.
            Self::Batch
            | Self::Beacon
            | Self::Engage
            | Self::CaptureV1
            | Self::Collect { .. }
            | Self::Measurement => Dialect::Batch,
            Self::DomainEvents => Dialect::DomainEvents,
        }
    }

    /// The protocol by whose rules an event is judged when its request is long gone: how that was wrapped and answered
    /// makes no difference any more. With its stable name, as quarantined rows keep it.
    pub(crate) const JUDGING: [(&'static str, Self); 3] =
        [("batch", Self::Batch), ("capture_v1", Self::CaptureV1), ("domain_events", Self::DomainEvents)];

    /// The stable name of the protocol by whose rules this one's events are judged.
    pub(crate) const fn judging_name(self) -> &'static str {
        match self {
            Self::Batch | Self::Beacon | Self::Engage | Self::Collect { .. } | Self::Measurement => "batch",
            Self::CaptureV1 => "capture_v1",
            Self::DomainEvents => "domain_events",
        }
    }

    /// The stable name of what the client speaks, as in `context.dialect`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Batch | Self::Beacon | Self::Engage | Self::CaptureV1 => "posthog",
            Self::DomainEvents => "domain",
            Self::Collect { .. } | Self::Measurement => "ga4",
        }
    }
}

/// How events are written in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `PostHog`'s batch dialect, with our extras.
    Batch,
    /// Domain events in the envelope's own terms, `POST /v1/events`.
    DomainEvents,
}
