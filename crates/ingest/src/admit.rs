//! Verb 2, admit: key and origin → tenant, source and trust, or a refusal.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use tallymark_event::{Source, Trust};

use crate::{
    Dialect, Protocol, Refusal, Request,
    decode::{Batch, Value, parameter, percent_decoded},
    keys::{self, KeyKind, KeyRecord},
    limits::{MAX_KEY_BYTES, MAX_TOKEN_BYTES},
    refusal::KeyDefect,
    signer::Signer,
    text::{self, Text},
    token::{self, Vouched},
};

/// In whose name a request may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission<'k> {
    pub(crate) organization_id: &'k str,
    pub(crate) source: Source,
    pub(crate) trust: Trust,
    /// The user whom a token was signed for: no other is believed.
    pub(crate) user_id: Option<&'k Text<'static>>,
}

/// The key that a request to store events presents.
pub(crate) fn presented_key<'r>(
    protocol: Protocol,
    request: &Request<'r>,
    batch: &Batch<'r>,
) -> Result<Cow<'r, str>, Refusal> {
    match protocol {
        Protocol::Batch | Protocol::Beacon | Protocol::Engage | Protocol::Collect { .. } => {
            key_in_body(protocol, batch)
        }
        Protocol::CaptureV1 | Protocol::DomainEvents => bearer_key(request),
        Protocol::Measurement => key_in_query(request, "api_secret"),
    }
}

/// The Measurement Protocol's other key: which of the tenant's sites or apps a request is for.
pub(crate) fn presented_stream<'r>(request: &Request<'r>) -> Result<Cow<'r, str>, Refusal> {
    key_in_query(request, "measurement_id").or_else(|_| key_in_query(request, "firebase_app_id")).map_err(
        |refusal| match refusal {
            Refusal::MissingKey { .. } => Refusal::MissingKey { field: "measurement_id" },
            other => other,
        },
    )
}

fn key_in_query<'r>(request: &Request<'r>, field: &'static str) -> Result<Cow<'r, str>, Refusal> {
    let key = parameter(request.query.as_bytes(), field.as_bytes()).ok_or(Refusal::MissingKey { field })?;
    let key =
        String::from_utf8(percent_decoded(key)).map_err(|_| Refusal::InvalidKey(KeyDefect::NotAscii))?;
    shaped_like_a_key(Cow::Owned(key))
}

/// The key in `Authorization: Bearer …`.
pub(crate) fn bearer_key<'r>(request: &Request<'r>) -> Result<Cow<'r, str>, Refusal> {
    const SCHEME: &str = "Bearer ";
    let missing = Refusal::MissingKey { field: "Authorization" };
    let header = request.authorization.map(str::trim_start).ok_or_else(|| missing.clone())?;
    let (scheme, key) = header.split_at_checked(SCHEME.len()).ok_or_else(|| missing.clone())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) || key.trim().is_empty() {
        return Err(missing);
    }
    shaped_like_a_key(Cow::Borrowed(key))
}

/// The batch's own key, or the one that its events agree upon. Events without one ride along.
fn key_in_body<'t>(protocol: Protocol, batch: &Batch<'t>) -> Result<Cow<'t, str>, Refusal> {
    let given = |value: &Value<'_>| !value.is_null();
    if let Some(token) = batch.token.filter(given) {
        return text_of_key(protocol, token);
    }
    let mut agreed: Option<Value<'t>> = None;
    for event in &batch.events {
        let Some(token) = event.token.filter(given).or(event.lifted.token.filter(given)) else { continue };
        match agreed {
            None => agreed = Some(token),
            Some(key) if key == token => {}
            Some(key) if text_of_key(protocol, key)? == text_of_key(protocol, token)? => {}
            Some(_) => return Err(Refusal::InconsistentKeys),
        }
    }
    text_of_key(protocol, agreed.ok_or(Refusal::MissingKey { field: "api_key" })?)
}

