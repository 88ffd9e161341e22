//! How long an organization's settings have its log keep what it holds.

use tallymark_event::{Timestamp, json};

use crate::{
    SettingsDefect,
    decode::{Kind, fields},
    limits::{MAX_RETENTION_DAYS, MAX_SETTINGS_RECORD_BYTES},
    settings::{given, whole},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// How long events are kept, counted from their receipt. Without a number of days: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days that stored events are kept.
    pub days: Option<u32>,
    /// Days that quarantined events are kept.
    pub quarantine_days: Option<u32>,
    /// Whether an event stays, whatever its age, until every destination has it.
    pub waits_for_destinations: bool,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: None, quarantine_days: None, waits_for_destinations: true }
    }
}

impl Retention {
    /// Reads a record of settings:
    /// `{"retention_days":400,"quarantine_retention_days":30,"retention_waits_for_destinations":false}`. What is left out
    /// is as by default; members of other names are passed over.
    pub fn parse(record: &str) -> Result<Self, SettingsDefect> {
        const DAYS: &str = "a whole number of days from 1 to 36500";
        let defect = |path, expected| SettingsDefect { path, expected };
        if record.len() > MAX_SETTINGS_RECORD_BYTES {
            return Err(defect("", "at most 16384 bytes"));
        }
        let [days, quarantine_days, waits] = fields(
            record,
            [b"retention_days", b"quarantine_retention_days", b"retention_waits_for_destinations"],
        )
        .map_err(|_| defect("", "a JSON object"))?;
        let days_of = |value, path| match given(value) {
            None => Ok(None),
            Some(value) => whole(value, MAX_RETENTION_DAYS).map(Some).ok_or(defect(path, DAYS)),
        };
        let waits_for_destinations = match given(waits) {
            None => true,
            Some(value) if value.kind() == Kind::Bool => value.is_true(),
            Some(_) => return Err(defect("retention_waits_for_destinations", "true or false")),
        };
        Ok(Self {
            days: days_of(days, "retention_days")?,
            quarantine_days: days_of(quarantine_days, "quarantine_retention_days")?,
            waits_for_destinations,
        })
    }

    /// For the log, at this moment: `{"events_before":"…","quarantined_before":null,"waits_for_destinations":true}`.
    /// What was received before goes.
    pub fn cutoffs(self, now: Timestamp) -> String {
        let mut out = String::from("{\"events_before\":");
        write_cutoff(&mut out, self.days, now);
        out.push_str(",\"quarantined_before\":");
        write_cutoff(&mut out, self.quarantine_days, now);
        out.push_str(",\"waits_for_destinations\":");
        out.push_str(if self.waits_for_destinations { "true" } else { "false" });
        out.push('}');
        out
    }
}

fn write_cutoff(out: &mut String, days: Option<u32>, now: Timestamp) {
    let Some(days) = days else { return out.push_str("null") };
    let mut text = String::new();
    Timestamp::from_ms(now.ms().saturating_sub(i64::from(days) * DAY_MS)).write(&mut text);
    json::write_str(out, &text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_kept_for_ever() {
        for record in ["{}", r#"{"retention_days":null,"limits":{"events_per_day":5}}"#] {
            assert_eq!(Retention::parse(record), Ok(Retention::default()), "{record}");
        }
        let record = r#"{"retention_days":400,"quarantine_retention_days":30,"retention_waits_for_destinations":false}"#;
        let expected =
            Retention { days: Some(400), quarantine_days: Some(30), waits_for_destinations: false };
        assert_eq!(Retention::parse(record), Ok(expected));
    }

    #[test]
    fn a_defect_says_where() {
        for (record, path) in [
            ("[]", ""),
            (r#"{"retention_days":0}"#, "retention_days"),
            (r#"{"retention_days":-1}"#, "retention_days"),
            (r#"{"retention_days":"30"}"#, "retention_days"),
            (r#"{"retention_days":1.5}"#, "retention_days"),
            (r#"{"retention_days":36501}"#, "retention_days"),
            (r#"{"quarantine_retention_days":true}"#, "quarantine_retention_days"),
            (r#"{"retention_waits_for_destinations":0}"#, "retention_waits_for_destinations"),
        ] {
            let defect = Retention::parse(record).unwrap_err();
            assert_eq!(defect.path, path, "{record}");
        }
        assert_eq!(MAX_RETENTION_DAYS, 36_500, "the text says so");
    }

    #[test]
    fn what_goes_was_received_before() {
        let retention = Retention { days: Some(2), ..Retention::default() };
        assert_eq!(
            retention.cutoffs(Timestamp::from_ms(3 * DAY_MS + 5)),
            r#"{"events_before":"1970-01-02T00:00:00.005Z","quarantined_before":null,"waits_for_destinations":true}"#
        );
    }
}
