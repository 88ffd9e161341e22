//! JSON Schema (2020-12) of a stored event, as `GET /v1/events` returns it.

use schemars::JsonSchema;
use serde_json::{Map, Value};

/// A row of `domain_event`: one event in its envelope.
#[derive(JsonSchema)]
#[schemars(title = "DomainEvent", deny_unknown_fields)]
#[allow(dead_code)] // read by the derive alone
struct StoredEvent {
    /// Order of commit in the tenant's log: a cursor that never skips.
    #[schemars(range(min = 1))]
    seq: u64,
    /// UUID, version 7 when it is ours; unique with `organization_id`.
    #[schemars(regex(pattern = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"))]
    event_id: String,
    /// What happened.
    #[schemars(length(min = 1, max = 200))]
    event_name: String,
    /// When it happened: RFC 3339, UTC, to the millisecond. Never shifted by transit delay.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"))]
    occurred_at: String,
    /// When the collector had it.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"))]
    received_at: String,
    /// The tenant, from the key or the token; never from what a page claims.
    organization_id: String,
    /// Who did it, if known; how far to believe it: `trust`.
    user_id: Option<String>,
    /// The device or browser.
    anonymous_id: Option<String>,
    /// The visit.
    session_id: Option<String>,
    /// What it happened to.
    entity_type: Option<String>,
    /// Which one.
    entity_id: Option<String>,
    /// Ties together what one action caused.
    correlation_id: Option<String>,
    /// `browser`, `server`, or the part of the back end that the event names.
    source: String,
    /// Who vouches for `user_id` and for the event's having happened.
    trust: TrustName,
    /// Version of the event's schema in the tracking plan.
    schema_version: u32,
    /// The event's own properties.
    properties: Map<String, Value>,
    /// What surrounded it: the client's clocks, stream and sequence, library, dialect.
    context: Map<String, Value>,
}

/// See `Trust`.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(dead_code)]
enum TrustName {
    /// A browser key and no page that could be named.
    Key,
    /// A browser key, used by a page of an origin that the key is bound to.
    Origin,
    /// A token that the tenant's back end has signed for the page.
    Token,
    /// A secret key.
    Server,
}

/// The schema as pretty JSON with a final newline: the bytes of the committed file.
pub fn event_schema() -> String {
    let schema = schemars::schema_for!(StoredEvent);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{COLUMNS, Trust};

    #[test]
    fn the_schema_names_every_column_and_trust() {
        let schema: Value = serde_json::from_str(&event_schema()).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        for column in COLUMNS {
            assert!(properties.contains_key(column), "{column}");
        }
        assert_eq!(properties.len(), COLUMNS.len() + 1, "and seq");
        let text = event_schema();
        for trust in [Trust::Key, Trust::Origin, Trust::Token, Trust::Server] {
            assert!(text.contains(&format!("\"{}\"", trust.name())), "{trust:?}");
        }
    }
}
