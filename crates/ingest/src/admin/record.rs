//! Records that are kept as they are given, once their kind has looked at them.
//!
//! A further kind is a further variant of [`RecordKind`]: where it is, its name in the registry, what makes it one, and
//! what is shown of it.

use super::{Defect, Done, Facts, Pause, RecordCheck, Write};
use crate::{
    Answer, Retention,
    decode::{Kind, Scanner, Value, each_member, items, unwrapped},
    limits::{MAX_ADMIN_RECORD_BYTES, MAX_LISTED_RECORDS},
    members::Members,
    settings::{self, OrganizationSettings, SettingsDefect},
    signer::{self, Signer},
};

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// An organization.
    Organization,
    /// All of them: the segment of its path.
    Deployment(&'static str),
}

/// The kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordKind {
    /// Where an organization's events go: `crates/delivery`.
    Destinations,
    /// An organization's limits and privacy: `settings`.
    Settings,
    /// Whoever signs tokens: docs/TOKENS.md.
    Signer,
}

const KINDS: [RecordKind; 3] = [RecordKind::Destinations, RecordKind::Settings, RecordKind::Signer];

/// Which members of a record are shown.
#[derive(Clone, Copy)]
enum Shown {
    AllBut(&'static [&'static str]),
    Only(&'static [&'static str]),
}

impl RecordKind {
    /// The kind of record that this path is of.
    pub(super) fn at(of: Of, segment: Option<&str>) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.place() == (of, segment))
    }

    /// Whose it is, and the last segment of its path.
    const fn place(self) -> (Of, Option<&'static str>) {
        match self {
            Self::Destinations => (Of::Organization, Some("destinations")),
            Self::Settings => (Of::Organization, Some("settings")),
            Self::Signer => (Of::Deployment("signers"), None),
        }
    }

    pub(super) fn is_organizations(self) -> bool {
        self.place().0 == Of::Organization
    }

    /// What its names in the registry begin with; the id follows.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Destinations => "destinations:",
            Self::Settings => settings::PREFIX,
            Self::Signer => signer::LOOKUP,
        }
    }

    /// What is wrong with a record, and what to do about it.
    fn check(self, text: &str, destinations: RecordCheck) -> Result<(), String> {
        match self {
            Self::Destinations => destinations(text),
            Self::Settings => OrganizationSettings::parse(text)
                .map(drop)
                .and_then(|()| Retention::parse(text).map(drop))
                .map_err(|SettingsDefect { path, expected }| {
                    let place = if path.is_empty() { "the record" } else { path };
                    format!("{place} must be {expected}")
                }),
            Self::Signer => Signer::parse(text).map(drop).ok_or_else(|| {
                "a signer has algorithm (HS256 with a secret of 32 bytes or more, or EdDSA with a public_key), audience, \
                 organizations and origins: see docs/TOKENS.md"
                    .to_owned()
            }),
        }
    }

    /// What is shown of a record. Secrets never are: whoever made them has them.
    const fn shown(self) -> Shown {
        match self {
            // Addresses have passwords in them, and headers have keys.
            Self::Destinations => Shown::Only(&[
                "name",
                "kind",
                "events",
                "consent",
                "from",
                "batch_size",
                "flush_interval_ms",
                "timeout_ms",
            ]),
            Self::Settings => Shown::AllBut(&[]),
            Self::Signer => Shown::AllBut(&["secret"]),
        }
    }

    fn lookup(self, id: &str) -> String {
        [self.prefix(), id].concat()
    }
}

pub(super) fn show(kind: RecordKind, id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    let record = facts.found.record(&kind.lookup(id))?;
    let absent = Defect::Absent { what: "such a record", remedy: "put one there" };
    Ok(Done::told(without_secrets(kind, &record.ok_or(absent)?)))
}

pub(super) fn put(kind: RecordKind, id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    let text = unwrapped(facts.request)?;
    if text.len() > MAX_ADMIN_RECORD_BYTES {
        return Err(Defect::Record { detail: format!("larger than {MAX_ADMIN_RECORD_BYTES} bytes") }.into());
    }
    kind.check(&text, facts.destinations).map_err(|detail| Defect::Record { detail })?;
    let answer = Answer::json(200, without_secrets(kind, &text));
    Ok(Done { writes: vec![Write::put(kind.lookup(id), text.into_owned())], answer })
}

pub(super) fn delete(kind: RecordKind, id: &str) -> Done {
    Done { writes: vec![Write::Delete { name: kind.lookup(id) }], answer: Answer::json(200, "{}".to_owned()) }
}

/// The record without its secrets; of a list, each of its items. One that can't be read is shown as none.
fn without_secrets(kind: RecordKind, record: &str) -> String {
    let trimmed = record.trim();
    if !trimmed.starts_with('[') {
        return object_without_secrets(kind, trimmed);
    }
    let list = items(Value::well_formed(trimmed), MAX_LISTED_RECORDS).unwrap_or_default();
    let objects = list.into_iter().filter(|item| item.kind() == Kind::Object);
    let shown: Vec<String> = objects.map(|item| object_without_secrets(kind, item.as_str())).collect();
    format!("[{}]", shown.join(","))
}

fn object_without_secrets(kind: RecordKind, object: &str) -> String {
    let mut shown = String::with_capacity(object.len());
    let mut members = Members::open(&mut shown);
    let read = each_member(&mut Scanner::new(object), |scanner, key| {
        scanner.value()?;
        let is_among = |names: &[&str]| names.iter().any(|name| *name.as_bytes() == *key.name());
        let is_shown = match kind.shown() {
            Shown::AllBut(secrets) => !is_among(secrets),
            Shown::Only(known) => is_among(known),
        };
        if is_shown {
            members.copy(key.name(), scanner.since(key.start));
        }
        Ok(())
    });
    members.close();
    if read.is_ok() { shown } else { "{}".to_owned() }
}
