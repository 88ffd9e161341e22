//! Stored properties without anything that says whose they are: what is left of somebody's events that stay countable.

use tallymark_plan::Plan;

use crate::{decode::Value, pii};

/// Properties that say who it was, in which visit or on which device, as `PostHog`'s clients, GA4's and ours call them.
pub(crate) fn is_personal(name: &[u8]) -> bool {
    matches!(
        name,
        b"$set"
            | b"$set_once"
            | b"$unset"
            | b"$user_id"
            | b"$device_id"
            | b"$anon_distinct_id"
            | b"distinct_id"
            | b"user_id"
            | b"client_id"
            | b"alias"
            | b"$session_id"
            | b"$window_id"
            | b"$pageview_id"
            | b"$prev_pageview_id"
            | b"$ga_session_id"
            | b"$ga_page_load_id"
            | b"$raw_user_agent"
            | b"$stream_id"
    )
}

/// Rewrites a page of rows, two lines each: the event's name, a JSON string, and its properties. Gives a line each:
/// the properties without what is personal, and without what the plan says is, whatever it does about it otherwise.
pub(crate) fn anonymise(plan: Option<&Plan>, page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut lines = page.lines();
    while let (Some(name), Some(properties)) = (lines.next(), lines.next()) {
        let name = Value::well_formed(name).string().unwrap_or_default();
        let event = plan.and_then(|plan| plan.event(&name));
        pii::cut(properties, event.map(|event| &event.properties), &mut out);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_it_was_goes_and_what_happened_stays() {
        let properties = r#"{"$set":{"email":"a@b.example"},"scale":2,"$user_id":"42","nested":{"user_id":7},"$session_id":"s"}"#;
        let page = format!("\"recipe_scaled\"\n{properties}\n\"a\"\n{{}}\n");
        assert_eq!(anonymise(None, &page), "{\"scale\":2,\"nested\":{\"user_id\":7}}\n{}\n");
    }
}
