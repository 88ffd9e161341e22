//! plan.json: a plan as one text, with nothing left to look up.
//!
//! It is the document of the plan files in JSON: the same keys, groups spread out, the same code reads it.

use crate::{
    Diagnostic, Plan, Source,
    limits::MAX_PLAN_BYTES,
    node,
    plan::{Deprecation, Event, Number, Object, Property, Shape, Type},
    problem::{Place, Problem, located},
    read::{self, FORMAT, FORMAT_KEY},
    write::Json,
};

/// Most that a plan may grow by being compiled: groups are spread out, the text is indented.
const MAX_GROWTH: usize = 16;

impl Plan {
    /// Reads plan.json. What is wrong with it is said as of the file `plan.json`.
    pub fn from_json(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let source = Source { path: "plan.json", text };
        let say = |problem| located(vec![problem], &[source]);
        if text.len() > MAX_PLAN_BYTES * MAX_GROWTH {
            return Err(say(Problem {
                place: Place::default(),
                message: format!("the plan is larger than {} bytes", MAX_PLAN_BYTES * MAX_GROWTH),
                remedy: "make two plans of it".to_owned(),
            }));
        }
        let root = node::from_json(text, 0).map_err(say)?;
        read::check_format(&root).map_err(say)?;
        read::plan(&[root]).map_err(|problems| located(problems, &[source]))
    }

    /// Writes plan.json: the same bytes for the same plan.
    pub fn to_json(&self) -> String {
        Json::text(|json| json.object(|json| write(self, json)))
    }
}

fn write(plan: &Plan, json: &mut Json) {
    json.member(FORMAT_KEY, &FORMAT.to_string());
    json.key("plan");
    json.object(|json| {
        json.member_string("name", &plan.name);
        json.member_count("version", Some(plan.version));
        json.member_string("owner", &plan.owner);
        text(json, "description", &plan.description);
        if !plan.governance.is_empty() {
            json.member_strings("governance", plan.governance.iter().map(String::as_str));
        }
    });
    json.key("policy");
    json.object(|json| {
        json.member_string("unknown_events", plan.policy.unknown_events.name());
        json.member_string("unknown_properties", plan.policy.unknown_properties.name());
        json.member_count("max_bytes", plan.policy.max_bytes);
    });
    json.key("families");
    json.object(|json| {
        for family in &plan.families {
            json.key(&family.name);
            json.object(|json| json.member_string("description", &family.description));
        }
    });
    json.key("events");
    json.object(|json| {
        for it in plan.events() {
            json.key(&it.name);
            json.object(|json| event(it, json));
        }
    });
}

fn event(event: &Event, json: &mut Json) {
    json.member_string("description", &event.description);
    optional(json, "family", event.family.as_deref());
    json.member_string("origin", event.origin.name());
    optional(json, "entity", event.entity.as_deref());
    json.member_count("schema_version", Some(event.schema_version));
    number(json, "sampling", event.sampling.as_ref());
    deprecated(json, event.deprecated.as_ref());
    json.member_count("max_bytes", event.max_bytes);
    optional(json, "unknown_properties", event.unknown_properties.map(crate::plan::Unknown::name));
    properties(&event.properties, json);
}

fn properties(object: &Object, json: &mut Json) {
    if object.is_open() {
        return;
    }
    json.key("properties");
    json.object(|json| {
        for it in object.properties() {
            json.key(&it.name);
            json.object(|json| property(it, json));
        }
    });
}

fn property(property: &Property, json: &mut Json) {
    shape(&property.shape, json);
    text(json, "description", &property.description);
    if property.is_required {
        json.member("required", "true");
    }
    deprecated(json, property.deprecated.as_ref());
    if let Some(pii) = property.pii {
        json.key("pii");
        json.object(|json| {
            json.member_string("class", pii.class.name());
            json.member_string("action", pii.action.name());
        });
    }
}

fn shape(it: &Shape, json: &mut Json) {
    json.member_string("type", it.kind.name());
    if it.is_nullable {
        json.member("nullable", "true");
    }
    match &it.kind {
        Type::Integer(range) | Type::Number(range) => {
            number(json, "min", range.min.as_ref());
            number(json, "max", range.max.as_ref());
            if !range.one_of.is_empty() {
                json.key("enum");
                json.array(|json| {
                    for one in &range.one_of {
                        json.item();
                        json.raw(&one.text);
                    }
                });
            }
        }
        Type::String(text) => {
            json.member_count("min_length", text.min_length);
            json.member_count("max_length", text.max_length);
            optional(json, "pattern", text.pattern.as_ref().map(crate::Pattern::as_str));
            if !text.one_of.is_empty() {
                json.member_strings("enum", text.one_of.iter().map(String::as_str));
            }
        }
        Type::Object(object) => properties(object, json),
        Type::Array(list) => {
            json.key("items");
            json.object(|json| shape(&list.items, json));
            json.member_count("min_items", list.min_items);
            json.member_count("max_items", list.max_items);
        }
        Type::Boolean | Type::Timestamp | Type::Date | Type::Uuid | Type::Url => {}
    }
}

fn deprecated(json: &mut Json, deprecated: Option<&Deprecation>) {
    if let Some(Deprecation { since, replacement }) = deprecated {
        json.key("deprecated");
        json.object(|json| {
            json.member_string("since", since);
            optional(json, "use", replacement.as_deref());
        });
    }
}

fn number(json: &mut Json, name: &str, number: Option<&Number>) {
    if let Some(number) = number {
        json.member(name, &number.text);
    }
}

fn optional(json: &mut Json, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        json.member_string(name, value);
    }
}

fn text(json: &mut Json, name: &str, value: &str) {
    optional(json, name, Some(value).filter(|value| !value.is_empty()));
}
