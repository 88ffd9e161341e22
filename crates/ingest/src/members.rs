//! Writing a JSON object of others' members, no name twice: the first that comes holds.

use std::{borrow::Cow, collections::BTreeSet};

use crate::decode::{Malformed, Scanner, Value, each_member};

/// An object being written.
#[derive(Debug)]
pub(crate) struct Members<'o, 't> {
    out: &'o mut String,
    names: BTreeSet<Cow<'t, [u8]>>,
}

impl<'o, 't> Members<'o, 't> {
    /// Begins an object.
    pub(crate) fn open(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, names: BTreeSet::new() }
    }

    /// Writes a member unless there is one of that name. `value` is well-formed JSON.
    pub(crate) fn add(&mut self, name: &'static str, value: &str) {
        if self.is_new(Cow::Borrowed(name.as_bytes())) {
            self.out.push('"');
            self.out.push_str(name);
            self.out.push_str("\":");
            self.out.push_str(value);
        }
    }

    /// Copies a member as it stands, unless there is one of that name.
    pub(crate) fn copy(&mut self, name: Cow<'t, [u8]>, text: &str) {
        if self.is_new(name) {
            self.out.push_str(text);
        }
    }

    /// Copies all members of an object.
    pub(crate) fn copy_all(&mut self, object: Value<'t>) -> Result<(), Malformed> {
        each_member(&mut Scanner::new(object.as_str()), |scanner, key| {
            scanner.value()?;
            self.copy(key.name(), scanner.since(key.start));
            Ok(())
        })
    }

    /// Ends it.
    pub(crate) fn close(self) {
        self.out.push('}');
    }

    /// Whether nothing of that name is here yet; if so, a comma is written for it.
    fn is_new(&mut self, name: Cow<'t, [u8]>) -> bool {
        let is_first = self.names.is_empty();
        let is_new = self.names.insert(name);
        if is_new && !is_first {
            self.out.push(',');
        }
        is_new
    }
}
