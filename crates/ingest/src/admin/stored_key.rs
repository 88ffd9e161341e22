//! A key as the operator's list has it.

use sha2::{Digest, Sha256};
use tallymark_event::Timestamp;

use crate::{
    decode::{Kind, Value, fields, strings},
    keys::KeyKind,
    limits::{KEY_ID_HEX, MAX_METADATA_ORIGINS_BYTES},
    members::Members,
    text,
};

/// What the registry's names of these begin with; the organization, a slash and the key's id follow.
const PREFIX: &str = "key_of:";

/// A key, without what makes it one if that is secret.
#[derive(Clone, Debug)]
pub(super) struct StoredKey {
    pub(super) key_id: String,
    /// The name of the record that requests are admitted by.
    pub(super) lookup: String,
    pub(super) kind: KeyKind,
    /// Normalised, or `*`.
    pub(super) origins: Vec<String>,
    /// What people call it.
    pub(super) name: Option<String>,
    pub(super) made_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
    /// The id of the key that is to take its place.
    pub(super) successor: Option<String>,
}

/// The prefix of the names of an organization's keys.
pub(super) fn prefix(organization_id: &str) -> String {
    [PREFIX, organization_id, "/"].concat()
}

/// What a key is called where it must not be named: as much of its SHA-256 as tells keys apart. Nothing of a key that
/// nobody can guess follows from it.
pub(super) fn key_id(key: &str) -> String {
    let mut hex = String::with_capacity(64);
    text::push_hex(&mut hex, &Sha256::digest(key));
    hex.truncate(KEY_ID_HEX);
    hex
}

impl StoredKey {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let [key_id, lookup, kind, origins, name, made_at, expires_at, revoked_at, successor] = fields(
            text,
            [
                b"key_id",
                b"lookup",
                b"kind",
                b"origins",
                b"name",
                b"made_at",
                b"expires_at",
                b"revoked_at",
                b"successor",
            ],
        )
        .ok()?;
        let owned = |value: Option<Value<'_>>| Some(value?.string()?.into_owned());
        Some(Self {
            key_id: owned(key_id)?,
            lookup: owned(lookup)?,
            kind: KeyKind::named(&kind?.string()?)?,
            origins: origins.filter(|list| list.kind() == Kind::Array).map_or(Some(Vec::new()), strings)?,
            name: owned(name),
            made_at: moment(made_at)?,
            expires_at: moment(expires_at),
            revoked_at: moment(revoked_at),
            successor: owned(successor),
        })
    }

    /// Its name in the registry.
    pub(super) fn entry_name(&self, organization_id: &str) -> String {
        [&*prefix(organization_id), &self.key_id].concat()
    }

    /// What the registry holds under that name.
    pub(super) fn entry(&self) -> String {
        let mut out = String::new();
        let mut members = self.open(&mut out);
        members.add("lookup", &text::quoted(&self.lookup));
        members.add("origins", &list(&self.origins));
        members.close();
        out
    }

    /// What a list says of it. A list has room for few origins.
    pub(super) fn metadata(&self) -> String {
        let mut out = String::new();
        let mut members = self.open(&mut out);
        let origins = list(&self.origins);
        members.add("origins", if origins.len() <= MAX_METADATA_ORIGINS_BYTES { &origins } else { "null" });
        members.close();
        out
    }

    /// The record that requests are admitted by.
    pub(super) fn record(&self, organization_id: &str) -> String {
        let mut out = String::new();
        let mut members = Members::open(&mut out);
        members.add("organization_id", &text::quoted(organization_id));
        members.add("kind", &text::quoted(self.kind.name()));
        if self.kind == KeyKind::Browser {
            members.add("origins", &list(&self.origins));
        }
        members.add("key_id", &text::quoted(&self.key_id));
        if let Some(expires_at) = self.expires_at {
            members.add("expires_at", &quoted_moment(expires_at));
        }
        members.close();
        out
    }

    /// What is shown of it at `now`; with the `key` itself when it was just made.
    pub(super) fn shown(&self, key: Option<&str>, now: Timestamp) -> String {
        let mut out = String::new();
        let mut members = self.open(&mut out);
        members.add("origins", &list(&self.origins));
        members.add("state", &text::quoted(state(self.expires_at, self.revoked_at, now)));
        if let Some(key) = key {
            members.add("key", &text::quoted(key));
        }
        members.close();
        out
    }

    /// Whether it admits requests.
    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }

    /// The key itself, of a kind that is no secret.
    fn public_key(&self) -> Option<&str> {
        (self.kind == KeyKind::Browser).then(|| self.lookup.strip_prefix("key:")).flatten()
    }

    fn open<'o>(&self, out: &'o mut String) -> Members<'o, 'static> {
        let mut members = Members::open(out);
        members.add("key_id", &text::quoted(&self.key_id));
        members.add("kind", &text::quoted(self.kind.name()));
        if let Some(key) = self.public_key() {
            members.add("key", &text::quoted(key));
        }
        members.add("name", &self.name.as_deref().map_or_else(|| "null".to_owned(), text::quoted));
        members.add("made_at", &quoted_moment(self.made_at));
        let moment = |at: Option<Timestamp>| at.map_or_else(|| "null".to_owned(), quoted_moment);
        members.add("expires_at", &moment(self.expires_at));
        members.add("revoked_at", &moment(self.revoked_at));
        members.add("successor", &self.successor.as_deref().map_or_else(|| "null".to_owned(), text::quoted));
        members
    }
}

/// A key of a list, from its metadata, as it is at `now`.
pub(super) fn listed(metadata: Value<'_>, now: Timestamp) -> Option<String> {
    let [expires_at, revoked_at] = fields(metadata.as_str(), [b"expires_at", b"revoked_at"]).ok()?;
    let mut out = String::with_capacity(metadata.as_str().len() + 24);
    let mut members = Members::open(&mut out);
    members.copy_all(metadata).ok()?;
    members.add("state", &text::quoted(state(moment(expires_at), moment(revoked_at), now)));
    members.close();
    Some(out)
}

const fn state(expires_at: Option<Timestamp>, revoked_at: Option<Timestamp>, now: Timestamp) -> &'static str {
    match (expires_at, revoked_at) {
        (_, Some(_)) => "revoked",
        (Some(end), None) if end.ms() <= now.ms() => "ended",
        (Some(_), None) => "ending",
        (None, None) => "active",
    }
}

fn moment(value: Option<Value<'_>>) -> Option<Timestamp> {
    Timestamp::parse(&value?.string()?)
}

fn quoted_moment(at: Timestamp) -> String {
    let mut text = String::from("\"");
    at.write(&mut text);
    text.push('"');
    text
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| text::quoted(text)).collect();
    format!("[{}]", quoted.join(","))
}
