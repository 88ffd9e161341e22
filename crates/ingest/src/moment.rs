//! The texts by which clients of the batch dialect name a moment.
//!
//! Nearly all write RFC 3339, which is read first and at no cost. The others are what `PostHog` takes besides:
//! dates with slashes, RFC 2822, and the epoch's seconds or smaller parts as digits.

use tallymark_event::Timestamp;

/// Reads a moment; `None` if the text is none. Without a zone it is UTC.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    Timestamp::parse(text).or_else(|| of_epoch(text)).or_else(|| civil(text))
}

/// Digits since 1970, and how many make a ms. As many as moments of these centuries have: `20261121` is no second.
const EPOCH_DIGITS: [(usize, Unit); 4] =
    [(10, Unit::Seconds), (13, Unit::Milli(1)), (16, Unit::Milli(1_000)), (19, Unit::Milli(1_000_000))];

#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    /// So many in a ms.
    Milli(i64),
}

fn of_epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !(whole.bytes().chain(fraction.bytes())).all(|c| c.is_ascii_digit()) {
        return None;
    }
    let (_, unit) = EPOCH_DIGITS.iter().find(|(digits, _)| *digits == whole.len())?;
    let whole: i64 = whole.parse().ok()?;
    Some(Timestamp::from_ms(match unit {
        Unit::Milli(in_a_ms) => whole / in_a_ms,
        Unit::Seconds => {
            let tenths = fraction.bytes().chain(*b"000").take(3);
            whole * 1_000 + tenths.fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'))
        }
    }))
}

/// A date in another order or with other separators, and perhaps a time and a zone: written anew as RFC 3339, which
/// says what is a date.
fn civil(text: &str) -> Option<Timestamp> {
    let (text, _comment) = text.split_once('(').unwrap_or((text, ""));
    let text = text.split_once(',').map_or(text, |(_weekday, text)| text.trim_start());
    let (first, rest) = text.split_once([' ', '\t', 'T']).unwrap_or((text, ""));
    let mut words = rest.split_ascii_whitespace();
    let separator = if first.contains('/') { '/' } else { '-' };
    let (year, month, day) = if first.contains(separator) {
        let mut fields = first.split(separator);
        let (a, b, c) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        // Month before day, if the year comes last: who writes slashes in that order is American.
        if a.len() == 4 { (a, number(b)?, c) } else { (c, number(a)?, b) }
    } else {
        let month = month(words.next()?)?;
        (words.next()?, month, first)
    };
    let year = Some(year).filter(|year| year.len() == 4).and_then(number)?;
    let mut text = format!("{year:04}-{month:02}-{:02}", number(day)?);
    if let Some(time) = words.next() {
        let pad = if time.find(':') == Some(1) { "0" } else { "" };
        text = format!("{text}T{pad}{time}");
    }
    if let Some(name) = words.next() {
        text.push_str(zone(name));
    }
    if words.next().is_some() { None } else { Timestamp::parse(&text) }
}

/// At most four digits.
fn number(digits: &str) -> Option<u16> {
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

fn month(name: &str) -> Option<u16> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    u16::try_from(at + 1).ok()
}

/// The zones that RFC 2822 names, as offsets; what is an offset already, or no zone, as it is.
fn zone(name: &str) -> &str {
    match name {
        "UTC" | "GMT" | "UT" => "Z",
        "EDT" => "-04:00",
        "EST" | "CDT" => "-05:00",
        "CST" | "MDT" => "-06:00",
        "MST" | "PDT" => "-07:00",
        "PST" => "-08:00",
        offset => offset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_that_posthog_takes() {
        let same = Timestamp::parse("2026-11-21T00:14:39Z");
        for form in [
            " 2026-11-21T00:14:39Z ",
            "2026-11-21T03:14:39+03",
            "2026-11-21 00:14:39",
            "2026-11-21 02:14:39 +0200",
            "2026-11-21 00:14:39 UTC",
            "2026/11/21 00:14:39",
            "2026/11/21T00:14:39.000",
            "11/21/2026 0:14:39",
            "Sat, 21 Nov 2026 00:14:39 +0000",
            "Fri, 20 Nov 2026 19:14:39 EST",
            "21 nov 2026 00:14:39 GMT (a comment)",
            "1795220079",
            "1795220079000",
            "1795220079000000",
            "1795220079000000000",
        ] {
            assert_eq!(read(form), same, "{form}");
        }
        assert_eq!(read("1795220079.6975").map(Timestamp::ms), Some(1_795_220_079_697));
        let midnight = Timestamp::parse("2026-01-02");
        for form in ["2026-01-02", "2026/1/2", "1/2/2026", "2 Jan 2026", "Fri, 2 Jan 2026"] {
            assert_eq!(read(form), midnight, "{form}");
        }
    }

    #[test]
    fn what_is_no_moment() {
        for bad in [
            "",
            "last tuesday",
            "42",
            "20261121",
            "-1795220079",
            "1795220079.-5",
            "2026/13/01",
            "2026/02/29",
            "26/11/21",
            "21/11/2026",
            "2026/11/21/1",
            "2026/11-21",
            "21 Nov",
            "21 Nov 26",
            "21 Frimaire 2026",
            "2026/11/21 noon",
            "2026/11/21 00:14:39 Mars",
            "2026/11/21 00:14:39Z Z",
            "2026/11/21 00:14:39 Z again",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = read(&text);
        }

        #[test]
        fn nearly_any_date_is_read_or_refused(text in "([0-9]{1,5}|[A-Za-z]{3}|[/:,.+ T-]){0,12}") {
            let _ = read(&text);
        }
    }
}
