//! What to do about each rule that an event can break.

use tallymark_plan::Rule;

/// What to do about a rule, by its name. A name of both means the same in both: see `tallymark_ingest::Broken`.
pub(crate) fn of(name: &str) -> &'static str {
    match Rule::ALL.iter().find(|rule| rule.name() == name) {
        Some(&rule) => of_plan(rule),
        None => "the collector takes no such event, whatever a plan says: correct the call (docs/WIRE.md)",
    }
}

const fn of_plan(rule: Rule) -> &'static str {
    match rule {
        Rule::UnknownEvent => "correct the name, or add the event to the plan",
        Rule::OriginNotAllowed => "send it from the back end; no page can vouch for it",
        Rule::WrongEntity => "correct entity.type, or the plan's entity",
        Rule::UnknownVersion => "load the plan that this code was written for",
        Rule::UnknownProperty => "correct the name, or add the property to the plan",
        Rule::DuplicateProperty => "send it once",
        Rule::MissingRequired => "send it, or take `required` from it in the plan",
        Rule::WrongType => "send the plan's type; `null` only where the plan says nullable",
        Rule::WrongFormat => "write it as the plan's type has it",
        Rule::NotInEnum => "send one of these, or add the value to the plan",
        Rule::OutOfRange | Rule::TooShort | Rule::TooLong | Rule::TooFewItems | Rule::TooManyItems => {
            "correct the value, or the plan's bound"
        }
        Rule::Pattern => "correct the value, or the plan's pattern",
        Rule::TooLarge => "send less with it, or raise max_bytes in the plan",
        Rule::Unreadable => "send what JSON can say",
    }
}
