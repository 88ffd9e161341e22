//! The message of the event bus: one contract, whichever bus carries it. See docs/EVENT-BUS.md.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::Row;

/// An event as a message.
pub(crate) struct Message<'r> {
    /// The tenant: messages of one key stay in their order.
    pub(crate) key: &'r str,
    /// The event in its envelope, byte for byte as it is stored.
    pub(crate) value: &'r str,
    /// What a consumer routes by without reading the value.
    pub(crate) attributes: [(&'static str, String); 4],
}

impl<'r> Message<'r> {
    pub(crate) fn of(row: &'r Row<'_>) -> Self {
        Self {
            key: &row.organization_id,
            value: row.text.get(),
            attributes: [
                ("event_id", row.event_id.clone().into_owned()),
                ("event_name", row.event_name.clone().into_owned()),
                ("organization_id", row.organization_id.clone().into_owned()),
                ("schema_version", row.schema_version.to_string()),
            ],
        }
    }
}

/// Bytes in a JSON text.
pub(crate) fn base64(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}
