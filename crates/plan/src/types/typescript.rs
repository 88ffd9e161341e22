//! TypeScript: a `.d.ts`, of which nothing is left at run time. Types and not interfaces, which TypeScript does not
//! take for a record of any names, as `capture` does.

use tallymark_event::json;

use super::{
    heading, is_open, line, may_send,
    names::{Taken, type_name},
};
use crate::{
    Plan,
    plan::{Deprecation, Event, Object, Origin, Property, Shape, Type},
};

/// The declarations of a plan: a type for each event, `Events`, `BrowserEvents` and `ServerEvents` by name, and
/// `Capture`, the type of a function that takes an event of a plan.
pub fn typescript(plan: &Plan) -> String {
    let mut out = format!("// {}\n", heading(plan));
    let mut taken = Taken::of(&["Events", "BrowserEvents", "ServerEvents", "Reserved", "Capture"]);
    let names: Vec<String> = plan.events().iter().map(|event| taken.take(&type_name(&event.name))).collect();
    out.push_str(
        "\n/** What SDKs add by themselves. */\nexport type Reserved = {\n  [name: `$${string}`]: unknown;\n};\n",
    );
    for (event, name) in plan.events().iter().zip(&names) {
        declaration(&mut out, plan, event, name);
    }
    events(&mut out, plan, &names, "Events", "Every event of the plan, by name.", |_| true);
    for (name, sender, comment) in [
        ("BrowserEvents", Origin::Browser, "The events that pages may send."),
        ("ServerEvents", Origin::Server, "The events that back ends may send."),
    ] {
        events(&mut out, plan, &names, name, comment, |event| may_send(event.origin, sender));
    }
    out.push_str(
        "\n/** A function that takes these events and no others: `const capture: Capture<BrowserEvents> = tallymark.capture`. */\n\
         export type Capture<Of> = <Name extends keyof Of & string>(\n  \
         name: Name,\n  \
         ...properties: {} extends Of[Name] ? [properties?: Of[Name]] : [properties: Of[Name]]\n\
         ) => void;\n",
    );
    out
}

fn events(
    out: &mut String,
    plan: &Plan,
    names: &[String],
    name: &str,
    comment: &str,
    is_in: impl Fn(&Event) -> bool,
) {
    out.push_str(&format!("\n/** {comment} */\nexport interface {name} {{\n"));
    for (event, name) in plan.events().iter().zip(names).filter(|(event, _)| is_in(event)) {
        out.push_str(&format!("  {}: {name};\n", key(&event.name)));
    }
    out.push_str("}\n");
}

fn declaration(out: &mut String, plan: &Plan, event: &Event, name: &str) {
    out.push('\n');
    comment(out, &event.description, event.deprecated.as_ref(), "", 0);
    if is_open(plan, event) {
        out.push_str(&format!("export type {name} = {{ [name: string]: unknown }};\n"));
        return;
    }
    out.push_str(&format!("export type {name} = Reserved & {{\n"));
    members(out, &event.properties, 1);
    out.push_str("};\n");
}

fn members(out: &mut String, object: &Object, depth: usize) {
    for property in object.properties() {
        member(out, property, depth);
    }
}

fn member(out: &mut String, property: &Property, depth: usize) {
    let unit = match property.shape.kind {
        Type::Integer(_) => "A whole number.",
        Type::Timestamp => "RFC 3339.",
        Type::Date => "A day, as 2026-11-21.",
        Type::Uuid => "A UUID.",
        Type::Url => "An absolute URL.",
        _ => "",
    };
    comment(out, &property.description, property.deprecated.as_ref(), unit, depth);
    indent(out, depth);
    let optional = if property.is_required { "" } else { "?" };
    out.push_str(&format!("{}{optional}: ", key(&property.name)));
    shape(out, &property.shape, depth);
    out.push_str(";\n");
}

fn shape(out: &mut String, it: &Shape, depth: usize) {
    match &it.kind {
        Type::Boolean => out.push_str("boolean"),
        Type::Integer(range) | Type::Number(range) if range.one_of.is_empty() => out.push_str("number"),
        Type::Integer(range) | Type::Number(range) => {
            let values: Vec<&str> = range.one_of.iter().map(|one| one.text.as_str()).collect();
            out.push_str(&values.join(" | "));
        }
        Type::String(text) if !text.one_of.is_empty() => {
            let values: Vec<String> = text.one_of.iter().map(|one| quoted(one)).collect();
            out.push_str(&values.join(" | "));
        }
        Type::String(_) | Type::Timestamp | Type::Date | Type::Uuid | Type::Url => out.push_str("string"),
        Type::Object(object) if object.is_open() => out.push_str("{ [name: string]: unknown }"),
        Type::Object(object) => {
            out.push_str("{\n");
            members(out, object, depth + 1);
            indent(out, depth);
            out.push('}');
        }
        Type::Array(list) => {
            out.push_str("ReadonlyArray<");
            shape(out, &list.items, depth);
            out.push('>');
        }
    }
    if it.is_nullable {
        out.push_str(" | null");
    }
}

fn comment(out: &mut String, text: &str, deprecated: Option<&Deprecation>, unit: &str, depth: usize) {
    let mut text = line(&format!("{text} {unit}"));
    if let Some(Deprecation { since, replacement }) = deprecated {
        let instead = replacement.as_ref().map(|name| format!("; use {name}")).unwrap_or_default();
        text.push_str(&line(&format!(" @deprecated since {since}{instead}")));
    }
    if !text.is_empty() {
        indent(out, depth);
        out.push_str(&format!("/** {} */\n", text.replace("*/", "*\\/").trim_start()));
    }
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

/// A member's name, quoted where it must be.
fn key(name: &str) -> String {
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if is_name && !name.starts_with(|c: char| c.is_ascii_digit()) { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    json::write_str(&mut out, text);
    out
}
