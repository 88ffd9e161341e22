//! What says something about a person, dropped or hashed as the tenant's plan has it.

use hmac::Mac;
use tallymark_event::json;
use tallymark_plan::plan::{Object, PiiAction, Property, Shape, Type};

use crate::{
    anonymise::is_personal,
    decode::{Kind, Malformed, Scanner, Value, each_member},
    limits::MAX_NOTED_PII,
    plans::Salt,
    text,
};

/// Appends an object without what `object` has dropped, and with the hash of what it has hashed. The rest stays as it
/// stands, as does what is to be hashed and has been `withheld` before.
pub(crate) fn write(text: &str, object: &Object, salt: Option<&Salt>, withheld: &[String], out: &mut String) {
    let mut trail = Trail { withheld, ..Trail::default() };
    write_or_nothing(text, Some(object), Treatment::Planned(salt), &mut trail, out);
}

/// The same, and notes where something was withheld: by the plan's names of properties, `address.city`.
pub(crate) fn write_and_note(
    text: &str,
    object: &Object,
    salt: Option<&Salt>,
    notes: &mut Vec<String>,
    out: &mut String,
) {
    let mut trail = Trail { notes: Some(notes), ..Trail::default() };
    write_or_nothing(text, Some(object), Treatment::Planned(salt), &mut trail, out);
}

/// Appends an object of properties without what is anybody's: what has a class in the plan, whatever that does about it,
/// and what [`is_personal`].
pub(crate) fn cut(text: &str, object: Option<&Object>, out: &mut String) {
    write_or_nothing(text, object, Treatment::Cut, &mut Trail::default(), out);
}

/// Writes which of an object's properties, as they are stored, say something about a person: `["email","address.city"]`, or
/// `true`, all of them, where they are more than [`MAX_NOTED_PII`]. Nothing if there are none.
pub(crate) fn note(text: &str, object: &Object, out: &mut String) {
    let mut found = Vec::new();
    if find_in_object(&mut Scanner::new(text), object, "", &mut found).is_err() || found.len() > MAX_NOTED_PII
    {
        out.push_str("true");
        return;
    }
    if found.is_empty() {
        return;
    }
    for (at, path) in found.iter().enumerate() {
        out.push(if at == 0 { '[' } else { ',' });
        json::write_str(out, path);
    }
    out.push(']');
}

fn find_in_object(
    scanner: &mut Scanner<'_>,
    object: &Object,
    within: &str,
    found: &mut Vec<String>,
) -> Result<(), Malformed> {
    each_member(scanner, |scanner, key| {
        let Some((_, property)) = object.find(&key.name()) else { return scanner.value().map(drop) };
        let dot = if within.is_empty() { "" } else { "." };
        let path = format!("{within}{dot}{}", property.name);
        if property.pii.is_some() {
            if found.len() <= MAX_NOTED_PII && !found.contains(&path) {
                found.push(path);
            }
            return scanner.value().map(drop);
        }
        find_within(scanner, &property.shape, &path, found)
    })
}

/// The items of a list go by its own path.
fn find_within(
    scanner: &mut Scanner<'_>,
    shape: &Shape,
    path: &str,
    found: &mut Vec<String>,
) -> Result<(), Malformed> {
    match (&shape.kind, scanner.peek()) {
        (Type::Object(object), Some(b'{')) if object.holds_classed() => {
            find_in_object(scanner, object, path, found)
        }
        (Type::Array(list), Some(b'[')) if list.items.holds_classed() => {
            scanner.enter_array()?;
            let mut first = true;
            while scanner.next_item(&mut first)? {
                find_within(scanner, &list.items, path, found)?;
            }
            Ok(())
        }
        // Of another type than the plan's, which is but observed: there is no telling what it says.
        (_, kind) if shape.holds_classed() && kind != Some(b'n') => {
            if found.len() <= MAX_NOTED_PII && !found.iter().any(|known| known == path) {
                found.push(path.to_owned());
            }
            scanner.value().map(drop)
        }
        _ => scanner.value().map(drop),
    }
}

/// What is done about a property with a class.
#[derive(Clone, Copy)]
enum Treatment<'s> {
    /// What the plan says.
    Planned(Option<&'s Salt>),
    /// It goes.
    Cut,
}

