// Made of the tracking plan assistant, version 1. Do not edit: change the plan.

/// An event of the plan: its properties, which are written with `serde`.
pub trait Event: serde::Serialize {
    /// Its name.
    const NAME: &'static str;
    /// Version of its shape.
    const SCHEMA_VERSION: u32;
    /// What it happens to.
    const ENTITY_TYPE: Option<&'static str>;
}

/// A checkout was paid. Sent from the payment provider's notice of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct CheckoutCompleted {
    /// The plan that was bought.
    pub plan: String,
    /// The checkout's session at Stripe.
    #[serde(rename = "stripeSessionId")]
    pub stripe_session_id: String,
}

impl Event for CheckoutCompleted {
    const NAME: &'static str = "checkout_completed";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("checkout");
}

/// A conversation began. Sent after its row is inserted.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ConversationStarted {
    /// The conversation.
    #[serde(rename = "conversationId")]
    pub conversation_id: String,
    /// The visitor's session, which a conversation belongs to.
    #[serde(rename = "sessionId")]
    pub session_id: String,
}

impl Event for ConversationStarted {
    const NAME: &'static str = "conversation_started";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("conversation");
}

/// A conversation was handed to humans. Sent when that has worked.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct EscalationTriggered {
    /// The conversation.
    #[serde(rename = "conversationId")]
    pub conversation_id: String,
    /// Why, as a code or a few words without names.
    pub reason: String,
    /// The channel that took it, if one did.
    #[serde(rename = "integrationId", skip_serializing_if = "Option::is_none")]
    pub integration_id: Option<String>,
}

impl Event for EscalationTriggered {
    const NAME: &'static str = "escalation_triggered";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("conversation");
}

/// A source was read. With ingest_started it gives throughput and latency.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct IngestCompleted {
    /// What kind of source it is.
    #[serde(rename = "sourceType")]
    pub source_type: String,
    /// Where it was read from.
    pub url: String,
    /// Documents read.
    pub docs: i64,
    /// Pieces that they were cut into.
    pub chunks: i64,
}

impl Event for IngestCompleted {
    const NAME: &'static str = "ingest_completed";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("source");
}

/// Reading of a source failed.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct IngestFailed {
    /// What kind of source it is.
    #[serde(rename = "sourceType")]
    pub source_type: String,
    /// Where it was read from.
    pub url: String,
    /// What went wrong, as a code.
    #[serde(rename = "errorCode")]
    pub error_code: String,
}

impl Event for IngestFailed {
    const NAME: &'static str = "ingest_failed";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("source");
}

/// Reading of a source began.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct IngestStarted {
    /// What kind of source it is.
    #[serde(rename = "sourceType")]
    pub source_type: String,
    /// Where it was read from.
    pub url: String,
}

impl Event for IngestStarted {
    const NAME: &'static str = "ingest_started";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("source");
}

/// A call of an integration failed. Sent by the dispatcher of its outbox.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct IntegrationFailed {
    /// The integration.
    #[serde(rename = "integrationId")]
    pub integration_id: String,
    /// What kind of integration it is.
    pub r#type: String,
    /// What went wrong, as a code.
    #[serde(rename = "errorCode")]
    pub error_code: String,
}

impl Event for IntegrationFailed {
    const NAME: &'static str = "integration_failed";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("integration");
}

/// A call of an integration worked. Sent by the dispatcher of its outbox.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct IntegrationSucceeded {
    /// The integration.
    #[serde(rename = "integrationId")]
    pub integration_id: String,
    /// What kind of integration it is.
    pub r#type: String,
}

impl Event for IntegrationSucceeded {
    const NAME: &'static str = "integration_succeeded";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("integration");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum MessageSentRole {
    #[serde(rename = "user")]
    User,
    #[serde(rename = "assistant")]
    Assistant,
}

/// A message was sent, by either side. Sent after it is stored.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct MessageSent {
    /// The conversation.
    #[serde(rename = "conversationId")]
    pub conversation_id: String,
    /// Who spoke.
    pub role: MessageSentRole,
    /// How sure the assistant was, if it spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

impl Event for MessageSent {
    const NAME: &'static str = "message_sent";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("conversation");
}

/// A tenant changed its plan, up, down or away. Sent from the payment provider's notice of a changed subscription.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct PlanUpdated {
    /// The plan before.
    #[serde(rename = "previousPlan")]
    pub previous_plan: Option<String>,
    /// The plan now.
    #[serde(rename = "newPlan")]
    pub new_plan: Option<String>,
    /// The subscription's state.
    pub status: String,
}

impl Event for PlanUpdated {
    const NAME: &'static str = "plan_updated";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("subscription");
}

/// A request was refused because a quota was used up.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct QuotaExceeded {
    /// Which quota.
    #[serde(rename = "quotaType")]
    pub quota_type: String,
    /// How much there is of it.
    pub limit: f64,
    /// How much it would have been.
    pub attempted: f64,
}

impl Event for QuotaExceeded {
    const NAME: &'static str = "quota_exceeded";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("quota");
}
