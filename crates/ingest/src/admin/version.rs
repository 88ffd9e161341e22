//! The versions of a plan that were pushed.

use sha2::{Digest, Sha256};
use tallymark_event::json;

use super::found::Listed;
use crate::{decode::fields, limits::VERSION_DIGEST_HEX, text};

/// What the registry's names of these begin with; the organization, a slash and the version follow.
const PREFIX: &str = "plan_version:";

/// Digits of a number in a name, so that names are in the order of numbers.
const DIGITS: usize = 10;

/// A version: its number, and as much of a digest of mode and plan as tells apart what two people have pushed at one
/// moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) number: u32,
    pub(super) digest: String,
}

/// The prefix of the names of an organization's versions.
pub(super) fn prefix(organization_id: &str) -> String {
    [PREFIX, organization_id, "/"].concat()
}

impl Version {
    pub(super) fn new(number: u32, mode: &str, plan: &str) -> Self {
        let mut digest = String::with_capacity(64);
        text::push_hex(&mut digest, &Sha256::digest([mode, "\n", plan].concat()));
        digest.truncate(VERSION_DIGEST_HEX);
        Self { number, digest }
    }

    /// Of a name without its prefix: `0000000007-3fa9c1d2e4b5`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (number, digest) = name.split_once('-')?;
        let is_whole = number.len() == DIGITS && digest.len() == VERSION_DIGEST_HEX;
        let number =
            number.parse().ok().filter(|_| is_whole && number.bytes().all(|c| c.is_ascii_digit()))?;
        Some(Self { number, digest: digest.to_owned() })
    }

    /// Its name in the registry.
    pub(super) fn name(&self, organization_id: &str) -> String {
        [prefix(organization_id), self.id_in_name()].concat()
    }

    /// What [`Self::parse`] reads.
    pub(super) fn id_in_name(&self) -> String {
        format!("{:0DIGITS$}-{}", self.number, self.digest)
    }

    /// What it is called: `7-3fa9c1d2e4b5`.
    pub(super) fn id(&self) -> String {
        format!("{}-{}", self.number, self.digest)
    }

    /// Whether that means it: its number, or all of its id.
    pub(super) fn is_called(&self, called: &str) -> bool {
        called.parse() == Ok(self.number) || called == self.id()
    }
}

/// The versions in a list, oldest first.
pub(super) fn versions(entries: &[Listed<'_>]) -> Vec<Version> {
    let mut versions: Vec<Version> = entries.iter().filter_map(|entry| Version::parse(&entry.name)).collect();
    versions.sort();
    versions
}

/// What a list says of a version: `{"mode":…,"plan":…,"plan_version":…,"pushed_at":…,"bytes":…}`.
pub(super) fn shown(entry: &Listed<'_>, current: Option<&Version>) -> Option<String> {
    let version = Version::parse(&entry.name)?;
    let mut out = String::from("{\"version\":");
    json::write_u64(&mut out, u64::from(version.number));
    out.push_str(",\"id\":");
    out.push_str(&text::quoted(&version.id()));
    out.push_str(",\"is_current\":");
    out.push_str(if current == Some(&version) { "true" } else { "false" });
    let known = entry.metadata.and_then(|metadata| {
        fields(metadata.as_str(), [b"mode", b"plan", b"plan_version", b"pushed_at", b"bytes"]).ok()
    });
    let names = ["mode", "plan", "plan_version", "pushed_at", "bytes"];
    for (name, value) in names.into_iter().zip(known.unwrap_or_default()) {
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        out.push_str(value.map_or("null", crate::decode::Value::as_str));
    }
    out.push('}');
    Some(out)
}
