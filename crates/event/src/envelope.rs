//! The envelope: a row of `domain_event`, the same in the tenant's log and in every backend store.

use alloc::string::String;

use crate::{EventId, RawJson, json};

/// Where an event was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a page.
    Browser,
    /// By a back-end service.
    Server,
}

impl Source {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Server => "server",
        }
    }

    /// The source of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Browser, Self::Server].into_iter().find(|source| source.name() == name)
    }
}

/// Who vouches for the row's `user_id` and for its having happened. The organization is never in doubt: it
/// comes from the key or the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// A browser key and no page that could be named: whoever has read the page's source can send this.
    Key,
    /// A browser key, used by a page of an origin that the key is bound to; `user_id` is the page's word.
    Origin,
    /// A token that the tenant's own back end has signed for this page: it says which user that is.
    Token,
    /// A secret key: the tenant's own back end says so.
    Server,
}

impl Trust {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Origin => "origin",
            Self::Token => "token",
            Self::Server => "server",
        }
    }

    /// The trust of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Key, Self::Origin, Self::Token, Self::Server].into_iter().find(|trust| trust.name() == name)
    }
}

/// The columns that the collector fills, in the order of [`DomainEvent::write_row`]. A store adds `seq` in
/// front (the order of commit) and its outbox columns behind (`is_processed`, `processed_at`,
/// `delivery_attempts`).
pub const COLUMNS: [&str; 16] = [
    "event_id",
    "event_name",
    "occurred_at",
    "received_at",
    "organization_id",
    "user_id",
    "anonymous_id",
    "session_id",
    "entity_type",
    "entity_id",
    "correlation_id",
    "source",
    "trust",
    "schema_version",
    "properties",
    "context",
];

/// One event in its envelope, borrowed from the request that brought it. The texts are JSON as it came
/// (strings with their quotes), so that the collector copies each byte once and decodes none it needn't.
#[derive(Clone, Copy, Debug)]
pub struct DomainEvent<'a> {
    /// Identity; unique with `organization_id`.
    pub event_id: EventId,
    /// What happened: a JSON string.
    pub event_name: RawJson<'a>,
    /// When it happened, by the rule of time (never shifted by transit delay): a JSON string, as
    /// [`crate::Timestamp::write`] gives it.
    pub occurred_at: RawJson<'a>,
    /// When the collector had it: a JSON string, likewise.
    pub received_at: RawJson<'a>,
    /// The tenant, from the key or the token: a JSON string.
    pub organization_id: RawJson<'a>,
    /// Who did it, if known: a JSON string. How far to believe it: `trust`.
    pub user_id: Option<RawJson<'a>>,
    /// The device or browser: a JSON string.
    pub anonymous_id: Option<RawJson<'a>>,
    /// The visit: a JSON string.
    pub session_id: Option<RawJson<'a>>,
    /// What it happened to (`batch`, `inventory_item`…): a JSON string.
    pub entity_type: Option<RawJson<'a>>,
    /// Which one: a JSON string.
    pub entity_id: Option<RawJson<'a>>,
    /// Ties together what one action caused, across page and back end: a JSON string.
    pub correlation_id: Option<RawJson<'a>>,
    /// Where it was captured: a JSON string, a [`Source`] name unless a back end names its own part.
    pub source: RawJson<'a>,
    /// Who vouches for it.
    pub trust: Trust,
    /// Version of the event's schema in the tracking plan.
    pub schema_version: u32,
    /// The event's own properties: a JSON object.
    pub properties: RawJson<'a>,
    /// What surrounded it (the client's clocks, stream and sequence, library, dialect): a JSON object.
    pub context: RawJson<'a>,
}

impl DomainEvent<'_> {
    /// Appends the row as a JSON array in the order of [`COLUMNS`]: what a log unpacks with `json_each`.
    pub fn write_row(&self, out: &mut String) {
        out.push_str("[\"");
        self.event_id.write(out);
        out.push_str("\",");
        out.push_str(self.event_name.as_str());
        out.push(',');
        out.push_str(self.occurred_at.as_str());
        out.push(',');
        out.push_str(self.received_at.as_str());
        out.push(',');
        out.push_str(self.organization_id.as_str());
        for text in [
            self.user_id,
            self.anonymous_id,
            self.session_id,
            self.entity_type,
            self.entity_id,
            self.correlation_id,
        ] {
            // Not one `push_str` of either: a text of known length costs no call in wasm.
            match text {
                None => out.push_str(",null"),
                Some(text) => {
                    out.push(',');
                    out.push_str(text.as_str());
                }
            }
        }
        out.push(',');
        out.push_str(self.source.as_str());
        out.push_str(",\"");
        out.push_str(self.trust.name());
        out.push_str("\",");
        json::write_u64(out, u64::from(self.schema_version));
        out.push(',');
        out.push_str(self.properties.as_str());
        out.push(',');
        out.push_str(self.context.as_str());
        out.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_columns_in_order() {
        let event = DomainEvent {
            event_id: EventId::v7(1_795_220_079_697, [7; 10]),
            event_name: RawJson::trusted(r#""recipe \"scaled\"""#),
            occurred_at: RawJson::trusted(r#""2026-11-21T00:14:39.697Z""#),
            received_at: RawJson::trusted(r#""2026-11-21T00:14:40.000Z""#),
            organization_id: RawJson::trusted(r#""org_1""#),
            user_id: None,
            anonymous_id: Some(RawJson::trusted(r#""a""#)),
            session_id: None,
            entity_type: Some(RawJson::trusted(r#""recipe""#)),
            entity_id: Some(RawJson::trusted(r#""42""#)),
            correlation_id: None,
            source: RawJson::trusted(r#""browser""#),
            trust: Trust::Origin,
            schema_version: 1,
            properties: RawJson::trusted(r#"{"scale":2}"#),
            context: RawJson::EMPTY_OBJECT,
        };
        let mut row = String::new();
        event.write_row(&mut row);
        let row: serde_json::Value = serde_json::from_str(&row).unwrap();
        let row = row.as_array().unwrap();
        assert_eq!(row.len(), COLUMNS.len());
        let at = |name: &str| &row[COLUMNS.iter().position(|c| *c == name).unwrap()];
        assert_eq!(at("event_name"), "recipe \"scaled\"");
        assert_eq!(at("occurred_at"), "2026-11-21T00:14:39.697Z");
        assert_eq!(at("trust"), "origin");
        assert_eq!(at("entity_id"), "42");
        assert!(at("user_id").is_null());
        assert_eq!(at("properties")["scale"], 2);
    }
}