impl Treatment<'_> {
    fn of(self, property: Option<&Property>) -> PiiAction {
        match (self, property.and_then(|property| property.pii)) {
            (_, None) => PiiAction::Keep,
            (Self::Planned(_), Some(pii)) => pii.action,
            (Self::Cut, Some(_)) => PiiAction::Drop,
        }
    }

    /// Whether there may be something in it that does not stay as it is.
    fn looks_into(self, shape: &Shape) -> bool {
        shape.holds_private()
            || (matches!(self, Self::Cut) && matches!(shape.kind, Type::Object(_) | Type::Array(_)))
    }
}

/// Where a writer is, and what was or is withheld there.
#[derive(Default)]
struct Trail<'w> {
    /// Names of properties with dots between; of a list's items, the list's.
    path: String,
    withheld: &'w [String],
    notes: Option<&'w mut Vec<String>>,
}

impl Trail<'_> {
    /// Goes into a property: where to come back to with [`Self::leave`].
    fn enter(&mut self, name: &[u8]) -> usize {
        let outside = self.path.len();
        if self.notes.is_some() || !self.withheld.is_empty() {
            self.path.push_str(if outside > 0 { "." } else { "" });
            self.path.push_str(&String::from_utf8_lossy(name));
        }
        outside
    }

    fn leave(&mut self, outside: usize) {
        self.path.truncate(outside);
    }

    fn was_withheld(&self) -> bool {
        self.withheld.contains(&self.path)
    }

    fn note(&mut self) {
        if let Some(notes) = &mut self.notes
            && !notes.contains(&self.path)
        {
            notes.push(self.path.clone());
        }
    }
}

fn write_or_nothing(
    text: &str,
    object: Option<&Object>,
    treatment: Treatment<'_>,
    trail: &mut Trail<'_>,
    out: &mut String,
) {
    let start = out.len();
    let mut scanner = Scanner::new(text);
    let cuts_personal = matches!(treatment, Treatment::Cut);
    if write_object(&mut scanner, object, treatment, cuts_personal, trail, out).is_err() {
        // Never: it has been scanned before. But then, nothing of it is worth a leak.
        out.truncate(start);
        out.push_str("{}");
    }
}

/// `cuts_personal`: these are an event's properties, of which some say who it was by their names alone.
fn write_object(
    scanner: &mut Scanner<'_>,
    object: Option<&Object>,
    treatment: Treatment<'_>,
    cuts_personal: bool,
    trail: &mut Trail<'_>,
    out: &mut String,
) -> Result<(), Malformed> {
    out.push('{');
    let mut comma = "";
    each_member(scanner, |scanner, key| {
        let written_key = scanner.since(key.start);
        let property = object.and_then(|object| object.find(&key.name())).map(|(_, property)| property);
        let action = treatment.of(property);
        let outside = trail.enter(&key.name());
        if action == PiiAction::Drop || (cuts_personal && is_personal(&key.name())) {
            scanner.value()?;
            trail.note();
            trail.leave(outside);
            return Ok(());
        }
        out.push_str(comma);
        out.push_str(written_key);
        comma = ",";
        match (action, property) {
            (PiiAction::Hash, _) if !trail.was_withheld() => {
                let Treatment::Planned(salt) = treatment else { return scanner.value().map(|_| ()) };
                write_hash(scanner.value()?, salt, out);
                trail.note();
            }
            (PiiAction::Keep, Some(property)) if treatment.looks_into(&property.shape) => {
                write_within(scanner, &property.shape, treatment, trail, out)?;
            }
            _ => out.push_str(scanner.value()?.as_str()),
        }
        trail.leave(outside);
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
    treatment: Treatment<'_>,
    trail: &mut Trail<'_>,
    out: &mut String,
) -> Result<(), Malformed> {
    match (&shape.kind, scanner.peek()) {
        (Type::Object(object), Some(b'{')) => {
            write_object(scanner, Some(object), treatment, false, trail, out)
        }
        (Type::Array(list), Some(b'[')) => {
            out.push('[');
            scanner.enter_array()?;
            let mut first = true;
            let mut comma = "";
            while scanner.next_item(&mut first)? {
                out.push_str(comma);
                comma = ",";
                write_within(scanner, &list.items, treatment, trail, out)?;
            }
            out.push(']');
            Ok(())
        }
        _ if !shape.holds_private() => {
            out.push_str(scanner.value()?.as_str());
            Ok(())
        }
        _ => {
            scanner.value()?;
            trail.note();
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
