//! What the registry says of a key, and the memory of it.

use tallymark_event::{OrganizationId, Timestamp};

use crate::{
    Refusal,
    admit::normalized_origin,
    decode::{Kind, fields, strings},
    limits::{KEY_TTL_MS, MAX_CACHED_KEYS},
    refusal::TokenDefect,
    shelf::Shelf,
    signer::{self, Signer},
};

/// What the registry's names of keys begin with.
pub(crate) const PREFIX: &str = "key:";

/// The three kinds of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// `wk_…`: public, bound to origins.
    Browser,
    /// `sk_…`: secret, of a back end.
    Server,
    /// `rk_…`: secret, reads only.
    Read,
}

impl KeyKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Server => "server",
            Self::Read => "read",
        }
    }

    /// The kind of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What its keys begin with.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Browser => "wk_",
            Self::Server => "sk_",
            Self::Read => "rk_",
        }
    }

    /// What a key of ours is by its prefix, whether or not anybody has it.
    pub(crate) fn announced_by(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| key.starts_with(kind.prefix()))
    }

    const ALL: [Self; 3] = [Self::Browser, Self::Server, Self::Read];
}

/// A key's record: `{"organization_id":"org_x","kind":"browser"|"server"|"read","origins":[…],"expires_at":"…"}`,
/// further fields ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRecord {
    pub(crate) organization_id: OrganizationId,
    pub(crate) kind: KeyKind,
    /// Normalised, or `*`.
    pub(crate) origins: Vec<String>,
    /// From then on it admits nobody: it was rotated or revoked.
    expires_at: Option<Timestamp>,
}

impl KeyRecord {
    fn parse(text: &str) -> Option<Self> {
        let [organization_id, kind, origins, expires_at] =
            fields(text, [b"organization_id", b"kind", b"origins", b"expires_at"]).ok()?;
        let kind = KeyKind::named(&kind?.string()?)?;
        let origins = match origins {
            None => Vec::new(),
            Some(list) if list.kind() == Kind::Null => Vec::new(),
            Some(list) => strings(list)?.iter().map(|origin| normalized_origin(origin)).collect(),
        };
        // An end that can't be read is no licence to live for ever.
        let expires_at = match expires_at.filter(|end| !end.is_null()) {
            None => None,
            Some(end) => Some(Timestamp::parse(&end.string()?)?),
        };
        let organization_id = OrganizationId::new(&organization_id?.string()?)?;
        Some(Self { organization_id, kind, origins, expires_at })
    }

    fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// What is known of a key or a signer.
#[derive(Clone, Debug)]
enum Knowledge {
    Record(KeyRecord),
    Signer(Box<Signer>),
    Unreadable,
    Unknown,
}

/// What the registry said lately. Keys that it does not have are remembered apart from those it has, so
/// that no flood of made-up keys pushes a real one out.
#[derive(Debug)]
pub(crate) struct KeyCache {
    known: Shelf<Knowledge>,
    unknown: Shelf<Knowledge>,
}

impl Default for KeyCache {
    fn default() -> Self {
        let shelf = || Shelf::new(KEY_TTL_MS, MAX_CACHED_KEYS);
        Self { known: shelf(), unknown: shelf() }
    }
}

impl KeyCache {
    /// The record of a key: `Ok(None)` if the registry has to be asked, a refusal if it has none.
    pub(crate) fn get(&self, lookup: &str, now: Timestamp) -> Result<Option<&KeyRecord>, Refusal> {
        match self.known.get(lookup, now).or_else(|| self.unknown.get(lookup, now)) {
            None => Ok(None),
            Some(Knowledge::Record(record)) if record.has_ended(now) => Err(Refusal::KeyEnded),
            Some(Knowledge::Record(record)) => Ok(Some(record)),
            Some(Knowledge::Unreadable | Knowledge::Signer(_)) => Err(Refusal::RegistryRecordInvalid),
            Some(Knowledge::Unknown) => Err(Refusal::UnknownKey),
        }
    }

    /// The same of a signer.
    pub(crate) fn signer(&self, lookup: &str, now: Timestamp) -> Result<Option<&Signer>, Refusal> {
        match self.known.get(lookup, now).or_else(|| self.unknown.get(lookup, now)) {
            None => Ok(None),
            Some(Knowledge::Signer(signer)) => Ok(Some(signer)),
            Some(Knowledge::Unreadable | Knowledge::Record(_)) => Err(Refusal::RegistryRecordInvalid),
            Some(Knowledge::Unknown) => Err(Refusal::InvalidToken(TokenDefect::UnknownSigner)),
        }
    }

