//! Whatever comes, as plan or as event, is read or refused: nothing panics, nothing is unbounded.

use proptest::prelude::*;
use tallymark_event::{RawJson, Source as Sender};
use tallymark_plan::{
    EventFacts, Plan, Source, docs, file,
    import::{observed, segment},
    limits::{MAX_PROBLEMS, MAX_VIOLATIONS},
    schema, types,
};

use super::{generated::SOUP, plan};

/// A text with pieces taken out, doubled, and strewn with what breaks things.
fn mutated(text: &str, edits: &[(prop::sample::Index, usize, String)]) -> String {
    let mut text = text.to_owned();
    for (index, length, with) in edits {
        let from = text.floor_char_boundary(index.index(text.len() + 1));
        let to = text.ceil_char_boundary((from + length).min(text.len()));
        text.replace_range(from..to, with);
    }
    text
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    prop::collection::vec(
        (any::<prop::sample::Index>(), 0..30usize, "[\\[\\]{}\"=:,.0-9a-z\\\\\n é😀-]{0,4}"),
        1..6,
    )
}

/// What can be done with a plan that was read.
fn use_it(plan: &Plan) {
    for text in [schema::json_schema(plan), types::typescript(plan), types::rust(plan), types::python(plan)] {
        assert!(!text.is_empty());
    }
    assert!(!docs::markdown(plan).is_empty() && !docs::html(plan).is_empty());
    serde_json::from_str::<serde_json::Value>(&schema::json_schema(plan)).unwrap();
    assert_eq!(Plan::from_json(&plan.to_json()).as_ref(), Ok(plan));
    assert_eq!(file::parse(&[Source { path: "p.toml", text: &plan.to_toml() }]).as_ref(), Ok(plan));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn plan_files(edits in edits()) {
        let text = mutated(SOUP, &edits);
        match file::parse(&[Source { path: "p.toml", text: &text }]) {
            Ok(plan) => use_it(&plan),
            Err(problems) => {
                prop_assert!((1..=MAX_PROBLEMS).contains(&problems.len()));
                let lines = text.matches('\n').count() + 1;
                prop_assert!(problems.iter().all(|p| (1..=lines).contains(&p.line) && p.column > 0 && !p.remedy.is_empty()));
            }
        }
    }

    #[test]
    fn compiled_plans_and_imports(edits in edits()) {
        let text = mutated(&plan("assistant").to_json(), &edits);
        if let Ok(plan) = Plan::from_json(&text) {
            use_it(&plan);
        }
        let _ = segment(&text);
        let _ = observed(&text);
    }

    #[test]
    fn events(edits in edits(), name in "[a-z$]{0,12}|numbers|texts|forms|nested things/~ %é") {
        let plan = file::parse(&[Source { path: "p.toml", text: SOUP }]).unwrap();
        let good = r#"{"plain":"a","int":1,"at":"2026-11-21T09:30:00Z","url":"a://b","tags":["a"],"who":{"name":"n","days":["2026-11-21"]},"lines":[{"sku":"x"}],"$lib":"x"}"#;
        let text = mutated(good, &edits);
        let facts = EventFacts { name: &name, source: Sender::Browser, schema_version: 1, entity_type: None, properties: RawJson::trusted(&text) };
        let verdict = plan.check(&facts);
        prop_assert!(verdict.violations.len() <= MAX_VIOLATIONS);
        prop_assert!(verdict.violations.iter().all(|v| v.path.len() < 2_000 && v.got.len() < 1_000 && v.expected.len() < 1_000));
        prop_assert_eq!(plan.check(&facts), verdict, "the same verdict, each time");
    }
}
