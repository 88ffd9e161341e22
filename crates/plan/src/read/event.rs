//! One event of a plan.

use tallymark_event::limits::MAX_EVENT_NAME;

use super::{Groups, Reader, fields::Fields};
use crate::{
    limits::MAX_NAME,
    node::Member,
    plan::{Deprecation, Event, Origin, Unknown},
};

const KNOWN: &[&str] = &[
    "description",
    "family",
    "origin",
    "entity",
    "schema_version",
    "sampling",
    "deprecated",
    "max_bytes",
    "unknown_properties",
    "extends",
    "properties",
];

pub(super) fn read(reader: &mut Reader, groups: &mut Groups<'_>, member: &Member) -> Event {
    let what = format!("event {}", member.name);
    reader.check_name(member, &what, MAX_EVENT_NAME);
    let fields = reader.table(&member.value, &what, KNOWN);
    if fields.get("origin").is_none() {
        reader.problem(
            member.place,
            format!("{what} does not say who may send it"),
            "add origin = \"server\", \"browser\" or \"any\"",
        );
    }
    let origin = |node| reader.word(node, "origin", Origin::ALL, Origin::name);
    let origin = fields.get("origin").and_then(origin);
    let sampling = fields.get("sampling").and_then(|node| {
        let rate = reader.number(node, "sampling")?;
        if rate.value <= 0.0 || rate.value > 1.0 {
            let message = format!("sampling is {}", rate.text);
            reader.problem(node.place, message, "write the part that is captured, above 0 and at most 1");
        }
        Some(rate)
    });
    let unknown = |node| reader.word(node, "unknown_properties", Unknown::ALL, Unknown::name);
    let unknown_properties = fields.get("unknown_properties").and_then(unknown);
    let entity = reader.optional_text(&fields, "entity");
    if entity.as_ref().is_some_and(|entity| entity.chars().count() > MAX_NAME) {
        reader.problem(fields.place, format!("the entity of {what} is too long"), "shorten it");
    }
    Event {
        name: member.name.clone(),
        description: reader.required_text(&fields, "description", &what),
        family: reader.optional_text(&fields, "family"),
        origin: origin.unwrap_or(Origin::Any),
        entity,
        schema_version: fields
            .get("schema_version")
            .and_then(|node| reader.count(node, "schema_version", 1))
            .unwrap_or(1),
        sampling,
        deprecated: deprecated(reader, &fields),
        max_bytes: fields.get("max_bytes").and_then(|node| reader.count(node, "max_bytes", 2)),
        unknown_properties,
        properties: groups.properties(reader, &fields, 0),
    }
}

/// The member `deprecated` of an event or a property.
pub(super) fn deprecated(reader: &mut Reader, fields: &Fields<'_>) -> Option<Deprecation> {
    let node = fields.get("deprecated")?;
    let inner = reader.table(node, "deprecated", &["since", "use"]);
    Some(Deprecation {
        since: reader.required_text(&inner, "since", "deprecated"),
        replacement: reader.optional_text(&inner, "use"),
    })
}
