//! Which events, by their names.

use crate::limits::MAX_PATTERN_BYTES;

/// A name, of which each `*` stands for any text: `batch_*`, `$pageview`, `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// `None` if the text is empty or longer than a name can be.
    pub fn new(text: &str) -> Option<Self> {
        (1..=MAX_PATTERN_BYTES).contains(&text.len()).then(|| Self(text.to_owned()))
    }

    /// Whether every name matches.
    pub(crate) fn is_any(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'*')
    }

    /// Whether this is a name's pattern. Takes time in proportion to both lengths at the worst.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        // Each at its first place: a later one could leave only less to the parts that follow.
        for part in parts {
            match rest.split_once(part) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_stars() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "order_paid", true),
            ("order_paid", "order_paid", true),
            ("order_paid", "order_paid2", false),
            ("order_*", "order_paid", true),
            ("order_*", "order", false),
            ("*_paid", "order_paid", true),
            ("o*d*d", "order_paid", true),
            ("o*x*d", "order_paid", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a**b", "ab", true),
            ("ab*ab*ab", "abab", false),
            ("$page*", "$pageview", true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().matches(name), expected, "{pattern} {name}");
        }
        assert!(Pattern::new("").is_none());
    }
}
