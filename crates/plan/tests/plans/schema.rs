//! The emitted JSON Schema, under a validator that is not ours, gives the verdicts that the check gives.
use jsonschema::Validator;
use serde_json::{Value, json};
use tallymark_event::{RawJson, Source as Sender};
use tallymark_plan::{EventFacts, Plan, Rule, Source, file, schema::json_schema};

use super::{
    PLANS,
    generated::{Case, SOUP, case},
    plan,
};

/// Cases of each plan.
const CASES: u32 = 60_000;

fn accepts(plan: &Plan, case: &Case) -> bool {
    let properties = case.properties.to_string();
    let verdict = plan.check(&EventFacts {
        name: &case.name,
        source: case.source,
        schema_version: case.schema_version,
        entity_type: case.entity_type.as_deref(),
        properties: RawJson::trusted(&properties),
    });
    // A validator sees no bytes: see `tallymark_plan::schema`.
    verdict.violations.iter().all(|violation| violation.rule == Rule::TooLarge)
}

fn instance(case: &Case) -> Value {
    json!({
        "event_name": case.name,
        "source": case.source.name(),
        "entity_type": case.entity_type,
        "schema_version": case.schema_version,
        "properties": case.properties,
    })
}

fn assert_agreement(plan: &Plan, seed: u64) {
    let schema: Value = serde_json::from_str(&json_schema(plan)).unwrap();
    let validator: Validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut accepted = 0;
    for _ in 0..CASES {
        let case = case(&mut random, plan);
        let ours = accepts(plan, &case);
        let instance = instance(&case);
        if ours != validator.is_valid(&instance) {
            let errors: Vec<String> =
                validator.iter_errors(&instance).map(|e| format!("{}: {e}", e.instance_path())).collect();
            panic!(
                "{}: we {}, the validator says {errors:?}\n{instance}",
                plan.name,
                if ours { "accept" } else { "refuse" }
            );
        }
        accepted += u32::from(ours);
    }
    let share = f64::from(accepted) / f64::from(CASES);
    assert!((0.1..0.9).contains(&share), "{}: {share} accepted, so that one side is hardly tried", plan.name);
}

#[test]
fn every_feature_agrees() {
    let plan = file::parse(&[Source { path: "soup.toml", text: SOUP }]).unwrap();
    assert_agreement(&plan, 1);
}

#[test]
fn the_seeds_plans_agree() {
    for (seed, name) in (2..).zip(PLANS) {
        assert_agreement(&plan(name), seed);
    }
}

#[test]
fn numbers_agree_however_they_are_written() {
    let plan = file::parse(&[Source { path: "soup.toml", text: SOUP }]).unwrap();
    let schema: Value = serde_json::from_str(&json_schema(&plan)).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let numbers = [
        "1",
        "1.0",
        "1e0",
        "10e-1",
        "-0",
        "-0.0",
        "0",
        "0.5",
        "1.5",
        "9007199254740991",
        "9007199254740993",
        "-9007199254740993",
        "1e15",
        "1e16",
        "123456789012345678901234567890",
        "1e300",
        "0.1",
        "0.30000000000000004",
        "0.1e1",
        "100",
        "1e2",
        "101",
        "1E2",
        "99.99999999999999999999",
        "100.00000000000000000001",
        "-5",
        "-5.0000001",
        "3",
        "3.0",
        "2.5",
        "25e-1",
    ];
    for number in numbers {
        for name in ["int", "int_open", "int_enum", "num", "num_open", "num_enum"] {
            let properties = format!("{{\"{name}\":{number}}}");
            let facts = EventFacts {
                name: "numbers",
                source: Sender::Server,
                schema_version: 1,
                entity_type: None,
                properties: RawJson::trusted(&properties),
            };
            let ours = plan.check(&facts).accepted();
            let properties: Value = serde_json::from_str(&properties).unwrap();
            let instance = json!({ "event_name": "numbers", "source": "server", "properties": properties });
            assert_eq!(ours, validator.is_valid(&instance), "{name} {number}");
        }
    }
}
