//! What a check costs, beside the `jsonschema` crate on the emitted schema, in one run:
//!
//!     cargo run --release -p tallymark-plan --example check
//!
//! Both get the same event of plans/batchtrack with ten properties, as text: the check reads the text, the validator needs a
//! tree of it, which is shown apart, since a program that has the tree for other reasons need not make it.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)] // a tool, that reads files and the clock

use std::{fs, hint::black_box, path::Path, time::Instant};

use serde_json::{Value, json};
use tallymark_event::{RawJson, Source as Sender};
use tallymark_plan::{EventFacts, Plan, Source, file, schema::event_json_schema};

const PROPERTIES: &str = r#"{"change_type":"spoil","quantity_delta":-2.5,"unit":"kg","notes":"fell off the shelf","cost_override":null,"original_quantity":10,"new_quantity":7.5,"item_name":"Shea butter","item_type":"ingredient","is_initial_stock":false}"#;

/// Checks in a round: some 100 ms of them.
const ROUND: u32 = 100_000;
/// Rounds; the best counts, since others use the machine too.
const ROUNDS: u32 = 15;

fn main() {
    let plan = batchtrack();
    let facts = EventFacts {
        name: "inventory_adjusted",
        source: Sender::Server,
        schema_version: 1,
        entity_type: Some("inventory_item"),
        properties: RawJson::trusted(PROPERTIES),
    };
    assert!(plan.check(&facts).accepted());
    let event = plan.event(facts.name).unwrap();
    let schema: Value = serde_json::from_str(&event_json_schema(&plan, event)).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let tree = |properties: &str| {
        json!({ "event_name": facts.name, "source": "server", "entity_type": "inventory_item", "schema_version": 1,
            "properties": serde_json::from_str::<Value>(properties).unwrap() })
    };
    let made = tree(PROPERTIES);
    assert!(validator.is_valid(&made));

    let ours = best(|| black_box(&plan).check(black_box(&facts)).accepted());
    let theirs = best(|| validator.is_valid(black_box(&made)));
    let with_tree = best(|| validator.is_valid(&tree(black_box(PROPERTIES))));
    println!("an event of 10 properties, {} bytes, ns:", PROPERTIES.len());
    println!("  check, from text                    {ours:>7.0}");
    println!(
        "  jsonschema, tree made before        {theirs:>7.0}   {:.2} times that of the check",
        theirs / ours
    );
    println!(
        "  jsonschema, tree made of the text   {with_tree:>7.0}   {:.2} times that of the check",
        with_tree / ours
    );
}

/// ns a call, in the best round.
fn best(mut call: impl FnMut() -> bool) -> f64 {
    let round = |call: &mut dyn FnMut() -> bool| {
        let start = Instant::now();
        for _ in 0..ROUND {
            assert!(call());
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUND)
    };
    (0..ROUNDS).map(|_| round(&mut call)).fold(f64::INFINITY, f64::min)
}

fn batchtrack() -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plans/batchtrack");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<(String, String)> =
        paths.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect();
    let sources: Vec<Source<'_>> = files.iter().map(|(path, text)| Source { path, text }).collect();
    file::parse(&sources).unwrap()
}
