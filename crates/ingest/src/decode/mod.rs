//! Verb 1, decode: the bytes of some dialect → the events in it, every field still the client's own text.

mod batch;
mod cesu8;
mod domain;
mod event;
mod fields;
mod gzip;
mod lz64;
mod payload;
mod shape;
mod stream;
mod will;

pub(crate) use event::{Event, Part};
pub(crate) use fields::{fields, items, strings};
pub(crate) use gzip::{ReadFault, gunzip, read_capped};
pub(crate) use payload::{parameter, payload as unwrapped, percent_decoded};
pub(crate) use scan::{Malformed, Scanner, Unstorable, each_member};
pub(crate) use stream::{StreamPosition, StreamReport};
pub(crate) use value::{Kind, Value};
pub(crate) use will::Will;

use std::borrow::Cow;

use tallymark_event::{
    Timestamp,
    json::{scan, value},
};

use crate::{Dialect, Protocol, Refusal, Request, ga4, posthog};

/// What a request holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch<'t> {
    /// The key of the whole request (the batch dialect's; domain events have it in a header).
    pub(crate) token: Option<Value<'t>>,
    /// When the client built the request, by its own clock.
    pub(crate) sent_at: Option<Value<'t>>,
    /// The events are old ones that are filled in: their times are taken as they are.
    pub(crate) is_historical: bool,
    /// What streams say of themselves: the sender's own, and those of pages that it sends for.
    pub(crate) streams: Vec<StreamReport<'t>>,
    /// What is to be the last event of some of these streams.
    pub(crate) wills: Vec<Will<'t>>,
    /// The events.
    pub(crate) events: Vec<Event<'t>>,
    /// Members that are to be copied: see [`Part::kept`].
    pub(crate) kept: Vec<&'t str>,
}

/// The payload of a request that came at `now`, as text in the protocol's dialect.
pub(crate) fn payload<'r>(
    protocol: Protocol,
    request: &Request<'r>,
    now: Timestamp,
) -> Result<Cow<'r, str>, Refusal> {
    match protocol {
        Protocol::Batch | Protocol::Beacon | Protocol::DomainEvents => unwrapped(request),
        Protocol::Engage => posthog::engage::translated(&unwrapped(request)?).map(Cow::Owned),
        Protocol::CaptureV1 => posthog::capture_v1::translated(request).map(Cow::Owned),
        Protocol::Collect { .. } => ga4::translate_hits(request, now).map(Cow::Owned),
        Protocol::Measurement => {
            ga4::translate_measurement(request, &unwrapped(request)?, now).map(Cow::Owned)
        }
    }
}

/// Reads the events out of a payload.
pub(crate) fn events(dialect: Dialect, payload: &str) -> Result<Batch<'_>, Refusal> {
    shape::read(dialect, payload)
}
