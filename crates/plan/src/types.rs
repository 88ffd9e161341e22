//! Types of a plan's events, for three languages. They are of compile time alone: nothing of them is left at run time but
//! what Rust and Python make of any type.
//!
//! In all of them a property that is not required may be left out, and one that the plan does not name is an error, even
//! where the plan accepts it at run time: whoever writes code adds it to the plan first. An event of which the plan names
//! no property at all may have any.

#![allow(clippy::format_push_string)] // runs once, natively: what is written should be seen

mod names;
mod python;
mod rust;
mod typescript;

pub use python::python;
pub use rust::rust;
pub use typescript::typescript;

use crate::{
    Plan,
    plan::{Event, Origin, Unknown},
};

/// The first line of each file, after the language's sign for a comment.
fn heading(plan: &Plan) -> String {
    format!(
        "Made of the tracking plan {}, version {}. Do not edit: change the plan.",
        plan.name, plan.version
    )
}

/// Whether events of this origin may be sent by that one.
fn may_send(origin: Origin, sender: Origin) -> bool {
    origin == Origin::Any || origin == sender
}

/// Whether the plan says nothing of an event's properties, and takes any.
fn is_open(plan: &Plan, event: &Event) -> bool {
    event.properties.is_open() && plan.unknown_properties(event) == Unknown::Accept
}

/// A text on one line, for comments.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
