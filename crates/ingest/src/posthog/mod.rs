//! What `PostHog`'s clients expect of a host besides that it takes their batches.

pub(crate) mod capture_v1;
mod config;
pub(crate) mod engage;

pub(crate) use config::Call;
