//! What has changed in what an event carries.

use super::{Diff, Effect};
use crate::plan::{Number, Object, Property, Range, Shape, Text, Type};

pub(super) fn object(diff: &mut Diff, path: &str, old: &Object, new: &Object) {
    for property in old.properties() {
        let path = format!("{path}.properties.{}", property.name);
        match new.find(property.name.as_bytes()) {
            None => diff.add(Effect::Breaking, &path, "is gone"),
            Some((_, after)) => self::property(diff, &path, property, after),
        }
    }
    for property in new.properties().iter().filter(|it| old.find(it.name.as_bytes()).is_none()) {
        let path = format!("{path}.properties.{}", property.name);
        if property.is_required {
            diff.add(Effect::Breaking, &path, "is new and required");
        } else {
            diff.add(Effect::Additive, &path, "is new");
        }
    }
}

fn property(diff: &mut Diff, path: &str, old: &Property, new: &Property) {
    diff.replaced(Effect::Neutral, path, "description", &old.description, &new.description);
    if old.is_required != new.is_required {
        let message =
            if new.is_required { "is required now" } else { "is no longer required: readers may miss it" };
        diff.add(Effect::Breaking, path, message);
    }
    if old.deprecated != new.deprecated {
        let message = if new.deprecated.is_some() { "is deprecated" } else { "is no longer deprecated" };
        diff.add(Effect::Neutral, path, message);
    }
    if old.pii != new.pii {
        let said = |property: &Property| {
            property
                .pii
                .map_or("none".to_owned(), |pii| format!("{}, {}", pii.class.name(), pii.action.name()))
        };
        // What is stored is another value now, unless the action is the same, or is no action.
        let is_same = old.is_private() == new.is_private()
            && (!old.is_private() || old.pii.map(|pii| pii.action) == new.pii.map(|pii| pii.action));
        let effect = if is_same { Effect::Neutral } else { Effect::Breaking };
        diff.replaced(effect, path, "pii", &said(old), &said(new));
    }
    shape(diff, path, &old.shape, &new.shape);
}

fn shape(diff: &mut Diff, path: &str, old: &Shape, new: &Shape) {
    if old.is_nullable != new.is_nullable {
        let message = if new.is_nullable { "may be null now" } else { "may no longer be null" };
        diff.add(Effect::Breaking, path, message);
    }
    match (&old.kind, &new.kind) {
        // Every whole number is a number to senders, but not to readers.
        (Type::Integer(old), Type::Integer(new)) | (Type::Number(old), Type::Number(new)) => {
            range(diff, path, old, new);
        }
        (Type::String(old), Type::String(new)) => text(diff, path, old, new),
        (Type::Object(old), Type::Object(new)) if old.is_open() != new.is_open() => {
            let message =
                if new.is_open() { "may hold anything now" } else { "has properties of its own now" };
            diff.add(Effect::Breaking, path, message);
        }
        (Type::Object(old), Type::Object(new)) => object(diff, path, old, new),
        (Type::Array(old), Type::Array(new)) => {
            diff.bound(path, "min_items", old.min_items, new.min_items, false);
            diff.bound(path, "max_items", old.max_items, new.max_items, true);
            shape(diff, &format!("{path}.items"), &old.items, &new.items);
        }
        (old, new) => diff.replaced(Effect::Breaking, path, "type", old.name(), new.name()),
    }
}

fn range(diff: &mut Diff, path: &str, old: &Range, new: &Range) {
    let value = |bound: &Option<Number>| bound.as_ref().map(|bound| bound.value);
    diff.bound(path, "min", value(&old.min), value(&new.min), false);
    diff.bound(path, "max", value(&old.max), value(&new.max), true);
    let values = |range: &Range| range.one_of.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
    enumeration(diff, path, &values(old), &values(new));
}

fn text(diff: &mut Diff, path: &str, old: &Text, new: &Text) {
    diff.bound(path, "min_length", old.min_length, new.min_length, false);
    diff.bound(path, "max_length", old.max_length, new.max_length, true);
    let pattern = |text: &Text| text.pattern.as_ref().map_or("", |pattern| pattern.as_str()).to_owned();
    let effect = if new.pattern.is_none() { Effect::Additive } else { Effect::Breaking };
    diff.replaced(effect, path, "pattern", &pattern(old), &pattern(new));
    enumeration(diff, path, &old.one_of, &new.one_of);
}

fn enumeration(diff: &mut Diff, path: &str, old: &[String], new: &[String]) {
    if old.is_empty() != new.is_empty() {
        let (effect, message) = if new.is_empty() {
            (Effect::Additive, "may be any value now")
        } else {
            (Effect::Breaking, "may only be one of a list now")
        };
        diff.add(effect, path, message);
        return;
    }
    for gone in old.iter().filter(|value| !new.contains(value)) {
        diff.add(Effect::Breaking, path, format!("may no longer be {gone:?}"));
    }
    for added in new.iter().filter(|value| !old.contains(value)) {
        diff.add(Effect::Additive, path, format!("may be {added:?} now"));
    }
}
