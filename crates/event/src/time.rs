//! A moment, to the millisecond, and its RFC 3339 text.

use alloc::string::String;

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// First and last moment that four digits of year can write.
const MIN_MS: i64 = -62_167_219_200_000;
const MAX_MS: i64 = 253_402_300_799_999;
const MS_PER_DAY: i64 = 86_400_000;

impl Timestamp {
    /// From milliseconds since the epoch, held within the years 0000 to 9999.
    pub const fn from_ms(ms: i64) -> Self {
        Self(if ms < MIN_MS {
            MIN_MS
        } else if ms > MAX_MS {
            MAX_MS
        } else {
            ms
        })
    }

    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, leniently: `T` or a blank between date and time, any number of decimals, seconds
    /// optional, the zone `Z`, `±hh:mm`, `±hhmm`, `±hh` or none (taken as UTC), or a date alone.
    pub fn parse(text: &str) -> Option<Self> {
        let b = text.as_bytes();
        let two = |at: usize| -> Option<i32> {
            let (hi, lo) = (*b.get(at)?, *b.get(at + 1)?);
            (hi.is_ascii_digit() && lo.is_ascii_digit())
                .then(|| i32::from(hi - b'0') * 10 + i32::from(lo - b'0'))
        };
        let is = |at: usize, c: u8| b.get(at) == Some(&c);
        let year = two(0)? * 100 + two(2)?;
        let (month, day) = (two(5)?, two(8)?);
        if !is(4, b'-') || !is(7, b'-') || !(1..=12).contains(&month) {
            return None;
        }
        if day < 1 || day > days_in_month(year, month) {
            return None;
        }
        let midnight = i64::from(days_from_civil(year, month, day)) * MS_PER_DAY;
        if b.len() == 10 {
            return Some(Self::from_ms(midnight));
        }
        if !matches!(b.get(10), Some(b'T' | b't' | b' ')) || !is(13, b':') {
            return None;
        }
        let (hour, minute) = (two(11)?, two(14)?);
        let mut at = 16;
        let mut second = 0;
        let mut milli = 0;
        if is(at, b':') {
            second = two(at + 1)?;
            at += 3;
            if matches!(b.get(at), Some(b'.' | b',')) {
                at += 1;
                let mut scale = 100;
                let start = at;
                while let Some(c @ b'0'..=b'9') = b.get(at) {
                    milli += i32::from(c - b'0') * scale;
                    scale /= 10;
                    at += 1;
                }
                if at == start {
                    return None;
                }
            }
        }
        // A leap second is the last second of its minute: no clock that we meet counts it.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let second = second.min(59);
        let zone = match b.get(at) {
            None => 0,
            Some(b'Z' | b'z') if b.len() == at + 1 => 0,
            Some(sign @ (b'+' | b'-')) => {
                let hours = two(at + 1)?;
                let minutes = match b.len() - at {
                    3 => 0,
                    5 => two(at + 3)?,
                    6 if is(at + 3, b':') => two(at + 4)?,
                    _ => return None,
                };
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let offset = hours * 60 + minutes;
                if *sign == b'+' { offset } else { -offset }
            }
            Some(_) => return None,
        };
        let time = ((hour * 60 + minute - zone) * 60 + second) * 1_000 + milli;
        Some(Self::from_ms(midnight + i64::from(time)))
    }

    /// Of a text that [`Self::parse`] has read: whether [`Self::write`] would give the same, so that it can be
    /// copied. Most clients write this form, and writing it anew is 2 % of what an event costs.
    pub fn is_canonical(text: &str) -> bool {
        // Not a leap second, which is read as the second before it.
        matches!(
            text.as_bytes(),
            [
                _,
                _,
                _,
                _,
                b'-',
                _,
                _,
                b'-',
                _,
                _,
                b'T',
                _,
                _,
                b':',
                _,
                _,
                b':',
                b'0'..=b'5',
                _,
                b'.',
                _,
                _,
                _,
                b'Z'
            ]
        )
    }

