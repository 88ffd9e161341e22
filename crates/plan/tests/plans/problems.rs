//! What is wrong with a plan is said all at once, where it is, with what to do about it.

use tallymark_plan::{Plan, Source, file};

const HEAD: &str = "[plan]\nname = \"p\"\nversion = 1\nowner = \"o\"\n";

fn problems(texts: &[&str]) -> Vec<String> {
    let paths: Vec<String> = (0..texts.len()).map(|at| format!("{at}.toml")).collect();
    let sources: Vec<Source<'_>> =
        paths.iter().zip(texts).map(|(path, text)| Source { path, text }).collect();
    file::parse(&sources).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// What is wrong with an event of which this is all but its name, description and origin.
fn problems_of_event(rest: &str) -> Vec<String> {
    problems(&[HEAD, &format!("[events.e]\ndescription = \"d\"\norigin = \"any\"\n{rest}\n")])
}

#[test]
fn every_problem_has_its_place_and_remedy() {
    let found = problems(&[
        "[plan]\nname = \"\"\nversion = 0\n",
        "[events.e]\norigin = \"page\"\nfamily = \"f\"\n\n[events.e.properties]\na = { type = \"text\" }\nb = { type = \"string\", min = 1 }\n",
    ]);
    assert_eq!(
        found,
        [
            "0.toml:1:1: [plan] has no owner; add owner = …",
            "0.toml:2:8: name is empty; write it, or leave it out",
            "0.toml:3:11: version is no whole number from 1 to 4294967295; write such a number, without quotes",
            "1.toml:1:1: event e has no description; add description = …",
            "1.toml:1:9: event e is of the family \"f\", which there is not; add [families.\"f\"] with its description, or correct the name",
            "1.toml:2:10: origin is \"page\"; write one of browser, server, any",
            "1.toml:6:14: type is \"text\"; write one of string, integer, number, boolean, timestamp, date, uuid, url, object, array",
            "1.toml:7:24: property b, of the type string, has no \"min\"; it may have type, description, required, nullable, deprecated, pii, enum, min_length, max_length, pattern",
        ]
    );
}

#[test]
fn broken_toml_is_located_in_every_file() {
    let found = problems(&["[plan\n", "a = \nb = 1\nb = 2\n"]);
    assert!(found.iter().any(|line| line.starts_with("0.toml:1:6: no TOML")), "{found:?}");
    assert!(found.iter().any(|line| line.starts_with("1.toml:1:")), "{found:?}");
    assert!(found.iter().any(|line| line.starts_with("1.toml:3:")), "{found:?}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    for (rest, word) in [
        ("properties.a = { type = \"integer\", min = 2, max = 1 }", "min is above max"),
        ("properties.a = { type = \"string\", min_length = 2, max_length = 1 }", "min_length is above"),
        ("properties.a = { type = \"string\", enum = [] }", "enum has 0 values"),
        ("properties.a = { type = \"string\", enum = [\"a\", \"a\"] }", "a second time"),
        ("properties.a = { type = \"string\", enum = [1] }", "a value of enum is a number"),
        ("properties.a = { type = \"string\", enum = [\"a\"], max_length = 2 }", "enum and max_length"),
        ("properties.a = { type = \"integer\", enum = [1.5] }", "no whole number"),
        ("properties.a = { type = \"number\", max = 1e300 }", "is beyond"),
        ("properties.a = { type = \"number\", max = inf }", "no finite number"),
        ("properties.a = { type = \"string\", pattern = \"\\\\s\" }", "the pattern has \\s"),
        ("properties.a = { type = \"array\" }", "does not say of what"),
        (
            "properties.a = { type = \"boolean\", pii = { class = \"name\", action = \"hash\" } }",
            "can't be hashed",
        ),
        ("properties.a = { type = \"string\", pii = { class = \"name\" } }", "pii says not"),
        ("properties.a = \"string\"", "property a is a string"),
        ("properties.\"\" = { type = \"date\" }", "has no name"),
        ("sampling = 0", "sampling is 0"),
        ("sampling = 1.5", "sampling is 1.5"),
        ("deprecated = { since = \"1\", use = \"other\" }", "which there is not"),
        ("deprecated = { use = \"e\" }", "deprecated has no since"),
        ("extends = [\"g\"]", "the plan has no groups: write [groups.\"g\".properties]"),
        ("extends = [\"g\"]\n[groups.other]", "there are the groups other"),
        ("extends = [\"g\"]\n[groups.g]\nextends = [\"g\"]", "extends itself"),
        (
            "extends = [\"g\", \"h\"]\n[groups.g.properties]\na = { type = \"date\" }\n[groups.h.properties]\na = { type = \"uuid\" }",
            "another \"a\"",
        ),
        ("[plan]\nname = \"q\"", "a second [plan]"),
        ("[event.f]", "has no \"event\""),
    ] {
        let found = problems_of_event(rest);
        assert!(found.iter().any(|line| line.contains(word)), "{rest}: {found:?}");
    }
    assert!(problems_of_event("").is_empty());
}

#[test]
fn groups_are_shared_and_an_events_own_property_wins() {
    let text = format!(
        "{HEAD}[groups.a.properties]\nx = {{ type = \"date\" }}\ny = {{ type = \"date\" }}\n[groups.b]\nextends = [\"a\"]\n\
         [events.e]\ndescription = \"d\"\norigin = \"any\"\nextends = [\"a\", \"b\"]\nproperties.x = {{ type = \"uuid\" }}\n"
    );
    let plan = file::parse(&[Source { path: "p.toml", text: &text }]).unwrap();
    let properties = plan.event("e").unwrap().properties.properties();
    let kinds: Vec<_> = properties.iter().map(|p| (p.name.as_str(), p.shape.kind.name())).collect();
    assert_eq!(kinds, [("y", "date"), ("x", "uuid")]);
}

#[test]
fn no_chain_or_fan_of_groups_takes_long() {
    let mut text = HEAD.to_owned();
    for at in 0..2_000 {
        text += &format!("[groups.g{at}]\nextends = [\"g{}\", \"g{}\"]\n", at + 1, at + 1);
    }
    text += "[groups.g2000]\n";
    assert!(!problems(&[&text]).is_empty(), "longer than groups may extend each other");
}

#[test]
fn plan_json_of_others_is_refused_with_a_reason() {
    for (text, word) in [
        ("", "no JSON"),
        ("[]", "no plan.json of form 1"),
        ("{\"tallymark_plan\":2}", "no plan.json of form 1"),
        ("{\"tallymark_plan\":1}", "no [plan]"),
        ("{\"tallymark_plan\":1,\"plan\":{\"name\":\"a\",\"name\":\"b\"}}", "a second time"),
    ] {
        let found = Plan::from_json(text).unwrap_err();
        assert!(found.iter().any(|problem| problem.message.contains(word)), "{text}: {found:?}");
    }
}
