//! What may be wanted of a tenant's quarantine: to see it, to judge it again, to empty it.

use tallymark_event::{EventId, Timestamp};

use crate::{
    Refusal, Request,
    sweep::{Filter, Sweep},
};

/// Which events are meant: those for which all of these hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineFilter {
    /// The rule that they broke.
    pub rule: Option<String>,
    /// Their name.
    pub event_name: Option<String>,
    /// They were received before this.
    pub before: Option<Timestamp>,
}

impl Filter for QuarantineFilter {
    const MEMBERS: &'static [(&'static str, &'static str)] = &[
        ("rule", "the name of a rule, as in a quarantined event"),
        ("event_name", "the name of an event"),
        ("before", "a moment by RFC 3339, or a day"),
    ];
    const BODY: &'static str =
        "a JSON object: {} for all, or with dry_run, rule, event_name, before, after and limit";

    fn set(&mut self, name: &str, text: String) -> Option<()> {
        match name {
            "rule" => self.rule = Some(text),
            "event_name" => self.event_name = Some(text),
            "before" => self.before = Some(Timestamp::parse(&text)?),
            _ => return None,
        }
        Some(())
    }
}

/// A request about quarantined events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuarantineRequest {
    /// `GET /v1/quarantine?after=…&limit=…&rule=…&event_name=…`: a page of them.
    List(Sweep<QuarantineFilter>),
    /// `GET /v1/quarantine/<event_id>`: one of them, whole.
    Show {
        /// Its id.
        event_id: EventId,
    },
    /// `POST /v1/quarantine/replay`: judge them again with [`super::replay`], store what is accepted now.
    Replay(Sweep<QuarantineFilter>),
    /// `POST /v1/quarantine/purge`: give them up for good.
    Purge(Sweep<QuarantineFilter>),
}

impl QuarantineRequest {
    pub(crate) fn list(query: &str) -> Result<Self, Refusal> {
        Ok(Self::List(Sweep::of_query(query, &["rule", "event_name"])?))
    }

    pub(crate) fn show(event_id: &str) -> Result<Self, Refusal> {
        let invalid = Refusal::InvalidParameter { name: "event_id", expected: "a UUID" };
        Ok(Self::Show { event_id: EventId::parse(event_id).ok_or(invalid)? })
    }

    pub(crate) fn replay(request: &Request<'_>) -> Result<Self, Refusal> {
        Ok(Self::Replay(Sweep::read(request)?))
    }

    pub(crate) fn purge(request: &Request<'_>) -> Result<Self, Refusal> {
        let expected = "given, or `event_name`, or `before`: a purge needs to be told of what";
        Ok(Self::Purge(Sweep::read(request)?.narrowed("rule", expected)?))
    }
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
        let sweep = |rule: Option<&str>, name: Option<&str>, after, limit| {
            let (rule, event_name) = (rule.map(str::to_owned), name.map(str::to_owned));
            let filter = QuarantineFilter { rule, event_name, before: None };
            Ok(QuarantineRequest::List(Sweep { filter, after, limit, dry_run: true }))
        };
        assert_eq!(list(""), sweep(None, None, 0, 100));
        let query = "after=7&limit=2&rule=too_long&event_name=order%20paid";
        assert_eq!(list(query), sweep(Some("too_long"), Some("order paid"), 7, 2));
        assert_eq!(attr(list("limit=0")), Some("limit"));
        assert_eq!(attr(list("event_name=%ff")), Some("event_name"));
    }

    #[test]
    fn a_sweep() {
        let replay = |body: &str| QuarantineRequest::replay(&posted(body));
        let all = Sweep { filter: QuarantineFilter::default(), after: 0, limit: 1_000, dry_run: false };
        assert_eq!(replay(" {} "), Ok(QuarantineRequest::Replay(all.clone())));
        let body = r#"{"dry_run":true,"rule":"too_long","event_name":"a","before":"2026-11-21","after":9,"limit":10000}"#;
        let filter = QuarantineFilter {
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
