//! What may be wanted of a tenant's destinations: to see them, to have one go on, and to see, retry or drop what one of
//! them would not take.

use std::borrow::Cow;

use tallymark_event::EventId;

use crate::{
    Refusal, Request,
    decode::{Scanner, Value, each_member, parameter, percent_decoded, unwrapped},
    limits::{DEFAULT_QUARANTINE_BATCH, MAX_FILTER_BYTES, MAX_QUARANTINE_BATCH},
    query,
};

/// Which parked deliveries are meant: those for which all of these hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParkedFilter {
    /// Of this destination.
    pub destination: Option<String>,
    /// Of this event.
    pub event_id: Option<EventId>,
    /// Parked for this reason.
    pub reason: Option<String>,
}

/// Which parked deliveries are gone through, in the order of their events' `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedSweep {
    /// Which.
    pub filter: ParkedFilter,
    /// Only those whose `seq` is above this.
    pub after: u64,
    /// Those of so many events at the most.
    pub limit: u32,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
}

/// A request about destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryRequest {
    /// `GET /v1/destinations`: how far each is.
    List,
    /// `POST /v1/destinations/<name>/resume`: it goes on at once.
    Resume {
        /// Its name.
        name: String,
    },
    /// `GET /v1/deliveries/parked?destination=…&event_id=…&reason=…&after=…&limit=…`
    Parked(ParkedSweep),
    /// `POST /v1/deliveries/retry`: they are tried again.
    Retry(ParkedSweep),
    /// `POST /v1/deliveries/drop`: nobody tries any more.
    Drop(ParkedSweep),
}

impl DeliveryRequest {
    pub(crate) fn parked(query: &str) -> Result<Self, Refusal> {
        let (after, limit) = query::page(query)?;
        let mut filter = ParkedFilter::default();
        for name in ["destination", "event_id", "reason"] {
            let Some(given) = parameter(query.as_bytes(), name.as_bytes()) else { continue };
            let text = String::from_utf8(percent_decoded(given)).ok();
            filter.set(name, text)?;
        }
        Ok(Self::Parked(ParkedSweep { filter, after, limit, dry_run: true }))
    }

    pub(crate) fn resume(name: &str) -> Result<Self, Refusal> {
        let is_name = (1..=MAX_FILTER_BYTES).contains(&name.len());
        is_name
            .then(|| Self::Resume { name: name.to_owned() })
            .ok_or(Refusal::InvalidParameter { name: "name", expected: DESTINATION })
    }

    pub(crate) fn retry(request: &Request<'_>) -> Result<Self, Refusal> {
        Ok(Self::Retry(ParkedSweep::read(request)?))
    }

    /// Nobody gives everything up by leaving something out: it takes a filter.
    pub(crate) fn drop(request: &Request<'_>) -> Result<Self, Refusal> {
        let sweep = ParkedSweep::read(request)?;
        if sweep.filter == ParkedFilter::default() {
            let expected = "given, or `event_id`, or `reason`: a drop needs to be told of what";
            return Err(Refusal::InvalidParameter { name: "destination", expected });
        }
        Ok(Self::Drop(sweep))
    }
}

const DESTINATION: &str = "the name of a destination";
const BODY: &str =
    "a JSON object: {} for all, or with dry_run, destination, event_id, reason, after and limit";

impl ParkedFilter {
    /// Takes a member of this name, if there is one.
    fn set(&mut self, name: &'static str, text: Option<String>) -> Result<(), Refusal> {
        let text = text.filter(|text| (1..=MAX_FILTER_BYTES).contains(&text.len()));
        let (is_set, expected) = match name {
            "destination" => {
                self.destination = text;
                (self.destination.is_some(), DESTINATION)
            }
            "event_id" => {
                self.event_id = text.as_deref().and_then(EventId::parse);
                (self.event_id.is_some(), "a UUID")
            }
            _ => {
                self.reason = text;
                (self.reason.is_some(), "a reason, as in a parked delivery: refused or faulted")
            }
        };
        if is_set { Ok(()) } else { Err(Refusal::InvalidParameter { name, expected }) }
    }
}

