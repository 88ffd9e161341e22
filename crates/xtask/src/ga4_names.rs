//! What the SDK's GA4 dialect has to know of `crates/event/src/names.rs`, as TypeScript.

use std::fmt::Write as _;

use tallymark_event::names::{
    ALSO_PARAMETERS_TO_GA4, ALSO_TO_GA4, AUTOMATIC, EVENTS, ITEM_CODES, PARAMETERS, RECOMMENDED, WIRE_KEYS,
};

/// Keys of `/g/collect` that an event of the page's may fill. The others are the dialect's own affair.
const FILLED_BY_EVENTS: [&str; 12] = ["dl", "dr", "dt", "dp", "dh", "cu", "cs", "cm", "cn", "ck", "cc", "ci"];

/// The whole file.
pub fn module() -> String {
    let mut out = String::from(
        "// Written by `cargo xtask gen` from crates/event/src/names.rs: what PostHog and GA4 call the same thing.\n",
    );
    let rows = EVENTS.iter().map(|row| (row.posthog, row.ga4)).chain(ALSO_TO_GA4);
    record(&mut out, "What GA4 calls an event.", "EVENTS", rows);
    // A word that holds in one event only stands under that event's name.
    let rows: Vec<(String, &str)> = PARAMETERS
        .iter()
        .map(|row| match row.within {
            "" => (row.posthog.to_owned(), row.ga4),
            event => (format!("{event} {}", row.posthog), row.ga4),
        })
        .collect();
    let rows = rows.iter().map(|(from, to)| (from.as_str(), *to));
    record(
        &mut out,
        "What GA4 calls a property; where that hangs on the event, its GA4 name is in front.",
        "PARAMETERS",
        rows,
    );
    record(
        &mut out,
        "The same in the events that GA4 recommends.",
        "RECOMMENDED_PARAMETERS",
        ALSO_PARAMETERS_TO_GA4.into_iter(),
    );
    list(&mut out, "What GA4 recommends.", "RECOMMENDED", RECOMMENDED.iter().map(|known| known.event));
    let with_items = RECOMMENDED.iter().filter(|known| known.parameters.contains(&"items"));
    list(&mut out, "Those that have items.", "WITH_ITEMS", with_items.map(|known| known.event));
    list(
        &mut out,
        "What GA4's tag captures by itself.",
        "AUTOMATIC",
        AUTOMATIC.iter().map(|known| known.event),
    );
    let keys = WIRE_KEYS.iter().filter(|(key, _)| FILLED_BY_EVENTS.contains(key));
    record(
        &mut out,
        "The key of `/g/collect` that holds a parameter.",
        "WIRE_KEYS",
        keys.map(|(key, name)| (*name, *key)),
    );
    record(
        &mut out,
        "The code of an item's field.",
        "ITEM_CODES",
        ITEM_CODES.iter().map(|(code, field)| (*field, *code)),
    );
    out
}

fn record<'n>(out: &mut String, doc: &str, name: &str, rows: impl Iterator<Item = (&'n str, &'n str)>) {
    let _ = writeln!(out, "\n/** {doc} */\nexport const {name}: ReadonlyMap<string, string> = new Map([");
    for (from, to) in rows {
        let _ = writeln!(out, "  [{from:?}, {to:?}],");
    }
    out.push_str("]);\n");
}

fn list<'n>(out: &mut String, doc: &str, name: &str, items: impl Iterator<Item = &'n str>) {
    let _ = writeln!(out, "\n/** {doc} */\nexport const {name}: ReadonlySet<string> = new Set([");
    for item in items {
        let _ = writeln!(out, "  {item:?},");
    }
    out.push_str("]);\n");
}
