//! What `tallymark` reads and writes: files, standard input, and JSON that is the same whatever is in it.
#![cfg(test)]
#![allow(clippy::disallowed_methods)] // files

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn tallymark(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallymark"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn json(output: &Output) -> Value {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn golden(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/plan/tests/golden").join(name))
        .unwrap()
}

#[test]
fn a_text_is_the_same_in_json_as_without() {
    for (arguments, name) in [
        (&["plan", "types", "--lang", "ts"][..], "d.ts"),
        (&["plan", "types", "--lang", "rust"], "rs"),
        (&["plan", "types", "--lang", "python"], "py"),
        (&["plan", "schema"], "schema.json"),
        (&["plan", "docs"], "md"),
        (&["plan", "docs", "--format", "html"], "html"),
        (&["plan", "build"], "plan.json"),
    ] {
        for plan in ["batchtrack", "laundry", "assistant"] {
            let (folder, golden) = (format!("../plans/{plan}"), golden(&format!("{plan}.{name}")));
            let plain = tallymark(arguments).arg(&folder).output().unwrap();
            assert_eq!(String::from_utf8(plain.stdout).unwrap(), golden);
            let as_json = json(&tallymark(arguments).args([&folder, "--json"]).output().unwrap());
            assert_eq!(as_json["result"]["text"], golden);
            assert_eq!(as_json["exit"], 0);
        }
    }
}

#[test]
fn a_file_is_written_once_and_found_when_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.d.ts");
    let of = |plan: &str, more: &[&str]| {
        let mut command = tallymark(&["plan", "types", "--lang", "ts", "--json", plan, "--out"]);
        json(&command.arg(&file).args(more).output().unwrap())
    };
    assert_eq!(of("../plans/laundry", &["--check"])["exit"], 1);
    assert!(!file.exists(), "--check has written");
    assert_eq!(of("../plans/laundry", &[])["result"]["changed"], true);
    assert_eq!(fs::read_to_string(&file).unwrap(), golden("laundry.d.ts"));
    assert_eq!(of("../plans/laundry", &[])["result"]["changed"], false);
    assert_eq!(of("../plans/laundry", &["--check"])["exit"], 0);

    let old = of("../plans/assistant", &["--check"]);
    assert_eq!((&old["exit"], &old["result"]), (&Value::from(1), &Value::Null));
    assert_eq!(old["problems"][0]["path"], file.to_str().unwrap());
}

#[test]
fn what_is_imported_from_standard_input_is_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.toml");
    let mut child = tallymark(&["plan", "import", "observed", "-", "--json", "--out"])
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let events = br#"{"events":[{"event_name":"paid","source":"server","properties":{"total":1}}]}"#;
    child.stdin.take().unwrap().write_all(events).unwrap();
    assert_eq!(json(&child.wait_with_output().unwrap())["exit"], 0);

    let checked = json(&tallymark(&["plan", "check", "--json"]).arg(folder.path()).output().unwrap());
    assert_eq!((&checked["exit"], &checked["result"]["events"]), (&Value::from(0), &Value::from(1)));
}

#[test]
fn what_is_no_text_or_too_large_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, why) in [
        ("binary.toml", vec![0xff, 0xfe], "no UTF-8 text"),
        ("large.toml", vec![b'\n'; 16 * 1024 * 1024 + 1], "larger than 16777216 bytes"),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        let said = json(&tallymark(&["plan", "check", "--json"]).arg(&file).output().unwrap());
        assert_eq!((&said["exit"], &said["problems"][0]["message"]), (&Value::from(2), &Value::from(why)));
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    // The pipe's other end is closed before there is anything in it.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = tallymark(&["plan", "docs", "../plans/batchtrack"]).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn source_of_others_is_not_scanned_and_large_source_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("app/node_modules/camera")).unwrap();
    let call = "tallymark.capture('unknown');\n";
    fs::write(folder.path().join("app/node_modules/camera/index.js"), call).unwrap();
    fs::write(folder.path().join("app/bundle.js"), call.repeat(1024 * 1024 / call.len() + 1)).unwrap();
    fs::write(folder.path().join("app/.gitignore"), "generated.js").unwrap();
    fs::write(folder.path().join("app/generated.js"), call).unwrap();
    fs::write(folder.path().join("app/old.js"), b"/* \xfc */ tallymark.capture('unknown')").unwrap();

    let said = tallymark(&["plan", "lint-source", "--json", "--plan", "../plans/laundry"])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = json(&said);
    assert_eq!((&said["exit"], &said["result"]["files"]), (&Value::from(1), &Value::from(1)));
    assert_eq!(said["result"]["findings"].as_array().unwrap().len(), 1);
    let bundle = folder.path().join("app/bundle.js");
    assert_eq!(said["result"]["skipped"], serde_json::json!([bundle.to_str().unwrap()]));
}

#[test]
fn colours_are_for_terminals_and_never_in_json() {
    let escapes = |arguments: &[&str], force: bool| {
        let mut command = tallymark(arguments);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        let output = command.envs(force.then_some(("CLICOLOR_FORCE", "1"))).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        [output.stdout, output.stderr].concat().contains(&0x1b)
    };
    let diff = ["plan", "diff", "tests/plans/shop-1", "tests/plans/shop-3"];
    assert!(escapes(&diff, true), "a terminal gets colours");
    assert!(!escapes(&diff, false), "a pipe gets none");
    assert!(!escapes(&[&diff[..], &["--json"]].concat(), true));
}
