//! Where in an event something is. Written out for violations alone.

use core::fmt;

use crate::limits::MAX_ECHO_BYTES;

/// A field of an event.
pub(super) enum Path<'a> {
    /// A column of the envelope.
    Envelope(&'static str),
    /// The properties as a whole.
    Properties,
    /// A member of an object.
    Member(&'a Path<'a>, &'a [u8]),
    /// An item of a list.
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(super) const fn is_top(&self) -> bool {
        matches!(self, Self::Properties)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope(column) => f.write_str(column),
            Self::Properties => f.write_str("properties"),
            Self::Member(path, name) => write!(f, "{path}.{}", cut(&String::from_utf8_lossy(name))),
            Self::Item(path, at) => write!(f, "{path}[{at}]"),
        }
    }
}

/// A text of the event's, shortened for a violation.
pub(super) fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_ECHO_BYTES);
    let ellipsis = if end < text.len() { "…" } else { "" };
    format!("{}{ellipsis}", text.get(..end).unwrap_or_default())
}
