//! Events as pages send them, and as nobody should: JSON that readers disagree on, and fields that are no such fields.

use fastrand::Rng;
use serde_json::{Value, json};
use tallymark_event::EventId;

use crate::generated::Case;

/// One of so many events is made worse than its properties are.
const ONE_OF: u8 = 12;

/// What stands in the place of a field.
const STRANGE: [&str; 9] =
    ["null", "\"\"", "7", "-1.5", "true", "[]", "{\"a\":1}", "\"\\ud83d\"", "\"\\u0062\\u0061tch\""];

/// Appends the event, `at` of its request, as an item of a batch. Whether it is as it was made, so that the verdict on it
/// has to be that of the check alone.
pub(crate) fn write(random: &mut Rng, case: &Case, at: u64, out: &mut String) -> bool {
    let mut properties = case.properties.clone();
    let is_object = properties.is_object();
    if let Value::Object(members) = &mut properties {
        if let Some(entity_type) = &case.entity_type {
            members.insert("$entity_type".to_owned(), json!(entity_type));
        }
        members.insert("$schema_version".to_owned(), json!(case.schema_version));
    }
    let mut properties = properties.to_string();
    let [mut name, mut distinct_id] = [json!(case.name), json!("d")].map(|value| value.to_string());
    let is_worse = random.u8(..ONE_OF) == 0;
    if is_worse {
        match random.u8(..10) {
            0 => strange(random).clone_into(&mut name),
            1 => strange(random).clone_into(&mut distinct_id),
            2 => properties = replaced(random, &properties, "\"$schema_version\":1"),
            3 => properties = replaced(random, &properties, "\"$entity_type\":\"batch\""),
            _ => worsen(random, &mut properties),
        }
    }
    let mut id = String::new();
    EventId::of_digest((u128::from(at) << 64 | u128::from(random.u64(..))).to_be_bytes()).write(&mut id);
    for piece in [
        "{\"event\":",
        &name,
        ",\"uuid\":\"",
        &id,
        "\",\"distinct_id\":",
        &distinct_id,
        ",\"properties\":",
        &properties,
        "}",
    ] {
        out.push_str(piece);
    }
    is_object && !is_worse
}

fn strange(random: &mut Rng) -> &'static str {
    random.choice(STRANGE).unwrap()
}

/// With something strange in the place of what the member says.
fn replaced(random: &mut Rng, properties: &str, member: &str) -> String {
    let (name, _) = member.split_once(':').unwrap();
    properties.replacen(member, &format!("{name}:{}", strange(random)), 1)
}

/// The same said otherwise, or what no database holds: all of it is well-formed JSON.
fn worsen(random: &mut Rng, properties: &mut String) {
    let members =
        |text: &str| text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).map(str::to_owned);
    let Some(inner) = members(properties).filter(|inner| !inner.is_empty()) else { return };
    match random.u8(..8) {
        // Twice, of which readers take the one or the other.
        0 => *properties = format!("{{{inner},{inner}}}"),
        1 => *properties = format!("{{{inner},\"lone\":\"\\udc00\"}}"),
        2 => *properties = format!("{{{inner},\"huge\":-1e999}}"),
        3 => *properties = format!("{{{inner},\"deep\":{}{}}}", "[".repeat(80), "]".repeat(80)),
        4 => *properties = format!("{{{inner},\"long\":\"{}\"}}", "é".repeat(random.usize(..2_000))),
        // Space wherever JSON has room for some.
        5 => *properties = properties.replace("\":", "\" :\t").replace(",\"", " ,\r\n \""),
        // Letters of names as escapes.
        6 => *properties = properties.replace("\"s", "\"\\u0073").replace("\"a", "\"\\u0061"),
        // Whole numbers as others write them.
        _ => {
            *properties =
                properties.replace(":1,", ":10.0E-1,").replace(":2,", ":0.02e+2,").replace(":0,", ":-0e0,");
        }
    }
}
