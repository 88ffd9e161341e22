//! What may be wanted of a tenant's quarantine: to see it, to judge it again, to empty it.

use std::borrow::Cow;

use tallymark_event::{EventId, Timestamp};

use crate::{
    Refusal, Request,
    decode::{Scanner, Value, each_member, parameter, percent_decoded, unwrapped},
    limits::{DEFAULT_QUARANTINE_BATCH, MAX_FILTER_BYTES, MAX_QUARANTINE_BATCH},
    query,
};

/// Which events are meant: those for which all of these hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The rule that they broke.
    pub rule: Option<String>,
    /// Their name.
    pub event_name: Option<String>,
    /// They were received before this.
    pub before: Option<Timestamp>,
}

/// A request about quarantined events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuarantineRequest {
    /// `GET /v1/quarantine?after=…&limit=…&rule=…&event_name=…`: a page of them.
    List {
        /// Which.
        filter: Filter,
        /// Only those whose `seq` is above this.
        after: u64,
        /// At most so many.
        limit: u32,
    },
    /// `GET /v1/quarantine/<event_id>`: one of them, whole.
    Show {
        /// Its id.
        event_id: EventId,
    },
    /// `POST /v1/quarantine/replay`: judge them again with [`super::replay`], store what is accepted now.
    Replay(Sweep),
    /// `POST /v1/quarantine/purge`: give them up for good.
    Purge(Sweep),
}

/// Which events are gone through, in the order of `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Which.
    pub filter: Filter,
    /// Only those whose `seq` is above this.
    pub after: u64,
    /// At most so many, 1 to [`MAX_QUARANTINE_BATCH`].
    pub limit: u32,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
}

impl QuarantineRequest {
    pub(crate) fn list(query: &str) -> Result<Self, Refusal> {
        let (after, limit) = query::page(query)?;
        let filter = Filter {
            rule: text_of_query(query, "rule")?,
            event_name: text_of_query(query, "event_name")?,
            before: None,
        };
        Ok(Self::List { filter, after, limit })
    }

    pub(crate) fn show(event_id: &str) -> Result<Self, Refusal> {
        let invalid = Refusal::InvalidParameter { name: "event_id", expected: "a UUID" };
        Ok(Self::Show { event_id: EventId::parse(event_id).ok_or(invalid)? })
    }

    pub(crate) fn replay(request: &Request<'_>) -> Result<Self, Refusal> {
        Ok(Self::Replay(Sweep::read(request)?))
    }

    /// Nobody empties a quarantine by leaving something out: it takes a filter.
    pub(crate) fn purge(request: &Request<'_>) -> Result<Self, Refusal> {
        let sweep = Sweep::read(request)?;
        if sweep.filter == Filter::default() {
            let expected = "given, or `event_name`, or `before`: a purge needs to be told of what";
            return Err(Refusal::InvalidParameter { name: "rule", expected });
        }
        Ok(Self::Purge(sweep))
    }
}

impl Sweep {
    /// Reads a body like `{"dry_run":true,"rule":"too_long"}`. A member that is not known is refused, for `dryrun` is not
    /// `dry_run`.
    fn read(request: &Request<'_>) -> Result<Self, Refusal> {
        let body = unwrapped(request)?;
        let mut sweep =
            Self { filter: Filter::default(), after: 0, limit: DEFAULT_QUARANTINE_BATCH, dry_run: false };
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
            None if !is_object => Err(Refusal::InvalidParameter {
                name: "body",
                expected: "a JSON object: {} for all, or with dry_run, rule, event_name, before, after, limit",
            }),
            None => Ok(sweep),
        }
    }

    fn member(&mut self, name: &[u8], value: Value<'_>) -> Result<(), Refusal> {
        let integer = || value.integer().and_then(|n| u64::try_from(n).ok());
        let is_bool = value.is_true() || value.is_false();
        let (name, expected, was_read) = match name {
            b"dry_run" => {
                self.dry_run = value.is_true();
                ("dry_run", "true or false", is_bool)
            }
            b"rule" => {
                self.filter.rule = text(value);
                ("rule", RULE, self.filter.rule.is_some())
            }
            b"event_name" => {
                self.filter.event_name = text(value);
                ("event_name", EVENT_NAME, self.filter.event_name.is_some())
            }
            b"before" => {
                self.filter.before = value.string().and_then(|text| Timestamp::parse(&text));
                ("before", "a moment by RFC 3339, or a day", self.filter.before.is_some())
            }
            b"after" => {
                let after = integer();
                self.after = after.unwrap_or_default();
                ("after", "the seq of a row, a number from 0", after.is_some())
            }
            b"limit" => {
                let limit = integer()
                    .and_then(|n| u32::try_from(n).ok())
                    .filter(|n| (1..=MAX_QUARANTINE_BATCH).contains(n));
                self.limit = limit.unwrap_or_default();
                ("limit", "a number from 1 to 10000", limit.is_some())
            }
            _ => ("body", "an object of dry_run, rule, event_name, before, after and limit", false),
        };
        if was_read { Ok(()) } else { Err(Refusal::InvalidParameter { name, expected }) }
    }
}

