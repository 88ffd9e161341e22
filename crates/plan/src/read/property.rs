//! One property of an event, of a group or of an object.

use super::{Groups, Reader, event::deprecated, fields::Fields};
use crate::{
    limits::{MAX_ENUM, MAX_NAME, MAX_NESTING},
    node::{Data, Member, Node},
    pattern::Pattern,
    plan::{List, Number, Pii, PiiAction, PiiClass, Property, Range, Shape, Text, Type},
};

/// What any property may have.
const ANY: &[&str] = &["type", "description", "required", "nullable", "deprecated", "pii"];
/// What an array's items may have, whatever their type.
const ITEM: &[&str] = &["type", "nullable"];

/// The types, and what bounds each.
const TYPES: &[(&str, &[&str])] = &[
    ("string", &["enum", "min_length", "max_length", "pattern"]),
    ("integer", &["enum", "min", "max"]),
    ("number", &["enum", "min", "max"]),
    ("boolean", &[]),
    ("timestamp", &[]),
    ("date", &[]),
    ("uuid", &[]),
    ("url", &[]),
    ("object", &["extends", "properties"]),
    ("array", &["items", "min_items", "max_items"]),
];

pub(super) fn read(
    reader: &mut Reader,
    groups: &mut Groups<'_>,
    member: &Member,
    depth: usize,
) -> Option<Property> {
    let what = format!("property {}", member.name);
    reader.check_name(member, &what, MAX_NAME);
    let (shape, fields) = shape(reader, groups, &member.value, &what, ANY, depth)?;
    let pii = fields.get("pii").and_then(|node| pii(reader, node));
    let can_be_hashed = matches!(shape.kind, Type::String(_) | Type::Integer(_) | Type::Uuid | Type::Url);
    if pii.is_some_and(|pii| pii.action == PiiAction::Hash) && !can_be_hashed {
        reader.problem(
            member.place,
            format!("{what} is of the type {} and can't be hashed", shape.kind.name()),
            "drop it, or send it as a string, an integer, a uuid or a url",
        );
    }
    Some(Property {
        name: member.name.clone(),
        description: reader.optional_text(&fields, "description").unwrap_or_default(),
        is_required: reader.flag(&fields, "required"),
        deprecated: deprecated(reader, &fields),
        pii,
        shape,
    })
}

fn pii(reader: &mut Reader, node: &Node) -> Option<Pii> {
    let fields = reader.table(node, "pii", &["class", "action"]);
    let (Some(class), Some(action)) = (fields.get("class"), fields.get("action")) else {
        reader.problem(
            node.place,
            "pii says not what it is, or not what is done to it",
            "write it as { class = \"email\", action = \"hash\" }",
        );
        return None;
    };
    let class = reader.word(class, "class", PiiClass::ALL, PiiClass::name);
    let action = reader.word(action, "action", PiiAction::ALL, PiiAction::name);
    Some(Pii { class: class?, action: action? })
}

/// Reads what a value may be from a table that may also have `other` members.
fn shape<'n>(
    reader: &mut Reader,
    groups: &mut Groups<'_>,
    node: &'n Node,
    what: &str,
    other: &[&str],
    depth: usize,
) -> Option<(Shape, Fields<'n>)> {
    if depth > MAX_NESTING {
        let message = format!("{what} is nested in more than {MAX_NESTING} objects or arrays");
        reader.problem(node.place, message, "make it an object without properties, or an event of its own");
        return None;
    }
    let Data::Table(members) = &node.data else {
        reader.wrong(node, what, "a table, as { type = \"string\" }");
        return None;
    };
    let names: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
    let fields = Fields { place: node.place, members };
    let Some(type_node) = fields.get("type") else {
        let remedy = format!("add type = one of {}", names.join(", "));
        reader.problem(node.place, format!("{what} has no type"), remedy);
        return None;
    };
    let name = reader.word(type_node, "type", &names, |name| name)?;
    let bounds = TYPES.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, bounds)| *bounds);
    let fields = reader.table(node, &format!("{what}, of the type {name},"), &[other, bounds].concat());
    let kind = match name {
        "string" => Type::String(text(reader, &fields)),
        "integer" => Type::Integer(range(reader, &fields, true)),
        "number" => Type::Number(range(reader, &fields, false)),
        "boolean" => Type::Boolean,
        "timestamp" => Type::Timestamp,
        "date" => Type::Date,
        "uuid" => Type::Uuid,
        "url" => Type::Url,
        "object" => Type::Object(groups.properties(reader, &fields, depth + 1)),
        _ => Type::Array(list(reader, groups, &fields, what, depth)?),
    };
    Some((Shape { kind, is_nullable: reader.flag(&fields, "nullable") }, fields))
}

