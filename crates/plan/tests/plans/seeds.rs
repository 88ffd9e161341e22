//! What the teams' documents name, found in the plans: events with family, entity and what each must and may have.

use tallymark_plan::{
    Plan,
    plan::{Event, Origin, Type},
};

use super::plan;

/// A property as a document has it: `?` behind it: optional; `|null`: nullable. `!` before it: required.
type Expected = (&'static str, &'static str, &'static [&'static str]);

const BATCHTRACK: &[Expected] = &[
    (
        "inventory_adjusted",
        "inventory",
        &[
            "!change_type:string",
            "!quantity_delta:number",
            "unit:string",
            "notes:string",
            "cost_override:number|null",
            "original_quantity:number",
            "new_quantity:number",
            "item_name:string",
            "item_type:string",
            "batch_id:integer|null",
            "is_initial_stock:boolean",
        ],
    ),
    (
        "batch_started",
        "batch",
        &[
            "recipe_id:integer",
            "scale:number",
            "batch_type:string",
            "projected_yield:number",
            "projected_yield_unit:string",
            "label_code:string",
        ],
    ),
    (
        "batch_completed",
        "batch",
        &["label_code:string", "final_quantity:number", "output_unit:string", "completed_at:timestamp"],
    ),
    ("batch_cancelled", "batch", &["label_code:string", "restoration_summary:array"]),
    ("batch_failed", "batch", &[]),
    ("timer_started", "timer", &["batch_id:integer", "duration_seconds:integer", "description:string"]),
    ("timer_stopped", "timer", &["batch_id:integer", "duration_seconds:integer"]),
    ("recipe_created", "recipe", &[]),
    ("recipe_updated", "recipe", &[]),
    ("recipe_deleted", "recipe", &[]),
    ("product_created", "product", &[]),
    ("product_variant_created", "product", &[]),
    ("sku_created", "product", &[]),
    ("batch_metrics_computed", "stats", &[]),
    ("$pageview", "web", &[]),
    ("$pageleave", "web", &[]),
];

const LAUNDRY: &[Expected] = &[
    ("created", "order.lifecycle", &["!order_id:string", "branch_id:string|null", "customer_id:string|null"]),
    ("request_accepted", "order.lifecycle", &["!order_id:string"]),
    ("delivery_status_changed", "order.lifecycle", &["!order_id:string", "delivery_status:string"]),
    ("location_updated", "driver.telemetry", &["!driver_id:string"]),
    ("plan_updated", "campaign.interaction", &["template_key:string|null"]),
    ("outreach_attempted", "campaign.interaction", &["template_key:string|null"]),
    ("outreach_completed", "campaign.interaction", &["template_key:string|null"]),
];

const ASSISTANT: &[Expected] = &[
    ("conversation_started", "conversation", &["!sessionId:string", "!conversationId:string"]),
    ("message_sent", "conversation", &["!conversationId:string", "!role:string", "confidence:number|null"]),
    (
        "escalation_triggered",
        "escalation",
        &["!conversationId:string", "!reason:string", "integrationId:string|null"],
    ),
    ("plan_updated", "billing", &["!previousPlan:string|null", "!newPlan:string|null", "!status:string"]),
    ("checkout_completed", "billing", &["!plan:string", "!stripeSessionId:string"]),
    ("ingest_started", "ingestion", &["!sourceType:string", "!url:string"]),
    (
        "ingest_completed",
        "ingestion",
        &["!sourceType:string", "!url:string", "!docs:integer", "!chunks:integer"],
    ),
    ("ingest_failed", "ingestion", &["!sourceType:string", "!url:string", "!errorCode:string"]),
    ("integration_failed", "integrations", &["!integrationId:string", "!type:string", "!errorCode:string"]),
    ("integration_succeeded", "integrations", &["!integrationId:string", "!type:string"]),
    ("quota_exceeded", "limits", &["!quotaType:string", "!limit:number", "!attempted:number"]),
];

