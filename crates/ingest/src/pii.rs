//! What says something about a person, dropped or hashed as the tenant's plan has it.

use hmac::Mac;
use tallymark_plan::plan::{Object, PiiAction, Shape, Type};

use crate::{
    decode::{Kind, Malformed, Scanner, Value, each_member},
    plans::Salt,
    text,
};

/// Appends an object without what `object` has dropped, and with the hash of what it has hashed. The rest stays as it
/// stands.
pub(crate) fn write(text: &str, object: &Object, salt: Option<&Salt>, out: &mut String) {
    let start = out.len();
    if write_object(&mut Scanner::new(text), object, salt, out).is_err() {
        // Never: it has been scanned before. But then, nothing of it is worth a leak.
        out.truncate(start);
        out.push_str("{}");
    }
}

fn write_object(
    scanner: &mut Scanner<'_>,
    object: &Object,
    salt: Option<&Salt>,
    out: &mut String,
) -> Result<(), Malformed> {
    out.push('{');
    let mut comma = "";
    each_member(scanner, |scanner, key| {
        let written_key = scanner.since(key.start);
        let property = object.find(&key.name()).map(|(_, property)| property);
        let action = property.and_then(|property| property.pii).map_or(PiiAction::Keep, |pii| pii.action);
        if action == PiiAction::Drop {
            scanner.value()?;
            return Ok(());
        }
        out.push_str(comma);
        out.push_str(written_key);
        comma = ",";
        match (action, property) {
            (PiiAction::Hash, _) => write_hash(scanner.value()?, salt, out),
            (_, Some(property)) if property.shape.holds_private() => {
                write_within(scanner, &property.shape, salt, out)?;
            }
            _ => out.push_str(scanner.value()?.as_str()),
        }
        Ok(())
    })?;
    out.push('}');
    Ok(())
}

/// A value with something in it that is to be withheld. If it is of another type than the plan's (and the plan is but
/// observed), there is no telling what it says: it becomes null.
fn write_within(
    scanner: &mut Scanner<'_>,
    shape: &Shape,
    salt: Option<&Salt>,
    out: &mut String,
) -> Result<(), Malformed> {
    match (&shape.kind, scanner.peek()) {
        (Type::Object(object), Some(b'{')) => write_object(scanner, object, salt, out),
        (Type::Array(list), Some(b'[')) => {
            out.push('[');
            scanner.enter_array()?;
            let mut first = true;
            let mut comma = "";
            while scanner.next_item(&mut first)? {
                out.push_str(comma);
                comma = ",";
                write_within(scanner, &list.items, salt, out)?;
            }
            out.push(']');
            Ok(())
        }
        _ => {
            scanner.value()?;
            out.push_str("null");
            Ok(())
        }
    }
}

/// HMAC-SHA-256 of a string's characters, or of any other value's JSON text, in hexadecimal. Null is nobody's.
fn write_hash(value: Value<'_>, salt: Option<&Salt>, out: &mut String) {
    let salt = salt.filter(|_| value.kind() != Kind::Null);
    let Some(mut hash) = salt.cloned() else {
        out.push_str("null");
        return;
    };
    match value.string() {
        Some(text) => hash.update(text.as_bytes()),
        None => hash.update(value.as_str().as_bytes()),
    }
    out.push('"');
    text::push_hex(out, &hash.finalize().into_bytes());
    out.push('"');
}
