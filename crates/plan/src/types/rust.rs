//! Rust: a struct for each event, written as JSON by `serde`.

use super::{
    heading, is_open, line,
    names::{Taken, field_name, type_name},
};
use crate::{
    Plan,
    plan::{Event, Object, Shape, Type},
};

/// Words that no field may be called, raw or not, and those that must be written `r#…`.
const NEVER: &[&str] = &["self", "super", "crate"];
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

const TAKEN: &[&str] = &["Event", "Option", "String", "Vec", "Self", "Some", "None", "Ok", "Err"];

/// A module of a plan: a struct for each event, and the trait `Event`, which knows its name. Needs `serde` with
/// `derive`, and `serde_json` where the plan takes any properties.
///
/// ```
/// mod assistant {
///     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/assistant.rs"));
/// }
/// use assistant::{Event, MessageSent, MessageSentRole};
///
/// let sent = MessageSent { conversation_id: "c".to_owned(), role: MessageSentRole::User, confidence: None };
/// assert_eq!(MessageSent::NAME, "message_sent");
/// assert_eq!(serde_json::to_string(&sent).unwrap(), r#"{"conversationId":"c","role":"user"}"#);
/// ```
///
/// What the plan does not allow does not compile:
///
/// ```compile_fail
/// mod assistant {
///     include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/assistant.rs"));
/// }
/// use assistant::MessageSent;
///
/// let sent = MessageSent { conversation_id: "c".to_owned(), role: "user", confidence: None };
/// ```
pub fn rust(plan: &Plan) -> String {
    let mut module = Module { out: format!("// {}\n\n{TRAIT}", heading(plan)), taken: Taken::of(TAKEN) };
    let names: Vec<String> =
        plan.events().iter().map(|event| module.taken.take(&type_name(&event.name))).collect();
    for (event, name) in plan.events().iter().zip(&names) {
        if is_open(plan, event) {
            module.open(name, &event.description);
        } else {
            module.structure(&event.properties, name, &event.description);
        }
        module.event(event, name);
    }
    module.out
}

const TRAIT: &str = "/// An event of the plan: its properties, which are written with `serde`.
pub trait Event: serde::Serialize {
    /// Its name.
    const NAME: &'static str;
    /// Version of its shape.
    const SCHEMA_VERSION: u32;
    /// What it happens to.
    const ENTITY_TYPE: Option<&'static str>;
}
";

struct Module {
    out: String,
    taken: Taken,
}

impl Module {
    fn event(&mut self, event: &Event, name: &str) {
        self.out.push_str(&format!(
            "\nimpl Event for {name} {{\n    const NAME: &'static str = {:?};\n    \
             const SCHEMA_VERSION: u32 = {};\n    const ENTITY_TYPE: Option<&'static str> = {:?};\n}}\n",
            event.name, event.schema_version, event.entity
        ));
    }

    fn open(&mut self, name: &str, description: &str) {
        self.out.push('\n');
        self.comment(description);
        self.out.push_str(
            "#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]\n#[serde(transparent)]\n",
        );
        self.out.push_str(&format!("pub struct {name}(pub serde_json::Map<String, serde_json::Value>);\n"));
    }

    fn structure(&mut self, object: &Object, name: &str, description: &str) {
        let mut fields = String::new();
        let mut taken = Taken::default();
        let mut is_empty_possible = true;
        for property in object.properties() {
            is_empty_possible &= !property.is_required;
            let base = field_name(&property.name);
            let base = if NEVER.contains(&base.as_str()) { format!("{base}_") } else { base };
            let base = taken.take(&base);
            let field = if KEYWORDS.contains(&base.as_str()) { format!("r#{base}") } else { base.clone() };
            let described = line(&property.description);
            if !described.is_empty() {
                fields.push_str(&format!("    /// {described}\n"));
            }
            let inner = self.shape(&property.shape, &format!("{name}_{}", property.name));
            let mut attributes = Vec::new();
            if base != property.name {
                attributes.push(format!("rename = {:?}", property.name));
            }
            if !property.is_required {
                attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
            }
            if !attributes.is_empty() {
                fields.push_str(&format!("    #[serde({})]\n", attributes.join(", ")));
            }
            let may_be_absent = !property.is_required || property.shape.is_nullable;
            let written = if may_be_absent { format!("Option<{inner}>") } else { inner };
            fields.push_str(&format!("    pub {field}: {written},\n"));
        }
        let default = if is_empty_possible { "Default, " } else { "" };
        self.out.push('\n');
        self.comment(description);
        self.out.push_str(&format!("#[derive(Clone, Debug, {default}PartialEq, serde::Serialize)]\n"));
        let body = if fields.is_empty() { "{}\n".to_owned() } else { format!("{{\n{fields}}}\n") };
        self.out.push_str(&format!("pub struct {name} {body}"));
    }

    /// A type, without the `Option` around it. What it is made of is written first.
    fn shape(&mut self, it: &Shape, path: &str) -> String {
        match &it.kind {
            Type::Boolean => "bool".to_owned(),
            Type::Integer(_) => "i64".to_owned(),
            Type::Number(_) => "f64".to_owned(),
            Type::String(text) if !text.one_of.is_empty() => self.enumeration(&text.one_of, path),
            Type::String(_) | Type::Timestamp | Type::Date | Type::Uuid | Type::Url => "String".to_owned(),
            Type::Object(object) if object.is_open() => {
                "serde_json::Map<String, serde_json::Value>".to_owned()
            }
            Type::Object(object) => {
                let name = self.taken.take(&type_name(path));
                self.structure(object, &name, "");
                name
            }
            Type::Array(list) => {
                let inner = self.shape(&list.items, &format!("{path}_item"));
                let item = if list.items.is_nullable { format!("Option<{inner}>") } else { inner };
                format!("Vec<{item}>")
            }
        }
    }

    fn enumeration(&mut self, values: &[String], path: &str) -> String {
        let name = self.taken.take(&type_name(path));
        let mut taken = Taken::default();
        self.out.push_str(&format!(
            "\n#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]\npub enum {name} {{\n"
        ));
        for value in values {
            let variant = match type_name(value) {
                it if it == "Self" => "SelfValue".to_owned(),
                it => it,
            };
            self.out.push_str(&format!("    #[serde(rename = {value:?})]\n    {},\n", taken.take(&variant)));
        }
        self.out.push_str("}\n");
        name
    }

    fn comment(&mut self, text: &str) {
        let text = line(text);
        if !text.is_empty() {
            self.out.push_str(&format!("/// {text}\n"));
        }
    }
}