fn list(
    reader: &mut Reader,
    groups: &mut Groups<'_>,
    fields: &Fields<'_>,
    what: &str,
    depth: usize,
) -> Option<List> {
    let Some(node) = fields.get("items") else {
        reader.problem(fields.place, format!("{what} does not say of what"), "add items = { type = … }");
        return None;
    };
    let (items, _) = shape(reader, groups, node, &format!("an item of {what}"), ITEM, depth + 1)?;
    let (min_items, max_items) = bounds(reader, fields, "min_items", "max_items");
    Some(List { items: Box::new(items), min_items, max_items })
}

fn text(reader: &mut Reader, fields: &Fields<'_>) -> Text {
    let (min_length, max_length) = bounds(reader, fields, "min_length", "max_length");
    let pattern = fields.get("pattern").and_then(|node| {
        let source = reader.text(node, "pattern")?;
        match Pattern::new(&source) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                reader.problem(node.place, format!("the pattern has {}", error.message), error.remedy);
                None
            }
        }
    });
    let one_of = enumeration(reader, fields, |reader, node| {
        if let Data::String(text) = &node.data {
            return Some(text.clone());
        }
        reader.wrong(node, "a value of enum", "a string, as the type says");
        None
    });
    Text { min_length, max_length, pattern, one_of }
}

fn range(reader: &mut Reader, fields: &Fields<'_>, is_whole: bool) -> Range {
    let number = |reader: &mut Reader, node: &Node| -> Option<Number> {
        let number = reader.number(node, "a bound or a value of enum")?;
        if is_whole && number.value % 1.0 != 0.0 {
            let message = format!("{} is no whole number", number.text);
            reader.problem(node.place, message, "write a whole one, or make the type number");
        }
        Some(number)
    };
    let min = fields.get("min").and_then(|node| number(reader, node));
    let max = fields.get("max").and_then(|node| number(reader, node));
    if let (Some(min), Some(max)) = (&min, &max)
        && min.value > max.value
    {
        backwards(reader, fields, "min", "max");
    }
    Range { min, max, one_of: enumeration(reader, fields, number) }
}

fn enumeration<T: PartialEq>(
    reader: &mut Reader,
    fields: &Fields<'_>,
    mut value: impl FnMut(&mut Reader, &Node) -> Option<T>,
) -> Vec<T> {
    let Some(node) = fields.get("enum") else { return Vec::new() };
    let Data::Array(items) = &node.data else {
        reader.wrong(node, "enum", "an array of the values that are allowed");
        return Vec::new();
    };
    if items.is_empty() || items.len() > MAX_ENUM {
        let message = format!("enum has {} values", items.len());
        reader.problem(node.place, message, format!("write from 1 to {MAX_ENUM}, or leave it out"));
    }
    let bound =
        ["min", "max", "min_length", "max_length", "pattern"].iter().find(|name| fields.get(name).is_some());
    if let Some(bound) = bound {
        let message = format!("enum and {bound} together");
        reader.problem(node.place, message, "remove the other: enum alone says what is allowed");
    }
    let mut values = Vec::new();
    for item in items {
        let Some(value) = value(reader, item) else { continue };
        if values.contains(&value) {
            reader.problem(item.place, "a value of enum comes a second time", "remove one of the two");
        }
        values.push(value);
    }
    values
}

fn bounds(reader: &mut Reader, fields: &Fields<'_>, min: &str, max: &str) -> (Option<u32>, Option<u32>) {
    let mut count = |name| fields.get(name).and_then(|node| reader.count(node, name, 0));
    let (low, high) = (count(min), count(max));
    if low > high && high.is_some() {
        backwards(reader, fields, min, max);
    }
    (low, high)
}

fn backwards(reader: &mut Reader, fields: &Fields<'_>, min: &str, max: &str) {
    reader.problem(fields.place, format!("{min} is above {max}"), "exchange them");
}
