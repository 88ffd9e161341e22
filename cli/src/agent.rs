//! How this program speaks HTTP, whoever it speaks to.

use std::time::Duration;

use ureq::Agent;

/// An agent, which keeps connections: every status is an answer, and each has to be here within `timeout`.
pub(crate) fn agent(timeout: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // A secret goes where it was sent, and nowhere else; and wherever a redirection leads, nobody has allowed it.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(timeout))
        .user_agent(concat!("tallymark/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}
