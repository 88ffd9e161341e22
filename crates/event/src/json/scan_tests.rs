use alloc::{format, string::String};

use proptest::prelude::*;
use serde_json::Value as Tree;

use super::scan::{Malformed, Scanner, Unstorable, each_member};
use crate::limits::MAX_DEPTH;

/// What the scanner makes of a whole text.
fn scan(text: &str) -> Result<Option<Unstorable>, Malformed> {
    let mut scanner = Scanner::new(text);
    let value = scanner.value()?;
    scanner.end()?;
    assert_eq!(value.as_str(), text.trim_matches([' ', '\n', '\r', '\t']));
    Ok(scanner.take_unstorable())
}

/// The same by pulling containers apart member by member.
fn pull(scanner: &mut Scanner<'_>) -> Result<(), Malformed> {
    match scanner.peek() {
        Some(b'{') => each_member(scanner, |scanner, _| pull(scanner)),
        Some(b'[') => {
            scanner.enter_array()?;
            let mut first = true;
            while scanner.next_item(&mut first)? {
                pull(scanner)?;
            }
            Ok(())
        }
        _ => scanner.value().map(drop),
    }
}

fn pull_all(text: &str) -> Result<Option<Unstorable>, Malformed> {
    let mut scanner = Scanner::new(text);
    pull(&mut scanner)?;
    scanner.end()?;
    Ok(scanner.take_unstorable())
}

fn deepest(text: &str) -> usize {
    let mut depth: usize = 0;
    let mut deepest = 0;
    let mut in_string = false;
    let mut escaped = false;
    for c in text.bytes() {
        match c {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The scanner takes and refuses what `serde_json` does, but for the documented differences: deep texts
/// (compared only up to our limit), and what is well-formed and can't be stored.
fn assert_agreement(text: &str) {
    if deepest(text) > MAX_DEPTH as usize {
        return;
    }
    let storable = |result: Result<Option<Unstorable>, Malformed>| matches!(result, Ok(None));
    let ours = scan(text);
    assert_eq!(ours, pull_all(text), "whole and in parts: {text:?}");
    assert_eq!(storable(ours), serde_json::from_str::<Tree>(text).is_ok(), "{text:?}: {ours:?}");
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        any::<i64>().prop_map(Tree::from),
        any::<f64>().prop_map(Tree::from),
        ".{0,40}".prop_map(Tree::from),
        any::<String>().prop_map(Tree::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Tree::from),
            prop::collection::vec((".{0,12}", inner), 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Pieces that texts of JSON are wrong with.
const PIECES: [&str; 34] = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "\\u0000", "\\x", "0", "01", "-",
    "-0", ".", "1.", ".5", "e", "1e5", "1E+400", "-1e400", "true", "fals", "null", "nul", " ", "\n", "\u{0}",
    "\u{1f}", "é", "😀",
];

proptest! {
    #[test]
    fn agrees_on_json(tree in tree(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&tree) } else { serde_json::to_string(&tree) };
        assert_agreement(&text.unwrap());
    }

    #[test]
    fn agrees_on_mutations(
        tree in tree(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..3, 0..PIECES.len()), 1..4),
    ) {
        let mut text = serde_json::to_string(&tree).unwrap();
        for (index, length, piece) in edits {
            let from = text.floor_char_boundary(index.index(text.len() + 1));
            let to = text.ceil_char_boundary((from + length).min(text.len()));
            text.replace_range(from..to, PIECES[piece]);
        }
        assert_agreement(&text);
    }

    #[test]
    fn agrees_on_pieces(pieces in prop::collection::vec(0..PIECES.len(), 0..12)) {
        assert_agreement(&pieces.into_iter().map(|at| PIECES[at]).collect::<String>());
    }

    #[test]
    fn agrees_on_strings(before in "[a-z]{0,20}", pieces in prop::collection::vec(0..PIECES.len(), 0..4)) {
        // Any alignment of what ends a run to the eight bytes that are looked at together.
        let inside: String = pieces.into_iter().map(|at| PIECES[at]).collect();
        assert_agreement(&format!("\"{before}{inside}\""));
    }
}

#[test]
fn nesting_ends_at_its_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let limit = MAX_DEPTH as usize;
    assert_eq!([scan, pull_all].map(|read| read(&nested(limit))), [Ok(None); 2]);
    for depth in [limit + 1, 1 << 20] {
        assert_eq!(scan(&nested(depth)), Ok(Some(Unstorable::TooDeep)), "a value is passed");
        assert_eq!(pull_all(&nested(depth)), Err(Malformed::TooDeep), "but not entered");
    }
    for read in [scan, pull_all] {
        assert!(read(&"[".repeat(1 << 20)).is_err());
        assert!(read(&"{\"a\":".repeat(1 << 18)).is_err());
    }
    let within = format!("{{\"a\":{}}}", nested(limit));
    let mut scanner = Scanner::new(&within);
    each_member(&mut scanner, |scanner, _| scanner.value().map(drop)).unwrap();
    assert_eq!(scanner.take_unstorable(), Some(Unstorable::TooDeep), "counted from the text's own top");
}

#[test]
fn errors_say_where() {
    for (text, at) in [
        ("", 0),
        ("{\"a\":1,}", 7),
        ("{\"a\" 1}", 5),
        ("[1 2]", 3),
        ("[1}", 2),
        ("\"abc", 4),
        ("\"a\nb\"", 2),
        ("\"12345678\\q\"", 9),
        ("1 x", 2),
        ("{\"a\":tru}", 5),
        ("[[\u{1}", 2),
    ] {
        let mut scanner = Scanner::new(text);
        assert!(scanner.value().and_then(|_| scanner.end()).is_err(), "{text}");
        assert_eq!(scanner.at(), at, "{text}");
    }
}

#[test]
fn what_cannot_be_stored_is_noticed_once_and_costs_no_error() {
    for (text, what) in [
        ("\"\\ud83d\"", Unstorable::LoneSurrogate),
        ("\"\\ude00\"", Unstorable::LoneSurrogate),
        ("\"\\ud83d\\ud83d\"", Unstorable::LoneSurrogate),
        ("\"\\ud83d\\n\"", Unstorable::LoneSurrogate),
        ("{\"\\uDFFF\":1}", Unstorable::LoneSurrogate),
        ("[1e400]", Unstorable::NumberOutOfRange),
        ("-1e309", Unstorable::NumberOutOfRange),
    ] {
        assert_eq!(scan(text), Ok(Some(what)), "{text}");
    }
    assert_eq!(scan(&"9".repeat(400)), Ok(Some(Unstorable::NumberOutOfRange)));
    assert_eq!(scan("[0e999999, 1e-400, \"\\ud83d\\ude00\"]"), Ok(None));
}
