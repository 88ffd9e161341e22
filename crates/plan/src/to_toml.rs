//! A plan as a plan file, for what is imported.
#![allow(clippy::format_push_string)] // runs once, natively: what is written should be seen

use tallymark_event::json;

use crate::{
    Plan,
    plan::{Deprecation, Event, Number, Object, Property, Shape, Type},
};

impl Plan {
    /// Writes the plan as one file, which [`crate::file::parse`] reads as the same plan.
    pub fn to_toml(&self) -> String {
        let mut out = String::from("[plan]\n");
        let Self { policy, .. } = self;
        out.push_str(&format!(
            "name = {}\nversion = {}\nowner = {}\n",
            text(&self.name),
            self.version,
            text(&self.owner)
        ));
        if !self.description.is_empty() {
            out.push_str(&format!("description = {}\n", text(&self.description)));
        }
        if !self.governance.is_empty() {
            out.push_str(&format!("governance = {}\n", texts(&self.governance)));
        }
        out.push_str("\n[policy]\n");
        out.push_str(&format!("unknown_events = {}\n", text(policy.unknown_events.name())));
        out.push_str(&format!("unknown_properties = {}\n", text(policy.unknown_properties.name())));
        out.push_str(&policy.max_bytes.map(|max| format!("max_bytes = {max}\n")).unwrap_or_default());
        for family in &self.families {
            let (name, description) = (key(&family.name), text(&family.description));
            out.push_str(&format!("\n[families.{name}]\ndescription = {description}\n"));
        }
        for it in self.events() {
            event(&mut out, it);
        }
        out
    }
}

fn event(out: &mut String, it: &Event) {
    let name = key(&it.name);
    out.push_str(&format!("\n[events.{name}]\ndescription = {}\n", text(&it.description)));
    let word = |name: &str, word: Option<&str>| word.map(|word| format!("{name} = {}\n", text(word)));
    let lines = [
        word("family", it.family.as_deref()),
        word("origin", Some(it.origin.name())),
        word("entity", it.entity.as_deref()),
        Some(format!("schema_version = {}\n", it.schema_version)),
        it.sampling.as_ref().map(|rate| format!("sampling = {}\n", rate.text)),
        it.deprecated.as_ref().map(|it| format!("deprecated = {}\n", deprecated(it))),
        it.max_bytes.map(|max| format!("max_bytes = {max}\n")),
        word("unknown_properties", it.unknown_properties.map(crate::plan::Unknown::name)),
    ];
    out.extend(lines.into_iter().flatten());
    if !it.properties.is_open() {
        out.push_str(&format!("\n[events.{name}.properties]\n"));
        for property in it.properties.properties() {
            out.push_str(&format!("{} = {}\n", key(&property.name), self::property(property)));
        }
    }
}

fn property(it: &Property) -> String {
    let mut members = shape(&it.shape);
    if it.is_required {
        members.push("required = true".to_owned());
    }
    if !it.description.is_empty() {
        members.push(format!("description = {}", text(&it.description)));
    }
    members.extend(it.deprecated.as_ref().map(|it| format!("deprecated = {}", deprecated(it))));
    members.extend(it.pii.map(|pii| {
        let (class, action) = (text(pii.class.name()), text(pii.action.name()));
        format!("pii = {{ class = {class}, action = {action} }}")
    }));
    inline(&members)
}

fn shape(it: &Shape) -> Vec<String> {
    let mut members = vec![format!("type = {}", text(it.kind.name()))];
    if it.is_nullable {
        members.push("nullable = true".to_owned());
    }
    let count = |name: &str, count: Option<u32>| count.map(|count| format!("{name} = {count}"));
    match &it.kind {
        Type::Integer(range) | Type::Number(range) => {
            let bound = |name: &str, bound: &Option<Number>| {
                bound.as_ref().map(|bound| format!("{name} = {}", bound.text))
            };
            members.extend(bound("min", &range.min));
            members.extend(bound("max", &range.max));
            let values: Vec<&str> = range.one_of.iter().map(|one| one.text.as_str()).collect();
            members.extend((!values.is_empty()).then(|| format!("enum = [{}]", values.join(", "))));
        }
        Type::String(it) => {
            members.extend(count("min_length", it.min_length));
            members.extend(count("max_length", it.max_length));
            members
                .extend(it.pattern.as_ref().map(|pattern| format!("pattern = {}", text(pattern.as_str()))));
            members.extend((!it.one_of.is_empty()).then(|| format!("enum = {}", texts(&it.one_of))));
        }
        Type::Object(object) if !object.is_open() => {
            members.push(format!("properties = {}", properties(object)));
        }
        Type::Array(list) => {
            members.push(format!("items = {}", inline(&shape(&list.items))));
            members.extend(count("min_items", list.min_items));
            members.extend(count("max_items", list.max_items));
        }
        _ => {}
    }
    members
}

fn properties(object: &Object) -> String {
    let members: Vec<String> =
        object.properties().iter().map(|it| format!("{} = {}", key(&it.name), property(it))).collect();
    inline(&members)
}

fn deprecated(Deprecation { since, replacement }: &Deprecation) -> String {
    let mut members = vec![format!("since = {}", text(since))];
    members.extend(replacement.as_ref().map(|name| format!("use = {}", text(name))));
    inline(&members)
}

fn inline(members: &[String]) -> String {
    format!("{{ {} }}", members.join(", "))
}

fn texts(all: &[String]) -> String {
    format!("[{}]", all.iter().map(|one| text(one)).collect::<Vec<_>>().join(", "))
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare { name.to_owned() } else { text(name) }
}

/// A basic string: JSON's escapes are TOML's, but for one character that TOML wants escaped.
fn text(text: &str) -> String {
    let mut out = String::new();
    json::write_str(&mut out, text);
    out.replace('\u{7f}', "\\u007F")
}
