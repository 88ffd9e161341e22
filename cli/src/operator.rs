//! What all commands have in common that administer an organization.

use std::fmt;

use clap::Args;

use crate::{
    collector::{Address, Collector, Secret, escaped},
    output::Stop,
};

/// Of which organization, at which collector.
#[derive(Args)]
pub(crate) struct Operator {
    #[command(flatten)]
    address: Address,
    /// The organization's id
    #[arg(long, env = "TALLYMARK_ORGANIZATION", value_name = "ID", hide_env_values = true)]
    organization: String,
}

impl Operator {
    /// The collector, which takes the operator's token.
    pub(crate) fn collector(&self) -> Result<Collector, Stop> {
        self.address.collector(Secret::Admin)
    }

    /// A path of the organization's.
    pub(crate) fn path(&self, rest: impl fmt::Display) -> String {
        format!("/v1/admin/organizations/{}/{rest}", escaped(&self.organization))
    }
}
