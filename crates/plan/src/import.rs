//! Plans from elsewhere: Segment's and `RudderStack`'s, and a first one from events that were observed.
//!
//! What comes out is a beginning: [`Imported::plan`], to be written with [`Plan::to_toml`], and what a person has to
//! decide or could not be taken over, in [`Imported::remarks`].

mod observed;
mod schema;

pub use observed::observed;

use crate::{
    Diagnostic, Plan, Source,
    limits::{MAX_ENUM, MAX_EVENTS, MAX_PLAN_BYTES},
    node::{self, Data, Node},
    plan::{Event, Object, Origin, Policy, Unknown},
    problem::{Place, Problem, located},
};

/// Most bytes that are read: ten thousand observed events, or any plan.
const MAX_IMPORTED_BYTES: usize = 16 * MAX_PLAN_BYTES;

/// A plan from elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The plan.
    pub plan: Plan,
    /// What was not taken over, and why; what is to be decided. A sentence each.
    pub remarks: Vec<String>,
}

/// Reads a tracking plan of Segment's: what its API gives (`rules` with `jsonSchema`), or the `plan.json` of its tools
/// (`rules.events`).
pub fn segment(text: &str) -> Result<Imported, Diagnostic> {
    document(text, "segment")
}

/// Reads a tracking plan of `RudderStack`'s: what its API gives, plan or list of events.
pub fn rudderstack(text: &str) -> Result<Imported, Diagnostic> {
    document(text, "rudderstack")
}

/// Both are a list of events with a JSON Schema each; they differ in where it lies.
fn document(text: &str, name: &str) -> Result<Imported, Diagnostic> {
    let root = json(text)?;
    let inner = member(&root, "data").unwrap_or(&root);
    let inner = member(inner, "trackingPlan").unwrap_or(inner);
    let rules = member(inner, "rules").unwrap_or(inner);
    let list = [Some(rules), member(rules, "events"), member(inner, "events")];
    let Some(events) = list.into_iter().flatten().find_map(items) else {
        return Err(refused(text, "no list of events", "give the plan as its API or its export writes it"));
    };
    let mut imported = Imported { plan: empty(name), remarks: Vec::new() };
    if let Some(name) =
        [member(inner, "name"), member(inner, "display_name")].into_iter().flatten().find_map(string)
    {
        name.clone_into(&mut imported.plan.name);
    }
    for event in events {
        schema::event(&mut imported, event);
    }
    Ok(imported.finished())
}

impl Imported {
    fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }

    /// By name, each once, no more than there may be.
    fn finished(mut self) -> Self {
        let plan = &mut self.plan;
        // Of an event that comes more than once, the latest version.
        plan.events.sort_by(|a, b| a.name.cmp(&b.name).then(b.schema_version.cmp(&a.schema_version)));
        plan.events.dedup_by(|later, kept| later.name == kept.name);
        if plan.events.len() > MAX_EVENTS {
            plan.events.truncate(MAX_EVENTS);
            self.remark(format!("Only the first {MAX_EVENTS} events were taken over."));
        }
        self
    }
}

fn empty(name: &str) -> Plan {
    Plan {
        name: name.to_owned(),
        version: 1,
        owner: "nobody yet".to_owned(),
        description: String::new(),
        governance: Vec::new(),
        policy: Policy {
            unknown_events: Unknown::Accept,
            unknown_properties: Unknown::Accept,
            max_bytes: None,
        },
        families: Vec::new(),
        events: Vec::new(),
    }
}

fn event(name: &str, description: &str) -> Event {
    let description = if description.trim().is_empty() { "To be described." } else { description };
    Event {
        name: name.to_owned(),
        description: description.to_owned(),
        family: None,
        origin: Origin::Any,
        entity: None,
        schema_version: 1,
        sampling: None,
        deprecated: None,
        max_bytes: None,
        unknown_properties: None,
        properties: Object::default(),
    }
}

fn json(text: &str) -> Result<Node, Diagnostic> {
    if text.len() > MAX_IMPORTED_BYTES {
        return Err(refused("", &format!("more than {MAX_IMPORTED_BYTES} bytes"), "import a part of it"));
    }
    node::from_json(text, 0).map_err(|problem| diagnosed(problem, text))
}

fn refused(text: &str, message: &str, remedy: &str) -> Diagnostic {
    diagnosed(
        Problem { place: Place::default(), message: message.to_owned(), remedy: remedy.to_owned() },
        text,
    )
}

fn diagnosed(problem: Problem, text: &str) -> Diagnostic {
    let fallback = Diagnostic {
        path: String::new(),
        line: 1,
        column: 1,
        message: problem.message.clone(),
        remedy: problem.remedy.clone(),
    };
    located(vec![problem], &[Source { path: "the imported text", text }]).pop().unwrap_or(fallback)
}

fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.data {
        Data::Table(members) => members.iter().find(|member| member.name == name).map(|member| &member.value),
        _ => None,
    }
}

fn items(node: &Node) -> Option<&[Node]> {
    match &node.data {
        Data::Array(items) => Some(items),
        _ => None,
    }
}

fn string(node: &Node) -> Option<&str> {
    match &node.data {
        Data::String(text) => Some(text),
        _ => None,
    }
}

fn count(node: &Node) -> Option<u32> {
    match &node.data {
        Data::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// Values of an enumeration, if a plan can hold them.
fn fits<T>(values: &[T]) -> bool {
    (1..=MAX_ENUM).contains(&values.len())
}
