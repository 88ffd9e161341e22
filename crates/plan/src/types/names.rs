//! Names of a plan as names of a programming language.

use std::collections::BTreeSet;

/// The words of a name: what is between signs, and between a small letter and a capital.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (was_small && c.is_ascii_uppercase()) {
            words.push(core::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        was_small = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// `inventory_adjusted` → `InventoryAdjusted`.
pub(super) fn type_name(name: &str) -> String {
    let capital = |word: &String| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    started(words(name).iter().map(capital).collect(), 'N', "Nameless")
}

/// `conversationId` → `conversation_id`.
pub(super) fn field_name(name: &str) -> String {
    started(words(name).join("_"), 'n', "nameless")
}

/// Names begin with a letter everywhere, and are not empty.
fn started(name: String, letter: char, nameless: &str) -> String {
    match name.chars().next() {
        None => nameless.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{letter}{name}"),
        Some(_) => name,
    }
}

/// Names that are taken already.
#[derive(Default)]
pub(super) struct Taken(BTreeSet<String>);

impl Taken {
    /// With these.
    pub(super) fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The name, or, if it is taken, the first of it with a number that is not.
    pub(super) fn take(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        // Ends: each number that is taken was given before.
        let mut number = 2u32;
        while self.0.contains(&free) {
            free = format!("{name}{number}");
            number += 1;
        }
        self.0.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_of_any_language() {
        for (name, r#type, field) in [
            ("inventory_adjusted", "InventoryAdjusted", "inventory_adjusted"),
            ("conversationId", "ConversationId", "conversation_id"),
            ("$pageview", "Pageview", "pageview"),
            ("order.lifecycle", "OrderLifecycle", "order_lifecycle"),
            ("ABTest", "Abtest", "abtest"),
            ("2nd try", "N2ndTry", "n2nd_try"),
            ("été", "T", "t"),
            ("イベント", "Nameless", "nameless"),
        ] {
            assert_eq!((type_name(name).as_str(), field_name(name).as_str()), (r#type, field), "{name}");
        }
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut taken = Taken::of(&["A"]);
        assert_eq!(["A", "A", "B"].map(|name| taken.take(name)), ["A2", "A3", "B"]);
    }
}