    /// Appends `2026-11-21T00:11:21.182Z`, made in place and, as soon as the day is known, in 32 bits, where
    /// dividing by constants is cheap.
    #[allow(clippy::cast_possible_truncation)] // ten thousand years of days, a day of ms
    pub fn write(self, out: &mut String) {
        let days = self.0.div_euclid(MS_PER_DAY);
        let ms = (self.0 - days * MS_PER_DAY) as i32;
        let (year, month, day) = civil_from_days(days as i32);
        let (minutes, ms) = (ms / 60_000, ms % 60_000);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let [y0, y1, y2, y3, _, m0, m1, _, d0, d1, _, h0, h1, _, n0, n1, _, s0, s1, _, f0, f1, f2, _] =
            &mut text;
        digits([y0, y1, y2, y3], year);
        digits([m0, m1], month);
        digits([d0, d1], day);
        digits([h0, h1], minutes / 60);
        digits([n0, n1], minutes % 60);
        digits([s0, s1, f0, f1, f2], ms);
        out.push_str(core::str::from_utf8(&text).unwrap_or_default());
    }

    /// Appends the UTC day, `2026-11-21`: the ledger's unit.
    pub fn write_day(self, out: &mut String) {
        let start = out.len();
        self.write(out);
        out.truncate(start + 10);
    }
}

/// Writes `value` into as many decimal places as there are.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a digit
fn digits<const N: usize>(places: [&mut u8; N], mut value: i32) {
    for place in places.into_iter().rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

const fn is_leap(year: i32) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

const fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the epoch of a proleptic Gregorian date (Howard Hinnant's algorithm).
const fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

const fn civil_from_days(days: i32) -> (i32, i32, i32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(t: Timestamp) -> String {
        let mut out = String::new();
        t.write(&mut out);
        out
    }

    #[test]
    fn forms_that_clients_send() {
        let same = Timestamp::parse("2026-11-21T00:14:39.697Z");
        assert_eq!(same.map(Timestamp::ms), Some(1_795_220_079_697));
        assert!(!Timestamp::is_canonical("2016-12-31T23:59:60.000Z"));
        for form in [
            "2026-11-21T00:14:39.697446+00:00", // posthog (PyPI)
            "2026-11-21 00:14:39.697",
            "2026-11-21T02:14:39.697+02",
            "2026-11-20T19:44:39.697-0430",
            "2026-11-21t00:14:39,697z",
        ] {
            assert_eq!(Timestamp::parse(form), same, "{form}");
        }
        assert_eq!(Timestamp::parse("2026-11-21").map(text).as_deref(), Some("2026-11-21T00:00:00.000Z"));
        assert_eq!(
            Timestamp::parse("2016-12-31T23:59:60Z").map(text).as_deref(),
            Some("2016-12-31T23:59:59.000Z")
        );
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-29",
            "2026-11-21T24:00:00Z",
            "2026-11-21T00:00:00.Z",
            "2026-11-21T00:00:00Zulu",
            "2026-11-21T00:00:00+1",
            "2026/11/21",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn written_text_is_read_back(ms in MIN_MS..=MAX_MS) {
            let t = Timestamp::from_ms(ms);
            prop_assert_eq!(Timestamp::parse(&text(t)), Some(t));
        }

        #[test]
        fn canonical_is_what_would_be_written(ms in MIN_MS..=MAX_MS, at in 0usize..26, with in "[0-9TtZz:.,+ -]{0,2}") {
            let mut form = text(Timestamp::from_ms(ms));
            prop_assert!(Timestamp::is_canonical(&form));
            form.replace_range(at.min(form.len())..(at + 1).min(form.len()), &with);
            if let Some(read) = Timestamp::parse(&form) {
                prop_assert_eq!(Timestamp::is_canonical(&form), text(read) == form, "{}", form);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(s: String) {
            let _ = Timestamp::parse(&s);
        }

        #[test]
        fn order_of_text_is_order_of_time(a in 0..MAX_MS, b in 0..MAX_MS) {
            let (a, b) = (Timestamp::from_ms(a), Timestamp::from_ms(b));
            prop_assert_eq!(text(a).cmp(&text(b)), a.cmp(&b));
        }
    }
}
