//! An event with a JSON Schema, as Segment and `RudderStack` have it.

use super::{Imported, count, fits, items, member, string};
use crate::{
    limits::{MAX_BOUND, MAX_NESTING, MAX_PROPERTIES},
    node::{Data, Node},
    pattern::Pattern,
    plan::{List, Number, Object, Property, Range, Shape, Text, Type},
};

pub(super) fn event(imported: &mut Imported, node: &Node) {
    let text = |name: &str| member(node, name).and_then(string);
    let Some(name) = text("name").or(text("key")).filter(|name| !name.trim().is_empty()) else {
        imported.remark("A rule without a name was left out.");
        return;
    };
    let kind = text("eventType").or(text("type")).unwrap_or("track");
    if !kind.eq_ignore_ascii_case("track") {
        imported.remark(format!("{name:?}: a rule for {kind} calls was left out; plans are about events."));
        return;
    }
    let schema = member(node, "jsonSchema").or(member(node, "rules"));
    let description =
        text("description").or(schema.and_then(|schema| member(schema, "description")).and_then(string));
    let mut event = super::event(name, description.unwrap_or_default());
    event.schema_version =
        member(node, "version").and_then(count).filter(|version| *version > 0).unwrap_or(1);
    if let Some(schema) = schema {
        // The schema of the whole call, or of its properties alone.
        let properties = member(schema, "properties").and_then(|inner| member(inner, "properties"));
        let is_call =
            properties.is_some_and(|it| member(it, "properties").is_some() || member(it, "type").is_some());
        event.properties = object(imported, properties.filter(|_| is_call).unwrap_or(schema), name, 0);
    }
    imported.plan.events.push(event);
}

fn object(imported: &mut Imported, schema: &Node, path: &str, depth: usize) -> Object {
    let Some(Node { data: Data::Table(members), .. }) = member(schema, "properties") else {
        return Object::default();
    };
    let required: Vec<&str> =
        member(schema, "required").and_then(items).unwrap_or_default().iter().filter_map(string).collect();
    let mut properties: Vec<Property> = Vec::new();
    for it in members {
        let path = format!("{path}.{}", it.name);
        if properties.len() == MAX_PROPERTIES || properties.iter().any(|other| other.name == it.name) {
            imported
                .remark(format!("{path} was left out: it comes twice, or after {MAX_PROPERTIES} others."));
        } else if let Some(shape) = shape(imported, &it.value, &path, depth) {
            properties.push(Property {
                name: it.name.clone(),
                description: member(&it.value, "description").and_then(string).unwrap_or_default().to_owned(),
                is_required: required.contains(&it.name.as_str()),
                deprecated: None,
                pii: None,
                shape,
            });
        }
    }
    Object::new(properties)
}

fn shape(imported: &mut Imported, schema: &Node, path: &str, depth: usize) -> Option<Shape> {
    let types: Vec<&str> = match member(schema, "type") {
        Some(node) => items(node).map_or_else(
            || string(node).into_iter().collect(),
            |all| all.iter().filter_map(string).collect(),
        ),
        None if member(schema, "enum").is_some() => vec!["string"],
        None => Vec::new(),
    };
    let mut named = types.iter().filter(|name| **name != "null");
    let (Some(name), None) = (named.next(), named.next()) else {
        imported.remark(format!("{path} was left out: it has no type, or several."));
        return None;
    };
    if depth > MAX_NESTING {
        imported.remark(format!("{path} was left out: it is nested too deep."));
        return None;
    }
    let kind = match *name {
        "string" => text(imported, schema, path),
        "integer" => Type::Integer(range(imported, schema, path, true)),
        "number" => Type::Number(range(imported, schema, path, false)),
        "boolean" => Type::Boolean,
        "object" => Type::Object(object(imported, schema, path, depth + 1)),
        "array" => {
            let Some(items) = member(schema, "items") else {
                imported.remark(format!("{path} was left out: a list, but not of what."));
                return None;
            };
            Type::Array(List {
                items: Box::new(shape(imported, items, &format!("{path}[]"), depth + 1)?),
                min_items: member(schema, "minItems").and_then(count),
                max_items: member(schema, "maxItems").and_then(count),
            })
        }
        other => {
            imported.remark(format!("{path} was left out: there is no type {other:?}."));
            return None;
        }
    };
    Some(Shape { kind, is_nullable: types.contains(&"null") })
}

fn text(imported: &mut Imported, schema: &Node, path: &str) -> Type {
    match member(schema, "format").and_then(string) {
        Some("date-time") => return Type::Timestamp,
        Some("date") => return Type::Date,
        Some("uuid") => return Type::Uuid,
        Some("uri") => return Type::Url,
        Some(other) => imported.remark(format!("{path}: the format {other:?} was left out.")),
        None => {}
    }
    let mut one_of: Vec<String> = Vec::new();
    let listed = member(schema, "enum").and_then(items).unwrap_or_default();
    for value in listed.iter().filter_map(string) {
        if !one_of.iter().any(|other| other == value) {
            one_of.push(value.to_owned());
        }
    }
    if fits(&one_of) {
        return Type::String(Text { one_of, ..Text::default() });
    }
    if !listed.is_empty() {
        imported
            .remark(format!("{path}: the list of values was left out, which are no strings or too many."));
    }
    // JSON Schema looks for a pattern anywhere in a text, a plan holds it against the whole.
    let pattern = member(schema, "pattern").and_then(string).and_then(|source| {
        let whole = source.starts_with('^') && source.ends_with('$') && !source.contains('|');
        let pattern = Pattern::new(source).ok().filter(|_| whole);
        if pattern.is_none() {
            imported.remark(format!("{path}: the pattern {source:?} was left out: not the same everywhere, or not of the whole text."));
        }
        pattern
    });
    let bound = |name| member(schema, name).and_then(count);
    Type::String(Text {
        min_length: bound("minLength"),
        max_length: bound("maxLength"),
        pattern,
        one_of: Vec::new(),
    })
}

fn range(imported: &mut Imported, schema: &Node, path: &str, is_whole: bool) -> Range {
    let number = |node: &Node| match &node.data {
        Data::Number(text) => {
            let value = text.parse::<f64>().ok().filter(|value| value.abs() <= MAX_BOUND)?;
            (!is_whole || value % 1.0 == 0.0).then(|| Number { value, text: text.clone() })
        }
        _ => None,
    };
    for name in ["exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
        if member(schema, name).is_some() {
            imported.remark(format!("{path}: {name} was left out."));
        }
    }
    let one_of: Vec<Number> =
        member(schema, "enum").and_then(items).unwrap_or_default().iter().filter_map(number).collect();
    if fits(&one_of) {
        return Range { one_of, ..Range::default() };
    }
    let bound = |name| member(schema, name).and_then(number);
    Range { min: bound("minimum"), max: bound("maximum"), one_of: Vec::new() }
}
