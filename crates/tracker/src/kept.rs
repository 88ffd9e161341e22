//! What is kept between pages, and which of it the shell has yet to write down.

use alloc::string::String;

use crate::{Slot, members, text};

/// One JSON value a slot; nothing where there is none.
#[derive(Debug)]
pub(crate) struct Kept {
    values: [String; Slot::ALL.len()],
    /// A bit for each slot that has changed.
    unsaved: u16,
}

impl Kept {
    /// Nothing.
    pub(crate) const fn new() -> Self {
        Self { values: [const { String::new() }; Slot::ALL.len()], unsaved: 0 }
    }

    /// The value.
    pub(crate) fn get(&self, slot: Slot) -> &str {
        self.values.get(slot as usize).map_or("", String::as_str)
    }

    /// The value's members, of a slot that holds an object.
    pub(crate) fn members(&self, slot: Slot) -> &str {
        members::of_object(self.get(slot)).unwrap_or("")
    }

    /// Puts down another value.
    pub(crate) fn set(&mut self, slot: Slot, value: &str) {
        self.restore(slot, value);
        self.unsaved |= 1 << slot as u16;
    }

    /// Adds the members `new` to those of an object; a key that is there already takes the new value.
    pub(crate) fn merge(&mut self, slot: Slot, new: &str) {
        let mut value = text::copy("{");
        members::append_unless(&mut value, self.members(slot), new);
        members::append(&mut value, new);
        value.push('}');
        self.set(slot, &value);
    }

    /// Takes over what an earlier page or another tab has written down.
    pub(crate) fn restore(&mut self, slot: Slot, value: &str) {
        if let Some(kept) = self.values.get_mut(slot as usize) {
            text::put(kept, value);
        }
    }

    /// A slot to be written down, once; unless things `may_keep` their places, only what was decided about that,
    /// and what is to be forgotten.
    pub(crate) fn unsaved(&mut self, may_keep: bool) -> Option<Slot> {
        let is_due = |slot: &&Slot| {
            self.unsaved & (1 << **slot as u16) != 0
                && (may_keep || **slot == Slot::Consent || self.get(**slot).is_empty())
        };
        let slot = *Slot::ALL.iter().find(is_due)?;
        self.unsaved &= !(1 << slot as u16);
        Some(slot)
    }

    /// Forgets everything but what the visitor has agreed to.
    pub(crate) fn forget(&mut self) {
        for slot in &Slot::ALL {
            if *slot != Slot::Consent {
                self.set(*slot, "");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_once_and_restored_values_never() {
        let mut kept = Kept::new();
        kept.restore(Slot::Groups, r#"{"a":1,"b":2}"#);
        assert_eq!(kept.unsaved(true), None);
        kept.merge(Slot::Groups, r#""b":3"#);
        kept.set(Slot::User, "\"u\"");
        assert_eq!(
            (kept.unsaved(true), kept.unsaved(true), kept.unsaved(true)),
            (Some(Slot::User), Some(Slot::Groups), None)
        );
        assert_eq!(kept.get(Slot::Groups), r#"{"a":1,"b":3}"#);
        assert_eq!(kept.members(Slot::Groups), r#""a":1,"b":3"#);
        assert_eq!(kept.members(Slot::Supers), "");
    }
}
