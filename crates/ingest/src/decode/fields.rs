//! Small JSON texts of which a few members are looked at: the registry's records, tokens, envelopes.

use super::{Malformed, Scanner, Value, each_member};

/// The values of an object's members of these names, of a name that comes twice the last; all others are passed over.
/// The text is the object, and nothing else.
pub(crate) fn fields<'t, const N: usize>(
    json: &'t str,
    names: [&[u8]; N],
) -> Result<[Option<Value<'t>>; N], Malformed> {
    let mut values = [None; N];
    let mut scanner = Scanner::new(json);
    each_member(&mut scanner, |scanner, key| {
        let value = scanner.value()?;
        for (slot, name) in values.iter_mut().zip(names) {
            if *key.name() == *name {
                *slot = Some(value);
            }
        }
        Ok(())
    })?;
    scanner.end()?;
    Ok(values)
}

/// The items of an array; `None` if it is none, or has more than `max`.
pub(crate) fn items(value: Value<'_>, max: usize) -> Option<Vec<Value<'_>>> {
    let mut items = Vec::new();
    let mut scanner = Scanner::new(value.as_str());
    scanner.enter_array().ok()?;
    let mut first = true;
    while scanner.next_item(&mut first).ok()? {
        if items.len() == max {
            return None;
        }
        items.push(scanner.value().ok()?);
    }
    Some(items)
}

/// The items of an array of strings; `None` if it is none.
pub(crate) fn strings(list: Value<'_>) -> Option<Vec<String>> {
    items(list, usize::MAX)?.into_iter().map(|item| Some(item.string()?.into_owned())).collect()
}
