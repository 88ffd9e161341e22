//! JSON Schema (2020-12) of a plan: the same verdicts as [`Plan::check`], from any validator.
//!
//! What is validated is an event in the envelope's terms, as `GET /v1/events` gives it: `event_name`, `source` (`browser`
//! or `server`), `entity_type`, `schema_version`, `properties`. Texts with a form of their own are described by `pattern`,
//! since `format` asserts nothing unless a validator is told to, and not the same everywhere.

use crate::{
    Plan, Rule,
    check::format,
    plan::{Event, Number, Object, Origin, Pii, Shape, Type, Unknown},
    write::Json,
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Names of properties that are reserved. See [`crate::is_reserved`].
const RESERVED: &str = "^(?:\\$|distinct_id$|token$)";

/// The schema of all events of a plan.
pub fn json_schema(plan: &Plan) -> String {
    Json::text(|json| {
        json.object(|json| {
            json.member_string("$schema", DIALECT);
            json.member_string("$id", &format!("urn:tallymark:plan:{}:{}", urn(&plan.name), plan.version));
            json.member_string("title", &plan.name);
            described(json, &plan.description);
            json.member_string("type", "object");
            json.member_strings("required", ["event_name", "source", "properties"]);
            json.key("properties");
            json.object(|json| {
                json.key("event_name");
                json.object(|json| names(plan, json));
                json.key("source");
                json.object(|json| json.member_strings("enum", ["browser", "server"]));
            });
            json.key("allOf");
            json.array(|json| {
                for it in plan.events() {
                    json.item();
                    json.object(|json| when(plan, it, json));
                }
            });
        });
    })
}

/// The schema of one event.
pub fn event_json_schema(plan: &Plan, it: &Event) -> String {
    Json::text(|json| {
        json.object(|json| {
            json.member_string("$schema", DIALECT);
            json.member_string("title", &it.name);
            json.member_string("type", "object");
            json.member_strings("required", ["event_name", "source", "properties"]);
            event(plan, it, json);
        });
    })
}

/// What a URN may hold of a name.
fn urn(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect()
}

fn names(plan: &Plan, json: &mut Json) {
    if plan.policy.unknown_events == Unknown::Accept {
        json.member_string("type", "string");
        return;
    }
    json.member_string("$comment", Rule::UnknownEvent.name());
    json.key("anyOf");
    json.array(|json| {
        json.item();
        let names = plan.events().iter().map(|event| event.name.as_str());
        json.object(|json| json.member_strings("enum", names));
        json.item();
        json.object(|json| {
            json.member_string("type", "string");
            json.member_string("pattern", "^\\$");
        });
    });
}

fn when(plan: &Plan, it: &Event, json: &mut Json) {
    json.key("if");
    json.object(|json| {
        json.key("properties");
        json.object(|json| {
            json.key("event_name");
            json.object(|json| json.member_string("const", &it.name));
        });
    });
    json.key("then");
    json.object(|json| event(plan, it, json));
}

fn event(plan: &Plan, it: &Event, json: &mut Json) {
    described(json, &it.description);
    if let Some(max) = plan.max_bytes(it) {
        json.member_string("$comment", &format!("max_bytes: {max}, which no schema can say"));
    }
    if it.deprecated.is_some() {
        json.member("deprecated", "true");
    }
    json.key("properties");
    json.object(|json| {
        json.key("event_name");
        json.object(|json| json.member_string("const", &it.name));
        if it.origin != Origin::Any {
            json.key("source");
            json.object(|json| json.member_string("const", it.origin.name()));
        }
        if let Some(entity) = &it.entity {
            json.key("entity_type");
            json.object(|json| {
                json.key("enum");
                json.array(|json| {
                    json.item();
                    json.string(entity);
                    json.item();
                    json.raw("null");
                });
            });
        }
        json.key("schema_version");
        json.object(|json| {
            json.member_string("type", "integer");
            json.member("minimum", "1");
            json.member_count("maximum", Some(it.schema_version));
        });
        json.key("properties");
        json.object(|json| {
            json.member_string("type", "object");
            object(&it.properties, plan.unknown_properties(it), true, json);
        });
    });
}

fn object(it: &Object, unknown: Unknown, is_top: bool, json: &mut Json) {
    let required: Vec<&str> =
        it.properties().iter().filter(|property| property.is_required).map(|p| p.name.as_str()).collect();
    if !required.is_empty() {
        json.member_strings("required", required);
    }
    if !it.is_open() {
        json.key("properties");
        json.object(|json| {
            for property in it.properties() {
                json.key(&property.name);
                json.object(|json| {
                    described(json, &property.description);
                    if let Some(Pii { class, action }) = property.pii {
                        json.member_string("$comment", &format!("pii: {}, {}", class.name(), action.name()));
                    }
                    if property.deprecated.is_some() {
                        json.member("deprecated", "true");
                    }
                    shape(&property.shape, unknown, json);
                });
            }
        });
    }
    if unknown == Unknown::Reject && (is_top || !it.is_open()) {
        if is_top {
            json.key("patternProperties");
            json.object(|json| json.member(RESERVED, "true"));
        }
        json.member("additionalProperties", "false");
    }
}

fn shape(it: &Shape, unknown: Unknown, json: &mut Json) {
    let name = match &it.kind {
        Type::Boolean => "boolean",
        Type::Integer(_) => "integer",
        Type::Number(_) => "number",
        Type::String(_) | Type::Timestamp | Type::Date | Type::Uuid | Type::Url => "string",
        Type::Object(_) => "object",
        Type::Array(_) => "array",
    };
    if it.is_nullable {
        json.member_strings("type", [name, "null"]);
    } else {
        json.member_string("type", name);
    }
    match &it.kind {
        Type::Boolean => {}
        Type::Integer(range) | Type::Number(range) => {
            bound(json, "minimum", range.min.as_ref());
            bound(json, "maximum", range.max.as_ref());
            enumeration(json, it.is_nullable, &range.one_of, |json, one| json.raw(&one.text));
        }
        Type::String(text) => {
            json.member_count("minLength", text.min_length);
            json.member_count("maxLength", text.max_length);
            if let Some(pattern) = &text.pattern {
                json.member_string("pattern", pattern.ecma());
            }
            enumeration(json, it.is_nullable, &text.one_of, |json, one| json.string(one));
        }
        Type::Timestamp => json.member_string("pattern", format::TIMESTAMP),
        Type::Date => json.member_string("pattern", format::DATE),
        Type::Uuid => json.member_string("pattern", format::UUID),
        Type::Url => json.member_string("pattern", format::URL),
        Type::Object(properties) => object(properties, unknown, false, json),
        Type::Array(list) => {
            json.key("items");
            json.object(|json| shape(&list.items, unknown, json));
            json.member_count("minItems", list.min_items);
            json.member_count("maxItems", list.max_items);
        }
    }
}

fn enumeration<T>(json: &mut Json, is_nullable: bool, values: &[T], write: impl Fn(&mut Json, &T)) {
    if values.is_empty() {
        return;
    }
    json.key("enum");
    json.array(|json| {
        for value in values {
            json.item();
            write(json, value);
        }
        if is_nullable {
            json.item();
            json.raw("null");
        }
    });
}

fn bound(json: &mut Json, name: &str, bound: Option<&Number>) {
    if let Some(bound) = bound {
        json.member(name, &bound.text);
    }
}

fn described(json: &mut Json, description: &str) {
    if !description.is_empty() {
        json.member_string("description", description);
    }
}
