//! The paths of administration.

use tallymark_event::limits::MAX_ID;

use super::record::{Of, RecordKind};
use crate::{Refusal, decode::percent_decoded, limits::MAX_KEY_ID_BYTES};

/// What a path and a method ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route<'p> {
    /// Of which organization or what else, as it stands in the path.
    pub(super) subject: &'p str,
    pub(super) call: Call<'p>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call<'p> {
    ListKeys,
    MakeKey,
    ShowKey(&'p str),
    RotateKey(&'p str),
    RevokeKey(&'p str),
    ShowPlan,
    PushPlan,
    ListVersions,
    RollBack,
    ShowRecord(RecordKind),
    PutRecord(RecordKind),
    DeleteRecord(RecordKind),
}

/// Finds the call; `rest` is what follows `v1/admin/`.
pub(crate) fn route<'p>(method: &str, path: &str, rest: &'p str) -> Result<Route<'p>, Refusal> {
    let mut segments = rest.split('/');
    let mut segment = || segments.next();
    let (of, subject) = match (segment(), segment()) {
        (Some("organizations"), Some(organization)) => (Of::Organization, organization),
        (Some("signers"), Some(kid)) => (Of::Deployment("signers"), kid),
        _ => return Err(Refusal::not_found(path)),
    };
    let rest = [segment(), segment(), segment(), segment()];
    let not_allowed = |allowed| Err(Refusal::method_not_allowed(method, allowed));
    let call = match (of, rest) {
        (Of::Organization, [Some("keys"), None, ..]) => match method {
            "GET" => Call::ListKeys,
            "POST" => Call::MakeKey,
            _ => return not_allowed("GET or POST"),
        },
        (Of::Organization, [Some("keys"), Some(id), None, _]) => match method {
            "GET" => Call::ShowKey(id),
            "DELETE" => Call::RevokeKey(id),
            _ => return not_allowed("GET or DELETE"),
        },
        (Of::Organization, [Some("keys"), Some(id), Some("rotate"), None]) => match method {
            "POST" => Call::RotateKey(id),
            _ => return not_allowed("POST"),
        },
        (Of::Organization, [Some("plan"), None, ..]) => match method {
            "GET" => Call::ShowPlan,
            "PUT" => Call::PushPlan,
            _ => return not_allowed("GET or PUT"),
        },
        (Of::Organization, [Some("plan"), Some("versions"), None, _]) => match method {
            "GET" => Call::ListVersions,
            _ => return not_allowed("GET"),
        },
        (Of::Organization, [Some("plan"), Some("rollback"), None, _]) => match method {
            "POST" => Call::RollBack,
            _ => return not_allowed("POST"),
        },
        (of, [segment, None, ..]) => {
            let kind = RecordKind::at(of, segment).ok_or_else(|| Refusal::not_found(path))?;
            match method {
                "GET" => Call::ShowRecord(kind),
                "PUT" => Call::PutRecord(kind),
                "DELETE" => Call::DeleteRecord(kind),
                _ => return not_allowed("GET, PUT or DELETE"),
            }
        }
        _ => return Err(Refusal::not_found(path)),
    };
    Ok(Route { subject, call })
}

/// The subject's id. It becomes a part of names in the registry, where `/` ends it.
pub(super) fn subject(segment: &str, call: Call<'_>) -> Result<String, Refusal> {
    let (name, expected, max) = match call {
        Call::ShowRecord(kind) | Call::PutRecord(kind) | Call::DeleteRecord(kind)
            if !kind.is_organizations() =>
        {
            ("kid", "1 to 64 letters, digits, -, _ and .", MAX_KEY_ID_BYTES)
        }
        _ => ("organization_id", "1 to 200 bytes without / and control characters", MAX_ID),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let fits = |c: char| if name == "kid" { is_plain(c) } else { c != '/' && !c.is_control() };
    // In a path `+` is a plus, and in a query a blank: whoever means one writes %2B.
    String::from_utf8(percent_decoded(segment.as_bytes()))
        .ok()
        .filter(|_| !segment.contains('+'))
        .filter(|id| (1..=max).contains(&id.len()) && id.chars().all(fits))
        .ok_or(Refusal::InvalidParameter { name, expected })
}
