//! How many requests of which tenant were refused, until that is written down.
//!
//! Nothing was taken of them, so they are no part of the books: their clients have the events, and send or drop them.
//! But the tenant must see it. A flood may not cost a write a request, so all of some seconds go into one.

use std::collections::BTreeMap;

use tallymark_event::{Timestamp, json};

use crate::limits::MAX_TALLIED_TENANTS;

/// Refused requests of a tenant, to be added to those of its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The tenant.
    pub organization_id: String,
    /// The UTC day, `2026-11-21`.
    pub day: String,
    /// A JSON array of `[code, requests]`, no code twice: see [`crate::Refusal::code`].
    pub counts: String,
}

/// By tenant and by code. Codes are few, and our own.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<String, BTreeMap<&'static str, u32>>);

impl Tally {
    /// Counts a request. Beyond [`MAX_TALLIED_TENANTS`] those of further tenants are not counted.
    pub(crate) fn note(&mut self, organization_id: &str, code: &'static str) {
        if let Some(codes) = self.0.get_mut(organization_id) {
            let count = codes.entry(code).or_default();
            *count = count.saturating_add(1);
        } else if self.0.len() < MAX_TALLIED_TENANTS {
            self.0.insert(organization_id.to_owned(), BTreeMap::from([(code, 1)]));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes one tenant's out.
    pub(crate) fn take(&mut self, now: Timestamp) -> Option<Refused> {
        let (organization_id, codes) = self.0.pop_first()?;
        let mut day = String::with_capacity(24);
        now.write_day(&mut day);
        let mut counts = String::new();
        for (code, count) in codes {
            counts.push_str(if counts.is_empty() { "[[\"" } else { ",[\"" });
            counts.push_str(code);
            counts.push_str("\",");
            json::write_u64(&mut counts, u64::from(count));
            counts.push(']');
        }
        counts.push(']');
        Some(Refused { organization_id, day, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_counts_are_given_once() {
        let mut tally = Tally::default();
        for code in ["rate_limited", "foreign_origin", "rate_limited"] {
            tally.note("org_1", code);
        }
        tally.note("org_2", "rate_limited");
        let now = Timestamp::parse("2026-11-21T23:59:59.999Z").unwrap();
        let refused = |organization_id: &str, counts: &str| {
            Some(Refused {
                organization_id: organization_id.into(),
                day: "2026-11-21".into(),
                counts: counts.into(),
            })
        };
        assert_eq!(tally.take(now), refused("org_1", r#"[["foreign_origin",1],["rate_limited",2]]"#));
        assert!(!tally.is_empty());
        assert_eq!(tally.take(now), refused("org_2", r#"[["rate_limited",1]]"#));
        assert!(tally.is_empty());
        assert_eq!(tally.take(now), None);
    }

    #[test]
    fn it_does_not_grow_with_a_flood() {
        let mut tally = Tally::default();
        for n in 0..2 * MAX_TALLIED_TENANTS {
            tally.note(&format!("org_{n}"), "rate_limited");
        }
        assert_eq!(tally.0.len(), MAX_TALLIED_TENANTS);
    }
}
