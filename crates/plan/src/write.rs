//! Writing JSON for people and machines: indented, in the order of the calls.

use tallymark_event::json;

/// A JSON text under way.
#[derive(Default)]
pub(crate) struct Json {
    out: String,
    depth: usize,
    is_empty: bool,
}

impl Json {
    /// The whole text, with a final newline: what `write` writes, which must be one value.
    pub(crate) fn text(write: impl FnOnce(&mut Self)) -> String {
        let mut json = Self::default();
        write(&mut json);
        json.out.push('\n');
        json.out
    }

    /// An object; `write` writes its members.
    pub(crate) fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.container(['{', '}'], write);
    }

    /// An array; `write` calls [`Self::item`] before each value.
    pub(crate) fn array(&mut self, write: impl FnOnce(&mut Self)) {
        self.container(['[', ']'], write);
    }

    fn container(&mut self, [open, close]: [char; 2], write: impl FnOnce(&mut Self)) {
        self.out.push(open);
        self.depth += 1;
        self.is_empty = true;
        write(self);
        self.depth -= 1;
        if !self.is_empty {
            self.line();
        }
        self.is_empty = false;
        self.out.push(close);
    }

    fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }

    /// Makes room for an item of an array.
    pub(crate) fn item(&mut self) {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        self.line();
    }

    /// Begins a member of an object: its value comes next.
    pub(crate) fn key(&mut self, name: &str) {
        self.item();
        json::write_str(&mut self.out, name);
        self.out.push_str(": ");
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, value: &str) {
        self.out.push_str(value);
    }

    /// A string.
    pub(crate) fn string(&mut self, text: &str) {
        json::write_str(&mut self.out, text);
    }

    /// A member that is JSON already.
    pub(crate) fn member(&mut self, name: &str, value: &str) {
        self.key(name);
        self.raw(value);
    }

    /// A member that is a string.
    pub(crate) fn member_string(&mut self, name: &str, text: &str) {
        self.key(name);
        self.string(text);
    }

    /// A member that is a number, if there is one.
    pub(crate) fn member_count(&mut self, name: &str, count: Option<u32>) {
        if let Some(count) = count {
            self.member(name, &count.to_string());
        }
    }

    /// A member that is an array of strings.
    pub(crate) fn member_strings<'t>(&mut self, name: &str, texts: impl IntoIterator<Item = &'t str>) {
        self.key(name);
        self.array(|json| {
            for text in texts {
                json.item();
                json.string(text);
            }
        });
    }
}
