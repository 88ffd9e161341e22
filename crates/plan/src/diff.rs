//! Two versions of a plan: what has changed, whom that breaks, and which version should have been raised.
//!
//! A change breaks if a sender that kept to the old plan may be refused by the new one, or if a reader that relied on the
//! old one may find what it did not expect. New values of an enumeration break nobody: readers have to be ready for them.

mod shape;

use std::collections::BTreeSet;

use crate::{
    Plan,
    plan::{Event, Origin, Unknown},
};

/// Whom a change breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A sender or a reader that kept to the old plan.
    Breaking,
    /// Nobody: there is more than before.
    Additive,
    /// Nobody: it is about words, owners, rates.
    Neutral,
}

impl Effect {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Additive => "additive",
            Self::Neutral => "neutral",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Whom it breaks.
    pub effect: Effect,
    /// What has changed: `events.order_paid.properties.total`.
    pub path: String,
    /// How.
    pub message: String,
}

/// A version that should have been raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whose version: `plan` or `events.order_paid`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// What is different between two plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The changes: those that break first, then by path.
    pub changes: Vec<Change>,
    /// What a check in CI should fail for.
    pub faults: Vec<Fault>,
}

impl Diff {
    /// The largest effect, if anything has changed.
    pub fn effect(&self) -> Option<Effect> {
        self.changes.iter().map(|change| change.effect).min()
    }

    fn add(&mut self, effect: Effect, path: &str, message: impl Into<String>) {
        self.changes.push(Change { effect, path: path.to_owned(), message: message.into() });
    }

    fn fault(&mut self, path: &str, message: String, remedy: String) {
        self.faults.push(Fault { path: path.to_owned(), message, remedy });
    }

    /// A word that is another now.
    fn replaced(&mut self, effect: Effect, path: &str, what: &str, old: &str, new: &str) {
        if old != new {
            self.add(effect, path, format!("{what} was {old:?} and is {new:?}"));
        }
    }

    /// A bound that is tighter or looser now. Of an upper bound, less is tighter.
    fn bound<T: PartialOrd + Copy + core::fmt::Display>(
        &mut self,
        path: &str,
        what: &str,
        old: Option<T>,
        new: Option<T>,
        is_upper: bool,
    ) {
        let said = |bound: Option<T>| bound.map_or("none".to_owned(), |bound| bound.to_string());
        let message = format!("{what} was {} and is {}", said(old), said(new));
        let is_tighter = match (old, new) {
            (None, None) => return,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(old), Some(new)) if old == new => return,
            (Some(old), Some(new)) => (new < old) == is_upper,
        };
        self.add(if is_tighter { Effect::Breaking } else { Effect::Additive }, path, message);
    }
}

/// Compares two versions of a plan.
pub fn diff(old: &Plan, new: &Plan) -> Diff {
    let mut diff = Diff::default();
    head(&mut diff, old, new);
    let names: BTreeSet<&str> =
        old.events().iter().chain(new.events()).map(|event| event.name.as_str()).collect();
    for name in names {
        let path = format!("events.{name}");
        match (old.event(name), new.event(name)) {
            (Some(before), Some(after)) => {
                let first = diff.changes.len();
                event(&mut diff, &path, (old, before), (new, after));
                let breaks = |change: &Change| change.effect == Effect::Breaking;
                let is_broken = diff.changes.get(first..).is_some_and(|changes| changes.iter().any(breaks));
                version(&mut diff, &path, before, after, is_broken);
            }
            (Some(_), None) => diff.add(Effect::Breaking, &path, "is gone"),
            (None, _) => diff.add(Effect::Additive, &path, "is new"),
        }
    }
    if !diff.changes.is_empty() && new.version <= old.version {
        let message = format!("the plan has changed and is still at version {}", new.version);
        diff.fault("plan", message, format!("raise [plan] version to {}", old.version.saturating_add(1)));
    }
    diff.changes.sort();
    diff
}

/// A change that breaks raises the event's `schema_version`, and nothing lowers it.
fn version(diff: &mut Diff, path: &str, old: &Event, new: &Event, is_broken: bool) {
    let needed = if is_broken { old.schema_version.saturating_add(1) } else { old.schema_version };
    if new.schema_version < needed {
        let message = if is_broken {
            format!("a change breaks whoever kept to schema_version {}", old.schema_version)
        } else {
            format!("schema_version went back from {} to {}", old.schema_version, new.schema_version)
        };
        diff.fault(path, message, format!("set schema_version = {needed}, or make a new event"));
    } else if new.schema_version != old.schema_version {
        let message = format!("schema_version was {} and is {}", old.schema_version, new.schema_version);
        diff.add(Effect::Neutral, path, message);
    }
}

fn head(diff: &mut Diff, old: &Plan, new: &Plan) {
    diff.replaced(Effect::Breaking, "plan", "name", &old.name, &new.name);
    diff.replaced(Effect::Neutral, "plan", "owner", &old.owner, &new.owner);
    diff.replaced(Effect::Neutral, "plan", "description", &old.description, &new.description);
    if old.governance != new.governance {
        diff.add(Effect::Neutral, "plan", "governance has changed");
    }
    unknown(diff, "policy", "unknown_events", old.policy.unknown_events, new.policy.unknown_events);
    for family in &new.families {
        let path = format!("families.{}", family.name);
        match old.families.iter().find(|other| other.name == family.name) {
            None => diff.add(Effect::Additive, &path, "is new"),
            Some(other) => {
                diff.replaced(Effect::Neutral, &path, "description", &other.description, &family.description);
            }
        }
    }
    for family in
        old.families.iter().filter(|family| new.families.iter().all(|other| other.name != family.name))
    {
        diff.add(Effect::Breaking, &format!("families.{}", family.name), "is gone");
    }
}

fn unknown(diff: &mut Diff, path: &str, what: &str, old: Unknown, new: Unknown) {
    let effect = if new == Unknown::Reject { Effect::Breaking } else { Effect::Additive };
    diff.replaced(effect, path, what, old.name(), new.name());
}

fn event(diff: &mut Diff, path: &str, (old_plan, old): (&Plan, &Event), (new_plan, new): (&Plan, &Event)) {
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    diff.replaced(Effect::Neutral, path, "description", &old.description, &new.description);
    diff.replaced(Effect::Breaking, path, "family", &word(&old.family), &word(&new.family));
    let effect = if new.entity.is_none() { Effect::Additive } else { Effect::Breaking };
    diff.replaced(effect, path, "entity", &word(&old.entity), &word(&new.entity));
    let effect = if new.origin == Origin::Any { Effect::Additive } else { Effect::Breaking };
    diff.replaced(effect, path, "origin", old.origin.name(), new.origin.name());
    let rate = |event: &Event| event.sampling.as_ref().map_or("1".to_owned(), |rate| rate.text.clone());
    diff.replaced(Effect::Neutral, path, "sampling", &rate(old), &rate(new));
    if old.deprecated != new.deprecated {
        let message = if new.deprecated.is_some() { "is deprecated" } else { "is no longer deprecated" };
        diff.add(Effect::Neutral, path, message);
    }
    diff.bound(path, "max_bytes", old_plan.max_bytes(old), new_plan.max_bytes(new), true);
    let (before, after) = (old_plan.unknown_properties(old), new_plan.unknown_properties(new));
    unknown(diff, path, "unknown_properties", before, after);
    shape::object(diff, path, &old.properties, &new.properties);
}