const RULE: &str = "the name of a rule, as in a quarantined event";
const EVENT_NAME: &str = "the name of an event";

fn text(value: Value<'_>) -> Option<String> {
    value.string().map(Cow::into_owned).filter(|text| is_name(text))
}

fn is_name(text: &str) -> bool {
    (1..=MAX_FILTER_BYTES).contains(&text.len())
}

fn text_of_query(query: &str, name: &'static str) -> Result<Option<String>, Refusal> {
    let expected = if name == "rule" { RULE } else { EVENT_NAME };
    let Some(given) = parameter(query.as_bytes(), name.as_bytes()) else { return Ok(None) };
    String::from_utf8(percent_decoded(given))
        .ok()
        .filter(|text| is_name(text))
        .map(Some)
        .ok_or(Refusal::InvalidParameter { name, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attr(result: Result<QuarantineRequest, Refusal>) -> Option<&'static str> {
        result.err().and_then(|refusal| refusal.attr())
    }

    fn posted(body: &str) -> Request<'_> {
        Request { method: "POST", body: body.as_bytes(), ..Request::default() }
    }

    #[test]
    fn a_list_by_rule_and_name() {
        let list = |query| QuarantineRequest::list(query);
        let filter = |rule: Option<&str>, name: Option<&str>| Filter {
            rule: rule.map(str::to_owned),
            event_name: name.map(str::to_owned),
            before: None,
        };
        let all = QuarantineRequest::List { filter: filter(None, None), after: 0, limit: 100 };
        assert_eq!(list(""), Ok(all));
        assert_eq!(
            list("after=7&limit=2&rule=too_long&event_name=order%20paid"),
            Ok(QuarantineRequest::List {
                filter: filter(Some("too_long"), Some("order paid")),
                after: 7,
                limit: 2
            })
        );
        assert_eq!(attr(list("limit=0")), Some("limit"));
        assert_eq!(attr(list("event_name=%ff")), Some("event_name"));
    }

    #[test]
    fn a_sweep() {
        let replay = |body: &str| QuarantineRequest::replay(&posted(body));
        let all = Sweep { filter: Filter::default(), after: 0, limit: 1_000, dry_run: false };
        assert_eq!(replay(" {} "), Ok(QuarantineRequest::Replay(all.clone())));
        let body = r#"{"dry_run":true,"rule":"too_long","event_name":"a","before":"2026-11-21","after":9,"limit":10000}"#;
        let filter = Filter {
            rule: Some("too_long".into()),
            event_name: Some("a".into()),
            before: Timestamp::parse("2026-11-21"),
        };
        let sweep = Sweep { filter, after: 9, limit: 10_000, dry_run: true };
        assert_eq!(replay(body), Ok(QuarantineRequest::Replay(sweep.clone())));
        assert_eq!(QuarantineRequest::purge(&posted(body)), Ok(QuarantineRequest::Purge(sweep)));
        for (bad, name) in [
            (r#"{"dryrun":true}"#, "body"),
            (r#"{"dry_run":"true"}"#, "dry_run"),
            (r#"{"rule":7}"#, "rule"),
            (r#"{"rule":""}"#, "rule"),
            (r#"{"event_name":null}"#, "event_name"),
            (r#"{"before":"yesterday"}"#, "before"),
            (r#"{"after":-1}"#, "after"),
            (r#"{"limit":10001}"#, "limit"),
            (r#"{"limit":0}"#, "limit"),
            ("[]", "body"),
            ("{}x", "body"),
            ("{", "body"),
        ] {
            assert_eq!(attr(replay(bad)), Some(name), "{bad}");
        }
        assert_eq!(attr(QuarantineRequest::purge(&posted("{\"dry_run\":true}"))), Some("rule"));
    }

    #[test]
    fn one_by_its_id() {
        assert_eq!(attr(QuarantineRequest::show("x")), Some("event_id"));
        assert!(QuarantineRequest::show("01a1fb70-e23f-7e92-afec-cc67e8fbdbf5").is_ok());
    }
}
