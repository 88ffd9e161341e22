//! The body of a call: a JSON object of known members.

use crate::{
    Refusal, Request,
    decode::{Scanner, Value, each_member, unwrapped},
};

/// Reads the members of these names, and gives them to `read`. A member of any other name is refused: `overlap` is not
/// `overlap_s`.
pub(super) fn members<const N: usize, T>(
    request: &Request<'_>,
    names: [&str; N],
    expected: &'static str,
    read: impl FnOnce([Option<Value<'_>>; N]) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let refused = || Refusal::InvalidParameter { name: "body", expected };
    let body = unwrapped(request)?;
    let mut values = [None; N];
    let mut scanner = Scanner::new(&body);
    let mut is_known = true;
    each_member(&mut scanner, |scanner, key| {
        let value = scanner.value()?;
        let slot = names.iter().position(|name| *name.as_bytes() == *key.name());
        match slot.and_then(|at| values.get_mut(at)) {
            Some(slot) => *slot = Some(value),
            None => is_known = false,
        }
        Ok(())
    })
    .and_then(|()| scanner.end())
    .map_err(|_| refused())?;
    if !is_known {
        return Err(refused());
    }
    read(values.map(|value| value.filter(|value| !value.is_null())))
}
