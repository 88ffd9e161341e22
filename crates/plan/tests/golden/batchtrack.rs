// Made of the tracking plan batchtrack, version 1. Do not edit: change the plan.

/// An event of the plan: its properties, which are written with `serde`.
pub trait Event: serde::Serialize {
    /// Its name.
    const NAME: &'static str;
    /// Version of its shape.
    const SCHEMA_VERSION: u32;
    /// What it happens to.
    const ENTITY_TYPE: Option<&'static str>;
}

/// A page that was seen was left.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct Pageleave(pub serde_json::Map<String, serde_json::Value>);

impl Event for Pageleave {
    const NAME: &'static str = "$pageleave";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = None;
}

/// A page was seen, or a view of a single-page application.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct Pageview(pub serde_json::Map<String, serde_json::Value>);

impl Event for Pageview {
    const NAME: &'static str = "$pageview";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = None;
}

/// A batch was given up. Sent when that and what goes back to stock are committed.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct BatchCancelled {
    /// What stands on the batch's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_code: Option<String>,
    /// What went back to stock, a line for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restoration_summary: Option<Vec<String>>,
}

impl Event for BatchCancelled {
    const NAME: &'static str = "batch_cancelled";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("batch");
}

/// A batch was finished. Sent when that is committed.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct BatchCompleted {
    /// What stands on the batch's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_code: Option<String>,
    /// How much came out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_quantity: Option<f64>,
    /// Unit of the final quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_unit: Option<String>,
    /// When it was finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<String>,
}

impl Event for BatchCompleted {
    const NAME: &'static str = "batch_completed";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("batch");
}

/// A batch went wrong.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct BatchFailed(pub serde_json::Map<String, serde_json::Value>);

impl Event for BatchFailed {
    const NAME: &'static str = "batch_failed";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("batch");
}

/// Figures of a batch were computed, for statistics.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct BatchMetricsComputed(pub serde_json::Map<String, serde_json::Value>);

impl Event for BatchMetricsComputed {
    const NAME: &'static str = "batch_metrics_computed";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("batch");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum BatchStartedBatchType {
    #[serde(rename = "ingredient")]
    Ingredient,
    #[serde(rename = "product")]
    Product,
}

/// A batch began. Sent when the batch and what it takes from stock are committed.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct BatchStarted {
    /// What stands on the batch's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_code: Option<String>,
    /// The recipe that is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe_id: Option<i64>,
    /// How many times the recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// What the batch becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_type: Option<BatchStartedBatchType>,
    /// How much is expected to come out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected_yield: Option<f64>,
    /// Unit of the projected yield.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected_yield_unit: Option<String>,
}

impl Event for BatchStarted {
    const NAME: &'static str = "batch_started";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("batch");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum InventoryAdjustedChangeType {
    #[serde(rename = "restock")]
    Restock,
    #[serde(rename = "finished_batch")]
    FinishedBatch,
    #[serde(rename = "batch")]
    Batch,
    #[serde(rename = "spoil")]
    Spoil,
    #[serde(rename = "expired")]
    Expired,
    #[serde(rename = "trash")]
    Trash,
    #[serde(rename = "damaged")]
    Damaged,
    #[serde(rename = "sale")]
    Sale,
    #[serde(rename = "recount")]
    Recount,
    #[serde(rename = "returned")]
    Returned,
    #[serde(rename = "refunded")]
    Refunded,
    #[serde(rename = "release_reservation")]
    ReleaseReservation,
    #[serde(rename = "use")]
    Use,
    #[serde(rename = "tester")]
    Tester,
    #[serde(rename = "sample")]
    Sample,
    #[serde(rename = "gift")]
    Gift,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum InventoryAdjustedItemType {
    #[serde(rename = "ingredient")]
    Ingredient,
    #[serde(rename = "container")]
    Container,
    #[serde(rename = "product")]
    Product,
}

/// Stock changed. Sent for every adjustment, by the one function that all of them go through.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct InventoryAdjusted {
    /// Why stock changed.
    pub change_type: InventoryAdjustedChangeType,
    /// By how much: above 0 came in, below 0 went out.
    pub quantity_delta: f64,
    /// Unit of the quantities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What the person who adjusted wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Cost to reckon with instead of the item's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_override: Option<f64>,
    /// Stock before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_quantity: Option<f64>,
    /// Stock after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_quantity: Option<f64>,
    /// The item's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_name: Option<String>,
    /// What kind of item it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_type: Option<InventoryAdjustedItemType>,
    /// The batch that took or gave it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<i64>,
    /// Whether this is what the item began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_initial_stock: Option<bool>,
}

impl Event for InventoryAdjusted {
    const NAME: &'static str = "inventory_adjusted";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("inventory_item");
}

/// A product was added.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct ProductCreated(pub serde_json::Map<String, serde_json::Value>);

impl Event for ProductCreated {
    const NAME: &'static str = "product_created";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("product");
}

/// A variant of a product was added.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct ProductVariantCreated(pub serde_json::Map<String, serde_json::Value>);

impl Event for ProductVariantCreated {
    const NAME: &'static str = "product_variant_created";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("product_variant");
}

/// A recipe was written.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct RecipeCreated(pub serde_json::Map<String, serde_json::Value>);

impl Event for RecipeCreated {
    const NAME: &'static str = "recipe_created";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("recipe");
}

/// A recipe was deleted.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct RecipeDeleted(pub serde_json::Map<String, serde_json::Value>);

impl Event for RecipeDeleted {
    const NAME: &'static str = "recipe_deleted";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("recipe");
}

/// A recipe was changed.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct RecipeUpdated(pub serde_json::Map<String, serde_json::Value>);

impl Event for RecipeUpdated {
    const NAME: &'static str = "recipe_updated";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("recipe");
}

/// A unit that is sold was added.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct SkuCreated(pub serde_json::Map<String, serde_json::Value>);

impl Event for SkuCreated {
    const NAME: &'static str = "sku_created";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("sku");
}

/// A timer was started, by `TimerService.create_timer`.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct TimerStarted {
    /// The batch that the timer belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<i64>,
    /// How long the timer is set to run or has run, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<i64>,
    /// What is timed, in the words of the person who started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Event for TimerStarted {
    const NAME: &'static str = "timer_started";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("timer");
}

/// A timer was stopped, by `TimerService.stop_timer`.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct TimerStopped {
    /// The batch that the timer belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<i64>,
    /// How long the timer is set to run or has run, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<i64>,
}

impl Event for TimerStopped {
    const NAME: &'static str = "timer_stopped";
    const SCHEMA_VERSION: u32 = 1;
    const ENTITY_TYPE: Option<&'static str> = Some("timer");
}
