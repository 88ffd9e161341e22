//! What is known of the registry.

use tallymark_event::Timestamp;

use crate::{
    keys::{self, KeyCache},
    plans::{self, PlanCache},
    settings::{self, SettingsCache},
    signer,
};

/// Everything that the registry said lately, by kind.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) keys: KeyCache,
    pub(crate) plans: PlanCache,
    pub(crate) settings: SettingsCache,
}

impl Registry {
    /// Remembers what the registry holds under `lookup`. What else is kept there is passed over.
    pub(crate) fn learn(&mut self, lookup: &str, record: Option<&str>, now: Timestamp) {
        if let Some(organization_id) = lookup.strip_prefix(plans::PREFIX) {
            self.plans.learn(organization_id, record, now);
        } else if let Some(organization_id) = lookup.strip_prefix(settings::PREFIX) {
            self.settings.learn(organization_id, record, now);
        } else if lookup.starts_with(keys::PREFIX) || lookup.starts_with(signer::LOOKUP) {
            self.keys.learn(lookup, record, now);
        }
    }
}