impl ParkedSweep {
    fn read(request: &Request<'_>) -> Result<Self, Refusal> {
        let body = unwrapped(request)?;
        let filter = ParkedFilter::default();
        let mut sweep = Self { filter, after: 0, limit: DEFAULT_QUARANTINE_BATCH, dry_run: false };
        let mut refused = None;
        let mut scanner = Scanner::new(&body);
        let read = each_member(&mut scanner, |scanner, key| {
            let value = scanner.value()?;
            refused = refused.take().or(sweep.member(&key.name(), value).err());
            Ok(())
        });
        let is_object = read.and_then(|()| scanner.end()).is_ok();
        match refused {
            Some(refusal) => Err(refusal),
            None if !is_object => Err(Refusal::InvalidParameter { name: "body", expected: BODY }),
            None => Ok(sweep),
        }
    }

    /// A member that is not known is refused, for `dryrun` is not `dry_run`.
    fn member(&mut self, name: &[u8], value: Value<'_>) -> Result<(), Refusal> {
        let integer = || value.integer().and_then(|n| u64::try_from(n).ok());
        let text = || value.string().map(Cow::into_owned);
        let (name, expected, was_read) = match name {
            b"destination" => return self.filter.set("destination", text()),
            b"event_id" => return self.filter.set("event_id", text()),
            b"reason" => return self.filter.set("reason", text()),
            b"dry_run" => {
                self.dry_run = value.is_true();
                ("dry_run", "true or false", value.is_true() || value.is_false())
            }
            b"after" => {
                let after = integer().filter(|seq| i64::try_from(*seq).is_ok());
                self.after = after.unwrap_or_default();
                ("after", "the seq of a row, a number from 0", after.is_some())
            }
            b"limit" => {
                let limit = integer().and_then(|n| u32::try_from(n).ok());
                let limit = limit.filter(|n| (1..=MAX_QUARANTINE_BATCH).contains(n));
                self.limit = limit.unwrap_or_default();
                ("limit", "a number from 1 to 10000", limit.is_some())
            }
            _ => ("body", BODY, false),
        };
        if was_read { Ok(()) } else { Err(Refusal::InvalidParameter { name, expected }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01a1fb70-e23f-7e92-afec-cc67e8fbdbf5";

    fn attr(result: Result<DeliveryRequest, Refusal>) -> Option<&'static str> {
        result.err().and_then(|refusal| refusal.attr())
    }

    fn posted(body: &str) -> Request<'_> {
        Request { method: "POST", body: body.as_bytes(), ..Request::default() }
    }

    #[test]
    fn a_sweep_by_filters() {
        let filter = ParkedFilter {
            destination: Some("orders".into()),
            event_id: EventId::parse(ID),
            reason: Some("refused".into()),
        };
        let sweep = ParkedSweep { filter, after: 7, limit: 10, dry_run: true };
        let body = format!(
            r#"{{"destination":"orders","event_id":"{ID}","reason":"refused","after":7,"limit":10,"dry_run":true}}"#
        );
        assert_eq!(DeliveryRequest::retry(&posted(&body)), Ok(DeliveryRequest::Retry(sweep.clone())));
        assert_eq!(DeliveryRequest::drop(&posted(&body)), Ok(DeliveryRequest::Drop(sweep.clone())));
        let query = format!("destination=orders&event_id={ID}&reason=refused&after=7&limit=10");
        assert_eq!(DeliveryRequest::parked(&query), Ok(DeliveryRequest::Parked(sweep)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, name) in [
            (r#"{"destination":""}"#, "destination"),
            (r#"{"destination":7}"#, "destination"),
            (r#"{"event_id":"x"}"#, "event_id"),
            (r#"{"reason":null}"#, "reason"),
            (r#"{"dry_run":1}"#, "dry_run"),
            (r#"{"after":-1}"#, "after"),
            (r#"{"limit":0}"#, "limit"),
            (r#"{"dryrun":true}"#, "body"),
            ("[]", "body"),
        ] {
            assert_eq!(attr(DeliveryRequest::retry(&posted(body))), Some(name), "{body}");
        }
        assert_eq!(attr(DeliveryRequest::drop(&posted("{}"))), Some("destination"), "a drop needs a filter");
        assert!(DeliveryRequest::retry(&posted("{}")).is_ok());
        assert_eq!(attr(DeliveryRequest::parked("event_id=1")), Some("event_id"));
        assert_eq!(attr(DeliveryRequest::resume("")), Some("name"));
    }
}
