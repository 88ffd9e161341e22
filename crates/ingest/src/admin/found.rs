//! What the shell has read of the registry for a call. Asking for more pauses the call, which begins anew when it is there.

use crate::{
    Refusal,
    decode::{Kind, Malformed, Scanner, Value, each_member, fields, items},
    limits::MAX_LISTED_RECORDS,
};

/// What a call has to know of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The text under this name, if there is one.
    Record(String),
    /// The first 1,000 names that begin so, in their order, each with its metadata.
    List(String),
}

/// Why a call doesn't come to its end.
#[derive(Debug)]
pub(super) enum Pause {
    Read(Wanted),
    Refused(Refusal),
}

impl<T: Into<Refusal>> From<T> for Pause {
    fn from(refusal: T) -> Self {
        Self::Refused(refusal.into())
    }
}

/// What was read: `{"records":{"<name>":"<text>"|null},"lists":{"<prefix>":[["<name>",{…}|null],…]}}`.
pub(super) struct Found<'a> {
    records: Option<Value<'a>>,
    lists: Option<Value<'a>>,
}

/// A name of a list.
pub(super) struct Listed<'a> {
    /// Without the list's prefix.
    pub(super) name: String,
    /// JSON text.
    pub(super) metadata: Option<Value<'a>>,
}

impl<'a> Found<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let [records, lists] = fields(text, [b"records", b"lists"]).unwrap_or_default();
        Self { records, lists }
    }

    /// The text under `name`; `None` if there is none.
    pub(super) fn record(&self, name: &str) -> Result<Option<String>, Pause> {
        let found = self.records.and_then(|records| member(records, name).ok().flatten());
        let found = found.ok_or_else(|| Pause::Read(Wanted::Record(name.to_owned())))?;
        Ok(found.string().map(std::borrow::Cow::into_owned))
    }

    /// The names that begin with `prefix`.
    pub(super) fn list(&self, prefix: &str) -> Result<Vec<Listed<'a>>, Pause> {
        let found = self.lists.and_then(|lists| member(lists, prefix).ok().flatten());
        let found = found.ok_or_else(|| Pause::Read(Wanted::List(prefix.to_owned())))?;
        let entries = items(found, MAX_LISTED_RECORDS).unwrap_or_default();
        Ok(entries.into_iter().filter_map(|entry| listed(entry, prefix)).collect())
    }
}

fn listed<'a>(entry: Value<'a>, prefix: &str) -> Option<Listed<'a>> {
    let [name, metadata] = <[_; 2]>::try_from(items(entry, 2)?).ok()?;
    let name = name.string()?.strip_prefix(prefix)?.to_owned();
    Some(Listed { name, metadata: Some(metadata).filter(|it| it.kind() == Kind::Object) })
}

fn member<'a>(object: Value<'a>, name: &str) -> Result<Option<Value<'a>>, Malformed> {
    let mut found = None;
    each_member(&mut Scanner::new(object.as_str()), |scanner, key| {
        let value = scanner.value()?;
        if *key.name() == *name.as_bytes() {
            found = Some(value);
        }
        Ok(())
    })?;
    Ok(found)
}
