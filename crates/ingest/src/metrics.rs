//! `GET /metrics`: whose figures, and who may see them.

use tallymark_event::limits::MAX_ID;

use crate::{Refusal, Request, decode::percent_decoded, limits::MAX_METRICS_ORGANIZATIONS};

/// What an operator's token begins with.
const OPERATOR_PREFIX: &str = "ak_";

const PARAMETER: &str = "organization";

/// Whether an operator asks, who may see anybody's figures, rather than a tenant.
pub(crate) fn is_operators(key: &str) -> bool {
    key.starts_with(OPERATOR_PREFIX)
}

/// The organizations that an operator names: `organization=org_1&organization=org_2`, as Prometheus writes a list of
/// parameters. The registry has no list of them, and one answer for all would grow without a bound.
pub(crate) fn organizations(request: &Request<'_>) -> Result<Vec<String>, Refusal> {
    let named: Option<Vec<String>> = request
        .query
        .split('&')
        .filter_map(|pair| pair.strip_prefix(PARAMETER)?.strip_prefix('='))
        .map(|value| String::from_utf8(percent_decoded(value.as_bytes())).ok())
        .map(|id| id.filter(|id| (1..=MAX_ID).contains(&id.len()) && !id.contains(char::is_control)))
        .collect();
    named.filter(|named| (1..=MAX_METRICS_ORGANIZATIONS).contains(&named.len())).ok_or(
        Refusal::InvalidParameter {
            name: PARAMETER,
            expected: "an organization's id, once for each whose figures are wanted, 50 at the most",
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(query: &str) -> Option<Vec<String>> {
        organizations(&Request { query, ..Request::default() }).ok()
    }

    #[test]
    fn an_operator_names_whose() {
        assert_eq!(named("organization=a&x=1&organization=b%20c"), Some(vec!["a".into(), "b c".into()]));
        for bad in ["", "organization=", "organization=%00", "organization=%ff", "organizations=a"] {
            assert_eq!(named(bad), None, "{bad}");
        }
        let many = |n| vec!["organization=a"; n].join("&");
        assert_eq!(named(&many(50)).map(|named| named.len()), Some(50));
        assert_eq!(named(&many(51)), None);
    }
}
