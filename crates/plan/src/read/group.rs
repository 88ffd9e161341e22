//! Groups of properties: read once, spread out wherever they are extended.

use std::collections::BTreeMap;

use super::{Reader, fields::Fields, property};
use crate::{
    limits::{MAX_GROUP_DEPTH, MAX_NAME, MAX_PROPERTIES},
    node::{Data, Member},
    plan::{Object, Property},
};

/// The groups of a plan.
pub(super) struct Groups<'n> {
    members: &'n BTreeMap<&'n str, &'n Member>,
    read: BTreeMap<String, Vec<Property>>,
    /// Those being read: each extends the next.
    open: Vec<String>,
}

impl<'n> Groups<'n> {
    pub(super) fn new(members: &'n BTreeMap<&'n str, &'n Member>) -> Self {
        Self { members, read: BTreeMap::new(), open: Vec::new() }
    }

    /// Reads those that nobody extends, too: what is wrong with them is said all the same.
    pub(super) fn read_all(&mut self, reader: &mut Reader) {
        for (name, member) in self.members {
            reader.check_name(member, "a group", MAX_NAME);
            self.group(reader, name);
        }
    }

    /// The properties of a table that has `properties` and `extends`: those of the groups, then its own. Its own win.
    pub(super) fn properties(&mut self, reader: &mut Reader, fields: &Fields<'_>, depth: usize) -> Object {
        let own = match fields.get("properties") {
            Some(node) => reader.entries(node, "properties"),
            None => &[],
        };
        let mut all: Vec<Property> = Vec::new();
        for (at, name) in reader.texts(fields, "extends").iter().enumerate() {
            let place = match fields.get("extends").map(|node| &node.data) {
                Some(Data::Array(items)) => items.get(at).map_or(fields.place, |item| item.place),
                _ => fields.place,
            };
            if !self.members.contains_key(name.as_str()) {
                let names: Vec<&str> = self.members.keys().copied().collect();
                let remedy = if names.is_empty() {
                    format!(
                        "the plan has no groups: write [groups.{name:?}.properties], or take it from extends"
                    )
                } else {
                    format!("there are the groups {}", names.join(", "))
                };
                reader.problem(place, format!("no group {name:?}"), remedy);
            } else if self.open.contains(name) || self.open.len() >= MAX_GROUP_DEPTH {
                reader.problem(
                    place,
                    format!(
                        "the group {name:?} extends itself, or more than {MAX_GROUP_DEPTH} others in a row"
                    ),
                    "move what they share into a group that extends none",
                );
            } else {
                for property in self.group(reader, name) {
                    let is_own = own.iter().any(|member| member.name == property.name);
                    match all.iter().find(|other| other.name == property.name) {
                        _ if is_own => {}
                        None => all.push(property),
                        Some(other) if *other == property => {}
                        Some(_) => reader.problem(
                            place,
                            format!(
                                "the group {name:?} has another {:?} than a group before it",
                                property.name
                            ),
                            "rename one, or say here which it is, in properties",
                        ),
                    }
                }
            }
        }
        for (at, member) in own.iter().enumerate() {
            if own.iter().take(at).any(|other| other.name == member.name) {
                reader.twice(member, "property");
            }
            all.extend(property::read(reader, self, member, depth));
        }
        if all.len() > MAX_PROPERTIES {
            reader.problem(
                fields.place,
                format!("more than {MAX_PROPERTIES} properties"),
                "gather what belongs together in objects",
            );
        }
        Object::new(all)
    }

    fn group(&mut self, reader: &mut Reader, name: &str) -> Vec<Property> {
        if let Some(properties) = self.read.get(name) {
            return properties.clone();
        }
        let Some(member) = self.members.get(name).copied() else { return Vec::new() };
        self.open.push(name.to_owned());
        let what = format!("group {name}");
        let fields = reader.table(&member.value, &what, &["description", "extends", "properties"]);
        reader.optional_text(&fields, "description");
        let properties = self.properties(reader, &fields, 0).properties().to_vec();
        self.open.pop();
        self.read.insert(name.to_owned(), properties.clone());
        properties
    }
}
