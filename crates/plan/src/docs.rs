//! Docs of a plan, for those who send its events and those who read them: Markdown and HTML, both of what
//! [`chapters`] gathers.
#![allow(clippy::format_push_string)] // runs once, natively: what is written should be seen

mod html;
mod markdown;

pub use html::html;
pub use markdown::markdown;

use crate::{
    Plan,
    plan::{Deprecation, Event, Number, Object, Property, Shape, Type},
};

/// A family and its events; at the end, what is of no family.
struct Chapter<'p> {
    title: &'p str,
    description: &'p str,
    events: Vec<&'p Event>,
}

fn chapters(plan: &Plan) -> Vec<Chapter<'_>> {
    let families = plan.families.iter().map(|family| Chapter {
        title: &family.name,
        description: &family.description,
        events: plan.events_of(Some(&family.name)).collect(),
    });
    let rest = Chapter { title: "Others", description: "", events: plan.events_of(None).collect() };
    families.chain([rest]).filter(|chapter| !chapter.events.is_empty()).collect()
}

/// What there is to say of an event beside its description: what it is called, and what it is.
fn facts(plan: &Plan, event: &Event) -> Vec<(&'static str, String)> {
    let sent_by = match event.origin.name() {
        "browser" => "pages",
        "server" => "back ends",
        _ => "pages and back ends",
    };
    let mut facts = vec![("sent by", sent_by.to_owned())];
    facts.extend(event.entity.as_ref().map(|entity| ("entity", entity.clone())));
    facts.push(("schema version", event.schema_version.to_string()));
    facts.extend(event.sampling.as_ref().map(|rate| ("captured part", rate.text.clone())));
    facts.extend(plan.max_bytes(event).map(|max| ("largest", format!("{max} bytes"))));
    let others = plan.unknown_properties(event).name();
    facts.push(("other properties", format!("{others}ed")));
    facts.extend(event.deprecated.as_ref().map(|it| ("deprecated", deprecation(it))));
    facts
}

fn deprecation(Deprecation { since, replacement }: &Deprecation) -> String {
    let instead = replacement.as_ref().map(|name| format!("; use {name}")).unwrap_or_default();
    format!("since {since}{instead}")
}

/// The properties of an event in the order of the plan, those of objects behind them: path, property.
fn rows(object: &Object) -> Vec<(String, &Property)> {
    let mut rows = Vec::new();
    gather(object, "", &mut rows);
    rows
}

fn gather<'p>(object: &'p Object, prefix: &str, rows: &mut Vec<(String, &'p Property)>) {
    for property in object.properties() {
        let path = format!("{prefix}{}", property.name);
        rows.push((path.clone(), property));
        let mut shape = &property.shape;
        let mut inner = path;
        while let Type::Array(list) = &shape.kind {
            inner.push_str("[]");
            shape = &list.items;
        }
        if let Type::Object(object) = &shape.kind {
            gather(object, &format!("{inner}."), rows);
        }
    }
}

/// `array of string, or null`.
fn type_words(shape: &Shape) -> String {
    let null = if shape.is_nullable { ", or null" } else { "" };
    match &shape.kind {
        Type::Array(list) => format!("array of {}{null}", type_words(&list.items)),
        kind => format!("{}{null}", kind.name()),
    }
}

/// What bounds a property, and what else there is to know, a sentence each.
fn remarks(property: &Property) -> Vec<String> {
    let mut remarks = Vec::new();
    if !property.description.is_empty() {
        remarks.push(property.description.clone());
    }
    match &property.shape.kind {
        Type::Integer(range) | Type::Number(range) => {
            remarks.extend(bounds(range.min.as_ref().map(text), range.max.as_ref().map(text), ""));
            remarks.extend(values(&range.one_of.iter().map(text).collect::<Vec<_>>()));
        }
        Type::String(text) => {
            let count = |count: Option<u32>| count.map(|count| count.to_string());
            remarks.extend(bounds(count(text.min_length), count(text.max_length), " characters"));
            remarks.extend(text.pattern.as_ref().map(|pattern| format!("Like `{}`.", pattern.as_str())));
            remarks.extend(values(&text.one_of));
        }
        Type::Array(list) => {
            let count = |count: Option<u32>| count.map(|count| count.to_string());
            remarks.extend(bounds(count(list.min_items), count(list.max_items), " items"));
        }
        _ => {}
    }
    remarks.extend(
        property
            .pii
            .map(|pii| format!("About a person ({}): {}.", pii.class.name(), action(pii.action.name()))),
    );
    remarks.extend(property.deprecated.as_ref().map(|it| format!("Deprecated {}.", deprecation(it))));
    remarks
}

fn action(name: &str) -> &'static str {
    match name {
        "drop" => "dropped before it is stored",
        "hash" => "hashed before it is stored",
        _ => "kept",
    }
}

fn text(number: &Number) -> String {
    number.text.clone()
}

fn bounds(min: Option<String>, max: Option<String>, unit: &str) -> Option<String> {
    Some(match (min, max) {
        (None, None) => return None,
        (Some(min), None) => format!("At least {min}{unit}."),
        (None, Some(max)) => format!("At most {max}{unit}."),
        (Some(min), Some(max)) => format!("{min} to {max}{unit}."),
    })
}

fn values(values: &[String]) -> Option<String> {
    let quoted: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    (!quoted.is_empty()).then(|| format!("One of {}.", quoted.join(", ")))
}
