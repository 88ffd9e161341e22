//! Plans from elsewhere, and the file that is written of them.

use tallymark_event::{RawJson, Source as Sender};
use tallymark_plan::{
    EventFacts, Plan, Source, file,
    import::{observed, rudderstack, segment},
};

use super::{PLANS, generated::SOUP, plan};

fn parsed(text: &str) -> Plan {
    file::parse(&[Source { path: "p.toml", text }]).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

fn kinds(plan: &Plan, event: &str) -> Vec<String> {
    let of = |p: &tallymark_plan::plan::Property| {
        let (required, null) =
            (if p.is_required { "!" } else { "" }, if p.shape.is_nullable { "?" } else { "" });
        format!("{required}{}:{}{null}", p.name, p.shape.kind.name())
    };
    plan.event(event).unwrap().properties.properties().iter().map(of).collect()
}

#[test]
fn a_written_file_is_the_same_plan() {
    for plan in PLANS.map(plan).into_iter().chain([parsed(SOUP)]) {
        assert_eq!(parsed(&plan.to_toml()), plan);
    }
}

const SCHEMA: &str = r#"{"type":"object","properties":{"properties":{"type":"object","required":["total","id"],"properties":{
    "total":{"type":"number","minimum":0,"description":"With tax."},
    "id":{"type":"string","format":"uuid"},
    "state":{"type":["string","null"],"enum":["open","paid",null]},
    "code":{"type":"string","pattern":"^[A-Z]+$","maxLength":9},
    "loose":{"type":"string","pattern":"[A-Z]"},
    "either":{"type":["string","number"]},
    "lines":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"}},"required":["sku"]}}
}}}}"#;

const EXPECTED: [&str; 6] =
    ["!total:number", "!id:uuid", "state:string?", "code:string", "loose:string", "lines:array"];

#[test]
fn segments_plan_of_its_api_is_read() {
    let text = format!(
        r#"{{"data":{{"rules":[{{"type":"TRACK","key":"Order Paid","version":1,"jsonSchema":{{}}}},
            {{"type":"TRACK","key":"Order Paid","version":2,"jsonSchema":{SCHEMA}}},
            {{"type":"IDENTIFY","key":"i","jsonSchema":{{}}}}]}}}}"#
    );
    let imported = segment(&text).unwrap();
    assert_eq!(kinds(&imported.plan, "Order Paid"), EXPECTED);
    assert_eq!(imported.plan.event("Order Paid").unwrap().schema_version, 2);
    for word in ["IDENTIFY", "\"[A-Z]\"", "Order Paid.either"] {
        assert!(
            imported.remarks.iter().any(|remark| remark.contains(word)),
            "{word}: {:?}",
            imported.remarks
        );
    }
    assert_eq!(parsed(&imported.plan.to_toml()), imported.plan);
}

#[test]
fn segments_plan_of_its_tools_and_rudderstacks_are_read() {
    let legacy = format!(
        r#"{{"name":"Shop","rules":{{"events":[{{"name":"Order Paid","description":"d","rules":{SCHEMA}}}]}}}}"#
    );
    let imported = segment(&legacy).unwrap();
    assert_eq!(
        (imported.plan.name.as_str(), kinds(&imported.plan, "Order Paid")),
        ("Shop", EXPECTED.map(str::to_owned).to_vec())
    );
    let of_its_properties =
        r#"{"type":"object","properties":{"sku":{"type":["string"]}},"required":["sku"]}"#;
    for (rules, expected) in [(SCHEMA, &EXPECTED[..]), (of_its_properties, &["!sku:string"])] {
        let text = format!(r#"{{"data":[{{"name":"Order Paid","eventType":"track","rules":{rules}}}]}}"#);
        assert_eq!(kinds(&rudderstack(&text).unwrap().plan, "Order Paid"), expected);
    }
    for text in ["", "{}", "[1,2]", "{\"rules\":3}"] {
        let read = segment(text);
        assert!(read.is_err() || read.unwrap().plan.events().is_empty(), "{text}");
    }
}

#[test]
fn observed_events_keep_to_the_plan_made_of_them() {
    let rows = [
        r#"{"event_name":"order_paid","source":"server","entity_type":"order","properties":{"id":"0199a3c0-0000-7000-8000-000000000000","total":12,"note":null,"at":"2026-11-21T09:30:00Z","tags":["a"],"$lib":"x"}}"#,
        r#"{"event_name":"order_paid","source":"server","properties":{"id":"0199a3c0-0000-7000-8000-000000000001","total":1.5,"note":"n","url":"https://a.example/","mixed":1}}"#,
        r#"{"event_name":"order_paid","source":"server","properties":{"id":"0199a3c0-0000-7000-8000-000000000002","total":2,"mixed":"1"}}"#,
        r#"{"event_name":"clicked","source":"browser","properties":{}}"#,
        r#"{"event_name":"$pageview","source":"browser","properties":{"a":1}}"#,
    ];
    for text in
        [rows.join("\n"), format!("[{}]", rows.join(",")), format!("{{\"events\":[{}]}}", rows.join(","))]
    {
        let imported = observed(&text).unwrap();
        let plan = &imported.plan;
        assert_eq!(
            kinds(plan, "order_paid"),
            ["at:timestamp", "!id:uuid", "note:string?", "tags:array", "!total:number", "url:url"]
        );
        assert_eq!(
            plan.events().iter().map(|event| event.origin.name()).collect::<Vec<_>>(),
            ["browser", "server"]
        );
        assert!(imported.remarks.iter().any(|remark| remark.contains("order_paid.mixed")));
        assert_eq!(parsed(&plan.to_toml()), *plan);
        for row in rows {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            let properties = row["properties"].to_string();
            let facts = EventFacts {
                name: row["event_name"].as_str().unwrap(),
                source: if row["source"] == "browser" { Sender::Browser } else { Sender::Server },
                schema_version: 1,
                entity_type: row["entity_type"].as_str(),
                properties: RawJson::trusted(&properties),
            };
            assert_eq!(plan.check(&facts).violations, []);
        }
    }
    assert!(observed("{\"event_name\":").is_err());
}
