//! What may be wanted of a tenant's destinations: to see them, to have one go on, to see, retry or drop what one of them
//! would not take, and to see where an event is.

use tallymark_event::EventId;

use crate::{
    Refusal, Request,
    limits::MAX_FILTER_BYTES,
    sweep::{Filter, Sweep},
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

impl Filter for ParkedFilter {
    const MEMBERS: &'static [(&'static str, &'static str)] = &[
        ("destination", DESTINATION),
        ("event_id", "a UUID"),
        ("reason", "a reason, as in a parked delivery: refused, faulted or unfit"),
    ];
    const BODY: &'static str =
        "a JSON object: {} for all, or with dry_run, destination, event_id, reason, after and limit";

    fn set(&mut self, name: &str, text: String) -> Option<()> {
        match name {
            "destination" => self.destination = Some(text),
            "event_id" => self.event_id = Some(EventId::parse(&text)?),
            "reason" => self.reason = Some(text),
            _ => return None,
        }
        Some(())
    }
}

const DESTINATION: &str = "the name of a destination";

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
    Parked(Sweep<ParkedFilter>),
    /// `GET /v1/deliveries/<event_id>`: where one event is, destination by destination.
    Show {
        /// Its id.
        event_id: EventId,
    },
    /// `POST /v1/deliveries/retry`: they are tried again.
    Retry(Sweep<ParkedFilter>),
    /// `POST /v1/deliveries/drop`: nobody tries any more.
    Drop(Sweep<ParkedFilter>),
}

impl DeliveryRequest {
    pub(crate) fn parked(query: &str) -> Result<Self, Refusal> {
        Ok(Self::Parked(Sweep::of_query(query, &["destination", "event_id", "reason"])?))
    }

    pub(crate) fn show(event_id: &str) -> Result<Self, Refusal> {
        let invalid = Refusal::InvalidParameter { name: "event_id", expected: "a UUID" };
        Ok(Self::Show { event_id: EventId::parse(event_id).ok_or(invalid)? })
    }

    pub(crate) fn resume(name: &str) -> Result<Self, Refusal> {
        let is_name = (1..=MAX_FILTER_BYTES).contains(&name.len());
        is_name
            .then(|| Self::Resume { name: name.to_owned() })
            .ok_or(Refusal::InvalidParameter { name: "name", expected: DESTINATION })
    }

    pub(crate) fn retry(request: &Request<'_>) -> Result<Self, Refusal> {
        Ok(Self::Retry(Sweep::read(request)?))
    }

    pub(crate) fn drop(request: &Request<'_>) -> Result<Self, Refusal> {
        let expected = "given, or `event_id`, or `reason`: a drop needs to be told of what";
        Ok(Self::Drop(Sweep::read(request)?.narrowed("destination", expected)?))
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
        let sweep = Sweep { filter, after: 7, limit: 10, dry_run: true };
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
        assert_eq!(attr(DeliveryRequest::show("parked?")), Some("event_id"));
        assert!(DeliveryRequest::show(ID).is_ok());
    }
}
