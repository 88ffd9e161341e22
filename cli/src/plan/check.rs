//! `tallymark plan check`.

use serde_json::json;

use super::Plan;
use crate::output::{GOOD, Report};

/// Reads a plan. What is wrong with it comes as [`crate::output::Stop`].
pub(super) fn check(plan: &Plan) -> anyhow::Result<Report> {
    let plan = plan.read()?;
    let (events, families) = (plan.events().len(), plan.families.len());
    let properties: usize = plan.events().iter().map(|event| event.properties.properties().len()).sum();
    Ok(Report {
        text: format!(
            "{GOOD}{}, version {}:{GOOD:#} {events} events in {families} families, {properties} properties\n",
            plan.name, plan.version
        ),
        result: json!({
            "plan": plan.name,
            "version": plan.version,
            "events": events,
            "families": families,
            "properties": properties,
        }),
        ..Report::default()
    })
}
