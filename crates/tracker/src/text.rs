//! Numbers, ids and moments as text, in few bytes of code.
//!
//! `tallymark_event` writes the same texts for the collector, where speed counts: into arrays, with the
//! standard library's check of UTF-8 behind them. In the browser the bytes count: these took 1.6 kB less wasm.

use alloc::string::String;

use tallymark_event::{EventId, Timestamp};

/// Appends a number.
pub(crate) fn digits(out: &mut String, value: u64) {
    if value >= 10 {
        digits(out, value / 10);
    }
    out.push(char::from(b'0' + (value % 10) as u8));
}

/// Appends an id as hyphenated lower-case text.
pub(crate) fn id(out: &mut String, id: EventId) {
    for (at, byte) in id.as_bytes().iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        for nibble in [byte >> 4, byte & 0xf] {
            out.push(char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }));
        }
    }
}

/// Appends a moment as `2026-11-21T00:11:21.182Z`. One before 1970, where no clock of a browser is, is 1970.
#[allow(clippy::cast_possible_truncation)] // Timestamps end with the year 9999.
pub(crate) fn moment(out: &mut String, moment: Timestamp) {
    let ms = moment.ms().max(0).unsigned_abs();
    let time = (ms % 86_400_000) as u32;
    // Days since 0000-03-01, then Howard Hinnant's algorithm.
    let days = (ms / 86_400_000) as u32 + 719_468;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + days / 146_097 * 400 + u32::from(month <= 2);
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    two(out, year / 100, "");
    two(out, year % 100, "-");
    two(out, month, "-");
    two(out, day, "T");
    two(out, time / 3_600_000, ":");
    two(out, time / 60_000 % 60, ":");
    two(out, time / 1_000 % 60, ".");
    two(out, time % 1_000 / 10, "");
    digits(out, u64::from(time % 10));
    out.push('Z');
}

fn two(out: &mut String, value: u32, after: &str) {
    digits(out, u64::from(value / 10));
    digits(out, u64::from(value % 10));
    out.push_str(after);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_are_the_number(value: u64) {
            let mut out = String::new();
            digits(&mut out, value);
            prop_assert_eq!(out.parse::<u64>().unwrap(), value);
        }

        #[test]
        fn ids_and_moments_are_the_collectors(ms in 0i64..253_402_300_800_000, random: [u8; 10]) {
            let (mut ours, mut theirs) = (String::new(), String::new());
            let timestamp = Timestamp::from_ms(ms);
            moment(&mut ours, timestamp);
            timestamp.write(&mut theirs);
            let unique = EventId::v7(ms.unsigned_abs(), random);
            id(&mut ours, unique);
            unique.write(&mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }
}
