//! What an organization's settings in the registry say of its visitors' privacy, and what holds where they say nothing.

use crate::{
    decode::{Kind, Value, fields, items},
    limits::{MAX_REDACTION_NAME_BYTES, MAX_REDACTION_NAMES},
    settings::{SettingsDefect, given},
};

/// See [`Privacy::parse`]. By default as little is kept as rows can do without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Privacy {
    pub(crate) redaction: Redaction,
    pub(crate) address: AddressKept,
    pub(crate) place: PlaceKept,
}

/// What becomes of the address that a page's request comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AddressKept {
    /// Nothing of it is kept.
    #[default]
    Dropped,
    /// Its network is: a /24, or of IPv6 a /48.
    Truncated,
}

/// What is kept of where the platform places a page's visitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PlaceKept {
    Nothing,
    #[default]
    Country,
    City,
}

/// Which properties hold secrets, besides those that [`crate::redact`] knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Redaction {
    pub(crate) is_off: bool,
    /// As [`Redaction::plain`] writes them.
    added: Vec<Vec<u8>>,
    allowed: Vec<Vec<u8>>,
}

impl Privacy {
    /// Reads `{"ip":"truncate","geo":"city","redact":{"is_off":false,"keys":["voucher"],"allow":["otp"]}}`, each as by
    /// default if it is left out; members of other names are passed over.
    pub(crate) fn parse(record: &str) -> Result<Self, SettingsDefect> {
        let defect = |path, expected| SettingsDefect { path, expected };
        let [ip, geo, redact] =
            fields(record, [b"ip", b"geo", b"redact"]).map_err(|_| defect("", "a JSON object"))?;
        let name = |value: Value<'_>| value.string().map(std::borrow::Cow::into_owned).unwrap_or_default();
        Ok(Self {
            address: match given(ip).map(name).as_deref() {
                None => AddressKept::default(),
                Some("drop") => AddressKept::Dropped,
                Some("truncate") => AddressKept::Truncated,
                Some(_) => return Err(defect("ip", "\"drop\" or \"truncate\"")),
            },
            place: match given(geo).map(name).as_deref() {
                None => PlaceKept::default(),
                Some("off") => PlaceKept::Nothing,
                Some("country") => PlaceKept::Country,
                Some("city") => PlaceKept::City,
                Some(_) => return Err(defect("geo", "\"off\", \"country\" or \"city\"")),
            },
            redaction: given(redact).map(Redaction::parse).transpose()?.unwrap_or_default(),
        })
    }
}

impl Redaction {
    /// What [`crate::redact`] knows, and nothing else.
    pub(crate) const DEFAULT: &'static Self = &Self { is_off: false, added: Vec::new(), allowed: Vec::new() };

    fn parse(value: Value<'_>) -> Result<Self, SettingsDefect> {
        let defect = |path, expected| SettingsDefect { path, expected };
        let [is_off, keys, allow] = fields(value.as_str(), [b"is_off", b"keys", b"allow"])
            .map_err(|_| defect("redact", "an object with is_off, keys or allow"))?;
        Ok(Self {
            is_off: match given(is_off) {
                None => false,
                Some(flag) if flag.kind() == Kind::Bool => flag.is_true(),
                Some(_) => return Err(defect("redact.is_off", "true or false")),
            },
            added: names(keys).ok_or(defect("redact.keys", NAMES))?,
            allowed: names(allow).ok_or(defect("redact.allow", NAMES))?,
        })
    }

    /// Whether there are names that an event was not looked through for when it was decoded.
    pub(crate) const fn adds_any(&self) -> bool {
        !self.added.is_empty()
    }

    /// Whether a property of this name holds a secret, whatever its value.
    pub(crate) fn adds(&self, name: &[u8]) -> bool {
        is_among(&self.added, name)
    }

    /// Whether a property of this name may hold what looks like a secret.
    pub(crate) fn allows(&self, name: &[u8]) -> bool {
        is_among(&self.allowed, name)
    }

    /// A name in lower case without `_`, `-`, `.` and blanks: all spellings of it are the same.
    fn plain(name: &[u8]) -> impl Iterator<Item = u8> {
        name.iter().filter(|c| !matches!(c, b'_' | b'-' | b'.' | b' ')).map(u8::to_ascii_lowercase)
    }
}

fn is_among(names: &[Vec<u8>], name: &[u8]) -> bool {
    names.iter().any(|known| known.iter().copied().eq(Redaction::plain(name)))
}

const NAMES: &str = "a list of at most 64 names of properties, of 1 to 64 bytes each";

fn names(value: Option<Value<'_>>) -> Option<Vec<Vec<u8>>> {
    let Some(value) = given(value) else { return Some(Vec::new()) };
    let name = |value: Value<'_>| {
        let text = value.string().filter(|text| text.len() <= MAX_REDACTION_NAME_BYTES)?;
        Some(Redaction::plain(text.as_bytes()).collect::<Vec<u8>>()).filter(|plain| !plain.is_empty())
    };
    items(value, MAX_REDACTION_NAMES)?.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_by_default() {
        for record in ["{}", r#"{"ip":null,"geo":null,"redact":null}"#, r#"{"redact":{"keys":null}}"#] {
            assert_eq!(Privacy::parse(record), Ok(Privacy::default()), "{record}");
        }
        let record =
            r#"{"ip":"truncate","geo":"off","redact":{"is_off":true,"keys":["Gift-Card"],"allow":["otp"]}}"#;
        let privacy = Privacy::parse(record).unwrap();
        assert_eq!((privacy.address, privacy.place), (AddressKept::Truncated, PlaceKept::Nothing));
        let redaction = privacy.redaction;
        assert!(redaction.is_off && redaction.adds(b"gift_card") && redaction.allows(b"O.T.P"));
        assert!(!redaction.adds(b"gift") && !redaction.adds(b"gift_cards") && !redaction.allows(b""));
    }

    #[test]
    fn a_defect_says_where_and_what_must_stand_there() {
        let many = format!(r#"{{"redact":{{"keys":[{}"a"]}}}}"#, r#""a","#.repeat(MAX_REDACTION_NAMES));
        let long = format!(r#"{{"redact":{{"allow":["{}"]}}}}"#, "x".repeat(MAX_REDACTION_NAME_BYTES + 1));
        for (record, path) in [
            ("[]", ""),
            (r#"{"ip":"keep"}"#, "ip"),
            (r#"{"ip":7}"#, "ip"),
            (r#"{"geo":"street"}"#, "geo"),
            (r#"{"redact":true}"#, "redact"),
            (r#"{"redact":{"is_off":"no"}}"#, "redact.is_off"),
            (r#"{"redact":{"keys":"voucher"}}"#, "redact.keys"),
            (r#"{"redact":{"keys":["_"]}}"#, "redact.keys"),
            (r#"{"redact":{"allow":[7]}}"#, "redact.allow"),
            (&many, "redact.keys"),
            (&long, "redact.allow"),
        ] {
            let defect = Privacy::parse(record).unwrap_err();
            assert_eq!(defect.path, path, "{record}");
            assert!(!defect.expected.is_empty());
        }
        assert_eq!((MAX_REDACTION_NAMES, MAX_REDACTION_NAME_BYTES), (64, 64));
    }
}
