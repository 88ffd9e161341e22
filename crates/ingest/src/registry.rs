//! What is known of the registry.

use tallymark_event::Timestamp;

use crate::{
    keys::KeyCache,
    plans::{self, PlanCache},
};

/// Everything that the registry said lately, by kind.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) keys: KeyCache,
    pub(crate) plans: PlanCache,
}

impl Registry {
    /// Remembers what the registry holds under `lookup`.
    pub(crate) fn learn(&mut self, lookup: &str, record: Option<&str>, now: Timestamp) {
        match lookup.strip_prefix(plans::PREFIX) {
            Some(organization_id) => self.plans.learn(organization_id, record, now),
            None => self.keys.learn(lookup, record, now),
        }
    }
}
