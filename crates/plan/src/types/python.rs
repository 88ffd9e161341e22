//! Python: `TypedDict`s, and a protocol of a function that takes the plan's events. Needs Python 3.11.

use super::{
    heading, is_open, line,
    names::{Taken, type_name},
};
use crate::{
    Plan,
    plan::{Object, Shape, Type},
};

const IMPORTS: &str = "from typing import Any, Literal, NotRequired, Protocol, Required, TypedDict, overload";

const TAKEN: &[&str] = &[
    "Any",
    "Literal",
    "NotRequired",
    "Protocol",
    "Required",
    "TypedDict",
    "Capture",
    "None",
    "True",
    "False",
];

/// A module of a plan: a `TypedDict` for each event, and `Capture`.
pub fn python(plan: &Plan) -> String {
    let mut module = Module { out: format!("# {}\n\n{IMPORTS}\n", heading(plan)), taken: Taken::of(TAKEN) };
    let names: Vec<String> =
        plan.events().iter().map(|event| module.taken.take(&type_name(&event.name))).collect();
    for (event, name) in plan.events().iter().zip(&names) {
        if is_open(plan, event) {
            module.heading(&event.description);
            module.out.push_str(&format!("{name} = dict[str, Any]\n"));
        } else {
            module.dict(&event.properties, name, &event.description);
        }
    }
    module.out.push_str("\n\nclass Capture(Protocol):\n    \"\"\"A function that takes the events of the plan and no others.\"\"\"\n");
    if plan.events().is_empty() {
        module.out.push_str("\n    def __call__(self) -> None: ...\n");
    }
    for (event, name) in plan.events().iter().zip(&names) {
        // mypy wants two overloads or none.
        let overload = if names.len() > 1 { "    @overload\n" } else { "" };
        let is_optional = event.properties.properties().iter().all(|property| !property.is_required);
        let properties = if is_optional { format!("{name} = ...") } else { name.clone() };
        module.out.push_str(&format!(
            "\n{overload}    def __call__(self, event: Literal[{}], properties: {properties}) -> None: ...\n",
            quoted(&event.name)
        ));
    }
    module.out
}

struct Module {
    out: String,
    taken: Taken,
}

impl Module {
    fn heading(&mut self, description: &str) {
        let described = line(description);
        self.out.push_str("\n\n");
        if !described.is_empty() {
            self.out.push_str(&format!("# {described}\n"));
        }
    }

    /// The functional form: names of members need not be names of Python's.
    fn dict(&mut self, object: &Object, name: &str, description: &str) {
        let mut members = String::new();
        for property in object.properties() {
            let described = line(&property.description);
            if !described.is_empty() {
                members.push_str(&format!("        # {described}\n"));
            }
            let required = if property.is_required { "Required" } else { "NotRequired" };
            let inner = self.shape(&property.shape, &format!("{name}_{}", property.name));
            members.push_str(&format!("        {}: {required}[{inner}],\n", quoted(&property.name)));
        }
        self.heading(description);
        let members = if members.is_empty() { "{}".to_owned() } else { format!("{{\n{members}    }}") };
        self.out.push_str(&format!("{name} = TypedDict(\n    {},\n    {members},\n)\n", quoted(name)));
    }

    /// Objects within are written first, and named.
    fn shape(&mut self, it: &Shape, path: &str) -> String {
        let literals = |values: &[String]| format!("Literal[{}]", values.join(", "));
        let mut written = match &it.kind {
            Type::Boolean => "bool".to_owned(),
            Type::Integer(range) => {
                let values: Vec<String> =
                    range.one_of.iter().map(|one| format!("{:.0}", one.value)).collect();
                if values.is_empty() { "int".to_owned() } else { literals(&values) }
            }
            Type::Number(_) => "float".to_owned(),
            Type::String(text) if !text.one_of.is_empty() => {
                literals(&text.one_of.iter().map(|one| quoted(one)).collect::<Vec<_>>())
            }
            Type::String(_) | Type::Timestamp | Type::Date | Type::Uuid | Type::Url => "str".to_owned(),
            Type::Object(object) if object.is_open() => "dict[str, Any]".to_owned(),
            Type::Object(object) => {
                let name = self.taken.take(&type_name(path));
                self.dict(object, &name, "");
                name
            }
            Type::Array(list) => format!("list[{}]", self.shape(&list.items, &format!("{path}_item"))),
        };
        if it.is_nullable {
            written.push_str(" | None");
        }
        written
    }
}

/// A string of Python's, of ASCII and escapes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            // Writing into a String has no errors.
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push('"');
    out
}
