// Made of the tracking plan laundry, version 1. Do not edit: change the plan.

/// An event of the plan: its properties, which are written with `serde`.
pub trait Event: serde::Serialize {
    /// Its name.
    const NAME: &'static str;
    /// Version of its shape.
    const SCHEMA_VERSION: u32;
    /// What it happens to.
    const ENTITY_TYPE: Option<&'static str>;
}

/// An order was placed.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Created {
    /// Who caused it, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// What kind of actor that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_type: Option<String>,
    /// The order.
    pub order_id: String,
    /// The branch that handles it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_id: Option<String>,
    /// Whose order it is, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
}

impl Event for Created {
    const NAME: &'static str = "created";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("order");
}

/// The delivery of an order got on, or was held up.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct DeliveryStatusChanged {
    /// Who caused it, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// What kind of actor that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_type: Option<String>,
    /// The order.
    pub order_id: String,
    /// The branch that handles it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_id: Option<String>,
    /// Whose order it is, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// How far the delivery is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_status: Option<String>,
}

impl Event for DeliveryStatusChanged {
    const NAME: &'static str = "delivery_status_changed";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("order");
}

/// A driver's position, while on the way.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct LocationUpdated {
    /// Who caused it, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// What kind of actor that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_type: Option<String>,
    /// The driver.
    pub driver_id: String,
    /// Degrees north.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
}

impl Event for LocationUpdated {
    const NAME: &'static str = "location_updated";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("driver");
}

/// Somebody was to be reached.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct OutreachAttempted {
    /// Who caused it, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// What kind of actor that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_type: Option<String>,
    /// The template of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_key: Option<String>,
}

impl Event for OutreachAttempted {
    const NAME: &'static str = "outreach_attempted";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("campaign");
}

/// An attempt to reach somebody ended, with its outcome.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct OutreachCompleted {
    /// Who caused it, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// What kind of actor that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_type: Option<String>,
    /// The template of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_key: Option<String>,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl Event for OutreachCompleted {
    const NAME: &'static str = "outreach_completed";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("campaign");
}

/// The plan of a campaign was adjusted.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct PlanUpdated {
    /// Who caused it, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// What kind of actor that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_type: Option<String>,
    /// The template of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_key: Option<String>,
}

impl Event for PlanUpdated {
    const NAME: &'static str = "plan_updated";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("campaign");
}

/// A branch took the order on.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RequestAccepted {
    /// Who caused it, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// What kind of actor that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_type: Option<String>,
    /// The order.
    pub order_id: String,
    /// The branch that handles it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_id: Option<String>,
    /// Whose order it is, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
}

impl Event for RequestAccepted {
    const NAME: &'static str = "request_accepted";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("order");
}
