//! The header `Retry-After` (RFC 9110 §10.2.3).

use tallymark_event::Timestamp;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long it asks to wait from `now`, in ms: it holds seconds or a date. `None` if it holds neither.
pub(crate) fn wait_ms(text: &str, now: Timestamp) -> Option<i64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number holds are a long wait all the same.
        return Some(text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1_000));
    }
    Some((http_date(text)?.ms() - now.ms()).max(0))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`. The two obsolete forms are not read: nobody sends them.
fn http_date(text: &str) -> Option<Timestamp> {
    let mut parts = text.split_once(", ")?.1.split(' ');
    let mut next = || parts.next();
    let (day, month, year, time, zone) = (next()?, next()?, next()?, next()?, next()?);
    let month = 1 + MONTHS.iter().position(|name| *name == month)?;
    if zone != "GMT" || day.len() != 2 {
        return None;
    }
    Timestamp::parse(&format!("{year}-{month:02}-{day}T{time}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_dates_and_neither() {
        let now = Timestamp::parse("1994-11-06T08:49:07Z").unwrap();
        for (text, wait) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(i64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30_000)),
            ("Sun, 06 Nov 1994 08:40:00 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("soon", None),
            ("Sun, 6 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(wait_ms(text, now), wait, "{text}");
        }
    }
}
