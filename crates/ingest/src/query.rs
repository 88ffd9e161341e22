//! Questions to a tenant's log.

use tallymark_event::Timestamp;

use crate::{
    Refusal,
    decode::parameter,
    limits::{DEFAULT_LEDGER_DAYS, DEFAULT_QUERY_ROWS, MAX_QUERY_ROWS},
};

/// What the log is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// `GET /v1/events?after=…&limit=…`: stored events in the order of commit.
    Events {
        /// The tenant.
        organization_id: String,
        /// Only events whose `seq` is above this.
        after: u64,
        /// At most so many, 1 to [`MAX_QUERY_ROWS`].
        limit: u32,
    },
    /// `GET /v1/identities?after=…&limit=…`: ids and whose they are, in the order of their last change.
    Identities {
        /// The tenant.
        organization_id: String,
        /// Only those whose `seq` is above this.
        after: u64,
        /// At most so many, 1 to [`MAX_QUERY_ROWS`].
        limit: u32,
    },
    /// `GET /v1/ledger?from=…&to=…`: the ledger by day.
    Ledger {
        /// The tenant.
        organization_id: String,
        /// First day, `2026-11-21`.
        from: String,
        /// Last day, included.
        to: String,
    },
}

impl Query {
    pub(crate) fn events(organization_id: &str, query: &str) -> Result<Self, Refusal> {
        let (after, limit) = page(query)?;
        Ok(Self::Events { organization_id: organization_id.to_owned(), after, limit })
    }

    pub(crate) fn identities(organization_id: &str, query: &str) -> Result<Self, Refusal> {
        let (after, limit) = page(query)?;
        Ok(Self::Identities { organization_id: organization_id.to_owned(), after, limit })
    }

    pub(crate) fn ledger(organization_id: &str, query: &str, now: Timestamp) -> Result<Self, Refusal> {
        let to = day(query, "to")?.unwrap_or(now);
        let from = day(query, "from")?.unwrap_or_else(|| days_before(to, DEFAULT_LEDGER_DAYS - 1));
        let (from, to) = (day_text(from), day_text(to));
        if from > to {
            return Err(Refusal::InvalidParameter { name: "from", expected: "a day not after `to`" });
        }
        Ok(Self::Ledger { organization_id: organization_id.to_owned(), from, to })
    }
}

/// The cursor and the limit of a page of rows.
pub(crate) fn page(query: &str) -> Result<(u64, u32), Refusal> {
    let after = match text(query, "after") {
        None => 0,
        // SQLite's integers end at i64::MAX.
        Some(text) => {
            digits(text).filter(|seq| i64::try_from(*seq).is_ok()).ok_or(Refusal::InvalidParameter {
                name: "after",
                expected: "the seq of a row, a number from 0",
            })?
        }
    };
    let limit = match text(query, "limit") {
        None => DEFAULT_QUERY_ROWS,
        Some(text) => digits(text)
            .and_then(|limit| u32::try_from(limit).ok())
            .filter(|limit| (1..=MAX_QUERY_ROWS).contains(limit))
            .ok_or(Refusal::InvalidParameter { name: "limit", expected: "a number from 1 to 1000" })?,
    };
    Ok((after, limit))
}

fn text<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    // What is cut out of UTF-8 at ASCII characters is UTF-8.
    parameter(query.as_bytes(), name.as_bytes()).and_then(|value| str::from_utf8(value).ok())
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|c| c.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn day(query: &str, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
    const DAY_TEXT: usize = "2026-11-21".len();
    text(query, name)
        .map(|text| {
            Some(text)
                .filter(|text| text.len() == DAY_TEXT)
                .and_then(Timestamp::parse)
                .ok_or(Refusal::InvalidParameter { name, expected: "a day like 2026-11-21" })
        })
        .transpose()
}

fn days_before(day: Timestamp, days: i64) -> Timestamp {
    const MS_PER_DAY: i64 = 24 * 60 * 60 * 1_000;
    Timestamp::from_ms(day.ms().saturating_sub(days * MS_PER_DAY))
}

fn day_text(day: Timestamp) -> String {
    let mut text = String::with_capacity(24);
    day.write_day(&mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attr<T>(result: Result<T, Refusal>) -> Option<&'static str> {
        result.err().and_then(|refusal| refusal.attr())
    }

    #[test]
    fn events_by_cursor() {
        let events = |query| Query::events("org_1", query);
        let query = |after, limit| Ok(Query::Events { organization_id: "org_1".into(), after, limit });
        assert_eq!(events(""), query(0, 100));
        assert_eq!(events("after=57&limit=1000&x=1"), query(57, 1_000));
        assert_eq!(events("after=&limit="), query(0, 100));
        for bad in ["limit=0", "limit=1001", "limit=ten", "limit=-1", "limit=%31", "limit=+5"] {
            assert_eq!(attr(events(bad)), Some("limit"), "{bad}");
        }
        for bad in ["after=-1", "after=a", "after=18446744073709551616", "after=9223372036854775808"] {
            assert_eq!(attr(events(bad)), Some("after"), "{bad}");
        }
    }

    #[test]
    fn the_ledger_by_day() {
        let now = Timestamp::parse("2026-11-21T23:59:59Z").unwrap();
        let ledger = |query| Query::ledger("org_1", query, now);
        let query = |from: &str, to: &str| {
            Ok(Query::Ledger { organization_id: "org_1".into(), from: from.into(), to: to.into() })
        };
        assert_eq!(ledger(""), query("2026-10-23", "2026-11-21"));
        assert_eq!(ledger("from=2026-11-01"), query("2026-11-01", "2026-11-21"));
        assert_eq!(ledger("to=2024-03-01"), query("2024-02-01", "2024-03-01"));
        assert_eq!(ledger("from=2026-11-21&to=2026-11-21"), query("2026-11-21", "2026-11-21"));
        for (bad, name) in [
            ("from=yesterday", "from"),
            ("to=2026-13-01", "to"),
            ("to=2026-11-21T00:00:00Z", "to"),
            ("from=2026-11-22", "from"),
        ] {
            assert_eq!(attr(ledger(bad)), Some(name), "{bad}");
        }
    }
}