fn text_of_key(protocol: Protocol, value: Value<'_>) -> Result<Cow<'_, str>, Refusal> {
    let key = value.string().ok_or(Refusal::InvalidKey(KeyDefect::NotAString))?;
    if key.trim().is_empty() {
        return Err(Refusal::MissingKey { field: "api_key" });
    }
    if protocol.takes_tokens() && token::is_token(&key) {
        return printable(key, MAX_TOKEN_BYTES);
    }
    shaped_like_a_key(key)
}

fn shaped_like_a_key(key: Cow<'_, str>) -> Result<Cow<'_, str>, Refusal> {
    printable(key, MAX_KEY_BYTES)
}

fn printable(key: Cow<'_, str>, max_bytes: usize) -> Result<Cow<'_, str>, Refusal> {
    let key = match key {
        Cow::Borrowed(key) => Cow::Borrowed(key.trim()),
        Cow::Owned(key) => Cow::Owned(key.trim().to_owned()),
    };
    let defect = if key.len() > max_bytes {
        KeyDefect::TooLong
    } else if !key.bytes().all(|c| c.is_ascii_graphic()) {
        KeyDefect::NotAscii
    } else if key.starts_with("phx_") {
        KeyDefect::PersonalApiKey
    } else {
        return Ok(key);
    };
    Err(Refusal::InvalidKey(defect))
}

/// The registry's name for a key. Secret keys are known to it by their SHA-256 alone, and so is an operator's token that
/// somebody takes for a key.
pub(crate) fn lookup(key: &str) -> String {
    if !["sk_", "rk_", "ak_"].iter().any(|prefix| key.starts_with(prefix)) {
        return [keys::PREFIX, key].concat();
    }
    lookup_of_secret(key)
}

/// The registry's name for a key that is secret whatever it looks like.
pub(crate) fn lookup_of_secret(key: &str) -> String {
    let mut lookup = String::from("key:sha256:");
    text::push_hex(&mut lookup, &Sha256::digest(key));
    lookup
}

/// The registry's name for the key that a request's head presents, where its protocol has it there.
pub(crate) fn lookup_in_head(protocol: Option<Protocol>, head: &Request<'_>) -> Option<String> {
    match protocol {
        None | Some(Protocol::CaptureV1 | Protocol::DomainEvents) => {
            bearer_key(head).ok().map(|key| lookup(&key))
        }
        Some(Protocol::Measurement) => {
            key_in_query(head, "api_secret").ok().map(|key| lookup_of_secret(&key))
        }
        Some(_) => None,
    }
}

/// Whether the key may store events that come this way, from where the request comes.
pub(crate) fn admit<'k>(
    protocol: Protocol,
    request: &Request<'_>,
    record: &'k KeyRecord,
) -> Result<Admission<'k>, Refusal> {
    let (source, trust) = match (record.kind, protocol.dialect()) {
        (KeyKind::Server, _) if matches!(protocol, Protocol::Collect { .. }) => {
            return Err(wrong_kind(record, "it is secret, and has no place in an address of pages"));
        }
        (KeyKind::Browser, _) if protocol == Protocol::Measurement => {
            return Err(wrong_kind(record, "api_secret is a server key (sk_…)"));
        }
        (KeyKind::Server, _) => (Source::Server, Trust::Server),
        (KeyKind::Browser, Dialect::Batch) => (Source::Browser, trust_of_origin(request, &record.origins)?),
        (KeyKind::Browser, Dialect::DomainEvents) => {
            return Err(wrong_kind(record, "domain events take a server key (sk_…)"));
        }
        (KeyKind::Read, _) => {
            return Err(wrong_kind(
                record,
                "to store events, use a browser key (wk_…) or a server key (sk_…)",
            ));
        }
    };
    Ok(Admission { organization_id: record.organization_id.as_str(), source, trust, user_id: None })
}

/// In whose name a page with a token may speak. A token that names no user vouches for the organization alone.
pub(crate) fn admit_token<'k>(
    request: &Request<'_>,
    signer: &Signer,
    vouched: &'k Vouched,
) -> Result<Admission<'k>, Refusal> {
    let of_origin = trust_of_origin(request, &signer.origins)?;
    let user_id = vouched.user_id.as_ref();
    let trust = if user_id.is_some() { Trust::Token } else { of_origin };
    Ok(Admission {
        organization_id: vouched.organization_id.as_str(),
        source: Source::Browser,
        trust,
        user_id,
    })
}

/// The tenant that the key may read.
pub(crate) fn admit_reader(record: &KeyRecord) -> Result<&str, Refusal> {
    match record.kind {
        KeyKind::Read => Ok(record.organization_id.as_str()),
        KeyKind::Browser | KeyKind::Server => Err(wrong_kind(record, "to read, use a read key (rk_…)")),
    }
}

/// The tenant whose stored events the key may change. A read key is in dashboards and notebooks, and may not: what reads
/// needs no more than that.
pub(crate) fn admit_owner(record: &KeyRecord) -> Result<&str, Refusal> {
    match record.kind {
        KeyKind::Server => Ok(record.organization_id.as_str()),
        KeyKind::Browser | KeyKind::Read => {
            Err(wrong_kind(record, "to change what is stored, use a server key (sk_…)"))
        }
    }
}

fn wrong_kind(record: &KeyRecord, remedy: &'static str) -> Refusal {
    Refusal::WrongKeyKind { kind: record.kind.name(), remedy }
}

/// A page names its origin, or at least its address; whoever names none is trusted no further than the key,
/// which is public. Neither does a key for any origin say more of the page.
fn trust_of_origin(request: &Request<'_>, origins: &[String]) -> Result<Trust, Refusal> {
    let given = |header: &&str| !header.trim().is_empty();
    let Some(origin) = request.origin.filter(given).or(request.referer.filter(given)) else {
        return Ok(Trust::Key);
    };
    let origin = normalized_origin(origin);
    if origins.contains(&origin) && origin != "null" {
        Ok(Trust::Origin)
    } else if origins.iter().any(|allowed| allowed == "*") {
        Ok(Trust::Key)
    } else {
        Err(Refusal::foreign_origin(&origin))
    }
}

/// The origin part of an origin or address, in lower case, without its scheme's own port. A text without a
/// scheme (`null`, `*`) stays what it is.
pub(crate) fn normalized_origin(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    format!("{scheme}://{}", authority.strip_suffix(own_port).unwrap_or(authority))
}
