//! The plans in plans/: complete, and as good as their outputs say.
#![cfg(test)]
#![allow(clippy::disallowed_methods, clippy::format_collect, clippy::format_push_string)] // tests read files, and have time

mod check;
mod diff;
mod garbage;
mod generated;
mod golden;
mod import;
mod problems;
mod schema;
mod seeds;

use std::{fs, path::Path};

use tallymark_plan::{Plan, Source, file};

/// Reads a plan of plans/ as the command line does.
pub(crate) fn plan(name: &str) -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plans").join(name);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files: Vec<(String, String)> =
        paths.iter().map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect();
    let sources: Vec<Source<'_>> = files.iter().map(|(path, text)| Source { path, text }).collect();
    file::parse(&sources).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{name}:\n{}", lines.join("\n"))
    })
}

pub(crate) const PLANS: [&str; 3] = ["assistant", "batchtrack", "laundry"];

#[test]
fn plan_json_is_the_same_plan() {
    for name in PLANS {
        let plan = plan(name);
        let json = plan.to_json();
        assert_eq!(Plan::from_json(&json).unwrap(), plan, "{name}");
        assert_eq!(Plan::from_json(&json).unwrap().to_json(), json, "{name}");
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
}

#[test]
fn the_plan_that_the_docs_show_is_one() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/PLANS.md")).unwrap();
    let shown = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    // The event that it says to use instead is not shown.
    let shown = format!("{shown}\n[events.order_settled]\ndescription = \"d\"\norigin = \"server\"\n");
    let plan = file::parse(&[Source { path: "docs/PLANS.md", text: &shown }]).unwrap();
    assert_eq!(plan.event("order_paid").unwrap().properties.properties().len(), 3);
    for rule in tallymark_plan::Rule::ALL {
        assert!(page.contains(&format!("`{}`", rule.name())), "docs/PLANS.md lacks {}", rule.name());
    }
}