    /// Remembers what the registry holds under `lookup`, for [`KEY_TTL_MS`].
    pub(crate) fn learn(&mut self, lookup: &str, record: Option<&str>, now: Timestamp) {
        self.known.remove(lookup);
        self.unknown.remove(lookup);
        let read = |record: &str| {
            if lookup.starts_with(signer::LOOKUP) {
                Signer::parse(record).map(|signer| Knowledge::Signer(Box::new(signer)))
            } else {
                KeyRecord::parse(record).map(Knowledge::Record)
            }
        };
        match record.map(read) {
            Some(Some(knowledge)) => self.known.put(lookup, knowledge, 1, now),
            Some(None) => self.unknown.put(lookup, Knowledge::Unreadable, 1, now),
            None => self.unknown.put(lookup, Knowledge::Unknown, 1, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str =
        r#"{"organization_id":"org_1","kind":"browser","origins":["HTTPS://Shop.example:443/"],"plan":7}"#;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_record_is_read_and_forgotten_after_its_time() {
        let mut cache = KeyCache::default();
        assert_eq!(cache.get("key:wk_1", at(0)), Ok(None));
        cache.learn("key:wk_1", Some(RECORD), at(0));
        let record = cache.get("key:wk_1", at(KEY_TTL_MS - 1)).unwrap().unwrap();
        assert_eq!(record.organization_id.as_str(), "org_1");
        assert_eq!(record.origins, ["https://shop.example"]);
        assert_eq!(cache.get("key:wk_1", at(KEY_TTL_MS)), Ok(None));
        assert_eq!(cache.get("key:wk_1", at(-1)), Ok(None));
    }

    #[test]
    fn a_key_ends_on_the_moment_whenever_it_was_learnt() {
        let mut cache = KeyCache::default();
        let ending =
            |end: &str| format!("{{\"organization_id\":\"o\",\"kind\":\"read\",\"expires_at\":{end}}}");
        cache.learn("key:rk_1", Some(&ending("\"1970-01-01T00:00:30.000Z\"")), at(0));
        assert!(matches!(cache.get("key:rk_1", at(29_999)), Ok(Some(_))));
        assert_eq!(cache.get("key:rk_1", at(30_000)), Err(Refusal::KeyEnded));
        cache.learn("key:rk_1", Some(&ending("null")), at(0));
        assert!(matches!(cache.get("key:rk_1", at(30_000)), Ok(Some(_))));
        for damaged in ["7", "\"soon\"", "true"] {
            cache.learn("key:rk_1", Some(&ending(damaged)), at(0));
            assert_eq!(cache.get("key:rk_1", at(1)), Err(Refusal::RegistryRecordInvalid), "{damaged}");
        }
    }

    #[test]
    fn absence_and_damage_are_remembered_too() {
        let mut cache = KeyCache::default();
        cache.learn("a", None, at(0));
        assert_eq!(cache.get("a", at(1)), Err(Refusal::UnknownKey));
        for damaged in [
            "",
            "null",
            "{}",
            r#"{"organization_id":"o","kind":"admin"}"#,
            r#"{"organization_id":"","kind":"read"}"#,
            r#"{"organization_id":1,"kind":"read"}"#,
            r#"{"organization_id":"o","kind":"browser","origins":"x"}"#,
            r#"{"organization_id":"o","kind":"browser","origins":[1]}"#,
            r#"{"organization_id":"o","kind":"read"} x"#,
        ] {
            cache.learn("b", Some(damaged), at(0));
            assert_eq!(cache.get("b", at(1)), Err(Refusal::RegistryRecordInvalid), "{damaged}");
        }
        cache.learn("a", Some(RECORD), at(2));
        assert!(matches!(cache.get("a", at(3)), Ok(Some(_))), "a key made meanwhile");
    }

    #[test]
    fn a_flood_of_unknown_keys_evicts_only_its_own() {
        let mut cache = KeyCache::default();
        cache.learn("real", Some(RECORD), at(0));
        for n in 0..=MAX_CACHED_KEYS {
            cache.learn(&format!("made-up-{n}"), None, at(1));
        }
        assert!(matches!(cache.get("real", at(2)), Ok(Some(_))));
        assert_eq!(cache.get("made-up-0", at(2)), Ok(None), "the oldest is forgotten");
        assert_eq!(cache.get("made-up-1", at(2)), Err(Refusal::UnknownKey));
        assert_eq!(cache.unknown.len(), MAX_CACHED_KEYS);
    }
}
