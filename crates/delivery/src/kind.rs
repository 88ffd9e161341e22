//! The kinds of destinations.

use crate::{
    Ga4, Http, Kafka, PostHog, Postgres, Problem, PubSub, Webhook, destination::Fields, guard::Reach,
    receiver::Receiver,
};

/// The kinds of destinations: each has a file, which reads its fields, makes its requests and judges its answers.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Standard Webhooks.
    Webhook(Webhook),
    /// A `PostgreSQL` that keeps `domain_event`.
    Postgres(Postgres),
    /// Batches for the application's own endpoint.
    Http(Http),
    /// A project of `PostHog`'s.
    PostHog(PostHog),
    /// A web stream of GA4's.
    Ga4(Ga4),
    /// A topic of Kafka's.
    Kafka(Kafka),
    /// A topic of Google Pub/Sub's.
    PubSub(PubSub),
}

const KINDS: &str = "must be one of webhook, postgres, http, posthog, ga4, kafka and pubsub";

impl Kind {
    /// Reads the field `kind`, and those that this kind has.
    pub(crate) fn parse(fields: &mut Fields<'_>, reach: Reach) -> Result<Self, Problem> {
        Ok(match fields.required_text("kind", KINDS)? {
            "webhook" => Self::Webhook(Webhook::parse(fields, reach)?),
            "postgres" => Self::Postgres(Postgres::parse(fields, reach)?),
            "http" => Self::Http(Http::parse(fields, reach)?),
            "posthog" => Self::PostHog(PostHog::parse(fields, reach)?),
            "ga4" => Self::Ga4(Ga4::parse(fields, reach)?),
            "kafka" => Self::Kafka(Kafka::parse(fields, reach)?),
            "pubsub" => Self::PubSub(PubSub::parse(fields, reach)?),
            _ => return Err(fields.problem("kind", KINDS)),
        })
    }

    /// As the record has it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Postgres(_) => "postgres",
            Self::Http(_) => "http",
            Self::PostHog(_) => "posthog",
            Self::Ga4(_) => "ga4",
            Self::Kafka(_) => "kafka",
            Self::PubSub(_) => "pubsub",
        }
    }

    /// Whether it is the tenant's own copy of its log, or the way to one, rather than somebody who is told of events.
    pub(crate) const fn is_store(&self) -> bool {
        matches!(self, Self::Postgres(_) | Self::Http(_) | Self::Kafka(_) | Self::PubSub(_))
    }

    pub(crate) fn receiver(&self) -> &dyn Receiver {
        match self {
            Self::Webhook(one) => one,
            Self::Postgres(one) => one,
            Self::Http(one) => one,
            Self::PostHog(one) => one,
            Self::Ga4(one) => one,
            Self::Kafka(one) => one,
            Self::PubSub(one) => one,
        }
    }
}
