//! Readings of single values. What can't be read is a problem, and left out.

use crate::{
    limits::MAX_BOUND,
    node::{Data, Member, Node},
    plan::Number,
    problem::{Place, Problem},
};

/// Reads, and remembers what is wrong.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
}

/// A table's members.
pub(super) struct Fields<'n> {
    pub(super) place: Place,
    pub(super) members: &'n [Member],
}

impl<'n> Fields<'n> {
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.members.iter().find(|member| member.name == name).map(|member| &member.value)
    }
}

impl Reader {
    pub(super) fn problem(&mut self, place: Place, message: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(Problem { place, message: message.into(), remedy: remedy.into() });
    }

    /// The members of a table that may only have those that are known.
    pub(super) fn table<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Fields<'n> {
        let members = self.entries(node, what);
        for (at, member) in members.iter().enumerate() {
            if !known.contains(&member.name.as_str()) {
                let remedy = format!("it may have {}", known.join(", "));
                self.problem(member.place, format!("{what} has no {:?}", member.name), remedy);
            }
            if members.iter().take(at).any(|other| other.name == member.name) {
                self.twice(member, "key");
            }
        }
        Fields { place: node.place, members }
    }

    /// The members of a table that may have any.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Member] {
        if let Data::Table(members) = &node.data {
            members
        } else {
            self.wrong(node, what, "a table");
            &[]
        }
    }

    pub(super) fn wrong(&mut self, node: &Node, what: &str, expected: &str) {
        self.problem(node.place, format!("{what} is {}", node.data.name()), format!("it must be {expected}"));
    }

    pub(super) fn missing(&mut self, fields: &Fields<'_>, name: &str, what: &str) {
        self.problem(fields.place, format!("{what} has no {name}"), format!("add {name} = …"));
    }

    pub(super) fn twice(&mut self, member: &Member, what: &str) {
        self.problem(
            member.place,
            format!("the {what} {} comes a second time", member.name),
            "remove or rename one of the two",
        );
    }

    pub(super) fn once<'n>(&mut self, slot: &mut Option<&'n Member>, member: &'n Member) {
        if slot.replace(member).is_some() {
            self.problem(
                member.place,
                format!("a second [{}]", member.name),
                "the files of a plan have one of it together: remove the other",
            );
        }
    }

    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.data {
            Data::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Data::String(_) => {
                self.problem(node.place, format!("{what} is empty"), "write it, or leave it out");
                None
            }
            _ => {
                self.wrong(node, what, "a string");
                None
            }
        }
    }

    pub(super) fn optional_text(&mut self, fields: &Fields<'_>, name: &str) -> Option<String> {
        fields.get(name).and_then(|node| self.text(node, name))
    }

    pub(super) fn required_text(&mut self, fields: &Fields<'_>, name: &str, what: &str) -> String {
        if fields.get(name).is_none() {
            self.missing(fields, name, what);
        }
        self.optional_text(fields, name).unwrap_or_default()
    }

    pub(super) fn required_name(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        what: &str,
        max: usize,
    ) -> String {
        let text = self.required_text(fields, name, what);
        self.check_text(&text, fields.place, what, max);
        text
    }

    /// That a member's name can be one of a plan.
    pub(super) fn check_name(&mut self, member: &Member, what: &str, max: usize) {
        if member.name.trim().is_empty() {
            self.problem(member.place, format!("{what} has no name"), "give it one");
        }
        self.check_text(&member.name, member.place, what, max);
    }

    fn check_text(&mut self, text: &str, place: Place, what: &str, max: usize) {
        if text.encode_utf16().count() > max {
            self.problem(place, format!("{what} has a name of more than {max} characters"), "shorten it");
        }
        if text.chars().any(char::is_control) {
            self.problem(place, format!("{what} has a control character in its name"), "remove it");
        }
    }

    pub(super) fn texts(&mut self, fields: &Fields<'_>, name: &str) -> Vec<String> {
        let Some(node) = fields.get(name) else { return Vec::new() };
        let Data::Array(items) = &node.data else {
            self.wrong(node, name, "an array of strings");
            return Vec::new();
        };
        items.iter().filter_map(|item| self.text(item, name)).collect()
    }

    pub(super) fn flag(&mut self, fields: &Fields<'_>, name: &str) -> bool {
        match fields.get(name) {
            None => false,
            Some(Node { data: Data::Boolean(flag), .. }) => *flag,
            Some(node) => {
                self.wrong(node, name, "true or false");
                false
            }
        }
    }

    /// A whole number from `min`.
    pub(super) fn count(&mut self, node: &Node, what: &str, min: u32) -> Option<u32> {
        let read = match &node.data {
            Data::Number(text) => text.parse().ok().filter(|count| *count >= min),
            _ => None,
        };
        if read.is_none() {
            let message = format!("{what} is no whole number from {min} to {}", u32::MAX);
            self.problem(node.place, message, "write such a number, without quotes");
        }
        read
    }

    /// A number that any validator reads alike.
    pub(super) fn number(&mut self, node: &Node, what: &str) -> Option<Number> {
        let Data::Number(text) = &node.data else {
            self.wrong(node, what, "a number, without quotes");
            return None;
        };
        let value = text.parse::<f64>().ok().filter(|value| value.abs() <= MAX_BOUND);
        if value.is_none() {
            let message = format!("{what} is beyond {MAX_BOUND} or its negative");
            self.problem(node.place, message, "leave it out: above, doubles skip whole numbers");
        }
        value.map(|value| Number { value, text: text.clone() })
    }

    /// One of a list of words.
    pub(super) fn word<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text(node, what)?;
        let found = all.iter().copied().find(|word| name(*word) == text);
        if found.is_none() {
            let words: Vec<&str> = all.iter().map(|word| name(*word)).collect();
            let remedy = format!("write one of {}", words.join(", "));
            self.problem(node.place, format!("{what} is {text:?}"), remedy);
        }
        found
    }
}
