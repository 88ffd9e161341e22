//! What this protocol's clients hear.

use tallymark_event::{EventId, Rule, json};

use crate::{
    Answer, Refusal,
    judge::{BrokenRule, Violation},
};

/// Appends what became of an event: a member of the answer's `results`. Nobody is ever told to send one again: an
/// event that breaks a rule is in quarantine, and would be when it came again.
pub(crate) fn write_result(out: &mut String, id: EventId, broken: Option<&Violation>) {
    out.push_str(if out.is_empty() { "\"" } else { ",\"" });
    id.write(out);
    match broken {
        None => out.push_str("\":{\"result\":\"ok\"}"),
        Some(violation) => {
            out.push_str("\":{\"result\":\"drop\",\"details\":\"");
            out.push_str(name_of(violation));
            out.push_str("\"}");
        }
    }
}

/// The protocol's own name for a rule, where it has one.
fn name_of(violation: &Violation) -> &'static str {
    let BrokenRule::BuiltIn(rule) = violation.rule else { return violation.rule.name() };
    match (rule, &*violation.path) {
        (Rule::MissingName, _) => "missing_event_name",
        (Rule::TooLong, "event") => "event_name_too_long",
        (Rule::MissingDistinctId, _) => "missing_distinct_id",
        (Rule::InvalidTimestamp, _) | (Rule::WrongType, "timestamp") => "invalid_event_timestamp",
        (Rule::WrongType, "properties") => "malformed_event_properties",
        (rule, _) => rule.name(),
    }
}

/// A refusal: `{"error":tag,"error_description":text,"error_uri":url}`.
pub(crate) fn refused(refusal: &Refusal) -> Answer {
    let mut body = String::from("{\"error\":\"");
    body.push_str(refusal.code());
    body.push_str("\",\"error_description\":");
    json::write_str(&mut body, &refusal.detail());
    // What it means is all said: there is no page about it.
    body.push_str(",\"error_uri\":\"about:blank\"}");
    Answer { retry_after_s: refusal.retry_after_s(), ..Answer::json(refusal.status(), body) }
}
