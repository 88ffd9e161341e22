//! Patterns of texts: the part of regular expressions that means the same everywhere.
//!
//! A plan is checked by this code at the edge and in the page, and by any JSON Schema validator, which are JavaScript's,
//! Python's, Go's or Rust's expressions. They disagree on what `\s`, `\b`, `$` or a case are. So a plan has a
//! part that they agree on, and [`Pattern::ecma`] writes it in a form that none of them reads in another way:
//!
//! | written                      | means                                                        |
//! |------------------------------|--------------------------------------------------------------|
//! | `a`, `\.`                    | that character; punctuation behind a backslash is itself     |
//! | `[a-z_]`, `[^,]`             | one character of a set, or of all others                     |
//! | `\d`, `\w`, `\n`, `\r`, `\t` | `[0-9]`, `[A-Za-z0-9_]`, and three control characters        |
//! | `.`                          | any character but `\n`, `\r`, U+2028 and U+2029              |
//! | `(a\|b)`, `(?:a\|b)`         | a group; groups capture nothing                              |
//! | `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}` | so many of what stands before                       |
//!
//! A pattern is held against the whole text: `^` at its beginning and `$` at its end may be written and change nothing.
//! A character is a Unicode code point.

mod automaton;
mod syntax;

pub use syntax::PatternError;

use automaton::Automaton;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    source: String,
    ecma: String,
    automaton: Automaton,
}

impl Pattern {
    /// Compiles a pattern, or says what is wrong with it.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        let tree = syntax::parse(source)?;
        let automaton = Automaton::new(&tree)?;
        Ok(Self { source: source.to_owned(), ecma: syntax::ecma(&tree), automaton })
    }

    /// As the plan has it.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The same for JSON Schema, anchored: ECMA-262 with its `u` flag, as JSON Schema wants it, and the same to Rust's and
    /// Go's (RE2) expressions. Python's `$` alone lets one line feed pass at a text's end.
    pub fn ecma(&self) -> &str {
        &self.ecma
    }

    /// Whether the whole text is as the pattern says. Time grows with the text alone; nothing is allocated.
    pub fn matches(&self, text: impl Iterator<Item = char>) -> bool {
        self.automaton.matches(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_match(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(text.chars())
    }

    #[test]
    fn what_is_written_is_meant() {
        for (pattern, good, bad) in [
            ("", &[""][..], &["a"][..]),
            ("abc", &["abc"], &["ab", "abcd", "xabc"]),
            ("^[A-Z]{2}-\\d{3,}$", &["AB-123", "XY-99999"], &["AB-12", "ab-123", "AB-123\n"]),
            ("(a|bc)*", &["", "a", "abca"], &["b", "abcab"]),
            ("[^,]+", &["x", "é\n"], &["", "a,b"]),
            (".{2,3}", &["ab", "😀é", "abc"], &["a", "abcd", "a\n", "a\u{2028}"]),
            ("[\\w.-]+", &["a_b.c-d", "9"], &["a b", "é"]),
            ("[]", &[], &[]),
            ("x?y+", &["y", "xyy"], &["x", "xxy"]),
            ("(ab){2}c{0}", &["abab"], &["ab", "ababc"]),
            ("\\$\\{[^}]*\\}", &["${}", "${a}"], &["$", "${a"]),
            ("[&~a-c-]+", &["a-b&~"], &["d"]),
        ] {
            let Ok(compiled) = Pattern::new(pattern) else {
                assert_eq!(pattern, "[]", "an empty set matches nothing, and expressions disagree on it");
                continue;
            };
            for text in good {
                assert!(compiled.matches(text.chars()), "{pattern} {text:?}");
            }
            for text in bad {
                assert!(!compiled.matches(text.chars()), "{pattern} {text:?}");
            }
        }
    }

    #[test]
    fn what_is_not_the_same_everywhere_is_refused_with_a_reason() {
        for pattern in [
            "\\s",
            "\\b",
            "\\p{L}",
            "\\1",
            "\\D",
            "(?=a)",
            "(?i)a",
            "(?P<n>a)",
            "a*?",
            "a++",
            "a{2}{3}",
            "*a",
            "(",
            ")",
            "[a",
            "[z-a]",
            "[\\d-z]",
            "a{3,2}",
            "a{,2}",
            "{",
            "]",
            "}",
            "a^",
            "$a",
            "\\",
            "[[:alpha:]]",
            "a{999}",
            "((((((((((((((((((a))))))))))))))))))",
        ] {
            let error = Pattern::new(pattern).unwrap_err();
            assert!(!error.message.is_empty() && !error.remedy.is_empty(), "{pattern}");
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_longer_than_its_text() {
        let text = "a".repeat(50_000);
        assert!(!is_match("(a*)*b", &text));
        assert!(!is_match("(a|a|a?)+b", &text));
        assert!(Pattern::new("((((a?){99}){99}){99}){99}").is_err());
        assert!(is_match("((((){99}){99}){99}){99}", ""));
    }

    fn pattern() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[abc]".prop_map(|c: String| c),
            Just("[ab]".to_owned()),
            Just("[^a]".to_owned()),
            Just("[b-d&]".to_owned()),
            Just("\\.".to_owned()),
            Just(".".to_owned()),
            Just("\\d".to_owned()),
            Just("\\w".to_owned()),
            Just("-".to_owned()),
            Just("é".to_owned()),
        ];
        leaf.prop_recursive(4, 16, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| parts.concat()),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}|{b})")),
                (inner, "[*+?]|\\{[0-2]\\}|\\{[01],2\\}|\\{1,\\}")
                    .prop_map(|(a, times)| format!("(?:{a}){times}")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn agrees_with_a_full_engine(pattern in pattern(), texts in prop::collection::vec("[abcd.&0é\n-]{0,6}", 16)) {
            let Ok(ours) = Pattern::new(&pattern) else { return Ok(()) };
            let reference = regex::Regex::new(ours.ecma()).unwrap();
            for text in texts {
                prop_assert_eq!(ours.matches(text.chars()), reference.is_match(&text), "{} {:?}", pattern, text);
            }
        }

        #[test]
        fn any_text_is_compiled_or_refused(pattern in "[\\\\()\\[\\]{}|*+?^$.ab,0-9-]{0,24}") {
            if let Ok(compiled) = Pattern::new(&pattern) {
                prop_assert!(regex::Regex::new(compiled.ecma()).is_ok(), "{} {}", pattern, compiled.ecma());
                let again = Pattern::new(compiled.ecma()).unwrap();
                prop_assert_eq!(again.ecma(), compiled.ecma());
            }
        }
    }
}
