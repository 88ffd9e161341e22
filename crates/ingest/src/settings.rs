//! What an organization's settings in the registry say, of limits first, and the memory of them.

use tallymark_event::Timestamp;

use crate::{
    Rate, Refusal,
    decode::{Kind, Value, fields},
    limits::{
        DEFAULT_BROWSER_KEY_RATE, DEFAULT_EVENTS_PER_DAY, DEFAULT_SERVER_KEY_RATE, MAX_BURST,
        MAX_CACHED_SETTINGS, MAX_EVENTS_PER_DAY, MAX_RATE_PER_SECOND, MAX_SETTINGS_RECORD_BYTES,
        NO_SETTINGS_TTL_MS, SETTINGS_TTL_MS,
    },
    privacy::Privacy,
    shelf::Shelf,
};

/// What the registry's names of settings begin with. Then comes the organization.
pub(crate) const PREFIX: &str = "settings:";

/// How much an organization may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrganizationLimits {
    /// Requests with one browser key, or with tokens of one signer.
    pub browser_key: Rate,
    /// Requests with one server key.
    pub server_key: Rate,
    /// Requests to this organization from one address; `None`: as many as the address may send in all.
    pub address: Option<Rate>,
    /// Events stored or quarantined on one UTC day.
    pub events_per_day: u32,
}

impl Default for OrganizationLimits {
    fn default() -> Self {
        Self {
            browser_key: DEFAULT_BROWSER_KEY_RATE,
            server_key: DEFAULT_SERVER_KEY_RATE,
            address: None,
            events_per_day: DEFAULT_EVENTS_PER_DAY,
        }
    }
}

/// All that a record of settings says to those who take events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OrganizationSettings {
    pub(crate) limits: OrganizationLimits,
    pub(crate) privacy: Privacy,
}

impl OrganizationSettings {
    pub(crate) fn parse(record: &str) -> Result<Self, SettingsDefect> {
        // First, since it is what refuses a record that is too large.
        let limits = OrganizationLimits::parse(record)?;
        Ok(Self { limits, privacy: Privacy::parse(record)? })
    }
}

/// What is wrong with a record of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingsDefect {
    /// Where: `limits.browser_key.burst`.
    pub path: &'static str,
    /// What must stand there.
    pub expected: &'static str,
}

impl OrganizationLimits {
    /// Reads `limits` of a record of settings:
    /// `{"limits":{"browser_key":{"per_second":300,"burst":3000},"server_key":{…},"address":{…},"events_per_day":5000000}}`.
    /// What is left out is as by default; members of other names, of the record and within, are passed over.
    pub fn parse(record: &str) -> Result<Self, SettingsDefect> {
        const OBJECT: &str = "a JSON object";
        const DAY: &str = "a whole number from 1 to 1000000000";
        let defect = |path, expected| SettingsDefect { path, expected };
        if record.len() > MAX_SETTINGS_RECORD_BYTES {
            return Err(defect("", "at most 16384 bytes"));
        }
        let [limits] = fields(record, [b"limits"]).map_err(|_| defect("", OBJECT))?;
        let default = Self::default();
        let Some(limits) = given(limits) else { return Ok(default) };
        let [browser_key, server_key, address, events_per_day] =
            fields(limits.as_str(), [b"browser_key", b"server_key", b"address", b"events_per_day"])
                .map_err(|_| defect("limits", OBJECT))?;
        Ok(Self {
            browser_key: rate(
                browser_key,
                ["limits.browser_key", "limits.browser_key.per_second", "limits.browser_key.burst"],
            )?
            .unwrap_or(default.browser_key),
            server_key: rate(
                server_key,
                ["limits.server_key", "limits.server_key.per_second", "limits.server_key.burst"],
            )?
            .unwrap_or(default.server_key),
            address: rate(address, ["limits.address", "limits.address.per_second", "limits.address.burst"])?,
            events_per_day: match given(events_per_day) {
                None => default.events_per_day,
                Some(events) => {
                    whole(events, MAX_EVENTS_PER_DAY).ok_or(defect("limits.events_per_day", DAY))?
                }
            },
        })
    }
}

pub(crate) fn given(value: Option<Value<'_>>) -> Option<Value<'_>> {
    value.filter(|value| value.kind() != Kind::Null)
}

pub(crate) fn whole(value: Value<'_>, most: u32) -> Option<u32> {
    u32::try_from(value.integer()?).ok().filter(|n| (1..=most).contains(n))
}

/// `paths`: of the object, of `per_second` and of `burst`.
fn rate(value: Option<Value<'_>>, paths: [&'static str; 3]) -> Result<Option<Rate>, SettingsDefect> {
    let Some(value) = given(value) else { return Ok(None) };
    let [object, per_second_path, burst_path] = paths;
    let [per_second, burst] = fields(value.as_str(), [b"per_second", b"burst"])
        .map_err(|_| SettingsDefect { path: object, expected: "an object with per_second and burst" })?;
    Ok(Some(Rate {
        per_second: per_second
            .and_then(|n| whole(n, MAX_RATE_PER_SECOND))
            .ok_or(SettingsDefect { path: per_second_path, expected: "a whole number from 1 to 100000" })?,
        burst: burst
            .and_then(|n| whole(n, MAX_BURST))
            .ok_or(SettingsDefect { path: burst_path, expected: "a whole number from 1 to 1000000" })?,
    }))
}