fn assert_holds(plan: &Plan, expected: &[Expected]) {
    for (name, family, properties) in expected {
        let event = plan.event(name).unwrap_or_else(|| panic!("{} lacks {name}", plan.name));
        assert_eq!(event.family.as_deref(), Some(*family), "{name}");
        let written: Vec<String> = event.properties.properties().iter().map(written).collect();
        for property in *properties {
            assert!(written.iter().any(|it| it == property), "{name} has {written:?}, not {property}");
        }
    }
    assert_eq!(plan.events().len(), expected.len(), "{} has events that no document names", plan.name);
}

fn written(property: &tallymark_plan::plan::Property) -> String {
    let required = if property.is_required { "!" } else { "" };
    let null = if property.shape.is_nullable { "|null" } else { "" };
    format!("{required}{}:{}{null}", property.name, property.shape.kind.name())
}

fn values<'p>(event: &'p Event, property: &str) -> &'p [String] {
    match &event.properties.find(property.as_bytes()).unwrap().1.shape.kind {
        Type::String(text) => &text.one_of,
        other => panic!("{} is no text", other.name()),
    }
}

#[test]
fn batchtrack_is_complete() {
    let plan = plan("batchtrack");
    assert_holds(&plan, BATCHTRACK);
    let adjusted = plan.event("inventory_adjusted").unwrap();
    for change in [
        "restock",
        "finished_batch",
        "batch",
        "spoil",
        "expired",
        "trash",
        "damaged",
        "sale",
        "recount",
        "returned",
        "refunded",
        "release_reservation",
        "use",
        "tester",
        "sample",
        "gift",
    ] {
        assert!(values(adjusted, "change_type").iter().any(|value| value == change), "{change}");
    }
    assert_eq!(values(adjusted, "item_type"), ["ingredient", "container", "product"]);
    assert_eq!(values(plan.event("batch_started").unwrap(), "batch_type"), ["ingredient", "product"]);
    for (event, entity) in [
        ("inventory_adjusted", "inventory_item"),
        ("batch_started", "batch"),
        ("batch_completed", "batch"),
        ("batch_cancelled", "batch"),
        ("timer_started", "timer"),
        ("timer_stopped", "timer"),
    ] {
        assert_eq!(plan.event(event).unwrap().entity.as_deref(), Some(entity));
    }
    for event in plan.events() {
        let origin = if event.name.starts_with('$') { Origin::Browser } else { Origin::Server };
        assert_eq!((event.origin, event.schema_version), (origin, 1), "{}", event.name);
    }
    for word in [
        "organization_id",
        "user_id",
        "thresholds",
        "schema_version",
        "stay as they are",
        "Add properties",
        "GA4",
    ] {
        assert!(plan.governance.iter().any(|rule| rule.contains(word)), "{word}");
    }
}

#[test]
fn laundry_is_complete() {
    let plan = plan("laundry");
    assert_holds(&plan, LAUNDRY);
    for family in &plan.families {
        let table = format!("analytics_{}_events", family.name.replace('.', "_"));
        assert!(family.description.contains(&table), "{table}");
    }
    for event in plan.events() {
        let has = |name: &str| event.properties.find(name.as_bytes()).is_some();
        assert!(has("actor_id") && has("actor_type"), "{}", event.name);
    }
}

#[test]
fn assistant_is_complete() {
    let plan = plan("assistant");
    assert_holds(&plan, ASSISTANT);
    let message = plan.event("message_sent").unwrap();
    assert_eq!(values(message, "role"), ["user", "assistant"]);
    assert!(plan.events().iter().all(|event| event.sampling.is_some() == (event.name == "message_sent")));
    assert_eq!(plan.policy.max_bytes, Some(2048));
    assert!(plan.events().iter().all(|event| event.origin == Origin::Server), "no page can forge one");
}
