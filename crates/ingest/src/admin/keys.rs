//! Keys: made, listed, given a successor, revoked.
//!
//! Of each there are two records: the one that requests are admitted by, under the key's own name or, of a secret, its
//! digest; and one in the organization's list. The list comes first when a key is made, so that none works unlisted; it
//! comes last when one ends, so that none is listed as ended that works.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tallymark_event::Timestamp;

use super::{
    Defect, Done, Facts, Pause, Write, body, origins,
    stored_key::{self, StoredKey, key_id},
};
use crate::{
    Answer, Refusal,
    admit::lookup,
    decode::Value,
    keys::KeyKind,
    limits::{
        DEFAULT_OVERLAP_S, ENDED_KEY_KEPT_MS, KEY_RANDOM_BYTES, MAX_KEY_LABEL, MAX_KEYS_OF_ORGANIZATION,
        MAX_OVERLAP_S,
    },
};

/// `GET …/keys`.
pub(super) fn list(organization_id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    let entries = facts.found.list(&stored_key::prefix(organization_id))?;
    let keys: Vec<String> =
        entries.iter().filter_map(|entry| stored_key::listed(entry.metadata?, facts.now)).collect();
    Ok(Done::told(format!("{{\"keys\":[{}]}}", keys.join(","))))
}

/// `GET …/keys/<key_id>`.
pub(super) fn show(organization_id: &str, id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    Ok(Done::told(stored(organization_id, id, facts)?.shown(None, facts.now)))
}

/// `POST …/keys`: `{"kind":"browser"|"server"|"read","origins":[…],"name":"…"}`.
pub(super) fn make(organization_id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    const EXPECTED: &str = "an object of kind, origins and name";
    let (kind, origins, name) =
        body::members(facts.request, ["kind", "origins", "name"], EXPECTED, |[kind, origins, name]| {
            let kind = kind.and_then(Value::string).and_then(|kind| KeyKind::named(&kind));
            let kind =
                kind.ok_or(Refusal::InvalidParameter { name: "kind", expected: "browser, server or read" })?;
            let origins = match kind {
                KeyKind::Browser => origins::parse(origins)?,
                KeyKind::Server | KeyKind::Read if origins.is_some() => {
                    let expected = "left out: only browser keys are bound to pages";
                    return Err(Refusal::InvalidParameter { name: "origins", expected });
                }
                KeyKind::Server | KeyKind::Read => Vec::new(),
            };
            Ok((kind, origins, label(name)?))
        })?;
    let entries = facts.found.list(&stored_key::prefix(organization_id))?;
    if entries.len() >= MAX_KEYS_OF_ORGANIZATION {
        let detail =
            "the organization has 900 keys, counting those that ended within 30 days: revoke some, and wait";
        return Err(Defect::Conflict { detail }.into());
    }
    let (key, made) = new_key(kind, origins, name, facts);
    Ok(Done {
        writes: writes_of_new(&made, organization_id),
        answer: Answer::json(201, made.shown(Some(&key), facts.now)),
    })
}

/// `POST …/keys/<key_id>/rotate`: `{"overlap_s":86400}`.
pub(super) fn rotate(organization_id: &str, id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    let overlap_s = body::members(facts.request, ["overlap_s"], "an object of overlap_s", |[overlap]| {
        let seconds = overlap.map_or(Some(DEFAULT_OVERLAP_S), Value::integer);
        let expected = "a number of seconds from 0 to 7776000, which is 90 days";
        seconds
            .filter(|seconds| (0..=MAX_OVERLAP_S).contains(seconds))
            .ok_or(Refusal::InvalidParameter { name: "overlap_s", expected })
    })?;
    let old = stored(organization_id, id, facts)?;
    if old.expires_at.is_some() {
        let detail = "the key ends already: rotate its successor, or make a new one";
        return Err(Defect::Conflict { detail }.into());
    }
    let (key, made) = new_key(old.kind, old.origins.clone(), old.name.clone(), facts);
    let end = Timestamp::from_ms(facts.now.ms().saturating_add(overlap_s.saturating_mul(1_000)));
    let old = StoredKey { expires_at: Some(end), successor: Some(made.key_id.clone()), ..old };
    let mut writes = writes_of_new(&made, organization_id);
    writes.extend(writes_of_ending(&old, organization_id, end));
    let body = format!(
        "{{\"key\":{},\"rotated\":{}}}",
        made.shown(Some(&key), facts.now),
        old.shown(None, facts.now)
    );
    Ok(Done { writes, answer: Answer::json(201, body) })
}

/// `DELETE …/keys/<key_id>`.
pub(super) fn revoke(organization_id: &str, id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    let key = stored(organization_id, id, facts)?;
    if key.revoked_at.is_some() {
        return Ok(Done::told(key.shown(None, facts.now)));
    }
    let end = if key.is_good(facts.now) { facts.now } else { key.expires_at.unwrap_or(facts.now) };
    let key = StoredKey { expires_at: Some(end), revoked_at: Some(facts.now), ..key };
    Ok(Done {
        writes: writes_of_ending(&key, organization_id, facts.now).into(),
        answer: Answer::json(200, key.shown(None, facts.now)),
    })
}

fn stored(organization_id: &str, id: &str, facts: &Facts<'_>) -> Result<StoredKey, Pause> {
    let entry = facts.found.record(&[&*stored_key::prefix(organization_id), id].concat())?;
    let absent = Defect::Absent { what: "a key of this id", remedy: "list the organization's keys" };
    let key = entry.as_deref().and_then(StoredKey::parse).ok_or(absent)?;
    Ok(key)
}

fn new_key(
    kind: KeyKind,
    origins: Vec<String>,
    name: Option<String>,
    facts: &Facts<'_>,
) -> (String, StoredKey) {
    let random = facts.random.get(..KEY_RANDOM_BYTES).unwrap_or_default();
    let key = [kind.prefix(), &BASE64_URL_SAFE_NO_PAD.encode(random)].concat();
    let made = StoredKey {
        key_id: key_id(&key),
        lookup: lookup(&key),
        kind,
        origins,
        name,
        made_at: facts.now,
        expires_at: None,
        revoked_at: None,
        successor: None,
    };
    (key, made)
}

fn writes_of_new(key: &StoredKey, organization_id: &str) -> Vec<Write> {
    let entry = Write::Put {
        name: key.entry_name(organization_id),
        value: key.entry(),
        metadata: Some(key.metadata()),
        until: None,
    };
    vec![entry, Write::put(key.lookup.clone(), key.record(organization_id))]
}

fn writes_of_ending(key: &StoredKey, organization_id: &str, end: Timestamp) -> [Write; 2] {
    let until = Some(Timestamp::from_ms(end.ms().saturating_add(ENDED_KEY_KEPT_MS)));
    let record =
        Write::Put { name: key.lookup.clone(), value: key.record(organization_id), metadata: None, until };
    let entry = Write::Put {
        name: key.entry_name(organization_id),
        value: key.entry(),
        metadata: Some(key.metadata()),
        until,
    };
    [record, entry]
}

/// What people call a key.
fn label(value: Option<Value<'_>>) -> Result<Option<String>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    let fits = |text: &str| {
        (1..=MAX_KEY_LABEL).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    let text = value.string().filter(|text| fits(text));
    let expected = "1 to 50 characters that say where the key is used";
    text.map(|text| Some(text.into_owned())).ok_or(Refusal::InvalidParameter { name: "name", expected })
}
