//! Which changes break whom, and which version they ask for.

use tallymark_plan::{
    Plan, Source,
    diff::{Diff, Effect, diff},
    file,
};

use super::{PLANS, plan};

const OLD: &str = r#"
[plan]
name = "p"
version = 1
owner = "o"
[policy]
max_bytes = 100
[families.f]
description = "d"
[events.gone]
description = "d"
origin = "any"
[events.e]
description = "d"
family = "f"
origin = "any"
entity = "thing"
[events.e.properties]
a = { type = "string", enum = ["x", "y"], required = true }
b = { type = "integer", min = 1, max = 5 }
c = { type = "string", max_length = 5, pii = { class = "email", action = "hash" } }
d = { type = "object", properties.in = { type = "array", items = { type = "date" } } }
"#;

fn parsed(text: &str) -> Plan {
    file::parse(&[Source { path: "p.toml", text }]).unwrap()
}

/// The old plan, and the old plan with these replacements and a version of 2.
fn changed(replacements: &[(&str, &str)]) -> Diff {
    let mut text = OLD.replace("version = 1", "version = 2");
    for (from, to) in replacements {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    diff(&parsed(OLD), &parsed(&text))
}

#[test]
fn each_change_has_its_effect() {
    use Effect::{Additive, Breaking, Neutral};
    for (from, to, effect, said) in [
        ("\"x\", \"y\"", "\"x\", \"y\", \"z\"", Additive, "may be \"z\" now"),
        ("\"x\", \"y\"", "\"x\"", Breaking, "may no longer be \"y\""),
        (", enum = [\"x\", \"y\"]", "", Additive, "may be any value now"),
        (", required = true", "", Breaking, "no longer required"),
        ("min = 1", "min = 2", Breaking, "min was 1 and is 2"),
        ("min = 1", "min = 0", Additive, "min was 1 and is 0"),
        ("max = 5 }", "max = 6 }", Additive, "max was 5 and is 6"),
        ("max_length = 5, ", "", Additive, "max_length was 5 and is none"),
        ("action = \"hash\"", "action = \"keep\"", Breaking, "pii was"),
        ("class = \"email\"", "class = \"name\"", Neutral, "pii was"),
        ("type = \"date\"", "type = \"timestamp\"", Breaking, "type was \"date\""),
        ("b = { type = \"integer\"", "b = { type = \"number\"", Breaking, "type was \"integer\""),
        (
            "b = { type = \"integer\"",
            "b = { nullable = true, type = \"integer\"",
            Breaking,
            "may be null now",
        ),
        ("b = {", "n = { type = \"date\" }\nb = {", Additive, "is new"),
        ("b = {", "n = { type = \"date\", required = true }\nb = {", Breaking, "is new and required"),
        (
            "[events.gone]",
            "[events.new]\ndescription = \"d\"\norigin = \"any\"\n[events.gone]",
            Additive,
            "is new",
        ),
        ("max_bytes = 100", "max_bytes = 99", Breaking, "max_bytes was 100 and is 99"),
        ("max_bytes = 100", "unknown_properties = \"reject\"", Breaking, "unknown_properties was"),
        ("entity = \"thing\"", "entity = \"other\"", Breaking, "entity was"),
        (
            "entity = \"thing\"",
            "entity = \"thing\"\nsampling = 0.5",
            Neutral,
            "sampling was \"1\" and is \"0.5\"",
        ),
        (
            "entity = \"thing\"",
            "entity = \"thing\"\ndeprecated = { since = \"2\" }",
            Neutral,
            "is deprecated",
        ),
        ("owner = \"o\"", "owner = \"q\"", Neutral, "owner was"),
    ] {
        let diff = changed(&[(from, to)]);
        let found =
            diff.changes.iter().any(|change| change.effect == effect && change.message.contains(said));
        assert!(found, "{to}: {:?}", diff.changes);
    }
}

#[test]
fn what_breaks_an_event_asks_for_a_version() {
    let broken = ("min = 1", "min = 2");
    let diff = changed(&[broken]);
    assert_eq!(diff.effect(), Some(Effect::Breaking));
    let [fault] = &diff.faults[..] else { panic!("{:?}", diff.faults) };
    assert_eq!(
        (fault.path.as_str(), fault.remedy.as_str()),
        ("events.e", "set schema_version = 2, or make a new event")
    );
    assert!(
        changed(&[broken, ("entity = \"thing\"", "entity = \"thing\"\nschema_version = 2")])
            .faults
            .is_empty()
    );
    assert!(changed(&[("min = 1", "min = 0")]).faults.is_empty(), "more is allowed than before");
}

#[test]
fn a_changed_plan_asks_for_a_version_and_an_unchanged_one_for_nothing() {
    let unraised = diff(&parsed(OLD), &parsed(&OLD.replace("owner = \"o\"", "owner = \"q\"")));
    assert_eq!(unraised.faults[0].path, "plan");
    for name in PLANS {
        assert_eq!(diff(&plan(name), &plan(name)), Diff::default());
    }
    let lowered = diff(&parsed(&OLD.replace("entity", "schema_version = 3\nentity")), &parsed(OLD));
    assert!(lowered.faults.iter().any(|fault| fault.message.contains("went back")));
}

#[test]
fn what_is_gone_breaks() {
    let mut text = OLD.replace("version = 1", "version = 2");
    text = text.replace("[events.gone]\ndescription = \"d\"\norigin = \"any\"\n", "");
    let diff = diff(&parsed(OLD), &parsed(&text));
    assert_eq!((diff.changes[0].effect, diff.changes[0].path.as_str()), (Effect::Breaking, "events.gone"));
}
