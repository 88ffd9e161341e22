//! A row of the log, as `GET /v1/events` gives it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use tallymark_event::{Consent, RawJson};

/// A stored event. Texts are borrowed from the page of rows where they hold no escapes.
#[derive(Clone, Debug, Deserialize)]
pub struct Row<'t> {
    /// Its place in the order of commit.
    pub seq: u64,
    /// The event's id: what receivers know it by, however often it comes.
    #[serde(borrow)]
    pub event_id: Cow<'t, str>,
    /// Its name.
    #[serde(borrow)]
    pub event_name: Cow<'t, str>,
    /// When it happened, by RFC 3339.
    #[serde(borrow)]
    pub occurred_at: Cow<'t, str>,
    /// When the collector received it, by RFC 3339.
    #[serde(borrow)]
    pub received_at: Cow<'t, str>,
    /// Whose it is.
    #[serde(borrow)]
    pub organization_id: Cow<'t, str>,
    /// The user, if known.
    #[serde(borrow, default)]
    pub user_id: Option<Cow<'t, str>>,
    /// The device, if there is one.
    #[serde(borrow, default)]
    pub anonymous_id: Option<Cow<'t, str>>,
    /// The visit, if there is one.
    #[serde(borrow, default)]
    pub session_id: Option<Cow<'t, str>>,
    /// What kind of thing it is about.
    #[serde(borrow, default)]
    pub entity_type: Option<Cow<'t, str>>,
    /// Which one.
    #[serde(borrow, default)]
    pub entity_id: Option<Cow<'t, str>>,
    /// What else it belongs with.
    #[serde(borrow, default)]
    pub correlation_id: Option<Cow<'t, str>>,
    /// `browser`, `server`…
    #[serde(borrow)]
    pub source: Cow<'t, str>,
    /// Who vouches for it.
    #[serde(borrow)]
    pub trust: Cow<'t, str>,
    /// The version of the event's shape.
    pub schema_version: u32,
    /// A JSON object, as it is stored.
    #[serde(borrow)]
    pub properties: &'t RawValue,
    /// A JSON object, as it is stored.
    #[serde(borrow)]
    pub context: &'t RawValue,
    /// The whole row.
    #[serde(skip, default = "null")]
    pub text: &'t RawValue,
}

fn null<'t>() -> &'t RawValue {
    RawValue::NULL
}

impl<'t> Row<'t> {
    /// Reads a JSON array of rows.
    pub fn parse_page(page: &'t str) -> Result<Vec<Self>, serde_json::Error> {
        let texts: Vec<&'t RawValue> = serde_json::from_str(page)?;
        texts.into_iter().map(|text| Ok(Self { text, ..serde_json::from_str(text.get())? })).collect()
    }

    /// What the event's person has agreed to.
    pub fn consent(&self) -> Consent {
        Consent::of_context(RawJson::trusted(self.context.get()))
    }
}
