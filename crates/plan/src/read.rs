//! Tree → plan, with all that is wrong in it.

mod event;
mod fields;
mod group;
mod property;

use std::collections::BTreeMap;

use crate::{
    Plan,
    limits::{MAX_EVENTS, MAX_NAME},
    node::{Data, Member, Node},
    plan::{Family, Policy, Unknown},
    problem::{Place, Problem},
};

use fields::Reader;
use group::Groups;

/// Version of the form of plan.json. A collector of before refuses a later one.
pub(crate) const FORMAT: u32 = 1;

/// The name of [`FORMAT`] in plan.json.
pub(crate) const FORMAT_KEY: &str = "tallymark_plan";

/// Reads a plan from the roots of its files.
pub(crate) fn plan(roots: &[Node]) -> Result<Plan, Vec<Problem>> {
    let mut reader = Reader::default();
    let mut parts = Parts::default();
    for root in roots {
        parts.collect(&mut reader, root);
    }
    let plan = build(&mut reader, &parts);
    if reader.problems.is_empty() { Ok(plan) } else { Err(reader.problems) }
}

/// What the files hold, gathered.
#[derive(Default)]
struct Parts<'n> {
    head: Option<&'n Member>,
    policy: Option<&'n Member>,
    families: Vec<&'n Member>,
    groups: BTreeMap<&'n str, &'n Member>,
    events: BTreeMap<&'n str, &'n Member>,
}

impl<'n> Parts<'n> {
    fn collect(&mut self, reader: &mut Reader, root: &'n Node) {
        const KNOWN: &[&str] = &[FORMAT_KEY, "plan", "policy", "families", "groups", "events"];
        for member in reader.table(root, "a plan file", KNOWN).members {
            match member.name.as_str() {
                "plan" => reader.once(&mut self.head, member),
                "policy" => reader.once(&mut self.policy, member),
                "families" => {
                    for family in reader.entries(&member.value, "families") {
                        if self.families.iter().any(|other| other.name == family.name) {
                            reader.twice(family, "family");
                        }
                        self.families.push(family);
                    }
                }
                "groups" => Self::merge(&mut self.groups, reader, member, "group"),
                "events" => Self::merge(&mut self.events, reader, member, "event"),
                _ => {}
            }
        }
    }

    fn merge(
        all: &mut BTreeMap<&'n str, &'n Member>,
        reader: &mut Reader,
        table: &'n Member,
        what: &'static str,
    ) {
        for member in reader.entries(&table.value, what) {
            if all.insert(&member.name, member).is_some() {
                reader.twice(member, what);
            }
        }
    }
}

fn build(reader: &mut Reader, parts: &Parts<'_>) -> Plan {
    let mut plan = head(reader, parts.head);
    if let Some(member) = parts.policy {
        plan.policy = policy(reader, &member.value);
    }
    plan.families = parts.families.iter().map(|member| family(reader, member)).collect();
    let mut groups = Groups::new(&parts.groups);
    groups.read_all(reader);
    if let Some((_, first_too_many)) = parts.events.iter().nth(MAX_EVENTS) {
        reader.problem(
            first_too_many.place,
            format!("more than {MAX_EVENTS} events"),
            "make two plans of it, or tell events apart by a property",
        );
    }
    // A map gives them by name, which is the order that `Plan::event` searches in.
    for member in parts.events.values().take(MAX_EVENTS) {
        let event = event::read(reader, &mut groups, member);
        if let Some(name) = event.family.as_deref()
            && !plan.families.iter().any(|family| family.name == name)
        {
            reader.problem(
                member.place,
                format!("event {} is of the family {name:?}, which there is not", member.name),
                format!("add [families.{name:?}] with its description, or correct the name"),
            );
        }
        if let Some(name) = event.deprecated.as_ref().and_then(|d| d.replacement.as_deref())
            && !parts.events.contains_key(name)
        {
            reader.problem(
                member.place,
                format!("event {} is to be replaced with {name:?}, which there is not", member.name),
                "add that event, or correct the name",
            );
        }
        plan.events.push(event);
    }
    plan
}

fn head(reader: &mut Reader, member: Option<&Member>) -> Plan {
    const KNOWN: &[&str] = &["name", "version", "owner", "description", "governance"];
    let mut plan = Plan {
        name: String::new(),
        version: 1,
        owner: String::new(),
        description: String::new(),
        governance: Vec::new(),
        policy: Policy {
            unknown_events: Unknown::Reject,
            unknown_properties: Unknown::Accept,
            max_bytes: None,
        },
        families: Vec::new(),
        events: Vec::new(),
    };
    let Some(member) = member else {
        reader.problem(
            Place::default(),
            "no [plan]",
            "begin one of the files with [plan], name, version and owner",
        );
        return plan;
    };
    let fields = reader.table(&member.value, "[plan]", KNOWN);
    plan.name = reader.required_name(&fields, "name", "[plan]", MAX_NAME);
    plan.owner = reader.required_text(&fields, "owner", "[plan]");
    if fields.get("version").is_none() {
        reader.missing(&fields, "version", "[plan]");
    }
    plan.version = fields.get("version").and_then(|node| reader.count(node, "version", 1)).unwrap_or(1);
    plan.description = reader.optional_text(&fields, "description").unwrap_or_default();
    plan.governance = reader.texts(&fields, "governance");
    plan
}

fn policy(reader: &mut Reader, node: &Node) -> Policy {
    const KNOWN: &[&str] = &["unknown_events", "unknown_properties", "max_bytes"];
    let fields = reader.table(node, "[policy]", KNOWN);
    let mut unknown = |name| reader.word(fields.get(name)?, name, Unknown::ALL, Unknown::name);
    Policy {
        unknown_events: unknown("unknown_events").unwrap_or(Unknown::Reject),
        unknown_properties: unknown("unknown_properties").unwrap_or(Unknown::Accept),
        max_bytes: fields.get("max_bytes").and_then(|node| reader.count(node, "max_bytes", 2)),
    }
}

fn family(reader: &mut Reader, member: &Member) -> Family {
    let what = format!("family {}", member.name);
    reader.check_name(member, &what, MAX_NAME);
    let fields = reader.table(&member.value, &what, &["description"]);
    Family { name: member.name.clone(), description: reader.required_text(&fields, "description", &what) }
}

/// Whether a root is of the form that this code reads.
pub(crate) fn check_format(root: &Node) -> Result<(), Problem> {
    let version = match &root.data {
        Data::Table(members) => members.iter().find(|member| member.name == FORMAT_KEY),
        _ => None,
    };
    match version {
        Some(Member { value: Node { data: Data::Number(number), .. }, .. })
            if number.parse() == Ok(FORMAT) =>
        {
            Ok(())
        }
        _ => Err(Problem {
            place: root.place,
            message: format!("no plan.json of form {FORMAT}"),
            remedy: format!(
                "compile the plan with this version of Tallymark: it writes \"{FORMAT_KEY}\": {FORMAT}"
            ),
        }),
    }
}