/// What the registry said lately of organizations' settings. Most have none, and are remembered for longer.
#[derive(Debug)]
pub(crate) struct SettingsCache {
    settings: Shelf<Result<OrganizationSettings, SettingsDefect>>,
    without: Shelf<()>,
    by_default: OrganizationSettings,
}

impl Default for SettingsCache {
    fn default() -> Self {
        Self {
            settings: Shelf::new(SETTINGS_TTL_MS, MAX_CACHED_SETTINGS),
            without: Shelf::new(NO_SETTINGS_TTL_MS, MAX_CACHED_SETTINGS),
            by_default: OrganizationSettings::default(),
        }
    }
}

impl SettingsCache {
    /// The settings of an organization: `Ok(None)` if the registry has to be asked.
    pub(crate) fn get(
        &self,
        organization_id: &str,
        now: Timestamp,
    ) -> Result<Option<&OrganizationSettings>, Refusal> {
        match self.settings.get(organization_id, now) {
            Some(Ok(settings)) => Ok(Some(settings)),
            Some(Err(defect)) => Err(Refusal::RegistrySettingsInvalid(*defect)),
            None => Ok(self.without.get(organization_id, now).map(|()| &self.by_default)),
        }
    }

    /// Remembers what the registry holds of an organization's settings, for [`SETTINGS_TTL_MS`]; that it holds none, for
    /// [`NO_SETTINGS_TTL_MS`].
    pub(crate) fn learn(&mut self, organization_id: &str, record: Option<&str>, now: Timestamp) {
        self.settings.remove(organization_id);
        self.without.remove(organization_id);
        match record.map(OrganizationSettings::parse) {
            None => self.without.put(organization_id, (), 1, now),
            Some(settings) => self.settings.put(organization_id, settings, 1, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_by_default() {
        let default = OrganizationLimits::default();
        for record in
            ["{}", r#"{"limits":null}"#, r#"{"limits":{}}"#, r#"{"retention_days":30,"limits":{"x":1}}"#]
        {
            assert_eq!(OrganizationLimits::parse(record), Ok(default), "{record}");
        }
        let limits = OrganizationLimits::parse(
            r#"{"limits":{"browser_key":{"per_second":1,"burst":2},"address":{"burst":4,"per_second":3},"events_per_day":5}}"#,
        );
        let expected = OrganizationLimits {
            browser_key: Rate { per_second: 1, burst: 2 },
            address: Some(Rate { per_second: 3, burst: 4 }),
            events_per_day: 5,
            ..default
        };
        assert_eq!(limits, Ok(expected));
    }

    #[test]
    fn a_defect_says_where_and_what_must_stand_there() {
        for (record, path) in [
            ("", ""),
            ("[]", ""),
            ("{} {}", ""),
            (r#"{"limits":7}"#, "limits"),
            (r#"{"limits":{"browser_key":300}}"#, "limits.browser_key"),
            (r#"{"limits":{"browser_key":{"burst":1}}}"#, "limits.browser_key.per_second"),
            (r#"{"limits":{"server_key":{"per_second":0,"burst":1}}}"#, "limits.server_key.per_second"),
            (r#"{"limits":{"server_key":{"per_second":1.5,"burst":1}}}"#, "limits.server_key.per_second"),
            (r#"{"limits":{"address":{"per_second":100001,"burst":1}}}"#, "limits.address.per_second"),
            (r#"{"limits":{"address":{"per_second":1,"burst":"9"}}}"#, "limits.address.burst"),
            (r#"{"limits":{"events_per_day":0}}"#, "limits.events_per_day"),
            (r#"{"limits":{"events_per_day":-1}}"#, "limits.events_per_day"),
            (r#"{"limits":{"events_per_day":1000000001}}"#, "limits.events_per_day"),
        ] {
            let defect = OrganizationLimits::parse(record).unwrap_err();
            assert_eq!(defect.path, path, "{record}");
            assert!(!defect.expected.is_empty());
        }
        let long = format!(r#"{{"x":"{}"}}"#, "x".repeat(MAX_SETTINGS_RECORD_BYTES));
        assert!(OrganizationLimits::parse(&long).is_err());
    }

    #[test]
    fn the_texts_say_the_limits() {
        assert_eq!((MAX_RATE_PER_SECOND, MAX_BURST), (100_000, 1_000_000));
        assert_eq!((MAX_EVENTS_PER_DAY, MAX_SETTINGS_RECORD_BYTES), (1_000_000_000, 16_384));
    }

    #[test]
    fn a_record_holds_for_its_time() {
        let at = Timestamp::from_ms;
        let mut cache = SettingsCache::default();
        assert_eq!(cache.get("o", at(0)), Ok(None));
        cache.learn("o", None, at(0));
        assert_eq!(cache.get("o", at(NO_SETTINGS_TTL_MS - 1)), Ok(Some(&OrganizationSettings::default())));
        assert_eq!(cache.get("o", at(NO_SETTINGS_TTL_MS)), Ok(None));
        cache.learn("o", Some(r#"{"limits":{"events_per_day":5}}"#), at(0));
        assert_eq!(cache.get("o", at(1)).unwrap().unwrap().limits.events_per_day, 5);
        assert_eq!(cache.get("o", at(SETTINGS_TTL_MS)), Ok(None));
        cache.learn("o", Some("nonsense"), at(0));
        let refusal = cache.get("o", at(1)).unwrap_err();
        assert_eq!((refusal.status(), refusal.code()), (503, "registry_settings_invalid"));
    }
}
